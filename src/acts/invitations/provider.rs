//! Accepting an invitation as somebody new whom an identity provider of the account has proven.

use super::join::{find, happened, join, offer_of};
use crate::{
    acts::{Stop, Visitor},
    rules::{
        addresses::Email,
        events::{InvitationEvent, Who},
        ids::AccountId,
        invitations::{Offer, Purpose},
    },
    store::{Instance, LinkRow, Reader, Tx},
};

/// An invitation whose link somebody holds, and what it gives.
pub(in crate::acts) struct Invited {
    pub(in crate::acts) link: LinkRow,
    pub(in crate::acts) offer: Offer,
}

impl Invited {
    /// Whether the link was mailed to the address: whoever holds it reads its letters.
    pub(in crate::acts) fn is_mailed(&self) -> bool {
        self.link.purpose() == Purpose::Mail
    }
}

/// The invitation behind a link, where it is open, into this account, and to this address.
pub(in crate::acts) async fn invited(
    visitor: &Visitor,
    reader: &mut Reader<Instance>,
    token: &str,
    (account, email): (&AccountId, &Email),
) -> Result<Option<Invited>, Stop> {
    let link = match find(reader, token).await {
        Ok(link) if link.account == *account && link.canonical == email.canonical() => link,
        Ok(_) | Err(Stop::Unknown) => return Ok(None),
        Err(stop) => return Err(stop),
    };
    let offer = offer_of(&visitor.app, reader, &link, &visitor.caller, visitor.now()).await?;
    Ok(offer.ok().map(|offer| Invited { link, offer }))
}

/// Makes somebody new a member by it, as part of a transaction that holds the account's log, and closes it.
pub(in crate::acts) async fn take_up(tx: &mut Tx<Instance>, invited: &Invited, who: &Who, name: &str) -> Result<(), Stop> {
    join(tx, &invited.link, invited.offer, who, name).await?;
    tx.note(happened(&invited.link, InvitationEvent::Accepted { who: who.clone() }));
    Ok(())
}
