//! Joining an account by an invitation: looking, which changes nothing however often; accepting, as somebody signed in or
//! as somebody new; declining. Whatever was true when the invitation was sent is asked again inside the transaction.

use crate::{
    acts::{
        App, Caller, Person, Stop, Visitor,
        choosing::judge,
        joining::{Membership, Newcomer, enlist, make_user},
        lockouts,
        permit::in_force,
        sessions::{self, Cookies},
        sign_in::compare,
    },
    protocols::secrets::hash_token,
    rules::{
        addresses::Email,
        events::{Event, InvitationEvent, Invited, Log, Who},
        faults::Faults,
        gate::Ip,
        invitations::{Address, Closed, Ended, Holder, Link, Offer, Purpose, has_seat, holder, offer},
        ip_restrictions::Surface,
        passwords::Known,
        sign_in::{Failure, window_start},
        sign_up::NewPerson,
        time::{Millis, Span},
    },
    store::{Attempt, Instance, LinkRow, Reader, Tx, Why},
};

/// How members who came by an invitation, and their addresses, are marked.
pub(super) const SOURCE: &str = "invitation";

/// What whoever holds a link sees.
pub struct View {
    /// The invitation.
    pub link: LinkRow,
    /// What it gives now, or why it gives nothing.
    pub offer: Result<Offer, Ended>,
    /// Who holds it.
    pub holder: Holder,
    /// Whether the invited person, signed in, is in the account already.
    pub is_member: bool,
}

/// Looks at a link.
///
/// # Errors
/// [`Stop::Unknown`] when there is no such link and never was.
pub async fn look(visitor: &Visitor, person: Option<&Person>, token: &str) -> Result<View, Stop> {
    let mut reader = visitor.read();
    let link = find(&mut reader, token).await?;
    let offer = offer_of(&visitor.app, &mut reader, &link, &visitor.caller, visitor.now()).await?;
    let (mut own, mut is_member) = (None, false);
    if let Some(person) = person {
        let user = &person.facts().user;
        let address = reader.address_of(user, &link.canonical, &link.account).await?;
        is_member = address != Address::Foreign && reader.is_member(&link.account, user).await?;
        own = Some(address);
    }
    Ok(View { holder: holder(link.purpose(), own), link, offer, is_member })
}

pub(super) async fn find(reader: &mut Reader<Instance>, token: &str) -> Result<LinkRow, Stop> {
    reader.invitation_link(&hash_token(token)).await?.ok_or(Stop::Unknown)
}

pub(super) async fn offer_of(
    app: &App,
    reader: &mut Reader<Instance>,
    link: &LinkRow,
    caller: &Caller,
    now: Millis,
) -> Result<Result<Offer, Ended>, Stop> {
    let restricting = in_force(app, reader, (&link.account, link.ip_version)).await?;
    let taken = reader.seats_taken(&link.account).await?;
    Ok(offer(
        now,
        &Link {
            is_replaced: link.ended_at.is_some(),
            closed: link.closed(),
            expires_at: link.expires_at,
            offered: link.offered(),
            inviter: link.inviter(),
            has_seat: has_seat(taken, app.0.terms.seats),
            is_domain_let_in: reader.domains_of(&link.account).await?.admit(&link.canonical),
            is_refused_here: restricting.at(now).ip(Surface::Dashboard, caller.address) == Ip::Refused,
        },
    ))
}

/// Accepts as somebody signed in; answers the slug of the account. Who is in already is let through.
///
/// # Errors
/// [`Stop::Faults`] when the link is for somebody else or gives nothing any more; that is on record.
pub async fn accept(person: &Person, token: &str) -> Result<String, Stop> {
    let link = find(&mut person.app.0.db.reader(Instance), token).await?;
    let mut tx = person.begin_joining(&link.account).await?;
    let link = find(&mut tx, token).await?;
    let user = &person.facts().user;
    let address = tx.address_of(user, &link.canonical, &link.account).await?;
    if address != Address::Foreign && tx.is_member(&link.account, user).await? {
        return Ok(link.slug);
    }
    let offer = match admit(person, &mut tx, &link, address).await? {
        Ok(offer) => offer,
        Err((word, says)) => {
            drop(tx);
            return Err(refuse(Trier::of(person), person.begin_joining(&link.account).await?, &link, word, says).await);
        }
    };
    let who = person.who();
    if address != Address::Proven && link.purpose() == Purpose::Mail {
        // The mailed link proves it.
        let email = Email::parse(&link.address).map_err(|error| Stop::Broken(error.clone()))?;
        if !tx.verify_address(user, &email, SOURCE).await? {
            drop(tx);
            let says = "This address is somebody else's, who has confirmed it. Sign in as them.";
            return Err(refuse(Trier::of(person), person.begin_joining(&link.account).await?, &link, "address_taken", says).await);
        }
        let value = |verified: bool| serde_json::json!({ "email": link.canonical, "verified": verified });
        tx.note(Event::UserUpdated { who: who.clone(), before: value(false), after: value(true) });
    }
    // Who was in before and went may still sit in the session that was ended then.
    tx.reopen_entry(&link.account, &person.facts().session).await?;
    join(&mut tx, &link, offer, &who, &person.facts().name).await?;
    tx.commit(happened(&link, InvitationEvent::Accepted { who })).await?;
    Ok(link.slug)
}

