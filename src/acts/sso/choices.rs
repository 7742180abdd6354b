//! Who uses single sign-on, and how people become members. Whom a choice keeps out is shown before it is made.

use serde_json::json;

use super::happened;
use crate::{
    acts::{Permit, Stop, permit::living},
    rules::{
        events::SsoEvent,
        faults::Faults,
        ids::AccountId,
        permissions::may,
        sso::{Choices, MODE, Mode, PROVISIONING, Provisioning},
    },
    store::{Reader, sso::identities::UnlinkedRow},
};

/// What an account has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Who uses it.
    pub mode: Mode,
    /// How people become members.
    pub provisioning: Provisioning,
}

impl Chosen {
    /// A text that is another one once anything is changed.
    #[must_use]
    pub fn mark(self) -> String {
        format!("{} {}", self.mode.word(), self.provisioning.word())
    }

    fn value(self) -> serde_json::Value {
        json!({ "mode": self.mode.word(), "provisioning": self.provisioning.word() })
    }

    fn of(mode: Option<&str>, provisioning: Option<&str>) -> Self {
        Self {
            mode: mode.and_then(Mode::parse).unwrap_or(Mode::Mixed),
            provisioning: provisioning.and_then(Provisioning::parse).unwrap_or(Provisioning::Invitation),
        }
    }
}

/// What the account has chosen.
///
/// # Errors
/// When the database fails.
pub async fn chosen(permit: &Permit<may::ManageSso>) -> Result<Chosen, Stop> {
    read(&mut permit.read(), &permit.account().account).await
}

async fn read<S>(reader: &mut Reader<S>, account: &AccountId) -> Result<Chosen, Stop> {
    let mode = reader.account_setting(account, MODE).await?;
    let provisioning = reader.account_setting(account, PROVISIONING).await?;
    Ok(Chosen::of(mode.as_deref(), provisioning.as_deref()))
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
    let obstacle = obstacle(permit, reader.idps().await?.iter().any(|idp| idp.disabled_at.is_none()));
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

/// Chooses who uses single sign-on and how people become members.
///
/// # Errors
/// [`Stop::Faults`] where it is not possible, or somebody has chosen otherwise meanwhile.
pub async fn choose(permit: &Permit<may::ManageSso>, draft: &Choices) -> Result<(), Stop> {
    let mut faults = Faults::none();
    let mode = faults.keep("mode", Mode::parse(&draft.mode).ok_or_else(|| "Choose one of these.".to_owned()));
    let provisioning = Provisioning::parse(&draft.provisioning).ok_or_else(|| "Choose one of these.".to_owned());
    let (Some(mode), Some(provisioning)) = (mode, faults.keep("provisioning", provisioning)) else { return Err(faults.into()) };
    let new = Chosen { mode, provisioning };
    let (mut tx, _) = permit.begin().await?;
    let old = read(&mut tx, &permit.account().account).await?;
    if old.mark() != draft.seen {
        return Err(Faults::one("seen", "Somebody changed this meanwhile. Look at what stands there now, and choose again.").into());
    }
    if new == old {
        return Ok(());
    }
    let has_idp = tx.idps().await?.iter().any(|idp| idp.disabled_at.is_none());
    if new.mode == Mode::Enforced
        && old.mode != Mode::Enforced
        && let Some(says) = obstacle(permit, has_idp)
    {
        return Err(Faults::one("mode", says).into());
    }
    if new.provisioning != old.provisioning && new.provisioning == Provisioning::JustInTime && !has_idp {
        return Err(Faults::one("provisioning", "Add an identity provider first, and switch it on.").into());
    }
    let by = permit.person().facts().user.to_string();
    tx.set_security(MODE, Some(new.mode.word()), &by).await?;
    tx.set_security(PROVISIONING, Some(new.provisioning.word()), &by).await?;
    Ok(tx.commit(happened(permit, SsoEvent::Updates { before: old.value(), after: new.value() })).await?)
}
