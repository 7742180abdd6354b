//! Who may: a visitor, a person, or a member with a permission. The only keys to the store.

mod addresses;
mod asking;
mod bearer;
mod idle;
mod key;
mod person;
mod provider;
pub(in crate::acts) mod revoked;

use std::marker::PhantomData;

pub(in crate::acts) use addresses::{Addresses, in_force};
use addresses::{Noted, ip, is_new, note_warned, remember};
pub use asking::system;
pub(in crate::acts) use asking::{NONE, asking, begins_anew, console, verdicts};
use asking::{demand, not_noted};
use bearer::Admitted;
pub use bearer::Bearer;
pub use key::{Key, NoKey};
pub(in crate::acts) use key::{actor, judge};
pub use person::{Holder, Person, Visitor};

use super::{App, Caller, Stop};
use crate::{
    rules::{
        events::{Actor, Event, Log},
        gate::{Step, Warning},
        ip_restrictions::Surface,
        members::Roles,
        permissions::{May, Permission, Proof, Rights, rights},
        security::Demands,
        time::Millis,
        zones::Zone,
    },
    store::{AccountFacts, Context, InAccount, Instance, Living, Reader, Tx, Why},
};

/// Somebody whom the gate admits and whose rights hold the permission `M`: a person in a session, or a program with a [`Key`]. Opens
/// one account.
///
/// It cannot be made but by asking the table; `tests/compile_fail` keeps the proof.
pub struct Permit<M, B = Person> {
    bearer: B,
    account: AccountFacts,
    roles: Roles,
    rights: Rights,
    warnings: Vec<Warning>,
    may: PhantomData<fn() -> M>,
}

/// Which sessions are not over in an account.
pub(in crate::acts) fn living(app: &App, now: Millis, here: Demands) -> Living {
    let limits = app.session_limits();
    let begun = now.minus(limits.lifetime.min(here.sessions.lifetime));
    Living { begun, seen: now.minus(limits.idle), seen_here: now.minus(here.sessions.idle) }
}

impl<M: May> Permit<M> {
    /// Asks gate and table whether the caller may do `M` in the account under this slug, and notes that they are here.
    ///
    /// # Errors
    /// What is to be done first, or why not. Refusals are on record.
    pub async fn ask(app: &App, caller: Caller, slug: &str) -> Result<Self, Stop> {
        let mut asking = asking(app, &caller, slug).await?;
        if let Some(end) = crate::rules::sessions::end(app.now(), app.0.terms.sessions, asking.session.times) {
            return Err(Stop::Step(Step::SignIn(end)));
        }
        let Some(account) = asking.account.take() else {
            let moved = app.0.db.reader(Instance).slug_now(slug, &asking.facts.user).await?;
            return Err(moved.map_or(Stop::Unknown, Stop::Moved));
        };
        let (at, now) = ((Surface::Dashboard, caller.address), app.now());
        let ip = ip(app, &mut app.0.db.reader(Instance), &account, at, now).await?;
        let verdict = asking.verdict(app, now, &account, ip, M::PERMISSION);
        let proven_at = asking.proven_in(&account);
        let proofs = asking.session.proofs;
        let person = Person { app: app.clone(), caller, facts: asking.facts, proofs, proven_at };
        let warnings = match demand(verdict, &account.name) {
            Ok(warnings) => warnings,
            Err(stop) => return Err(person.refused(&account, stop).await),
        };
        let Some(roles) = account.member.roles() else { return Err(Stop::Unknown) };
        let permit = Self::of(person, account, roles, rights(roles), warnings);
        permit.note_presence().await?;
        if permit.warnings.contains(&Warning::IpWouldRefuse) {
            note_warned(&permit.bearer, &permit.account, Surface::Dashboard).await;
        }
        if !permit.rights.allow(M::PERMISSION) {
            return Err(permit.missing(M::PERMISSION).await);
        }
        match M::PERMISSION.proof() {
            Proof::Session => {}
            // What a rescue link opens, it opens for its hour: whoever came by it has nothing to prove themselves with.
            Proof::Fresh if permit.rescued_until().is_some() => {}
            Proof::Fresh => permit.bearer.demand_fresh()?,
        }
        Ok(permit)
    }

