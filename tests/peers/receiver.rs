//! A mail server as a process of its own: `receiver.py`, which says what it can do to letters.

use std::{
    io::{BufRead, BufReader},
    net::IpAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::child::own_address;

const PORT: u16 = 2525;

/// A server at an address of its own, running or not.
pub struct Receiver {
    folder: TempDir,
    address: IpAddr,
    credentials: Option<[&'static str; 2]>,
    child: Option<Child>,
}

impl Receiver {
    /// One that does not run yet; with credentials it takes nothing from who does not sign in.
    pub fn new(credentials: Option<[&'static str; 2]>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), address: own_address(), credentials, child: None }
    }

    /// One that runs.
    pub fn running(mode: &str) -> Self {
        let mut receiver = Self::new(None);
        receiver.mode(mode);
        receiver.start();
        receiver
    }

    /// Where it is, with what its owner should sign in.
    pub fn url(&self, credentials: Option<[&str; 2]>) -> String {
        match credentials {
            Some([user, password]) => format!("smtp://{user}:{password}@{}:{PORT}", self.address),
            None => format!("smtp://{}:{PORT}", self.address),
        }
    }

    pub fn start(&mut self) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/peers/bin/python");
        assert!(python.exists(), "{} is missing: tests/run makes it", python.display());
        let mut command = Command::new(python);
        command.arg(root.join("tests/peers/receiver.py")).arg(self.folder.path());
        command.args([self.address.to_string(), PORT.to_string()]);
        command.args(self.credentials.iter().flatten()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "listening\n");
        self.child = Some(child);
    }

    /// From now on it does otherwise with letters.
    pub fn mode(&self, word: &str) {
        let aside = self.folder.path().join("mode.new");
        std::fs::write(&aside, word).unwrap();
        std::fs::rename(aside, self.folder.path().join("mode")).unwrap();
    }

    /// All letters that it has taken, oldest first.
    pub fn letters(&self) -> Vec<Value> {
        let Ok(entries) = std::fs::read_dir(self.folder.path().join("letters")) else { return Vec::new() };
        let number = |path: &PathBuf| path.file_stem().and_then(|stem| stem.to_str()?.parse::<u32>().ok());
        let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|ending| ending == "json"));
        let mut files: Vec<_> = files.collect();
        files.sort_by_key(number);
        files.iter().map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
    }

    /// The letters once there are so many of them, and how long that took.
    pub async fn wait_for(&self, count: usize, patience: Duration) -> (Vec<Value>, Duration) {
        let began = Instant::now();
        loop {
            let letters = self.letters();
            if letters.len() >= count {
                return (letters, began.elapsed());
            }
            assert!(began.elapsed() < patience, "{} of {count} letters after {patience:?}", letters.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// To whom a letter went, by its envelope.
pub fn recipient(letter: &Value) -> String {
    letter["rcpt_tos"].as_array().unwrap().iter().map(|to| to.as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

/// A header of a letter.
pub fn header<'a>(letter: &'a Value, name: &str) -> &'a str {
    letter["headers"][name].as_str().unwrap_or_default()
}
