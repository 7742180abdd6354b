//! Floor 3: what can be done. One function per deed; permission, rule, change and event meet here and only here.
//!
//! An act takes whoever may do it as its first word: a [`Visitor`] (anyone), a [`Person`] (somebody signed in), or a
//! [`Permit`] (a member with one permission). Nothing else leads to the store: [`App`] owns the database behind a private
//! field, readers come from permits, and transactions begin only inside this floor.

use std::sync::Arc;

use tokio::sync::{Mutex, Notify};

use crate::{
    protocols::{
        breached::Breached,
        dns::Dns,
        mail::Mailer,
        outside::Outside,
        passwords::{HashError, Hasher},
        secrets::InstanceKey,
    },
    rules::{
        faults::Faults,
        gate::{Refusal, Step},
        ids::OperationId,
        permissions::Permission,
        time::{Millis, Span},
    },
    store::{CookieStore, Db, Hands, StoreError},
};

pub mod accounts;
mod away;
pub mod billing;
pub mod bot_users;
mod choosing;
pub mod chores;
pub mod credentials;
pub mod domains;
pub mod emails;
pub mod invitations;
pub mod ip_policies;
pub mod ip_restrictions;
mod joining;
pub mod letters;
mod links;
pub mod lockouts;
pub mod me;
pub mod members;
pub mod mfa;
pub mod own_domains;
pub mod passwords;
mod permit;
pub mod proofs;
pub mod provisioning;
pub mod rescue;
pub mod restore;
pub mod security;
pub mod sessions;
pub mod setup;
pub mod sign_in;
pub mod sign_up;
pub mod social;
pub mod sso;
pub mod typed;

pub use permit::{Bearer, Holder, Key, NoKey, Permit, Person, Visitor, system};

/// What the instance's configuration decides about deeds.
#[derive(Clone, Debug)]
pub struct Terms {
    /// How long sessions last.
    pub sessions: crate::rules::sessions::Limits,
    /// How often signing in may be tried.
    pub attempts: crate::rules::sign_in::Limits,
    /// How many wrong passwords an address may get.
    pub lockouts: crate::rules::lockouts::Limits,
    /// How many sessions of a person may be open in an account at most.
    pub session_limit: i64,
    /// What is demanded about second factors in all accounts.
    pub mfa: crate::rules::gate::Mfa,
    /// How many wrong codes of a second factor a person may get.
    pub codes: crate::rules::mfa::Limits,
    /// How long a proof of who somebody is counts as fresh.
    pub fresh_proof: Span,
    /// How long counted attempts are kept.
    pub attempts_kept: Span,
    /// How long visits are kept.
    pub visits_kept: Span,
    /// How long sessions are kept after they were last seen.
    pub sessions_kept: Span,
    /// How long letters are kept after they were written, once they are done.
    pub letters_kept: Span,
    /// The most members of an account; 0 for any number.
    pub seats: i64,
    /// Who may sign up without an invitation.
    pub sign_up: crate::rules::sign_up::Policy,
    /// Where the terms of use stand that whoever becomes a user accepts, if there are any.
    pub terms_of_use: Option<String>,
    /// GitHub and Google as ways to sign in, as far as they are set up.
    pub social: Vec<crate::rules::social::Client>,
    /// The name of the plan.
    pub plan: String,
    /// Who may create accounts.
    pub account_creation: crate::rules::accounts::Creation,
    /// How many passwords somebody may not choose again, the present one included.
    pub password_history: i64,
    /// The passwords that nobody may choose.
    pub breached: Breached,
}

/// What deeds are done with.
pub struct Means {
    /// Hashes passwords.
    pub hasher: Hasher,
    /// Sends letters.
    pub mailer: Mailer,
    /// Asks machines of others.
    pub outside: Outside,
    /// Asks name servers.
    pub dns: Dns,
}

/// The running application: the database and all that deeds need besides. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    db: Db,
    hasher: Hasher,
    terms: Terms,
    hands: Hands,
    /// Seals secrets at rest; also what binds this process to its database.
    key: InstanceKey,
    mailer: Mailer,
    /// How machines of others are asked.
    outside: Outside,
    dns: Dns,
    /// Rings when a letter has been written.
    bell: Notify,
    /// Held by whoever delivers letters: a process does one round at a time.
    round: Mutex<()>,
    /// From where accounts are reached.
    addresses: permit::Addresses,
}