    /// The person who holds it.
    #[must_use]
    pub const fn person(&self) -> &Person {
        &self.bearer
    }

    /// The zone in which the holder sees moments: their own, or else the account's.
    #[must_use]
    pub fn zone(&self) -> Zone {
        Zone::first_of([self.bearer.facts.time_zone.as_deref(), Some(self.account.time_zone.as_str())])
    }

    /// Notes the first time that this session comes in, as an event, and afterwards at most once a minute that it is
    /// still here.
    async fn note_presence(&self) -> Result<(), Stop> {
        let (person, account) = (&self.bearer, &self.account);
        let Some(seen) = account.entry_seen_at else {
            // Asked once more: nobody comes in, on record, behind their own end.
            let (mut tx, _) = self.begin_admitted(vec![]).await?;
            if !tx.enter(&person.facts.session).await? {
                return Ok(());
            }
            let here = account.security.within(person.app.instance());
            let living = living(&person.app, tx.now(), here);
            tx.end_oldest_entries(&person.facts.session, here.session_limit, living).await?;
            tx.touch_entry(&person.facts.session).await?;
            self.count_visit(&mut tx, true).await?;
            tx.commit(Event::AccountEntered { account: account.account.clone(), who: person.who() }).await?;
            remember(person, account, Surface::Dashboard, Noted::Visit);
            return Ok(());
        };
        let limits = account.security.within(person.app.instance()).sessions;
        let is_due = person.now().since(seen) >= limits.touch_every();
        if !person.caller.is_background && (is_due || is_new(person, account, Surface::Dashboard)) {
            self.note_still_here(is_due).await.unwrap_or_else(|stop| not_noted(&stop));
        }
        Ok(())
    }

    async fn note_still_here(&self, is_more: bool) -> Result<(), Stop> {
        let mut tx = self.bearer.begin_in(&self.account, vec![]).await?;
        tx.touch_entry(&self.bearer.facts.session).await?;
        self.count_visit(&mut tx, is_more).await?;
        tx.commit_unrecorded(Why::LastSeen).await?;
        remember(&self.bearer, &self.account, Surface::Dashboard, Noted::Visit);
        Ok(())
    }

    /// Counts the visit. Who came by a rescue link came past all restrictions: that says nothing of who would come in otherwise.
    async fn count_visit(&self, tx: &mut Tx<InAccount>, is_more: bool) -> Result<(), Stop> {
        if self.rescued_until().is_none() {
            tx.count_visit(Surface::Dashboard, is_more).await?;
        }
        Ok(())
    }
}

impl<M: May, B: Bearer> Permit<M, B> {
    const fn of(bearer: B, account: AccountFacts, roles: Roles, rights: Rights, warnings: Vec<Warning>) -> Self {
        Self { bearer, account, roles, rights, warnings, may: PhantomData }
    }

    /// That the roles do not suffice, after putting it on record.
    pub(in crate::acts) async fn missing(&self, permission: Permission) -> Stop {
        let account = &self.account;
        if let Err(stop) = self.note_missing(permission).await {
            return stop;
        }
        match self.read().administrators(3).await {
            Ok(administrators) => {
                let (account, slug) = (account.name.clone(), account.slug.clone());
                let is_bot = matches!(self.actor(), Actor::Bot(_));
                Stop::Missing { permission, is_bot, account, slug, administrators }
            }
            Err(error) => error.into(),
        }
    }

    /// Asks for a fresh proof where what is done is about an administrator: makes one, changes one, or keeps one out.
    pub(in crate::acts) fn demand_fresh_over(&self, roles: &[Roles]) -> Result<(), Stop> {
        if roles.iter().any(|roles| roles.administrator) { self.bearer.demand_fresh() } else { Ok(()) }
    }

