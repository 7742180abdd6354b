//! Changes to invitations.

use super::{ACCOUNT, OFFER, Writer};
use crate::{
    book::Deed,
    kit::{PASSWORD, Page},
};

/// The least roles, as a form says them.
pub const LEAST: [(&str, &str); 3] = [("developer", "read_only"), ("team", "read_only"), ("billing", "none")];

/// An open invitation, and the link that was shown to whoever sent it.
#[derive(Debug)]
pub struct Invitation {
    pub id: String,
    pub email: String,
    pub token: String,
    version: i64,
    developer: &'static str,
}

/// The id and the token of the invitation whose link a page shows.
pub fn of_page(page: &Page) -> [String; 2] {
    let link = page.attributes("#link", "value").join("");
    let pages = page.attributes("[href*='/invitations/inv_']", "href");
    let id = pages.first().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    [id.to_owned(), link.rsplit('/').next().unwrap_or_default().to_owned()]
}

impl Writer {
    /// Invites an address; nothing where it is not known to be done.
    pub(super) async fn invite(&mut self, email: &str) -> Option<Invitation> {
        let mut fields = vec![("email", email)];
        fields.extend(LEAST);
        let answer = self.client.post(&format!("{ACCOUNT}/invitations/new"), &fields).await;
        if !self.book.note(Deed::Invite, answer.as_ref(), "#link", email) {
            return None;
        }
        let [id, token] = of_page(&answer?);
        Some(Invitation { id, email: email.to_owned(), token, version: 0, developer: "read_only" })
    }

    pub(super) async fn invite_somebody(&mut self) {
        let email = format!("{}@example.com", self.new_name("guest"));
        let invitation = self.invite(&email).await;
        self.open.extend(invitation);
    }

    /// One of the open invitations, taken out; whoever knows that it is still open puts it back.
    fn one_open(&mut self) -> Option<Invitation> {
        let last = (self.open.len() as u64).checked_sub(1)?;
        let at = usize::try_from(self.dice.between(0, last)).unwrap();
        Some(self.open.swap_remove(at))
    }

    pub(super) async fn resend(&mut self) {
        let Some(mut invitation) = self.one_open() else { return };
        let answer = self.client.post(&format!("{ACCOUNT}/invitations/{}/resend", invitation.id), &[]).await;
        if self.book.note(Deed::Resend, answer.as_ref(), "#link", &invitation.email) {
            [_, invitation.token] = of_page(&answer.unwrap());
            invitation.version += 1;
            self.open.push(invitation);
        }
    }

    pub(super) async fn change_offer(&mut self) {
        let Some(mut invitation) = self.one_open() else { return };
        let other = if invitation.developer == "read_only" { "read_write" } else { "read_only" };
        let version = invitation.version.to_string();
        let to = format!("{ACCOUNT}/invitations/{}", invitation.id);
        let fields = [("developer", other), ("team", "read_only"), ("billing", "none"), ("version", version.as_str())];
        let answer = self.client.post(&format!("{to}/roles"), &fields).await;
        if self.book.note(Deed::OfferedRoles, answer.as_ref(), &to, &invitation.email) {
            invitation.version += 1;
            invitation.developer = other;
            self.open.push(invitation);
        }
    }

    pub(super) async fn revoke(&mut self) {
        let Some(invitation) = self.one_open() else { return };
        let to = format!("{ACCOUNT}/invitations/{}", invitation.id);
        let answer = self.client.post(&format!("{to}/revoke"), &[]).await;
        self.book.note(Deed::Revoke, answer.as_ref(), &to, &invitation.email);
    }

    /// Somebody new signs up by a link that was handed over.
    pub(super) async fn let_in(&mut self) {
        let Some(invitation) = self.one_open() else { return };
        self.door.forget();
        let path = format!("/invitations/{}/sign-up", invitation.token);
        let answer = self.door.post(&path, &[("name", "Somebody new"), ("password", PASSWORD)]).await;
        self.book.note(Deed::SignUp, answer.as_ref(), OFFER, &invitation.email);
    }
}
