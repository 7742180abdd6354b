//! Somebody who changes one thing after the other, and writes down what they are told is done.

mod invitations;
mod members;
mod person;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

pub use invitations::{Invitation, LEAST, of_page};
pub use person::{Person, Stands};

use crate::{
    book::{Book, Deed},
    client::Client,
    dice::Dice,
    kit::{PASSWORD, Page},
};

/// Where the account's pages are.
pub const ACCOUNT: &str = "/accounts/acme";
/// Where somebody new is led: a second factor is offered first.
pub const OFFER: &str = "/me/security/factor?next=%2Faccounts%2Facme";

/// An administrator with a browser, a member whom nobody else changes, and a few people who come and go.
pub struct Writer {
    pub number: usize,
    dice: Dice,
    email: String,
    client: Client,
    /// A second browser, for whoever is new or signs in anew.
    door: Client,
    /// The member's id and address.
    target: [String; 2],
    people: Vec<Person>,
    /// Open invitations of their own, to people who are nobody yet.
    open: Vec<Invitation>,
    pub book: Book,
    /// How many things they have named so far.
    named: u64,
    /// What the pages said last; nothing where that may have changed.
    seen: Option<Seen>,
}

/// What forms must know of what they change.
#[derive(Debug)]
struct Seen {
    account_version: i64,
    target_version: i64,
    target_developer: String,
    target_is_disabled: bool,
}

/// What tells writers when to stop, and is told what they have done.
#[derive(Clone, Default)]
pub struct Signals {
    pub stop: Arc<AtomicBool>,
    pub acknowledged: Arc<AtomicU64>,
}

impl Writer {
    pub fn new(number: usize, dice: Dice, base: &str, me: Person, target: [String; 2], people: Vec<Person>) -> Self {
        let Person { email, client, .. } = me;
        let (door, book) = (Client::new(base), Book::default());
        Self { number, dice, email, client, door, target, people, open: Vec::new(), book, named: 0, seen: None }
    }

    /// Works until told to stop, whether or not anybody answers.
    pub async fn work(mut self, base: String, signals: Signals) -> Self {
        self.client.turn_to(&base);
        self.door.turn_to(&base);
        for person in &mut self.people {
            person.client.turn_to(&base);
        }
        self.seen = None;
        while !signals.stop.load(Ordering::SeqCst) {
            let before = self.book.acknowledged.len();
            self.step().await;
            if self.book.acknowledged.len() > before {
                signals.acknowledged.fetch_add(1, Ordering::SeqCst);
            } else {
                // Nothing answers any more, or somebody else was faster.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        self
    }

    /// One change, or at least an attempt at one.
    async fn step(&mut self) {
        match self.dice.between(0, 18) {
            0 => self.rename().await,
            1 => self.rename_self().await,
            2 | 3 => self.change_roles().await,
            4 | 5 => self.switch().await,
            6 => self.sign_in().await,
            7 | 8 => self.invite_somebody().await,
            9 | 10 => self.resend().await,
            11 => self.change_offer().await,
            12 => self.revoke().await,
            13 => self.let_in().await,
            _ => self.send_somebody().await,
        }
    }

    async fn sign_in(&mut self) {
        self.door.forget();
        let answer = self.door.post("/login", &[("email", &self.email), ("password", PASSWORD)]).await;
        self.book.note(Deed::SignIn, answer.as_ref(), "/accounts", &self.email);
    }

    /// A page that should be there; nothing where it cannot be shown at present.
    async fn shown(&mut self, path: &str) -> Option<Page> {
        let page = self.client.get(path).await?;
        match page.status.as_u16() {
            200 => Some(page),
            500..=599 => None,
            status => {
                self.book.surprises.push(format!("{path} was answered by {status} {} {}", page.location(), page.text()));
                None
            }
        }
    }

    /// A name that nothing had before.
    fn new_name(&mut self, what: &str) -> String {
        self.named += 1;
        format!("{what}-{}-{}", self.number, self.named)
    }
}