/// Whether somebody signed in may accept; why not as a word for the record and a sentence for them.
async fn admit(
    person: &Person,
    tx: &mut Tx<Instance>,
    link: &LinkRow,
    address: Address,
) -> Result<Result<Offer, (&'static str, &'static str)>, Stop> {
    let now = tx.now();
    Ok(match (holder(link.purpose(), Some(address)), offer_of(&person.app, tx, link, &person.caller, now).await?) {
        (Holder::SomebodyElse | Holder::Visitor, _) => Err(("somebody_else", "This invitation is for somebody else.")),
        (Holder::Unproven, _) => Err(("unproven", "Nobody has checked that the invited address is yours.")),
        (Holder::Invited, Err(ended)) => Err((ended.word(), ended.sentence())),
        (Holder::Invited, Ok(offer)) => Ok(offer),
    })
}

/// Declines as the invited person, for good.
///
/// # Errors
/// [`Stop::Faults`] when the link is for somebody else or gives nothing any more.
pub async fn decline(person: &Person, token: &str) -> Result<(), Stop> {
    let link = find(&mut person.app.0.db.reader(Instance), token).await?;
    let mut tx = person.begin_joining(&link.account).await?;
    let link = find(&mut tx, token).await?;
    let address = tx.address_of(&person.facts().user, &link.canonical, &link.account).await?;
    // Whoever may not join from here may say no all the same.
    let may_decline = |word: &str| [Ended::Elsewhere.word(), Ended::Domain.word()].contains(&word);
    if let Err((word, says)) = admit(person, &mut tx, &link, address).await?
        && !may_decline(word)
    {
        drop(tx);
        return Err(refuse(Trier::of(person), person.begin_joining(&link.account).await?, &link, word, says).await);
    }
    tx.close_invitation(&link.account, &link.invitation, Closed::Declined).await?;
    Ok(tx.commit(happened(&link, InvitationEvent::Declined { who: person.who() })).await?)
}

/// Accepts as somebody new: a user, a session, with cookies whose values have these hashes, and the membership, all or nothing.
/// Answers the slug of the account.
///
/// A mailed link proves the address, so that it is theirs alone. With a copied one nothing is proven: a user who has it
/// stays who they are, and the newcomer is somebody else until they prove it. What a copied link's holder is told does not
/// depend on who has the address, unless they know that person's password.
///
/// # Errors
/// [`Stop::Faults`] when the link gives nothing any more, which is on record, when the password is not one to be chosen, or
/// when the newcomer is not new.
pub async fn sign_up(visitor: &Visitor, token: &str, new: NewPerson, cookies: &Cookies) -> Result<String, Stop> {
    let app = &visitor.app;
    let link = find(&mut visitor.read(), token).await?;
    if let Err(ended) = offer_of(app, &mut visitor.read(), &link, &visitor.caller, visitor.now()).await? {
        let tx = visitor.begin(vec![Log::Account(link.account.clone())]).await?;
        return Err(refuse(Trier::at(visitor), tx, &link, ended.word(), ended.sentence()).await);
    }
    let email = Email::parse(&link.address).map_err(Stop::Broken)?;
    // Before anything is compared: what the newcomer is told depends on nobody but themselves.
    let known = Known::of([new.name.as_str(), &link.address, &link.account_name, &link.slug, &link.company]);
    judge(app, &new.password, known).await?;
    let _place = app.0.hasher.queue()?;
    let tried = lockouts::count(visitor, &email).await?;
    // Where nothing is compared, nothing is found, and whoever is new is not kept from joining.
    let (owner, found) = compare(visitor, &email, &new.password, &tried).await?;
    if found.is_some() {
        // A password that is right is as good as guessed, by whoever it was not told.
        lockouts::fail(visitor, tried, owner, Failure::SignUp).await?;
        return Err(Faults::one("password", "You have a user with this address and password already. Sign in instead.").into());
    }
    let password_hash = match app.0.hasher.hash(&new.password).await {
        Ok(hash) => hash,
        Err(error) => {
            lockouts::forgive(visitor, &tried).await?;
            return Err(error.into());
        }
    };

    let mut tx = visitor.begin(vec![Log::Account(link.account.clone())]).await?;
    let link = find(&mut tx, token).await?;
    let now = tx.now();
    let offer = match offer_of(app, &mut tx, &link, &visitor.caller, now).await? {
        Ok(offer) => offer,
        Err(ended) => return Err(refuse(Trier::at(visitor), tx, &link, ended.word(), ended.sentence()).await),
    };
    let who = match create(visitor, &mut tx, &link, &email, &new, &password_hash).await {
        Ok(who) => who,
        Err(stop) => {
            drop(tx);
            if owner.is_some() {
                lockouts::fail(visitor, tried, owner, Failure::Wrong).await?;
            }
            return Err(stop);
        }
    };
    tried.forgive(&mut tx).await?;
    let session = sessions::begin(visitor, &mut tx, &who, cookies).await?;
    tx.note(Event::UserLoginSucceeded { who: who.clone(), session, method: SOURCE });
    join(&mut tx, &link, offer, &who, &new.name).await?;
    tx.commit(happened(&link, InvitationEvent::Accepted { who })).await?;
    Ok(link.slug)
}

