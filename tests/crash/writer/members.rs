//! Changes to the account, to a member, and to oneself.

use super::{ACCOUNT, Seen, Writer};
use crate::book::Deed;

impl Writer {
    /// What forms must know, looked up where it may have changed since.
    async fn seen(&mut self) -> Option<&mut Seen> {
        if self.seen.is_none() {
            let settings = self.shown(&format!("{ACCOUNT}/settings")).await?;
            let member = self.shown(&format!("{ACCOUNT}/members/{}", self.target[0])).await?;
            self.seen = Some(Seen {
                account_version: settings.value("version").parse().ok()?,
                target_version: member.value("version").parse().ok()?,
                target_developer: member.attributes("[name=developer][checked]", "value").join(""),
                target_is_disabled: !member.attributes("form[action$='/enable']", "action").is_empty(),
            });
        }
        self.seen.as_mut()
    }

    pub(super) async fn rename(&mut self) {
        let Some(version) = self.seen().await.map(|seen| seen.account_version.to_string()) else { return };
        let (name, to) = (self.new_name("Account"), format!("{ACCOUNT}/settings"));
        let answer = self.client.post(&to, &[("name", &name), ("slug", "acme"), ("version", &version)]).await;
        let done = self.book.note(Deed::Rename, answer.as_ref(), &to, &name);
        self.saw(done, |seen| seen.account_version += 1);
    }

    pub(super) async fn rename_self(&mut self) {
        let name = self.new_name("Writer");
        let answer = self.client.post("/me", &[("name", &name), ("theme", "auto")]).await;
        self.book.note(Deed::OwnName, answer.as_ref(), "/me", &name);
    }

    pub(super) async fn change_roles(&mut self) {
        let Some(seen) = self.seen().await else { return };
        let other = if seen.target_developer == "read_only" { "read_write" } else { "read_only" };
        let version = seen.target_version.to_string();
        let to = format!("{ACCOUNT}/members/{}", self.target[0]);
        let fields = [("developer", other), ("team", "read_only"), ("billing", "none"), ("version", version.as_str())];
        let answer = self.client.post(&format!("{to}/roles"), &fields).await;
        let done = self.book.note(Deed::Roles, answer.as_ref(), &to, &self.target[1]);
        self.saw(done, |seen| {
            seen.target_version += 1;
            other.clone_into(&mut seen.target_developer);
        });
    }

    pub(super) async fn switch(&mut self) {
        let Some(seen) = self.seen().await else { return };
        let (deed, verb) = if seen.target_is_disabled { (Deed::Enable, "enable") } else { (Deed::Disable, "disable") };
        let to = format!("{ACCOUNT}/members/{}", self.target[0]);
        let answer = self.client.post(&format!("{to}/{verb}"), &[]).await;
        let done = self.book.note(deed, answer.as_ref(), &to, &self.target[1]);
        self.saw(done, |seen| {
            seen.target_version += 1;
            seen.target_is_disabled = deed == Deed::Disable;
        });
    }

    /// Keeps in mind what a change has made of what was seen; or forgets it where nobody knows.
    fn saw(&mut self, is_done: bool, change: impl FnOnce(&mut Seen)) {
        match &mut self.seen {
            Some(seen) if is_done => change(seen),
            _ => self.seen = None,
        }
    }
}
