//! A Frontdesk with an account of so many members, ready to be started.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::{
    child::{Server, terminate},
    credentials, data,
    load::{Connection, Request},
    process, replay,
};

const PASSWORD: &str = "four random words here";

/// A data folder, filled.
pub struct Desk {
    folder: TempDir,
    pub members: usize,
}

/// A Frontdesk that runs on it.
pub struct Open {
    pub server: Server,
}

impl Desk {
    pub async fn new(members: usize) -> Self {
        let desk = Self::of_one(members).await;
        data::fill(&desk.database(), members).await;
        desk
    }

    /// One with so many authtokens, and one member.
    pub async fn of_credentials(count: usize) -> Self {
        let desk = Self::of_one(1).await;
        credentials::fill(&desk.database(), count).await;
        desk
    }

    /// One to which many people came, and that has one member.
    pub async fn of_visits() -> Self {
        let desk = Self::of_one(1).await;
        replay::fill(&desk.database()).await;
        desk
    }

    /// One that has been set up, for so many members to be.
    async fn of_one(members: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self { folder, members };
        let open = desk.open();
        let form = format!(
            "token={}&account=Acme&name=Ada+Lovelace&email=ada%40example.com&password={}",
            open.server.token(),
            PASSWORD.replace(' ', "+")
        );
        let answer = Connection::open(&open.server.base).await.ask(&Request::post("/setup", &form, "")).await;
        assert_eq!(answer.status, 303, "set-up");
        open.close();
        desk
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("data/frontdesk.db")
    }

    /// Starts Frontdesk on it.
    pub fn open(&self) -> Open {
        Open { server: process::serve(&mut process::frontdesk(self.folder()), &self.folder().join("log")) }
    }
}

impl Open {
    /// Signs somebody in; answers the cookie.
    pub async fn sign_in(&self, email: &str) -> String {
        let answer = Connection::open(&self.server.base).await.ask(&sign_in(email)).await;
        assert_eq!(answer.status, 303, "signing in");
        answer.cookie.expect("a cookie")
    }

    pub fn close(mut self) {
        terminate(&self.server);
        assert!(self.server.child.wait().unwrap().success());
    }
}

/// The request to sign in.
pub fn sign_in(email: &str) -> Request {
    let form = format!("email={}&password={}", email.replace('@', "%40"), PASSWORD.replace(' ', "+"));
    Request::post("/login", &form, "")
}
