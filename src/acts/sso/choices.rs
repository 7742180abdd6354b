//! Who uses single sign-on. Whom a choice keeps out is shown before it is made.

use serde_json::json;

use super::happened;
use crate::{
    acts::{Permit, Stop, permit::living},
    rules::{
        events::SsoEvent,
        faults::Faults,
        ids::AccountId,
        permissions::may,
        sso::{Choices, MODE, Mode},
    },
    store::{Reader, sso::identities::UnlinkedRow},
};

/// What the account has chosen.
///
/// # Errors
/// When the database fails.
pub async fn chosen(permit: &Permit<may::ManageSso>) -> Result<Mode, Stop> {
    read(&mut permit.read(), &permit.account().account).await
}

async fn read<S>(reader: &mut Reader<S>, account: &AccountId) -> Result<Mode, Stop> {
    Ok(Mode::of(reader.account_setting(account, MODE).await?.as_deref()))
}

/// Whom enforcing would keep out.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Members whom no provider knows: the first few.
    pub members: Vec<UnlinkedRow>,
    /// How many there are.
    pub count: i64,
    /// Sessions that no provider has proven.
    pub sessions: i64,
    /// API keys of such members.
    pub api_keys: i64,
    /// Why it is not possible now, if it is not.
    pub obstacle: Option<&'static str>,
}

/// Members named at most.
const NAMED: i64 = 20;

/// Looks at whom enforcing would keep out.
///
/// # Errors
/// When the database fails.
pub async fn preview(permit: &Permit<may::ManageSso>) -> Result<Preview, Stop> {
    let here = permit.account().security.within(permit.instance());
    let seen = living(permit.app(), permit.now(), here).seen_here;
    let mut reader = permit.read();
    let (members, count) = reader.unlinked(NAMED).await?;
    let (sessions, api_keys) = (reader.sessions_without_idp(seen).await?, reader.api_keys_without_idp().await?);
    let obstacle = obstacle(permit, reader.has_idp_on().await?);
    Ok(Preview { members, count, sessions, api_keys, obstacle })
}

/// Whoever demands it of others has come in by a provider of the account themselves (product §2.9): it works, and knows them.
fn obstacle(permit: &Permit<may::ManageSso>, has_idp: bool) -> Option<&'static str> {
    if !has_idp {
        return Some("Add an identity provider first, and switch it on.");
    }
    if permit.person().came_by_any_of(&permit.account().account) {
        return None;
    }
    Some("Sign in through a provider of this account yourself first: that shows that it works, and that you can come back in.")
}

/// Chooses who uses single sign-on.
///
/// # Errors
/// [`Stop::Faults`] where it is not possible, or somebody has chosen otherwise meanwhile.
pub async fn choose(permit: &Permit<may::ManageSso>, draft: &Choices) -> Result<(), Stop> {
    let new = Mode::parse(&draft.mode).ok_or_else(|| Faults::one("mode", "Choose one of these."))?;
    let (mut tx, _) = permit.begin().await?;
    let old = read(&mut tx, &permit.account().account).await?;
    if old.word() != draft.seen {
        return Err(Faults::one("seen", "Somebody changed this meanwhile. Look at what stands there now, and choose again.").into());
    }
    if new == old {
        return Ok(());
    }
    let has_idp = tx.has_idp_on().await?;
    if new == Mode::Enforced
        && let Some(says) = obstacle(permit, has_idp)
    {
        return Err(Faults::one("mode", says).into());
    }
    tx.set_security(MODE, Some(new.word()), permit.person().facts().user.as_str()).await?;
    let value = |mode: Mode| json!({ "mode": mode.word() });
    Ok(tx.commit(happened(permit, SsoEvent::Updates { before: value(old), after: value(new) })).await?)
}
