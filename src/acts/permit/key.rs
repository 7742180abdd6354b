//! Keys: programs that prove themselves with an API key, which is asked for on every request.

use super::{
    Permit,
    addresses::{Noted, ip, is_new, note_warned, remember},
    asking::{at_gate, not_noted},
    bearer::{Admitted, Bearer, commit_refusal, reason, refusal},
    revoked,
};
use crate::{
    acts::{App, Caller, Stop},
    protocols::secrets::hash_token,
    rules::{
        credentials::{CredentialId, Denial, Kind, NOTED_EVERY, Owner, secret},
        events::{self, Actor, CredentialEvent, Event, Log, Who},
        gate::{self, Ip},
        ids::AccountId,
        ip_restrictions::Surface,
        members::Roles,
        permissions::{May, Permission, Rights, rights, rights_of_bots},
        time::Millis,
    },
    store::{AccountFacts, Context, InAccount, Instance, KeyFacts, Reader, Source, StoreError, Tx, Why},
};

/// A program with an API key that its account admits.
pub struct Key {
    app: App,
    caller: Caller,
    hash: String,
    facts: KeyFacts,
}

/// Why a key opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoKey {
    /// It does not have the shape of one.
    Malformed,
    /// It is a key's id.
    Id,
    /// It is an authtoken.
    Authtoken,
    /// There is none, or none any more.
    Unknown,
    /// It is one, and refused.
    Denied(Denial),
}

impl<M: May> Permit<M, Key> {
    /// Asks whether this key opens its account for `M`, and notes that it was used. What `pace` says of the account comes before anything
    /// is written: nobody makes work for the writers faster than that.
    ///
    /// # Errors
    /// [`Stop::Key`], what `pace` answers, or that the owner's roles do not suffice. Refusals of keys that there are, are on record.
    pub async fn ask_by_key(
        app: &App,
        caller: Caller,
        token: &str,
        pace: impl FnOnce(&AccountId) -> Result<(), Stop> + Send,
    ) -> Result<Self, Stop> {
        let key = Key::find(app, caller, token).await?;
        pace(&key.facts.account.account)?;
        let ip = key.ip(&mut app.0.db.reader(Instance), Surface::Api, app.now()).await?;
        let (roles, rights) = match judge(app, app.now(), &key.facts, ip) {
            Ok(found) => found,
            Err(why) => return Err(key.denied(why, &key.context()).await),
        };
        key.note_use(Surface::Api, ip).await;
        let account = key.facts.account.clone();
        let permit = Self::of(key, account, roles, rights, Vec::new());
        if permit.rights.allow(M::PERMISSION) { Ok(permit) } else { Err(permit.missing(M::PERMISSION).await) }
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.bearer
    }
}

impl Key {
    /// A credential that somebody else shows.
    pub(in crate::acts) const fn of(app: App, caller: Caller, hash: String, facts: KeyFacts) -> Self {
        Self { app, caller, hash, facts }
    }

    async fn find(app: &App, caller: Caller, token: &str) -> Result<Self, Stop> {
        if secret::row_of(token).is_none() {
            let is_id = CredentialId::parse_any(token).is_some();
            return Err(Stop::Key(if is_id { NoKey::Id } else { NoKey::Malformed }));
        }
        let hash = hash_token(token);
        let Some(facts) = app.0.db.reader(Instance).key(&hash).await? else {
            if let Some(row) = revoked::find(app, token).await? {
                revoked::note(app, &caller, &row, None).await;
            }
            return Err(Stop::Key(NoKey::Unknown));
        };
        match facts.kind {
            Kind::ApiKey => Ok(Self { app: app.clone(), caller, hash, facts }),
            Kind::Authtoken => Err(Stop::Key(NoKey::Authtoken)),
            Kind::SshKey => Err(Stop::Key(NoKey::Unknown)),
        }
    }

    /// What the account says to whoever shows it by a surface, from where they do.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::acts) async fn ip<S>(&self, reader: &mut Reader<S>, surface: Surface, now: Millis) -> Result<Ip, StoreError> {
        ip(&self.app, reader, &self.facts.account, (surface, self.caller.address), now).await
    }

    /// Notes that it was used, once a minute, and once a day for each address; and that whoever did was warned.
    pub(in crate::acts) async fn note_use(&self, surface: Surface, ip: Ip) {
        let (facts, account) = (&self.facts, &self.facts.account);
        let is_due = facts.last_used_at.is_none_or(|at| self.app.now().since(at) >= NOTED_EVERY);
        let is_new = is_new(self, account, surface);
        if is_due || is_new {
            let noted = async {
                let mut tx = self.begin_in(account, vec![]).await?;
                // Of many at once one notes it.
                let since = tx.now().minus(NOTED_EVERY);
                let is_more = tx.touch_credential(&facts.credential, since).await?;
                if is_more || is_new {
                    tx.count_visit(surface, is_more).await?;
                }
                Ok(tx.commit_unrecorded(Why::LastSeen).await?)
            };
            match noted.await {
                Ok(()) => remember(self, account, surface, Noted::Visit),
                Err(stop) => not_noted(&stop),
            }
        }
        if ip == Ip::Warned {
            note_warned(self, account, surface).await;
        }
    }

    /// That it is refused, after noting so for those who manage it: once a minute, and as an event once an hour, in the name of whoever
    /// showed it.
    pub(in crate::acts) async fn denied(&self, why: Denial, by: &Context) -> Stop {
        let is_recent = self.facts.refused_at.is_some_and(|at| self.app.now().since(at) < NOTED_EVERY);
        let is_news = if is_recent { self.is_new_place(why).await } else { Ok(true) };
        let noted = async { if is_news? { self.note_refused(why, by).await } else { Ok(()) } };
        noted.await.unwrap_or_else(|stop| not_noted(&stop));
        Stop::Key(NoKey::Denied(why))
    }

    /// Whether it is refused for the address, and has not been within the hour for one of that neighbourhood: a stolen key is not hidden
    /// by the program that it was stolen from.
    async fn is_new_place(&self, why: Denial) -> Result<bool, Stop> {
        if why != Denial::Ip {
            return Ok(false);
        }
        let attempt = refusal(&self.facts.account.account, self.means(), &self.reason(why), self.app.now());
        Ok(self.app.0.db.reader(Instance).attempts(&attempt).await? == 0)
    }

    fn reason(&self, why: Denial) -> String {
        reason(why.word(), why == Denial::Ip, self.caller.address)
    }

    async fn note_refused(&self, why: Denial, by: &Context) -> Result<(), Stop> {
        let account = &self.facts.account;
        let hold = vec![Log::Account(account.account.clone())];
        let mut tx = self.app.0.db.begin(InAccount(account.account.clone()), hold, by.clone(), &self.app.0.hands).await?;
        let from = self.caller.address.to_string();
        tx.note_refused(&self.facts.credential, &from, why.word()).await?;
        let (credential, what) = (credential(&self.facts), CredentialEvent::Refused { why, from });
        let event = Event::Credential { account: account.account.clone(), credential, what };
        commit_refusal(tx, &account.account, self.means(), &self.reason(why), event).await
    }

    /// The credential and its owner.
    #[must_use]
    pub const fn facts(&self) -> &KeyFacts {
        &self.facts
    }
}

