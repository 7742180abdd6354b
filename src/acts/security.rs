//! What an account demands of the people who enter it. A change holds from the next request on, also in living sessions.

use serde_json::{Value, json};

use super::{Permit, Stop, permit::living};
use crate::rules::{
    events::Event,
    faults::Faults,
    gate::Mfa,
    permissions::{May, may},
    security::{Demands, Draft, Instance, Overrides},
};

impl<M: May> Permit<M> {
    /// What this Frontdesk demands of all accounts.
    #[must_use]
    pub fn instance(&self) -> Instance {
        self.app().instance()
    }
}

/// Changes what the account demands.
///
/// # Errors
/// [`Stop::Faults`] when it is outside of what the instance allows, somebody else has changed it meanwhile, or whoever demands a
/// second factor of others has none.
pub async fn update(permit: &Permit<may::ManageSecurity>, draft: &Draft) -> Result<(), Stop> {
    let instance = permit.instance();
    let new = draft.check(instance)?;
    let (mut tx, _) = permit.begin().await?;
    let old = tx.security().await?;
    if old.mark() != draft.seen {
        return Err(Faults::one("seen", "Somebody changed these settings meanwhile. Look at what stands there now, and save again.").into());
    }
    if old == new {
        return Ok(());
    }
    let demands = new.entry.within(instance).mfa != Mfa::Off;
    if demands && old.entry.within(instance).mfa == Mfa::Off && permit.person().facts().factor_since.is_none() {
        let says = "Set up your own second factor first: whoever demands one has one.";
        return Err(Faults::one("mfa", says).into());
    }
    let by = permit.person().facts().user.to_string();
    for ((name, value), (_, before)) in new.values().into_iter().zip(old.values()) {
        if value != before {
            tx.set_security(name, value, &by).await?;
        }
    }
    let here = new.entry.within(instance);
    if here.session_limit < old.entry.within(instance).session_limit {
        let living = living(permit.app(), tx.now(), here);
        tx.end_surplus_entries(here.session_limit, living).await?;
    }
    let (before, after) = (in_words(&old, instance), in_words(&new, instance));
    let (account, name) = (permit.account().account.clone(), permit.account().name.clone());
    Ok(tx.commit(Event::SecurityUpdated { account, name, before, after }).await?)
}

fn in_words(overrides: &Overrides, instance: Instance) -> Value {
    let Demands { mfa, sessions, session_limit } = overrides.entry.within(instance);
    let (idle, lifetime) = (sessions.idle.in_words(), sessions.lifetime.in_words());
    let (lockout_after, remembered) = (overrides.passwords.lockout_after(instance), overrides.passwords.remembered(instance));
    json!({
        "mfa": mfa.word(), "session_idle": idle, "session_lifetime": lifetime, "session_limit": session_limit,
        "lockout_after": lockout_after, "password_history": remembered
    })
}
