//! Whoever has come from a login that nobody is linked to, and holds an invitation: what they can do about it, and doing it.

use super::client;
use crate::{
    acts::{
        Stop, Visitor, away,
        invitations::{
            join,
            social::{Arriving, sign_up},
        },
        sso::Traveller,
    },
    protocols::secrets::hash_token,
    rules::{
        events::Log,
        flows::Flow,
        invitations::{Ended, Offer},
        sign_up::Proven,
        social::{Provider, Way, invitation, way},
        sso::Said,
    },
    store::{LinkRow, away::NewAway},
};

/// Where what the provider said is sealed.
const PLACE: &str = "flows.social_arrival";

/// Lets somebody wait before the page for whoever is new; answers the secret by which they are found there.
pub(super) async fn wait(visitor: &Visitor, provider: Provider, next: &str, said: &Said, browser: &str) -> Result<String, Stop> {
    let secret = away::new_secret(visitor);
    let id_hash = hash_token(&secret);
    let new = NewAway {
        kind: Flow::SocialArrival,
        id_hash: &id_hash,
        browser_hash: browser,
        user: None,
        account: None,
        provider: provider.word(),
        return_to: next,
        sealed: &away::seal(&visitor.app, PLACE, &id_hash, said)?,
    };
    away::keep(visitor, &new).await?;
    Ok(secret)
}

/// Somebody who waits.
pub struct View {
    /// The invitation.
    pub link: LinkRow,
    /// The path of its page.
    pub path: String,
    /// What it gives now, or why it gives nothing.
    pub offer: Result<Offer, Ended>,
    /// What the provider said.
    pub said: Said,
    /// Where it leads.
    pub way: Way,
}

/// Looks at somebody who waits. Looking changes nothing.
///
/// # Errors
/// [`Stop::Unknown`] where nobody waits so at this browser, or not any more.
pub async fn look(visitor: &Visitor, provider: Provider, secret: &str, browser: &str) -> Result<View, Stop> {
    client(&visitor.app, provider)?;
    let id_hash = hash_token(secret);
    let found = away::find(&visitor.app, &mut visitor.read(), Flow::SocialArrival, &id_hash, Some(browser)).await?;
    let row = found.filter(|row| row.provider == provider.word()).ok_or(Stop::Unknown)?;
    let said: Said = away::opened(&visitor.app, PLACE, &id_hash, &row)?;
    let token = invitation(&row.return_to).ok_or(Stop::Unknown)?;
    let join::View { link, offer, .. } = join::look(visitor, None, token).await?;
    let is_taken = visitor.read().owner(&link.canonical).await?.is_some();
    let way = way(said.email().as_ref(), &link.canonical, is_taken);
    Ok(View { link, path: row.return_to, offer, said, way })
}

/// Makes a user of whoever waits, and a member of the account that invites; answers its slug. Of twenty who are as fast as this, one does.
///
/// # Errors
/// [`Stop::Unknown`], or [`Stop::Faults`] where it is no way any more.
pub async fn join(visitor: &Visitor, provider: Provider, secret: &str, typed: &Proven, traveller: &Traveller<'_>) -> Result<String, Stop> {
    let new = typed.check(visitor.terms_of_use())?;
    let seen = look(visitor, provider, secret, traveller.browser).await?;
    let token = invitation(&seen.path).ok_or(Stop::Unknown)?;
    let tx = visitor.begin(vec![Log::Account(seen.link.account.clone())]).await?;
    let proven = Arriving { new: &new, provider, said: &seen.said, arrival: &hash_token(secret), browser: traveller.browser };
    sign_up(visitor, tx, token, &proven, traveller.cookies).await
}
