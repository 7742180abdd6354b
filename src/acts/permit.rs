//! Who may: a visitor, a person, or a member with a permission. The only keys to the store.

use std::marker::PhantomData;

use super::{App, Caller, Stop};
use crate::{
    rules::{
        events::{Event, Log, Who},
        gate::{self, Refusal, Session, Step, Verdict, Warning},
        members::Roles,
        permissions::{May, Proof, Rights, rights},
        sessions::{End, Times},
        sign_in,
        time::{Millis, Span},
    },
    store::{AccountFacts, Context, InAccount, Instance, OfUser, Reader, SessionFacts, Source, Tx, Why},
};

/// Anyone: nothing is known of them and nothing is open to them but the acts that take a visitor.
pub struct Visitor {
    pub(super) app: App,
    pub(super) caller: Caller,
}

/// Somebody signed in by a proof that they own. Opens what is theirs, in no account.
pub struct Person {
    pub(super) app: App,
    pub(super) caller: Caller,
    facts: SessionFacts,
}

/// A member whom the gate admits and whose roles carry the permission `M`. Opens one account.
///
/// It cannot be made but by asking the table; `tests/compile_fail` keeps the proof.
pub struct Permit<M> {
    person: Person,
    account: AccountFacts,
    roles: Roles,
    rights: Rights,
    warnings: Vec<Warning>,
    may: PhantomData<fn() -> M>,
}

/// What a session and its person are to the gate.
struct Asking {
    facts: SessionFacts,
    session: Session,
}

impl Asking {
    fn new(facts: SessionFacts, proofs: Vec<gate::Proof>) -> Self {
        let ended = facts.ended_why.as_deref().map(|why| End::parse(why).unwrap_or(End::SignedOut));
        let times = Times { created_at: facts.created_at, last_seen_at: facts.last_seen_at, ended };
        // Factors come with the room for them; until then nobody has one.
        let session = Session { times, proofs, has_factor: false, ended_here: false };
        Self { facts, session }
    }

    /// The session as it stands in this account.
    fn at(&self, account: &AccountFacts) -> Session {
        Session { ended_here: account.entry_ended_at.is_some(), ..self.session.clone() }
    }
}

/// Who is asking, by the cookie; outside of a transaction.
async fn asking(app: &App, caller: &Caller) -> Result<Asking, Stop> {
    let Some(token_hash) = &caller.token_hash else { return Err(Stop::SignIn) };
    let mut reader = app.0.db.reader(Instance);
    let Some(facts) = reader.session(token_hash).await? else { return Err(Stop::SignIn) };
    let proofs = reader.proofs(&facts.session).await?;
    Ok(Asking::new(facts, proofs))
}

/// The same inside a transaction, where what is read stays true.
async fn asking_now<S>(tx: &mut Tx<S>, caller: &Caller) -> Result<Asking, Stop> {
    let Some(token_hash) = &caller.token_hash else { return Err(Stop::SignIn) };
    let Some(facts) = tx.session(token_hash).await? else { return Err(Stop::SignIn) };
    let proofs = tx.proofs(&facts.session).await?;
    Ok(Asking::new(facts, proofs))
}

fn demand(verdict: Verdict, account: &str) -> Result<Vec<Warning>, Stop> {
    match verdict {
        Verdict::Admit { warnings } => Ok(warnings),
        Verdict::Step(step) => Err(Stop::Step(step)),
        // For who is no member the account does not exist.
        Verdict::Refuse(Refusal::NotAMember) => Err(Stop::Unknown),
        Verdict::Refuse(why @ (Refusal::Disabled | Refusal::AccessOver | Refusal::Ip)) => {
            Err(Stop::Refused { why, account: account.to_owned(), administrators: Vec::new() })
        }
    }
}

/// What the account demands and what the person is in it, as the gate wants to know it.
fn at_gate(app: &App, facts: &AccountFacts) -> (gate::Policy, Option<gate::Member>) {
    let policy = gate::Policy { limits: app.0.terms.sessions, ip: gate::Ip::Allowed, sso: gate::Sso::Off, mfa: gate::Mfa::Off };
    let member = facts.member.roles().map(|_| gate::Member {
        disabled_at: facts.member.disabled_at,
        access_until: facts.member.access_until,
        before_first_idp: match (facts.member.member_since, facts.first_idp_at) {
            (Some(joined), Some(first)) => joined < first,
            (_, None) | (None, _) => true,
        },
    });
    (policy, member)
}

impl Visitor {
    pub(super) const fn new(app: App, caller: Caller) -> Self {
        Self { app, caller }
    }

