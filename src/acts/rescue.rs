//! The way back in (product decision 14): whoever sits at the host makes a link by which an administrator comes into the
//! security pages of their account, past whatever it demands. It is loud: an event in the account's log and one in the
//! person's, letters to everybody who administers the account, and a banner on its pages.

use serde_json::json;

use super::{
    App, Holder, Stop, Visitor,
    ip_restrictions::put_back,
    letters, links,
    permit::{console, verdicts},
    sessions,
};
use crate::{
    protocols::secrets::{hash_token, token},
    rules::{
        addresses::Email,
        events::{Event, IpEvent, Log, PersonEvent, Rescue, SsoEvent, Who},
        faults::Faults,
        flows::Flow,
        gate::{Proof, Verdict},
        ids::{AccountId, SessionId},
        letters::{Letter, Rescued},
        permissions::Permission,
        rescue::Wanted,
        sessions::End,
        sso::{MODE, Mode},
        time::Millis,
    },
    store::{
        Instance, NewSession, Tx,
        rescue::{AccountRow, AdministratorRow, RescueRow},
    },
};

/// How sessions that begin so are marked in events.
const METHOD: &str = "rescue";

/// An account, and who administers it.
pub type Administered = (AccountRow, Vec<AdministratorRow>);

/// The accounts there are, or the one under this slug, with everybody who administers them.
///
/// # Errors
/// [`Stop::Faults`] when there is no such account.
pub async fn accounts(app: &App, slug: Option<&str>) -> Result<Vec<Administered>, Stop> {
    let mut reader = app.0.db.reader(Instance);
    let accounts = reader.accounts_at_host(slug).await?;
    if let (Some(slug), true) = (slug, accounts.is_empty()) {
        return Err(no_account(slug));
    }
    let mut all = Vec::with_capacity(accounts.len());
    for account in accounts {
        let administrators = reader.administrators_at_host(&account.account).await?;
        all.push((account, administrators));
    }
    Ok(all)
}

/// A way in that was made. Its secrets are shown once and kept nowhere.
pub struct Opened {
    /// The account's name.
    pub account: String,
    /// For whom: name and address.
    pub person: (String, String),
    /// The secret of the link, and until when it works.
    pub link: (String, Millis),
    /// The secret of the link to choose a new password, and until when it works, if one was asked for.
    pub password: Option<(String, Millis)>,
    /// How many sessions ended with the second factor, if it was taken away.
    pub ended: Option<usize>,
    /// How many IP restrictions warn that refused before, if they were to.
    pub relaxed: Option<u64>,
    /// Whether members from before single sign-on may do without it again.
    pub is_mixed: bool,
    /// Who gets a letter.
    pub told: Vec<String>,
}

/// Makes a way in, in one transaction with its events, its letters and its banner.
///
/// # Errors
/// [`Stop::Faults`] when there is no such account, nobody of this address administers it, or they have no second factor that
/// could be taken away. Nothing was changed then.
pub async fn open(app: &App, wanted: &Wanted) -> Result<Opened, Stop> {
    let prepared = prepare(app, wanted).await?;
    prepared.tx.commit(prepared.event).await?;
    letters::ring(app);
    Ok(prepared.opened)
}