    /// Asks for a fresh proof of who this is, of whoever can give one.
    pub(in crate::acts) fn demand_fresh(&self) -> Result<(), Stop> {
        self.bearer.demand_fresh()
    }

    /// Begins a transaction that notes what is no news, and changes nothing.
    pub(in crate::acts) async fn begin_noting(&self) -> Result<Tx<InAccount>, Stop> {
        self.bearer.begin_in(&self.account, vec![]).await
    }

    /// Who holds it, as events name them.
    pub fn actor(&self) -> Actor {
        self.bearer.actor()
    }

    /// A moment, or the earlier one at which what the holder came by is worth nothing: no key outlives itself by what it makes.
    pub(in crate::acts) fn no_later(&self, at: Option<Millis>) -> Option<Millis> {
        self.bearer.ends_at().map_or(at, |ends| Some(at.map_or(ends, |at| at.min(ends))))
    }

    /// Puts on record that the holder tried what takes another permission.
    pub(in crate::acts) async fn note_missing(&self, permission: Permission) -> Result<(), Stop> {
        let event = Event::PermissionRefused { account: self.account.account.clone(), who: self.bearer.actor(), permission };
        self.bearer.record_refusal(&self.account, permission.name(), event).await
    }

    /// The network address that whoever holds it comes from.
    #[must_use]
    pub fn address(&self) -> std::net::IpAddr {
        self.bearer.caller().address
    }

    /// How what the holder does is written down.
    pub(in crate::acts) fn context(&self) -> Context {
        self.bearer.context()
    }

    pub(in crate::acts) fn caller(&self) -> &Caller {
        self.bearer.caller()
    }

    pub(in crate::acts) fn app(&self) -> &App {
        self.bearer.app()
    }

    /// Whether letters leave this machine; if not, links are handed over by whoever invites.
    #[must_use]
    pub fn sends_letters(&self) -> bool {
        self.app().sends_letters()
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

    /// Until when the session opens the security pages, and nothing else, where it came by a rescue link.
    #[must_use]
    pub fn rescued_until(&self) -> Option<Millis> {
        self.warnings.iter().find_map(|warning| if let Warning::Rescued(until) = warning { Some(*until) } else { None })
    }

    /// The time of this request.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.app().now()
    }

    /// Reads what belongs to the account.
    #[must_use]
    pub fn read(&self) -> Reader<InAccount> {
        self.app().0.db.reader(InAccount(self.account.account.clone()))
    }

    /// Begins a transaction on the account: takes the writers' lock, then asks gate and table again with fresh facts, so
    /// that whoever was demoted a moment ago writes nothing. Answers with the holder's roles as they are now.
    pub(in crate::acts) async fn begin(&self) -> Result<(Tx<InAccount>, Roles), Stop> {
        self.begin_holding(vec![]).await
    }

    /// The same, holding other logs besides.
    pub(in crate::acts) async fn begin_holding(&self, hold: Vec<Log>) -> Result<(Tx<InAccount>, Roles), Stop> {
        let (tx, now) = self.begin_admitted(hold).await?;
        if now.rights.allow(M::PERMISSION) {
            return Ok((tx, now.roles));
        }
        drop(tx);
        Err(self.missing(M::PERMISSION).await)
    }

    /// Begins a transaction on the account and asks the gate in it, with fresh facts. It holds the log besides the account's under
    /// which the holder's sessions and factors end: what the gate has found stays true until the commit.
    async fn begin_admitted(&self, mut hold: Vec<Log>) -> Result<(Tx<InAccount>, Admitted), Stop> {
        hold.extend(self.bearer.hold());
        hold.push(Log::Account(self.account.account.clone()));
        let mut tx = self.bearer.begin_in(&self.account, hold).await?;
        match self.bearer.admitted(&mut tx, &self.account, M::PERMISSION).await {
            Ok(now) => Ok((tx, now)),
            Err((fresh, stop)) => {
                drop(tx);
                Err(match fresh {
                    Some(fresh) => self.bearer.refused(&fresh, stop).await,
                    None => stop,
                })
            }
        }
    }
}