async fn create(
    visitor: &Visitor,
    tx: &mut Tx<Instance>,
    link: &LinkRow,
    email: &Email,
    new: &NewPerson,
    password_hash: &str,
) -> Result<Who, Stop> {
    let is_verified = link.purpose() == Purpose::Mail;
    if !is_verified && !tx.has_room_for(email.canonical()).await? {
        let says = "Several people have signed up with this address, and nobody has checked whose it is. Ask for an invitation by mail.";
        return Err(Faults::one("invitation", says).into());
    }
    let (password_hash, terms) = (Some(password_hash), new.terms.clone());
    let made =
        make_user(tx, visitor.terms_of_use(), Newcomer { name: &new.name, email, is_verified, password_hash, source: SOURCE, terms })
            .await?;
    // Whoever reads this mailbox may know.
    let taken = || Faults::one("password", "There is a user with this address already. Sign in with its password instead.");
    Ok(made.ok_or_else(taken)?)
}

/// Makes somebody a member by an invitation that is open, and closes it.
pub(super) async fn join(tx: &mut Tx<Instance>, link: &LinkRow, offer: Offer, who: &Who, name: &str) -> Result<(), Stop> {
    let new = Membership { email: &link.canonical, roles: offer.roles, source: SOURCE, access_until: offer.access_until };
    if !enlist(tx, &link.account, who, name, new).await? || !tx.close_invitation(&link.account, &link.invitation, Closed::Accepted).await? {
        return Err(Stop::Broken("an invitation was used twice under the account's lock".to_owned()));
    }
    Ok(tx.use_invitation(&link.invitation, &who.user).await?)
}

/// Whoever tries: somebody, or an address on the network.
pub(super) struct Trier(String);

impl Trier {
    fn of(person: &Person) -> Self {
        Self(person.facts().user.to_string())
    }

    pub(super) fn at(visitor: &Visitor) -> Self {
        Self(visitor.caller.address.to_string())
    }
}

/// Says no, after putting it on record; once an hour for each invitation, reason and whoever tries, as trying again is no
/// news.
pub(super) async fn refuse(trier: Trier, mut tx: Tx<Instance>, link: &LinkRow, word: &'static str, says: &str) -> Stop {
    let recorded = async {
        let key = format!("{} {word} {}", link.invitation, trier.0);
        let attempt = Attempt { scope: "refusal", key, window_start: window_start(tx.now(), Span::hours(1)) };
        if tx.count_attempt(&attempt).await? == 1 {
            tx.commit(happened(link, InvitationEvent::Refused { why: word })).await
        } else {
            tx.commit_unrecorded(Why::CountingAttempts).await
        }
    };
    match recorded.await {
        Ok(()) => Faults::one("invitation", says).into(),
        Err(error) => error.into(),
    }
}

pub(super) fn happened(link: &LinkRow, what: InvitationEvent) -> Event {
    let invitation = Invited { id: link.invitation.clone(), email: link.canonical.clone() };
    Event::Invitation { account: link.account.clone(), invitation, what }
}
