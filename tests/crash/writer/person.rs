//! People who are users already: invited, they accept or decline; having come in, they leave.

use super::{ACCOUNT, Writer, of_page};
use crate::{book::Deed, client::Client, kit::PASSWORD};

/// Somebody with a user and a browser.
pub struct Person {
    pub email: String,
    pub client: Client,
    pub stands: Stands,
}

/// Where somebody stands.
#[derive(Debug)]
pub enum Stands {
    /// In the account.
    Inside,
    /// Not in it.
    Outside,
    /// Not in it, and with a link.
    Invited(String),
    /// Nobody knows: a change was not answered.
    Somewhere,
    /// Has got as many letters as anybody may get.
    Done,
}

impl Writer {
    /// Moves one of the people on, to wherever it goes from where they stand.
    pub(super) async fn send_somebody(&mut self) {
        let at = usize::try_from(self.dice.between(0, self.people.len() as u64 - 1)).unwrap();
        let person = &mut self.people[at];
        let email = person.email.clone();
        let stands = std::mem::replace(&mut person.stands, Stands::Somewhere);
        let stands = match stands {
            Stands::Done => Stands::Done,
            Stands::Inside => {
                let answer = person.client.post(&format!("{ACCOUNT}/leave"), &[]).await;
                if answer.as_ref().is_some_and(|page| page.location().starts_with("/login")) {
                    // Whoever has left before has to sign in anew, to come in with the same browser.
                    self.sign_in_again(at).await
                } else if self.book.note(Deed::Leave, answer.as_ref(), "/accounts", &email) {
                    Stands::Outside
                } else {
                    Stands::Somewhere
                }
            }
            Stands::Invited(token) => {
                let (deed, verb, to, then) = if self.dice.one_in(2) {
                    (Deed::Decline, "decline", "/accounts", Stands::Outside)
                } else {
                    (Deed::Accept, "accept", ACCOUNT, Stands::Inside)
                };
                let answer = person.client.post(&format!("/invitations/{token}/{verb}"), &[]).await;
                if self.book.note(deed, answer.as_ref(), to, &email) { then } else { Stands::Somewhere }
            }
            Stands::Outside => match self.invite(&email).await {
                Some(invitation) => Stands::Invited(invitation.token),
                None => Stands::Somewhere,
            },
            Stands::Somewhere => self.find(at).await,
        };
        self.people[at].stands = stands;
    }

    /// Finds out where somebody stands of whom nobody knows, as one would who has only pages to look at.
    async fn find(&mut self, at: usize) -> Stands {
        let person = &mut self.people[at];
        let email = person.email.clone();
        match person.client.get(ACCOUNT).await.map(|page| page.status.as_u16()) {
            Some(200) => return Stands::Inside,
            Some(303) => return self.sign_in_again(at).await,
            Some(404) => {}
            _ => return Stands::Somewhere,
        }
        let Some(list) = self.shown(&format!("{ACCOUNT}/invitations?state=open&q={email}")).await else { return Stands::Somewhere };
        let ids = list.attributes("table.invitations a", "href");
        let Some(path) = ids.first() else { return Stands::Outside };
        let answer = self.client.post(&format!("{path}/resend"), &[]).await;
        if self.book.note(Deed::Resend, answer.as_ref(), "#link", &email) {
            let [_, token] = of_page(&answer.unwrap());
            return Stands::Invited(token);
        }
        if answer.is_some_and(|page| page.status == 422) { Stands::Done } else { Stands::Somewhere }
    }

    async fn sign_in_again(&mut self, at: usize) -> Stands {
        let person = &mut self.people[at];
        let answer = person.client.post("/login", &[("email", &person.email), ("password", PASSWORD)]).await;
        self.book.note(Deed::SignIn, answer.as_ref(), "/accounts", &person.email);
        Stands::Somewhere
    }
}