/// Makes a way in for whoever has administered the account longest, uses it, asks the gate what it opens, and writes all events
/// and letters; then undoes everything. Answers what would have been made.
///
/// # Errors
/// Whatever would have stood in the way of [`open`] and of whoever uses the link.
pub async fn drill(app: &App, (account, administrators): &Administered) -> Result<Opened, Stop> {
    let nobody = || Stop::from(Faults::one("person", format!("Nobody administers {} who may come in.", account.slug)));
    let person = administrators.iter().find(|person| person.is_active()).ok_or_else(nobody)?;
    let wanted = Wanted {
        account: account.slug.clone(),
        person: Email::parse(&person.email).map_err(Stop::Broken)?,
        reason: "A drill".to_owned(),
        reset_factor: person.factor_since.is_some(),
        reset_password: true,
        relax_ip: app.0.db.reader(Instance).ip_state(&account.account).await?.is_enforced(app.now()),
        mixed_sso: is_enforced(app, &account.account).await?,
    };
    let Prepared { mut tx, event, opened, who, letter } = prepare(app, &wanted).await?;
    for recipient in &opened.told {
        letters::rehearse(app, tx.now(), recipient, &letter).map_err(Stop::Broken)?;
    }
    let is_wrong = |what: &str| Stop::Broken(format!("In {}, {what}.", account.slug));
    let id_hash = hash_token(&opened.link.0);
    let now = tx.now();
    let link = tx.open_rescue(&id_hash, now).await?.filter(|link| link.user == who.user && link.account == account.account);
    if link.is_none() || !tx.use_flow(Flow::Rescue, &id_hash).await? {
        return Err(is_wrong("the link would not have been found"));
    }
    if tx.use_flow(Flow::Rescue, &id_hash).await? {
        return Err(is_wrong("the link could have been used twice"));
    }
    // The cookie's value need not be anything that a browser could have.
    let (id, token_hash) = (SessionId::new(tx.now(), tx.dice()), &hash_token(&token([tx.dice(), tx.dice()])));
    let proof = &Proof::Rescue { account: account.account.to_string(), at: now };
    tx.create_session(&NewSession { id: &id, token_hash, user: &who.user, address: "", agent: "", proof }).await?;
    let said = verdicts(app, &mut tx, token_hash, &account.slug, Permission::ALL).await?;
    for (wants, said) in Permission::ALL.iter().zip(said) {
        let is_admitted = matches!(said, Verdict::Admit { .. });
        if is_admitted != wants.is_of_security() {
            return Err(is_wrong(&format!("whoever uses the link and wants to {} is told {said:?}", wants.sentence())));
        }
    }
    tx.rehearse(event).await?;
    Ok(opened)
}

/// A way in that is made but for the end.
struct Prepared {
    tx: Tx<Instance>,
    event: Event,
    opened: Opened,
    who: Who,
    letter: Letter,
}

async fn prepare(app: &App, wanted: &Wanted) -> Result<Prepared, Stop> {
    let mut reader = app.0.db.reader(Instance);
    let account = reader.accounts_at_host(Some(&wanted.account)).await?.pop().ok_or_else(|| no_account(&wanted.account))?;
    let found = choose(&account, &reader.administrators_at_host(&account.account).await?, &wanted.person)?.user;
    let hold = vec![Log::User(found.clone()), Log::Account(account.account.clone())];
    let mut tx = app.0.db.begin(Instance, hold, console(app.operation()), &app.0.hands).await?;
    // Once more, where it stays true.
    let account = tx.accounts_at_host(Some(&wanted.account)).await?.pop().filter(|now| now.account == account.account);
    let account = account.ok_or_else(|| no_account(&wanted.account))?;
    let administrators = tx.administrators_at_host(&account.account).await?;
    let person = choose(&account, &administrators, &wanted.person)?;
    if person.user != found {
        return Err(Stop::Busy);
    }
    let who = Who { user: person.user.clone(), email: person.email.clone() };
    let ended = if wanted.reset_factor { Some(reset_factor(app, &mut tx, &who).await?) } else { None };
    let password = if wanted.reset_password { Some(offer_password(&mut tx, &who, &person).await?) } else { None };
    let relaxed = if wanted.relax_ip { Some(relax(&mut tx, &account).await?) } else { None };
    if wanted.mixed_sso {
        mix(&mut tx, &account, &person).await?;
    }
    let secret = token([tx.dice(), tx.dice()]);
    let until = tx.create_rescue(&hash_token(&secret), &who.user, &account.account).await?;
    tx.set_rescued(&account.account, &who.email).await?;
    let (told, letter) = write_letters(app, &mut tx, wanted, &account, &person, &administrators).await?;
    let rescue = Rescue {
        reason: wanted.reason.clone(),
        factor: wanted.reset_factor,
        password: wanted.reset_password,
        relaxed: relaxed.is_some(),
        mixed: wanted.mixed_sso,
    };
    tx.note(Event::Person { who: who.clone(), what: PersonEvent::Rescued { account: account.name.clone(), rescue: rescue.clone() } });
    let opened = Opened {
        account: account.name.clone(),
        person: (person.name, person.email),
        link: (secret, until),
        password,
        ended,
        relaxed,
        is_mixed: wanted.mixed_sso,
        told,
    };
    let event = Event::AccountRescued { account: account.account, name: account.name, who: who.clone(), rescue };
    Ok(Prepared { tx, event, opened, who, letter })
}

