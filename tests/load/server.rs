//! The program that is loaded, and what can be seen of it from outside.

use std::{process::Command, time::Duration};

use tempfile::TempDir;

use crate::{
    child::{Server, program, start},
    client::Client,
    kit::{self, PASSWORD},
};

/// Set up, with Ada in it.
pub struct Loaded {
    pub server: Server,
    pub address: String,
    folder: TempDir,
}

impl Loaded {
    pub async fn new(arguments: &[&str]) -> Self {
        Self::from(program, arguments).await
    }

    /// The same, started by another command.
    pub async fn from(command: impl FnOnce(&std::path::Path) -> Command, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(folder.path());
        command.args(["--listen", "127.0.0.1:0", "--log-level", "warn"]).args(arguments);
        command.args(["--lockout-after", "1000"]);
        for limit in ["--attempts-per-user", "--attempts-per-user-day", "--attempts-per-address", "--attempts-per-network"] {
            command.args([limit, "1000000"]);
        }
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let server = start(command.env("DATABASE_URL", kit::new_database().await).stderr(log)).expect("it starts");
        let address = server.base.strip_prefix("http://").unwrap().to_owned();
        let loaded = Self { server, address, folder };
        let form = kit::form(&[
            ("token", loaded.server.token()),
            ("account", "Acme".into()),
            ("name", "Ada".into()),
            ("email", "ada@example.com".into()),
            ("password", PASSWORD.into()),
        ]);
        let answer = Client::open(&loaded.address).await.unwrap().post("/setup", &form).await.unwrap();
        assert_eq!(answer.status, 303, "set-up");
        loaded
    }

    pub async fn client(&self) -> Client {
        Client::open(&self.address).await.unwrap()
    }

    /// What it has said in its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Resident memory in MiB.
    pub fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1_024.0
    }

    /// Processor time used so far.
    pub fn worked(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.server.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        // The twelfth and thirteenth behind the name: in the program and in the kernel, in hundredths of a second.
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        Duration::from_millis(ticks * 10)
    }
}
