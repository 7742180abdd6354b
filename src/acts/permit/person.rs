//! Visitors and persons: what anyone may do, and what is somebody's own.

use super::{
    addresses::ip,
    asking::{NONE, asking, asking_now, context, demand, not_noted},
    bearer::{Admitted, Bearer, reason},
};
use crate::{
    acts::{App, Caller, Stop},
    rules::{
        addresses::Email,
        events::{Actor, Event, Log, Who},
        gate,
        ids::AccountId,
        ip_restrictions::Surface,
        permissions::{Permission, rights},
        proofs, sessions,
        time::Millis,
        zones::Zone,
    },
    store::{AccountFacts, Context, InAccount, Instance, OfUser, Reader, SessionFacts, Tx, Why},
};

/// Anyone: nothing is known of them and nothing is open to them but the acts that take a visitor.
pub struct Visitor {
    pub(in crate::acts) app: App,
    pub(in crate::acts) caller: Caller,
}

/// Somebody with a session that lives, whatever it has proven: may end it, and nothing else.
pub struct Holder(Person);

/// Somebody signed in by a proof that they own. Opens what is theirs, in no account.
pub struct Person {
    pub(in crate::acts) app: App,
    pub(in crate::acts) caller: Caller,
    pub(super) facts: SessionFacts,
    pub(super) proofs: Vec<gate::Proof>,
    pub(super) proven_at: Option<Millis>,
}

impl Visitor {
    pub(in crate::acts) const fn new(app: App, caller: Caller) -> Self {
        Self { app, caller }
    }

    /// The time of this request.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.app.now()
    }

    /// Whether letters leave this machine.
    #[must_use]
    pub fn sends_letters(&self) -> bool {
        self.app.sends_letters()
    }

    /// Where the terms of use stand that whoever becomes a user accepts, if there are any.
    #[must_use]
    pub fn terms_of_use(&self) -> Option<&str> {
        self.app.0.terms.terms_of_use.as_deref()
    }

    /// The network address that they come from.
    #[must_use]
    pub const fn address(&self) -> std::net::IpAddr {
        self.caller.address
    }

    pub(in crate::acts) fn context(&self) -> Context {
        context(&self.caller, "visitor", "", None)
    }

    /// Begins a transaction on the instance, in the name of nobody yet.
    pub(in crate::acts) async fn begin(&self, hold: Vec<Log>) -> Result<Tx<Instance>, Stop> {
        Ok(self.app.0.db.begin(Instance, hold, self.context(), &self.app.0.hands).await?)
    }

    pub(in crate::acts) fn read(&self) -> Reader<Instance> {
        self.app.0.db.reader(Instance)
    }

    /// Whether this visitor has a session that lives, whatever it has proven.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn holder(&self) -> Result<Option<Holder>, Stop> {
        match Holder::ask(&self.app, self.caller.clone()).await {
            Ok(holder) => Ok(Some(holder)),
            Err(Stop::SignIn | Stop::Step(_)) => Ok(None),
            Err(other) => Err(other),
        }
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

impl Holder {
    /// Asks whether there is a session that is not over.
    ///
    /// # Errors
    /// To sign in, where there is none.
    pub async fn ask(app: &App, caller: Caller) -> Result<Self, Stop> {
        let asking = asking(app, &caller, NONE).await?;
        if let Some(end) = sessions::end(app.now(), app.0.terms.sessions, asking.session.times) {
            return Err(Stop::Step(gate::Step::SignIn(end)));
        }
        let proofs = asking.session.proofs;
        Ok(Self(Person { app: app.clone(), caller, facts: asking.facts, proofs, proven_at: asking.proven_at }))
    }

    /// The person whose session it is: for acts that end it, as nothing else of theirs is open.
    pub(in crate::acts) const fn person(&self) -> &Person {
        &self.0
    }

    /// Begins a transaction in which the session may be ended.
    pub(in crate::acts) async fn begin(&self) -> Result<Tx<OfUser>, Stop> {
        let Person { app, facts, .. } = &self.0;
        let user = facts.user.clone();
        Ok(app.0.db.begin(OfUser(user.clone()), vec![Log::User(user)], self.0.context(), &app.0.hands).await?)
    }
}

