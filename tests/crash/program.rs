//! The program under test: started on the same data again and again, and killed in between.

use std::{
    fs::File,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Child, Command},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::child::{Server, start, without_settings};

/// A system call at which the program is to die, and at the how manieth of one thread.
#[derive(Clone, Copy, Debug)]
pub struct Trap {
    pub call: &'static str,
    pub at: u64,
}

/// A data folder and all that is needed to start the program on it.
pub struct Program {
    folder: TempDir,
    url: String,
}

impl Program {
    pub fn new(url: &str) -> Self {
        let program = Self { folder: tempfile::tempdir().unwrap(), url: url.to_owned() };
        // A copy of its own: a build beside this changes nothing between two starts.
        std::fs::copy(env!("CARGO_BIN_EXE_frontdesk"), program.binary()).unwrap();
        program
    }

    fn binary(&self) -> PathBuf {
        self.folder.path().join("frontdesk")
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What it has said in its log, the end of it.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Starts it, with a trap or without; given back as a dead child where it ended before it listened.
    pub fn start(&self, trap: Option<Trap>) -> Result<Server, Child> {
        let mut command = match trap {
            None => without_settings(Command::new(self.binary()), self.folder.path()),
            Some(trap) => self.trapped(trap),
        };
        let log = File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        command.stderr(log).env("DATABASE_URL", &self.url).args(["--listen", "127.0.0.1:0", "--log-level", "warn"]);
        // Passwords cost next to nothing, and whoever comes from here may try as often as they like.
        command.args(["--password-memory-kib", "64", "--password-iterations", "1", "--password-parallelism", "1"]);
        command.args(["--lockout-after", "1000"]);
        for limit in ["--attempts-per-user", "--attempts-per-user-day", "--attempts-per-address", "--attempts-per-network"] {
            command.args([limit, "1000000"]);
        }
        start(&mut command)
    }

    /// `strace` watches from aside (`-D`), so that the program stays our own child. Not with
    /// `--seccomp-bpf`: then no signal comes.
    fn trapped(&self, trap: Trap) -> Command {
        let mut command = without_settings(Command::new("strace"), self.folder.path());
        command.args(["-D", "-f", "-qqq", "-o", "/dev/null", "-e", "signal=none"]);
        command.args(["-e", &format!("trace={}", trap.call), "-e", &format!("inject={}:signal=SIGKILL:when={}", trap.call, trap.at)]);
        command.arg(self.binary());
        command
    }

    /// Waits until it is ready, and answers how long that took since `began`.
    pub async fn ready(&self, base: &str, began: Instant) -> Duration {
        loop {
            let answer = reqwest::get(format!("{base}/readyz")).await;
            if answer.is_ok_and(|answer| answer.status() == reqwest::StatusCode::OK) {
                return began.elapsed();
            }
            assert!(began.elapsed() < Duration::from_secs(30), "it does not become ready:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Whether a child has been killed by SIGKILL, once it is over.
pub fn was_killed(child: &mut Child) -> bool {
    child.wait().unwrap().signal() == Some(9)
}

/// Waits until it is dead, for a while.
pub async fn dies_within(child: &mut Child, patience: Duration) -> bool {
    let began = Instant::now();
    while began.elapsed() < patience {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    false
}