    /// The time of this request.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.app.now()
    }

    pub(super) fn context(&self) -> Context {
        context(&self.caller, "visitor", "", None)
    }

    /// Begins a transaction on the instance, in the name of nobody yet.
    pub(super) async fn begin(&self, hold: Vec<Log>) -> Result<Tx<Instance>, Stop> {
        Ok(self.app.0.db.begin(Instance, hold, self.context(), &self.app.0.hands).await?)
    }

    pub(super) fn read(&self) -> Reader<Instance> {
        self.app.0.db.reader(Instance)
    }

    /// Whether this visitor has a session that lives, with all that is needed to end it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn person(&self) -> Result<Option<Person>, Stop> {
        match Person::ask(&self.app, self.caller.clone()).await {
            Ok(person) => Ok(Some(person)),
            Err(Stop::SignIn | Stop::Step(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

impl Person {
    /// Asks the gate whether the session proves a person by something that they own.
    ///
    /// # Errors
    /// What is to be done first.
    pub async fn ask(app: &App, caller: Caller) -> Result<Self, Stop> {
        let asking = asking(app, &caller).await?;
        demand(gate::person(app.now(), app.0.terms.sessions, &asking.session), "")?;
        let person = Self { app: app.clone(), caller, facts: asking.facts };
        if app.now().since(person.facts.last_seen_at) >= app.session_limits().touch_every() {
            person.touch().await.unwrap_or_else(|stop| not_noted(&stop));
        }
        Ok(person)
    }

    /// The time of this request.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.app.now()
    }

    /// The session and its person.
    #[must_use]
    pub const fn facts(&self) -> &SessionFacts {
        &self.facts
    }

    /// How long sessions last.
    #[must_use]
    pub fn session_limits(&self) -> crate::rules::sessions::Limits {
        self.app.session_limits()
    }

    /// The person as events name them.
    pub(super) fn who(&self) -> Who {
        Who { user: self.facts.user.clone(), email: self.facts.canonical.clone() }
    }

    fn context(&self) -> Context {
        context(&self.caller, self.facts.user.as_str(), &self.facts.canonical, Some(&self.facts))
    }

    /// Reads what is the person's own.
    #[must_use]
    pub fn read(&self) -> Reader<OfUser> {
        self.app.0.db.reader(OfUser(self.facts.user.clone()))
    }

    /// Begins a transaction on what is the person's own, after asking the gate again.
    pub(super) async fn begin(&self) -> Result<Tx<OfUser>, Stop> {
        let user = self.facts.user.clone();
        let mut tx = self.app.0.db.begin(OfUser(user.clone()), vec![Log::User(user)], self.context(), &self.app.0.hands).await?;
        let asking = asking_now(&mut tx, &self.caller).await?;
        demand(gate::person(tx.now(), self.app.0.terms.sessions, &asking.session), "")?;
        Ok(tx)
    }

    async fn touch(&self) -> Result<(), Stop> {
        let mut tx = self.app.0.db.begin(Instance, vec![], self.context(), &self.app.0.hands).await?;
        tx.touch_session(&self.facts.session).await?;
        Ok(tx.commit_unrecorded(Why::LastSeen).await?)
    }

    /// Begins a transaction in an account that the person stands before or in: for the record of entering and refusals.
    async fn begin_in(&self, account: &AccountFacts, hold: Vec<Log>) -> Result<Tx<InAccount>, Stop> {
        Ok(self.app.0.db.begin(InAccount(account.account.clone()), hold, self.context(), &self.app.0.hands).await?)
    }
}

impl<M: May> Permit<M> {
    /// Asks gate and table whether the caller may do `M` in the account under this slug, and notes that they are here.
    ///
    /// # Errors
    /// What is to be done first, or why not. Refusals are on record.
    pub async fn ask(app: &App, caller: Caller, slug: &str) -> Result<Self, Stop> {
        let asking = asking(app, &caller).await?;
        if let Some(end) = crate::rules::sessions::end(app.now(), app.0.terms.sessions, asking.session.times) {
            return Err(Stop::Step(Step::SignIn(end)));
        }
        let mut reader = app.0.db.reader(Instance);
        let Some(account) = reader.account(slug, &asking.facts.user, &asking.facts.session).await? else { return Err(Stop::Unknown) };
        let (policy, member) = at_gate(app, &account);
        let verdict = gate::account(app.now(), account.account.as_str(), policy, member, &asking.at(&account));
        let person = Person { app: app.clone(), caller, facts: asking.facts };
        let warnings = match demand(verdict, &account.name) {
            Ok(warnings) => warnings,
            Err(stop) => return Err(person.refused(&account, stop).await),
        };
        let Some(roles) = account.member.roles() else { return Err(Stop::Unknown) };
        let permit = Self { person, account, roles, rights: rights(roles), warnings, may: PhantomData };
        permit.note_presence().await?;
        if !permit.rights.allow(M::PERMISSION) {
            return Err(permit.missing().await);
        }
        // Until there is a way to give a fresh proof, what needs one is closed rather than open.
        match M::PERMISSION.proof() {
            Proof::Session => Ok(permit),
            Proof::Fresh => Err(Stop::Step(Step::FreshProof)),
        }
    }

    /// That the roles do not suffice, after putting it on record.
    async fn missing(&self) -> Stop {
        let account = &self.account;
        let event = Event::PermissionRefused { account: account.account.clone(), who: self.person.who(), permission: M::PERMISSION };
        if let Err(stop) = self.person.record_refusal(account, M::PERMISSION.name(), event).await {
            return stop;
        }
        match self.read().administrators(3).await {
            Ok(administrators) => {
                let (account, slug) = (account.name.clone(), account.slug.clone());
                Stop::Missing { permission: M::PERMISSION, account, slug, administrators }
            }
            Err(error) => error.into(),
        }
    }

    /// The person who holds it.
    #[must_use]
    pub const fn person(&self) -> &Person {
        &self.person
    }

    /// The account that it opens.
    #[must_use]
    pub const fn account(&self) -> &AccountFacts {
        &self.account
    }

    /// The holder's roles there.
    #[must_use]
    pub const fn roles(&self) -> Roles {
        self.roles
    }

    /// All that the holder may do there.
    #[must_use]
    pub const fn rights(&self) -> &Rights {
        &self.rights
    }

    /// What the holder should know.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The time of this request.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.person.now()
    }

    /// Reads what belongs to the account.
    #[must_use]
    pub fn read(&self) -> Reader<InAccount> {
        self.person.app.0.db.reader(InAccount(self.account.account.clone()))
    }

    /// Begins a transaction on the account: takes the writers' lock, then asks gate and table again with fresh facts, so
    /// that whoever was demoted a moment ago writes nothing. Answers with the holder's roles as they are now.
    pub(super) async fn begin(&self) -> Result<(Tx<InAccount>, Roles), Stop> {
        let mut tx = self.person.begin_in(&self.account, vec![Log::Account(self.account.account.clone())]).await?;
        let asking = asking_now(&mut tx, &self.person.caller).await?;
        let fresh = tx.account(&self.account.slug, &asking.facts.user, &asking.facts.session).await?.ok_or(Stop::Unknown)?;
        let (policy, member) = at_gate(&self.person.app, &fresh);
        let verdict = gate::account(tx.now(), fresh.account.as_str(), policy, member, &asking.at(&fresh));
        if let Err(stop) = demand(verdict, &fresh.name) {
            drop(tx);
            return Err(self.person.refused(&fresh, stop).await);
        }
        match fresh.member.roles() {
            Some(roles) if rights(roles).allow(M::PERMISSION) => Ok((tx, roles)),
            _ => {
                drop(tx);
                Err(self.missing().await)
            }
        }
    }

    /// Notes the first time that this session comes in, as an event, and afterwards at most once a minute that it is
    /// still here.
    async fn note_presence(&self) -> Result<(), Stop> {
        let (person, account) = (&self.person, &self.account);
        let Some(seen) = account.entry_seen_at else {
            let mut tx = person.begin_in(account, vec![Log::Account(account.account.clone())]).await?;
            if !tx.enter(&person.facts.session).await? {
                return Ok(());
            }
            tx.touch_entry(&person.facts.session).await?;
            tx.count_visit("dashboard").await?;
            return Ok(tx.commit(Event::AccountEntered { account: account.account.clone(), who: person.who() }).await?);
        };
        if person.now().since(seen) >= person.session_limits().touch_every() {
            self.note_still_here().await.unwrap_or_else(|stop| not_noted(&stop));
        }
        Ok(())
    }

    async fn note_still_here(&self) -> Result<(), Stop> {
        let mut tx = self.person.begin_in(&self.account, vec![]).await?;
        tx.touch_entry(&self.person.facts.session).await?;
        tx.count_visit("dashboard").await?;
        Ok(tx.commit_unrecorded(Why::LastSeen).await?)
    }
}

impl Person {
    /// That the gate is closed, after putting it on record where it is the account that closes it.
    async fn refused(&self, account: &AccountFacts, stop: Stop) -> Stop {
        let Stop::Refused { why, account: name, .. } = stop else { return stop };
        let event = Event::AccountEntryRefused { account: account.account.clone(), who: self.who(), why };
        if let Err(stop) = self.record_refusal(account, why.word(), event).await {
            return stop;
        }
        match self.app.0.db.reader(InAccount(account.account.clone())).administrators(3).await {
            Ok(administrators) => Stop::Refused { why, account: name, administrators },
            Err(error) => error.into(),
        }
    }

    /// Puts a refusal on record, once an hour for each session and reason: reloading a refused page is no news.
    async fn record_refusal(&self, account: &AccountFacts, reason: &str, event: Event) -> Result<(), Stop> {
        let mut tx = self.begin_in(account, vec![Log::Account(account.account.clone())]).await?;
        let attempt = crate::store::Attempt {
            scope: "refusal",
            key: format!("{} {} {reason}", account.account, self.facts.session),
            window_start: sign_in::window_start(self.now(), Span::hours(1)),
        };
        if tx.count_attempt(&attempt).await? == 1 {
            tx.commit(event).await?;
        } else {
            tx.commit_unrecorded(Why::CountingAttempts).await?;
        }
        Ok(())
    }
}

/// Reading goes on while nothing can be written.
fn not_noted(stop: &Stop) {
    tracing::warn!(?stop, "it could not be noted that somebody is still here");
}

fn context(caller: &Caller, principal: &str, name: &str, facts: Option<&SessionFacts>) -> Context {
    Context {
        source: Source::Dashboard,
        principal: principal.to_owned(),
        principal_name: name.to_owned(),
        session: facts.map(|facts| facts.session.clone()),
        address: caller.address.to_string(),
        request: caller.request.clone(),
    }
}