/// Who is asking, before anything is known of them.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The network address.
    pub address: std::net::IpAddr,
    /// The program they use, as it calls itself.
    pub agent: String,
    /// The request.
    pub request: OperationId,
    /// The hash of the cookie's value, if there was a cookie.
    pub token_hash: Option<String>,
    /// Whether a page asks by itself, and nobody has done anything: then it is not noted that somebody is there.
    pub is_background: bool,
    /// The hash of what this browser has kept since somebody signed in with it, if it has.
    pub browser_hash: Option<String>,
}

/// Why a deed was not done.
#[derive(Debug)]
pub enum Stop {
    /// The input is wrong; nothing was changed.
    Faults(Faults),
    /// Something has to be proven first.
    Step(Step),
    /// There is no session: sign in.
    SignIn,
    /// What was asked for does not exist, or not for whoever asks.
    Unknown,
    /// The account has another slug now.
    Moved(String),
    /// The gate is closed to this member.
    Refused {
        /// Why.
        why: Refusal,
        /// The account's name.
        account: String,
        /// Who could change it: names and addresses.
        administrators: Vec<(String, String)>,
    },
    /// The roles do not suffice.
    Missing {
        /// For what.
        permission: Permission,
        /// Whether it is a bot user, who has no roles.
        is_bot: bool,
        /// The account's name.
        account: String,
        /// The account's slug.
        slug: String,
        /// Who could grant it: names and addresses.
        administrators: Vec<(String, String)>,
    },
    /// The key opens nothing.
    Key(NoKey),
    /// Too many attempts; come back after this long.
    TooMany(Span),
    /// Too much to do at this moment, or the database is away; trying again may help.
    Busy,
    /// A mistake of ours. The text is for the log only.
    Broken(String),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Gone(_) => Self::Unknown,
            error if error.is_passing() => {
                tracing::warn!(%error, "the database could not answer");
                Self::Busy
            }
            error => Self::Broken(error.to_string()),
        }
    }
}

impl From<HashError> for Stop {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Busy,
            HashError::Broken(_) => Self::Broken(error.to_string()),
        }
    }
}

impl From<Faults> for Stop {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(db: Db, means: Means, terms: Terms, hands: Hands, key: InstanceKey) -> Self {
        let Means { hasher, mailer, outside, dns } = means;
        Self(Arc::new(Parts {
            db,
            hasher,
            terms,
            hands,
            key,
            mailer,
            outside,
            dns,
            bell: Notify::new(),
            round: Mutex::new(()),
            addresses: permit::Addresses::default(),
        }))
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Millis {
        (self.0.hands.clock)()
    }

    /// A new id for a request.
    #[must_use]
    pub fn operation(&self) -> OperationId {
        OperationId::new(self.now(), (self.0.hands.dice)())
    }

    /// Whether letters leave this machine; if not, links are handed over by whoever invites.
    #[must_use]
    pub fn sends_letters(&self) -> bool {
        self.0.mailer.is_sending()
    }

    /// How long sessions last.
    #[must_use]
    pub fn session_limits(&self) -> crate::rules::sessions::Limits {
        self.0.terms.sessions
    }

    /// What this Frontdesk demands of all accounts.
    #[must_use]
    pub fn instance(&self) -> crate::rules::security::Instance {
        crate::rules::security::Instance {
            mfa: self.0.terms.mfa,
            sessions: self.0.terms.sessions,
            session_limit: self.0.terms.session_limit,
            lockout_after: self.0.terms.lockouts.wrong,
            password_history: self.0.terms.password_history,
        }
    }

    /// Where the contents of cookies are kept.
    #[must_use]
    pub fn cookies(&self) -> CookieStore {
        CookieStore::new(self.0.db.clone())
    }

    /// Whether the database answers, with this program's schema, is still the one that belongs to this key, and has room for
    /// what is written.
    pub async fn is_ready(&self) -> bool {
        let schema = self.0.db.is_ready().await.unwrap_or(false);
        schema && setup::key_matches(self).await.unwrap_or(false) && self.0.db.has_room().await
    }

    /// How many statements were run and how many passwords hashed so far.
    #[must_use]
    pub fn costs(&self) -> (u64, u64) {
        (self.0.db.statements(), self.0.hasher.hashes())
    }

    /// Closes the database.
    pub async fn close(&self) {
        self.0.db.close().await;
    }

    /// Lets `visitor` do what anyone may.
    #[must_use]
    pub fn visitor(&self, caller: Caller) -> Visitor {
        Visitor::new(self.clone(), caller)
    }
}