fn no_account(slug: &str) -> Stop {
    Faults::one("account", format!("There is no account {slug}. `frontdesk rescue` alone lists those there are.")).into()
}

/// The administrator of this address who may come in. Several people may say that an address is theirs: then it is whoever has
/// proven it.
fn choose(account: &AccountRow, administrators: &[AdministratorRow], person: &Email) -> Result<AdministratorRow, Stop> {
    let slug = &account.slug;
    let fault = |message: String| Stop::from(Faults::one("person", message));
    let all: Vec<_> = administrators.iter().filter(|row| row.email == person.canonical()).collect();
    if all.is_empty() {
        return Err(fault(format!("Nobody of the address {} administers {slug}.", person.written())));
    }
    let active: Vec<_> = all.iter().filter(|row| row.is_active()).collect();
    match (active.as_slice(), active.iter().find(|row| row.proven.is_some())) {
        (_, Some(row)) | ([row], None) => Ok((**row).clone()),
        ([], None) => {
            Err(fault(format!("{} is disabled in {slug}, or there for a time only: the link would not let them in.", person.written())))
        }
        _ => {
            Err(fault(format!("Several administrators of {slug} say that {} is their address, and none has proven it.", person.written())))
        }
    }
}

/// Takes the factor away, also of somebody who is in other accounts; their sessions and open links end. Answers how many sessions.
async fn reset_factor(app: &App, tx: &mut Tx<Instance>, who: &Who) -> Result<usize, Stop> {
    if !tx.remove_factor(&who.user).await? {
        return Err(Faults::one("person", format!("{} has no second factor. Leave out --reset-factor.", who.email)).into());
    }
    tx.end_flows_of(&who.user).await?;
    let ended = sessions::end_all(app, tx, who, None, End::FactorChanged).await?;
    tx.note(Event::Person { who: who.clone(), what: PersonEvent::FactorReset });
    Ok(ended)
}

/// Lets all IP restrictions of an account only warn; answers how many refused before. A change that awaits its confirmation stands, but
/// for that.
async fn relax(tx: &mut Tx<Instance>, account: &AccountRow) -> Result<u64, Stop> {
    let (id, mut state) = (&account.account, tx.ip_state(&account.account).await?);
    // What would refuse again, once a change is undone, counts as well.
    let waiting = state.provisional.as_ref().map_or(0, |provisional| provisional.before.enforced());
    if let Some(overdue) = state.provisional.take_if(|provisional| provisional.ends_at <= tx.now()) {
        let event = put_back(tx, id, &state.setup, overdue, false).await?;
        tx.note(event);
        state = tx.ip_state(id).await?;
    }
    let restrictions = tx.warn_only(id).await?.max(waiting);
    if restrictions == 0 {
        return Err(Faults::one("account", format!("No IP restriction of {} refuses anybody. Leave out --relax-ip.", account.slug)).into());
    }
    tx.end_ip_provisional(id).await?;
    let after = tx.ip_state(id).await?.setup.value();
    tx.note(Event::Ip { account: id.clone(), what: IpEvent::Relaxed { restrictions, before: state.setup.value(), after } });
    Ok(restrictions)
}

/// Whether everybody has to use single sign-on.
async fn is_enforced(app: &App, account: &AccountId) -> Result<bool, Stop> {
    Ok(Mode::of(app.0.db.reader(Instance).account_setting(account, MODE).await?.as_deref()) == Mode::Enforced)
}

/// Lets members who were there before single sign-on do without it; all who are there now, where whoever is rescued came later.
async fn mix(tx: &mut Tx<Instance>, account: &AccountRow, person: &AdministratorRow) -> Result<(), Stop> {
    let mode = Mode::of(tx.account_setting(&account.account, MODE).await?.as_deref());
    let is_late = tx.came_after_first_idp(&account.account, &person.user).await?;
    if mode != Mode::Enforced && !is_late {
        let says = format!("{} may come into {} without single sign-on. Leave out --mixed-sso.", person.email, account.slug);
        return Err(Faults::one("account", says).into());
    }
    tx.let_mix(&account.account, "console", is_late).await?;
    let mut after = json!({ "mode": Mode::Mixed.word() });
    if is_late {
        after["without_it"] = "everybody who is a member now".into();
    }
    let what = SsoEvent::Updates { before: json!({ "mode": mode.word() }), after };
    tx.note(Event::Sso { account: account.account.clone(), what });
    Ok(())
}