impl Person {
    /// The same of a visitor.
    ///
    /// # Errors
    /// What is to be done first.
    pub async fn of(visitor: &Visitor) -> Result<Self, Stop> {
        Self::ask(&visitor.app, visitor.caller.clone()).await
    }

    /// Asks the gate whether the session proves a person by something that they own.
    ///
    /// # Errors
    /// What is to be done first.
    pub async fn ask(app: &App, caller: Caller) -> Result<Self, Stop> {
        let asking = asking(app, &caller, NONE).await?;
        demand(gate::person(app.now(), app.0.terms.sessions, &asking.session), "")?;
        let proofs = asking.session.proofs;
        let person = Self { app: app.clone(), caller, facts: asking.facts, proofs, proven_at: asking.proven_at };
        if !person.caller.is_background && app.now().since(person.facts.last_seen_at) >= app.session_limits().touch_every() {
            person.touch().await.unwrap_or_else(|stop| not_noted(&stop));
        }
        Ok(person)
    }

    /// Asks for a proof of who this is that was given a moment ago.
    ///
    /// # Errors
    /// [`Stop::Step`] when the last one is too old.
    pub fn demand_fresh(&self) -> Result<(), Stop> {
        let counts = self.app.0.terms.fresh_proof;
        let fresh = self.proven_at.is_some_and(|at| proofs::is_fresh(at, self.now(), counts));
        if fresh { Ok(()) } else { Err(Stop::Step(gate::Step::FreshProof)) }
    }

    /// The same of whoever has a second factor. Others give their password along with what they ask for.
    ///
    /// # Errors
    /// [`Stop::Step`] when the last one is too old.
    pub fn demand_factor(&self) -> Result<(), Stop> {
        if self.facts.factor_since.is_some() { self.demand_fresh() } else { Ok(()) }
    }

    /// The time of this request.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.app.now()
    }

    /// Whether letters leave this machine.
    #[must_use]
    pub fn sends_letters(&self) -> bool {
        self.app.sends_letters()
    }

    /// The session and its person.
    #[must_use]
    pub const fn facts(&self) -> &SessionFacts {
        &self.facts
    }

    /// The zone in which the person sees moments outside of accounts.
    #[must_use]
    pub fn zone(&self) -> Zone {
        Zone::first_of([self.facts.time_zone.as_deref(), None])
    }

    /// How long sessions last.
    #[must_use]
    pub fn session_limits(&self) -> crate::rules::sessions::Limits {
        self.app.session_limits()
    }

    /// The same person as anyone: for what anyone may do.
    pub(in crate::acts) fn visitor(&self) -> Visitor {
        Visitor::new(self.app.clone(), self.caller.clone())
    }

    /// The person's address.
    pub(in crate::acts) fn email(&self) -> Result<Email, Stop> {
        Email::parse(&self.facts.email).map_err(Stop::Broken)
    }

    /// The network address that the person comes from.
    #[must_use]
    pub const fn comes_from(&self) -> std::net::IpAddr {
        self.caller.address
    }

    /// The same as text.
    pub(in crate::acts) fn address(&self) -> String {
        self.caller.address.to_string()
    }

    /// The person as events name them.
    pub(in crate::acts) fn who(&self) -> Who {
        Who { user: self.facts.user.clone(), email: self.facts.canonical.clone() }
    }

    /// Reads what is the person's own.
    #[must_use]
    pub fn read(&self) -> Reader<OfUser> {
        self.app.0.db.reader(OfUser(self.facts.user.clone()))
    }

    /// Begins a transaction on what is the person's own, after asking the gate again.
    pub(in crate::acts) async fn begin(&self) -> Result<Tx<OfUser>, Stop> {
        let user = self.facts.user.clone();
        let mut tx = self.app.0.db.begin(OfUser(user.clone()), vec![Log::User(user)], self.context(), &self.app.0.hands).await?;
        let asking = asking_now(&mut tx, &self.caller, NONE).await?;
        demand(gate::person(tx.now(), self.app.0.terms.sessions, &asking.session), "")?;
        Ok(tx)
    }

    /// Begins a transaction in which the person may come into an account that they are not in yet, after asking the gate
    /// again.
    pub(in crate::acts) async fn begin_joining(&self, account: &AccountId) -> Result<Tx<Instance>, Stop> {
        self.begin_wide(vec![Log::Account(account.clone())]).await
    }

    /// Begins a transaction in which the person makes an account, after asking the gate again.
    pub(in crate::acts) async fn begin_founding(&self) -> Result<Tx<Instance>, Stop> {
        self.begin_wide(vec![]).await
    }

    /// Begins a transaction that puts on record that the person did not prove who they are, and holds whose address it was about.
    pub(in crate::acts) async fn begin_failing(&self, owner: Log) -> Result<Tx<Instance>, Stop> {
        self.begin_wide(vec![owner]).await
    }

    async fn begin_wide(&self, mut hold: Vec<Log>) -> Result<Tx<Instance>, Stop> {
        hold.push(Log::User(self.facts.user.clone()));
        let mut tx = self.app.0.db.begin(Instance, hold, self.context(), &self.app.0.hands).await?;
        let asking = asking_now(&mut tx, &self.caller, NONE).await?;
        demand(gate::person(tx.now(), self.app.0.terms.sessions, &asking.session), "")?;
        Ok(tx)
    }

    pub(super) async fn touch(&self) -> Result<(), Stop> {
        let mut tx = self.app.0.db.begin(Instance, vec![], self.context(), &self.app.0.hands).await?;
        tx.touch_session(&self.facts.session).await?;
        Ok(tx.commit_unrecorded(Why::LastSeen).await?)
    }
}

