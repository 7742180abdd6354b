//! The program as a process, set up, and somebody who invites one after the other and remembers what was acknowledged.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use tokio::task::JoinSet;

use crate::{
    child::{Server, program, start},
    client::Client,
    kit::{PASSWORD, Raw},
};

/// Where the program's data are, and how it is started.
#[derive(Clone)]
pub struct Desk {
    pub data: PathBuf,
    pub url: String,
}

impl Desk {
    pub fn new(data: &Path, url: &str) -> Self {
        Self { data: data.to_owned(), url: url.to_owned() }
    }

    /// The program with this desk's settings.
    pub fn command(&self) -> Command {
        let mut command = program(self.data.parent().unwrap());
        self.settle(&mut command);
        command
    }

    /// Gives a command this desk's settings.
    pub fn settle(&self, command: &mut Command) {
        command.env("DATABASE_URL", &self.url).env("FRONTDESK_DATA_DIR", &self.data).env("FRONTDESK_LISTEN", "127.0.0.1:0");
        command.env("FRONTDESK_PASSWORD_MEMORY_KIB", "64").env("FRONTDESK_PASSWORD_ITERATIONS", "1");
        command.env("FRONTDESK_LOCKOUT_AFTER", "1000");
        for limit in ["USER", "USER_DAY", "ADDRESS", "NETWORK"] {
            command.env(format!("FRONTDESK_ATTEMPTS_PER_{limit}"), "1000000");
        }
    }

    /// Starts the server; its log is thrown away.
    pub fn serve(&self) -> Server {
        let mut command = self.command();
        start(command.stderr(Stdio::null())).expect("it starts")
    }

    /// Runs a command; answers what it says, or what it complains about.
    pub fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.command().args(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    /// The database behind the program's back.
    pub async fn raw(&self) -> Raw {
        if self.url.is_empty() {
            return Raw::open_file(&self.data.join("frontdesk.db")).await;
        }
        Raw::Postgres(sqlx::postgres::PgPoolOptions::new().max_connections(2).connect(&self.url).await.unwrap())
    }
}

/// Sets the program up; answers its administrator.
pub async fn set_up(server: &Server) -> Inviter {
    let mut client = Client::new(&server.base);
    let token = server.token();
    let fields =
        [("token", token.as_str()), ("account", "Acme"), ("name", "Ada Lovelace"), ("email", "ada@example.com"), ("password", PASSWORD)];
    let page = client.post("/setup", &fields).await.unwrap();
    assert_eq!(page.location(), "/accounts/acme", "{}", page.text());
    assert_eq!(client.get("/accounts/acme").await.unwrap().status, StatusCode::OK);
    Inviter { client, name: "first".into(), count: 0 }
}

/// Signs in once more.
pub async fn another(server: &Server, name: &str) -> Inviter {
    let mut client = Client::new(&server.base);
    let page = client.post("/login", &[("email", "ada@example.com"), ("password", PASSWORD)]).await.unwrap();
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    assert_eq!(client.get("/accounts/acme").await.unwrap().status, StatusCode::OK);
    Inviter { client, name: name.to_owned(), count: 0 }
}

/// An administrator who invites.
pub struct Inviter {
    pub client: Client,
    name: String,
    count: u64,
}

/// What came of an invitation.
#[derive(Clone, Debug)]
pub struct Answer {
    pub address: String,
    /// Nothing where no answer came.
    pub status: Option<u16>,
    pub has_retry_after: bool,
    pub asked: Instant,
    pub took: Duration,
}

impl Answer {
    pub fn is_done(&self) -> bool {
        self.status == Some(200)
    }
}

impl Inviter {
    /// Invites somebody new.
    pub async fn invite(&mut self) -> Answer {
        self.count += 1;
        let address = format!("{}-{}@example.com", self.name, self.count);
        let fields = [("email", address.as_str()), ("developer", "read_only"), ("team", "read_only"), ("billing", "none")];
        let asked = Instant::now();
        let page = self.client.post("/accounts/acme/invitations/new", &fields).await;
        let took = asked.elapsed();
        if let Some(page) = &page
            && page.status == StatusCode::OK
        {
            assert_eq!(page.attributes("#link", "id").len(), 1, "{}", page.text());
        }
        let has_retry_after = page.as_ref().is_some_and(|page| !page.header("retry-after").is_empty());
        Answer { address, status: page.map(|page| page.status.as_u16()), has_retry_after, asked, took }
    }

    /// Looks at a page that writes nothing; answers the status and how long it took.
    pub async fn look(&mut self) -> (Option<u16>, Duration) {
        let asked = Instant::now();
        let page = self.client.get("/accounts/acme/events").await;
        (page.map(|page| page.status.as_u16()), asked.elapsed())
    }
}

/// Inviters at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    answers: Arc<Mutex<Vec<Answer>>>,
    working: JoinSet<()>,
}

impl Load {
    pub fn begin(inviters: Vec<Inviter>) -> Self {
        let mut load = Self { stop: Arc::default(), answers: Arc::default(), working: JoinSet::new() };
        for mut inviter in inviters {
            let (stop, answers) = (load.stop.clone(), load.answers.clone());
            load.working.spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let answer = inviter.invite().await;
                    let pause = if answer.is_done() { 10 } else { 20 };
                    answers.lock().unwrap().push(answer);
                    // Bounded, and so that others get their turn.
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
            });
        }
        load
    }

    /// The addresses whose invitation was acknowledged by now.
    pub fn acknowledged(&self) -> Vec<String> {
        self.answers.lock().unwrap().iter().filter(|answer| answer.is_done()).map(|answer| answer.address.clone()).collect()
    }

    /// Stops it; answers every answer.
    pub async fn end(mut self) -> Vec<Answer> {
        self.stop.store(true, Ordering::SeqCst);
        while let Some(done) = self.working.join_next().await {
            done.unwrap();
        }
        std::mem::take(&mut *self.answers.lock().unwrap())
    }
}
