//! Whoever has come from a provider that knows them, where the account does not: what they can do about it, and doing it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    entering::{How, enter},
    named,
};
use crate::{
    acts::{
        Person, Stop, Visitor, away,
        invitations::provider::{Invited, invited},
        letters,
        permit::in_force,
        provisioning,
        sessions::Cookies,
    },
    protocols::secrets::hash_token,
    rules::{
        addresses::Email,
        events::{Event, SsoEvent, Who},
        faults::Faults,
        flows::Flow,
        gate::Ip,
        ids::{MemberId, UserId},
        invitations::has_seat,
        ip_restrictions::Surface,
        letters::{ArrivalLinked, Letter},
        social::invitation,
        sso::{
            Said,
            arrival::{self, Facts, Mailbox, Way, way},
        },
    },
    store::{
        Instance, Reader, Tx,
        away::{AwayRow, NewAway},
        sso::DoorRow,
    },
};

/// Where what a provider said is sealed.
const PLACE: &str = "flows.arrival";

/// What is remembered of somebody who has arrived.
#[derive(Serialize, Deserialize)]
pub struct Arrived {
    /// What the provider said.
    pub said: Said,
    /// Whether they have confirmed the address by a letter.
    pub confirmed: bool,
    /// All that the provider said, where it is a test.
    pub claims: Option<Value>,
}

/// Lets somebody wait before the page for whoever is new; answers the secret by which they are found there.
pub(super) async fn wait(
    visitor: &Visitor,
    door: &DoorRow,
    browser: &str,
    next: &str,
    user: Option<&UserId>,
    arrived: &Arrived,
) -> Result<String, Stop> {
    let secret = away::new_secret(visitor);
    let id_hash = hash_token(&secret);
    let new = NewAway {
        kind: Flow::Arrival,
        id_hash: &id_hash,
        browser_hash: browser,
        user,
        account: Some(&door.idp.account),
        provider: door.idp.id.as_str(),
        return_to: next,
        sealed: &seal(visitor, &id_hash, arrived)?,
    };
    away::keep(visitor, &new).await?;
    Ok(secret)
}

pub(super) fn seal(visitor: &Visitor, id_hash: &str, arrived: &Arrived) -> Result<String, Stop> {
    away::seal(&visitor.app, PLACE, id_hash, arrived)
}

/// Somebody who waits.
pub struct View {
    /// Through which provider they came, and to which account.
    pub door: DoorRow,
    /// What the provider said.
    pub arrived: Arrived,
    /// Where it leads.
    pub way: Way,
    /// Where they wanted to go.
    pub next: String,
    /// As whom the provider knows them, where that is no member.
    pub(super) user: Option<UserId>,
    /// The invitation that they hold the link of.
    pub(super) invited: Option<Invited>,
    /// Whether it is shown that the address is theirs.
    pub(super) is_proven: bool,
}

impl View {
    /// What the invitation that they hold the link of gives, in a few words.
    #[must_use]
    pub fn invitation(&self) -> Option<String> {
        self.invited.as_ref().map(|invited| invited.offer.roles.summary())
    }
}

/// Looks at somebody who waits, and at who sits at the browser besides. Looking changes nothing.
///
/// # Errors
/// [`Stop::Unknown`] where nobody waits so at this browser, or not any more.
pub async fn look(visitor: &Visitor, person: Option<&Person>, secret: &str, browser: &str) -> Result<View, Stop> {
    let id_hash = hash_token(secret);
    let mut reader = visitor.read();
    let row = away::find(&visitor.app, &mut reader, Flow::Arrival, &id_hash, Some(browser)).await?.ok_or(Stop::Unknown)?;
    view(visitor, &mut reader, person, &id_hash, row).await
}

async fn view(
    visitor: &Visitor,
    reader: &mut Reader<Instance>,
    person: Option<&Person>,
    id_hash: &str,
    row: AwayRow,
) -> Result<View, Stop> {
    let arrived: Arrived = away::opened(&visitor.app, PLACE, id_hash, &row)?;
    let door = reader.door(&row.idp()).await?.ok_or(Stop::Unknown)?;
    if arrived.claims.is_none() && door.idp.disabled_at.is_some() {
        return Err(Stop::Unknown);
    }
    let invited = match (invitation(&row.return_to), arrived.said.email()) {
        (Some(token), Some(email)) => invited(visitor, reader, token, (&door.idp.account, &email)).await?,
        _ => None,
    };
    let facts = facts(visitor, reader, person, &door, &arrived, row.user_id.as_ref()).await?;
    let mut facts = Facts { is_invited: invited.is_some(), ..facts };
    // Whoever is signed in counts by their own address, which is not the one that the letter went to.
    if let (None, Some(mailbox), Some(invited)) = (person, &mut facts.mailbox, &invited) {
        mailbox.is_confirmed |= invited.is_mailed();
    }
    let is_proven = facts.mailbox.is_some_and(|mailbox| mailbox.is_confirmed || mailbox.is_of_account);
    Ok(View { door, arrived, way: way(facts), next: row.return_to, user: row.user_id, invited, is_proven })
}