impl Bearer for Person {
    fn app(&self) -> &App {
        &self.app
    }

    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn actor(&self) -> Actor {
        Actor::Person(self.who())
    }

    fn context(&self) -> Context {
        context(&self.caller, self.facts.user.as_str(), &self.facts.canonical, Some(&self.facts))
    }

    fn ends_at(&self) -> Option<Millis> {
        None
    }

    /// The log under which sessions and factors end.
    fn hold(&self) -> Option<Log> {
        Some(Log::User(self.facts.user.clone()))
    }

    fn means(&self) -> &str {
        self.facts.session.as_str()
    }

    fn demand_fresh(&self) -> Result<(), Stop> {
        Self::demand_fresh(self)
    }

    async fn admitted(
        &self,
        tx: &mut Tx<InAccount>,
        account: &AccountFacts,
        wants: Permission,
    ) -> Result<Admitted, (Option<AccountFacts>, Stop)> {
        let mut asking = asking_now(tx, &self.caller, &account.slug).await.map_err(|stop| (None, stop))?;
        // The slug may be another account's by now.
        let fresh = asking.account.take().filter(|fresh| fresh.account == account.account).ok_or((None, Stop::Unknown))?;
        let (at, now) = ((Surface::Dashboard, self.caller.address), tx.now());
        let ip = match ip(&self.app, tx, &fresh, at, now).await {
            Ok(ip) => ip,
            Err(error) => return Err((None, error.into())),
        };
        let verdict = asking.verdict(&self.app, now, &fresh, ip, wants);
        if let Err(stop) = demand(verdict, &fresh.name) {
            return Err((Some(fresh), stop));
        }
        let Some(roles) = fresh.member.roles() else { return Err((None, Stop::Unknown)) };
        Ok(Admitted { account: fresh, roles, rights: rights(roles) })
    }

    async fn refused(&self, account: &AccountFacts, stop: Stop) -> Stop {
        let Stop::Refused { why, account: name, .. } = stop else { return stop };
        let event = Event::AccountEntryRefused { account: account.account.clone(), who: self.who(), why };
        let reason = reason(why.word(), why == gate::Refusal::Ip, self.caller.address);
        if let Err(stop) = self.record_refusal(account, &reason, event).await {
            return stop;
        }
        match self.app.0.db.reader(InAccount(account.account.clone())).administrators(3).await {
            Ok(administrators) => Stop::Refused { why, account: name, administrators },
            Err(error) => error.into(),
        }
    }
}