/// A credential as events name it.
pub(in crate::acts) fn credential(facts: &KeyFacts) -> events::Credential {
    events::Credential {
        id: facts.credential.clone(),
        kind: facts.kind,
        description: facts.description.clone(),
        owner: facts.owner.as_str().to_owned(),
        owner_name: actor(facts).name().to_owned(),
    }
}

/// The owner of a credential as events name them.
pub(in crate::acts) fn actor(facts: &KeyFacts) -> Actor {
    match &facts.owner {
        Owner::User(user) => Actor::Person(Who { user: user.clone(), email: facts.owner_email.clone() }),
        Owner::Bot(bot) => Actor::Bot(events::Bot { id: bot.clone(), name: facts.owner_name.clone() }),
    }
}

/// What the owner of a credential may do in its account now. Whoever may not use the API has no use for an API key, wherever it is
/// shown or found.
pub(in crate::acts) fn judge(app: &App, now: Millis, facts: &KeyFacts, ip: Ip) -> Result<(Roles, Rights), Denial> {
    let (policy, member) = at_gate(app, &facts.account, ip);
    let holder = match (&facts.owner, member) {
        (Owner::Bot(_), _) => gate::Holder::Bot { inactive_at: facts.inactive_at },
        (Owner::User(_), Some(member)) => gate::Holder::Member { member, has_factor: facts.factor_since.is_some(), has_idp: facts.has_idp },
        // Whoever is taken out of an account leaves no credential behind that could be found.
        (Owner::User(_), None) => return Err(Denial::Disabled),
    };
    gate::program(now, policy, facts.expires_at, holder)?;
    let (roles, rights) = match facts.account.member.roles() {
        Some(roles) => (roles, rights(roles)),
        None => (Roles::BOT, rights_of_bots()),
    };
    let is_usable = facts.kind != Kind::ApiKey || rights.allow(Permission::UseApi);
    if is_usable { Ok((roles, rights)) } else { Err(Denial::ReadOnly) }
}

impl Bearer for Key {
    fn app(&self) -> &App {
        &self.app
    }

    fn caller(&self) -> &Caller {
        &self.caller
    }

    fn actor(&self) -> Actor {
        actor(&self.facts)
    }

    fn context(&self) -> Context {
        let actor = self.actor();
        Context {
            source: Source::Api,
            principal: actor.id().to_owned(),
            principal_name: actor.name().to_owned(),
            session: None,
            credential: Some(self.facts.credential.clone()),
            address: self.caller.address.to_string(),
            request: self.caller.request.clone(),
        }
    }

    fn ends_at(&self) -> Option<Millis> {
        self.facts.expires_at
    }

    fn hold(&self) -> Option<Log> {
        self.facts.owner.user().map(|user| Log::User(user.clone()))
    }

    fn means(&self) -> &str {
        self.facts.credential.as_str()
    }

    /// A key is itself what has to be kept safe: nobody is there to be asked.
    fn demand_fresh(&self) -> Result<(), Stop> {
        Ok(())
    }

    async fn admitted(
        &self,
        tx: &mut Tx<InAccount>,
        account: &AccountFacts,
        _: Permission,
    ) -> Result<Admitted, (Option<AccountFacts>, Stop)> {
        let found = tx.key(&self.hash).await.map_err(|error| (None, error.into()))?;
        let facts = found.filter(|facts| facts.account.account == account.account).ok_or((None, Stop::Key(NoKey::Unknown)))?;
        let now = Self { app: self.app.clone(), caller: self.caller.clone(), hash: self.hash.clone(), facts };
        let at = tx.now();
        let ip = now.ip(tx, Surface::Api, at).await.map_err(|error| (None, error.into()))?;
        match judge(&now.app, at, &now.facts, ip) {
            Ok((roles, rights)) => Ok(Admitted { account: now.facts.account, roles, rights }),
            Err(why) => Err((Some(now.facts.account), Stop::Key(NoKey::Denied(why)))),
        }
    }

    async fn refused(&self, _: &AccountFacts, stop: Stop) -> Stop {
        match stop {
            Stop::Key(NoKey::Denied(why)) => self.denied(why, &self.context()).await,
            other => other,
        }
    }
}