async fn facts(
    visitor: &Visitor,
    reader: &mut Reader<Instance>,
    person: Option<&Person>,
    door: &DoorRow,
    arrived: &Arrived,
    known: Option<&UserId>,
) -> Result<Facts, Stop> {
    let account = &door.idp.account;
    let user = person.map(|person| &person.facts().user);
    let holder = match (user, known) {
        // The provider knows somebody else by it.
        (Some(user), Some(known)) if user != known => arrival::Holder::LinkedOtherwise,
        (Some(user), _) => {
            let is_linked = reader.is_known_at(door.idp.id.as_str(), user).await?;
            match reader.member_in(account, user).await? {
                Some(_) if is_linked => arrival::Holder::LinkedOtherwise,
                Some(_) => arrival::Holder::Member,
                None => arrival::Holder::Stranger,
            }
        }
        (None, Some(_)) => arrival::Holder::KnownStranger,
        (None, None) => arrival::Holder::Nobody,
    };
    let mailbox = match (person, arrived.said.email()) {
        // Their own address counts if it was shown to be theirs, whatever the provider says.
        (Some(person), _) => {
            let is_confirmed = person.facts().email_verified_at.is_some();
            Some(mailbox(reader, door, &person.email()?, is_confirmed).await?)
        }
        (None, Some(email)) => {
            let mailbox = mailbox(reader, door, &email, arrived.confirmed).await?;
            Some(Mailbox { is_of_account: mailbox.is_of_account && !arrived.said.is_disowned, ..mailbox })
        }
        (None, None) => None,
    };
    let restricting = in_force(&visitor.app, reader, (account, door.ip_version)).await?;
    Ok(Facts {
        provisioning: provisioning::of(reader, account).await?,
        mailbox,
        has_seat: has_seat(reader.seats_taken(account).await?, visitor.app.0.terms.seats),
        is_refused_here: restricting.at(visitor.now()).ip(Surface::Dashboard, visitor.caller.address) == Ip::Refused,
        holder,
        is_invited: false,
    })
}

async fn mailbox(reader: &mut Reader<Instance>, door: &DoorRow, email: &Email, is_confirmed: bool) -> Result<Mailbox, Stop> {
    let account = &door.idp.account;
    Ok(Mailbox {
        is_of_account: reader.is_domain_of(account, email.domain()).await?,
        is_confirmed,
        is_let_in: reader.domains_of(account).await?.admit(email.canonical()),
        is_taken: reader.owner(email.canonical()).await?.is_some(),
    })
}

/// Links the member who sits there to who they are at the provider, and lets them in by it. Their cookie's value has this hash.
///
/// # Errors
/// [`Stop::Unknown`], or [`Stop::Faults`] where it is no way any more.
pub async fn link(person: &Person, secret: &str, browser: &str, cookies: &Cookies) -> Result<String, Stop> {
    person.demand_fresh()?;
    let visitor = person.visitor();
    let seen = look(&visitor, Some(person), secret, browser).await?;
    let (account, who) = (seen.door.idp.account.clone(), person.who());
    let mut tx = person.begin_joining(&account).await?;
    let view = take(&visitor, &mut tx, Some(person), secret, browser).await?;
    if view.way != Way::Link {
        return Err(closed(view.way));
    }
    let member = tx.member_in(&account, &who.user).await?.ok_or(Stop::Unknown)?;
    note_link(&mut tx, &view, member, &who).await?;
    tell(&visitor, &mut tx, &view, &who).await?;
    enter(&visitor, tx, &who, &view.door, (Some(person), How::AsItIs), cookies).await?;
    Ok(view.next)
}

/// Uses an arrival up, and says where it leads now.
pub(super) async fn take(
    visitor: &Visitor,
    tx: &mut Tx<Instance>,
    person: Option<&Person>,
    secret: &str,
    browser: &str,
) -> Result<View, Stop> {
    let id_hash = hash_token(secret);
    let row = away::take(&visitor.app, tx, Flow::Arrival, &id_hash, Some(browser)).await?.ok_or(Stop::Unknown)?;
    view(visitor, tx, person, &id_hash, row).await
}

pub(super) async fn note_link(tx: &mut Tx<Instance>, view: &View, member: MemberId, who: &Who) -> Result<(), Stop> {
    let (idp, said) = (&view.door.idp, &view.arrived.said);
    if !tx.link_identity(idp.id.as_str(), &said.subject, &who.user, said.email.as_deref()).await? {
        return Err(Faults::one("identity", "The provider knows somebody else by this sign-in.").into());
    }
    let what = SsoEvent::Linked { idp: named(idp), member, who: who.clone(), subject: said.subject.clone() };
    tx.note(Event::Sso { account: idp.account.clone(), what });
    Ok(())
}

/// Writes to whoever can be come in as by one more way.
pub(super) async fn tell(visitor: &Visitor, tx: &mut Tx<Instance>, view: &View, who: &Who) -> Result<(), Stop> {
    let (account, provider) = (view.door.account_name.clone(), view.door.idp.description.clone());
    let letter = ArrivalLinked { account, provider, at: tx.now().0, from: visitor.caller.address.to_string() };
    letters::tell(&visitor.app, tx, &who.user, &Letter::ArrivalLinked(letter)).await
}

/// Why a way is none any more.
pub(super) fn closed(way: Way) -> Stop {
    match way {
        Way::Closed(why) => Faults::one("arrival", why.sentence()).into(),
        _ => Faults::one("arrival", "Something has changed meanwhile. Look at what stands there now.").into(),
    }
}
