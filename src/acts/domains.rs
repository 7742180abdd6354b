//! Which mail domains may be invited and may join. Members who are in stay in.

use serde_json::{Value, json};

use super::{Permit, Stop};
use crate::rules::{
    domains::{Domains, Draft},
    events::Event,
    faults::Faults,
    permissions::may,
};

/// Whom a change would stop, as far as they are invited already.
#[derive(Debug, Default)]
pub struct Stopped {
    /// The addresses, the first few.
    pub addresses: Vec<String>,
    /// How many there are.
    pub count: usize,
    /// What stops them, as it comes back with the answer.
    pub mark: String,
}

/// What became of a change.
#[derive(Debug)]
pub enum Changed {
    /// It would stop these, which somebody should have seen first.
    Stops(Stopped),
    /// It is done.
    Done,
}

/// The most addresses that are named.
const NAMED: usize = 50;

/// Whom of those who are invited these would stop.
fn stopped(open: Vec<String>, domains: &Domains) -> Stopped {
    let mut addresses: Vec<String> = open.into_iter().filter(|address| !domains.admit(address)).collect();
    let count = addresses.len();
    addresses.truncate(NAMED);
    Stopped { mark: domains.mark(), addresses, count }
}

/// Changes which domains are let in; where open invitations would be stopped, only once somebody has looked at them.
///
/// # Errors
/// [`Stop::Faults`] for what is no domain, and when somebody else has changed it meanwhile.
pub async fn update(permit: &Permit<may::ManageProvisioning>, draft: &Draft) -> Result<Changed, Stop> {
    let new = draft.check()?;
    let (mut tx, _) = permit.begin().await?;
    let old = tx.domains().await?;
    if old.mark() != draft.seen {
        return Err(Faults::one("seen", "Somebody changed this meanwhile. Look at what stands there now, and save again.").into());
    }
    if old == new {
        return Ok(Changed::Done);
    }
    // What was looked at is what these would stop, and not some others.
    if draft.looked != new.mark() {
        let now = tx.now();
        let open = tx.open_invitation_addresses(now).await?;
        let stopped = stopped(open, &new);
        if stopped.count > 0 {
            return Ok(Changed::Stops(stopped));
        }
    }
    let by = permit.person().facts().user.to_string();
    for ((name, value), (_, before)) in new.values().into_iter().zip(old.values()) {
        if value != before {
            tx.set_security(name, value.as_deref(), &by).await?;
        }
    }
    let (account, name) = (permit.account().account.clone(), permit.account().name.clone());
    tx.commit(Event::DomainsUpdated { account, name, before: in_words(&old), after: in_words(&new) }).await?;
    Ok(Changed::Done)
}

fn in_words(domains: &Domains) -> Value {
    json!({
        "email_domains": domains.mode.word(),
        "email_domains_allowed": domains.allowed.join(", "),
        "email_domains_denied": domains.denied.join(", "),
    })
}