/// Makes a link to choose a new password, in the place of those that were mailed before.
async fn offer_password(tx: &mut Tx<Instance>, who: &Who, person: &AdministratorRow) -> Result<(String, Millis), Stop> {
    let email = &Email::parse(person.proven.as_ref().unwrap_or(&person.email)).map_err(Stop::Broken)?;
    tx.end_flows(Flow::PasswordReset, &who.user).await?;
    tx.note(Event::PasswordResetAsked { user: Some(who.user.clone()), email: who.email.clone() });
    links::make(tx, Flow::PasswordReset, Some(&who.user), Some(email)).await
}

/// Writes to everybody who administers the account and has proven their address; answers to whom, and what.
async fn write_letters(
    app: &App,
    tx: &mut Tx<Instance>,
    wanted: &Wanted,
    account: &AccountRow,
    person: &AdministratorRow,
    administrators: &[AdministratorRow],
) -> Result<(Vec<String>, Letter), Stop> {
    let letter = Letter::AccountRescued(Rescued {
        account: account.name.clone(),
        slug: account.slug.clone(),
        person: person.name.clone(),
        email: person.email.clone(),
        reason: wanted.reason.clone(),
        factor: wanted.reset_factor,
        password: wanted.reset_password,
        relaxed: wanted.relax_ip,
        mixed: wanted.mixed_sso,
        at: tx.now().0,
    });
    let mut told = Vec::new();
    for address in administrators.iter().filter(|row| row.is_active()).filter_map(|row| row.proven.as_ref()) {
        let recipient = Email::parse(address).map_err(Stop::Broken)?.deliverable();
        let id = &account.account;
        let envelope = letters::Envelope { account: Some(id), user: None, about: id.as_str(), recipient: &recipient, withheld: None };
        letters::write(app, tx, envelope, &letter).await?;
        told.push(recipient);
    }
    Ok((told, letter))
}

/// Where a link leads. Looking changes nothing, however often.
///
/// # Errors
/// [`Stop::Unknown`] when it does not work, or not any more.
pub async fn look(visitor: &Visitor, secret: &str) -> Result<RescueRow, Stop> {
    visitor.read().open_rescue(&hash_token(secret), visitor.now()).await?.ok_or(Stop::Unknown)
}

/// Uses a link up, and begins the session that it opens, by a cookie whose value has this hash; answers the account's slug. The
/// session that this browser had before ends.
///
/// # Errors
/// [`Stop::Unknown`] when the link does not work, or not any more: it works once.
pub async fn enter(visitor: &Visitor, secret: &str, before: Option<&Holder>, token_hash: &str) -> Result<String, Stop> {
    let link = look(visitor, secret).await?;
    let before = before.map(Holder::person);
    let mut hold = vec![Log::User(link.user.clone()), Log::Account(link.account.clone())];
    hold.extend(before.map(|person| Log::User(person.facts().user.clone())));
    let mut tx = visitor.begin(hold).await?;
    let (id_hash, now) = (hash_token(secret), tx.now());
    // Whoever was demoted a moment ago has no way in any more; of those who are as fast as this, one uses it up.
    let link = tx.open_rescue(&id_hash, now).await?.ok_or(Stop::Unknown)?;
    if !tx.use_flow(Flow::Rescue, &id_hash).await? {
        return Err(Stop::Unknown);
    }
    let who = Who { user: link.user, email: link.email };
    let proof = Proof::Rescue { account: link.account.to_string(), at: now };
    let session = sessions::begin_by(visitor, &mut tx, &who, token_hash, &proof).await?;
    sessions::replace(&mut tx, before).await?;
    tx.commit(Event::UserLoginSucceeded { who, session, method: METHOD }).await?;
    letters::ring(&visitor.app);
    Ok(link.slug)
}
