//! A database, the program on it, and eight writers: killed, started again, and looked at.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{
    book::Book,
    cast::cast,
    check::{Findings, look},
    child::Server,
    cluster::Cluster,
    dice::Dice,
    plan::Kill,
    program::{Program, Trap, dies_within, was_killed},
    rows::{close, open},
    tally::Tally,
    writer::{Signals, Writer},
};

pub struct Scene<'a> {
    server: Option<Server>,
    program: Program,
    cluster: Option<&'a mut Cluster>,
    url: String,
    writers: Vec<Writer>,
    pub book: Book,
}

impl<'a> Scene<'a> {
    /// Sets the program up on a new database.
    pub async fn set_up(cluster: Option<&'a mut Cluster>, number: usize, writers: usize, dice: &mut Dice) -> Self {
        let url = match &cluster {
            Some(cluster) => cluster.new_database(&format!("crash{number}")).await,
            None => String::new(),
        };
        let program = Program::new(&url);
        let server = program.start(None).expect("it starts");
        let mut scene = Self { program, cluster, url, server: None, writers: Vec::new(), book: Book::default() };
        scene.writers = cast(&server, &scene.program.data(), writers, dice, &mut scene.book).await;
        scene.server = Some(server);
        scene
    }

    /// Starts the program where it is not running, lets the writers write, and kills.
    pub async fn round(&mut self, kill: Kill, dice: &mut Dice, tally: &mut Tally) {
        let trap = if let Kill::AtCall(trap) = kill { Some(trap) } else { None };
        if trap.is_some() {
            self.stop();
        }
        let Some(mut server) = self.running(trap, tally).await else { return };
        self.look(tally).await;
        let (signals, mut writing) = self.begin_writing(&server.base);
        match kill {
            Kill::AtRandom(moment) => {
                tokio::time::sleep(Duration::from_millis(moment)).await;
                server.child.kill().unwrap();
                assert!(was_killed(&mut server.child));
                tally.kills += 1;
            }
            Kill::AtCall(_) => {
                let died = dies_within(&mut server.child, Duration::from_secs(20)).await;
                if !died {
                    server.child.kill().unwrap();
                }
                assert!(was_killed(&mut server.child), "it ended otherwise:\n{}", self.program.log());
                tally.kills += 1;
                tally.at_call += u64::from(died);
            }
            Kill::OfDatabase(moment) => {
                tokio::time::sleep(Duration::from_millis(moment)).await;
                let cluster = self.cluster.as_mut().unwrap();
                cluster.kill();
                tokio::time::sleep(Duration::from_millis(dice.between(0, 300))).await;
                cluster.start().await;
                let back = self.program.ready(&server.base, Instant::now()).await;
                tally.recovered.push(back);
                // And not only says that it is ready, but works.
                let before = signals.acknowledged.load(Ordering::SeqCst);
                let began = Instant::now();
                while signals.acknowledged.load(Ordering::SeqCst) < before + 8 {
                    assert!(began.elapsed() < Duration::from_secs(30), "nothing is done any more:\n{}", self.program.log());
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                tally.kills += 1;
                tally.of_database += 1;
                self.server = Some(server);
            }
        }
        signals.stop.store(true, Ordering::SeqCst);
        while let Some(writer) = writing.join_next().await {
            self.writers.push(writer.unwrap());
        }
        for writer in &mut self.writers {
            self.book.take(&mut writer.book);
        }
    }

    /// Looks a last time, once every letter has left.
    pub async fn end(mut self, tally: &mut Tally) {
        self.stop();
        // A letter that was taken by who was killed then is taken again once its minute is over: now.
        self.run("UPDATE outbox SET next_attempt_at = created_at WHERE sent_at IS NULL AND failed_at IS NULL").await;
        self.server = self.running(None, tally).await;
        let waiting = || async {
            let raw = open(&self.url, &self.program.data(), "ro").await;
            let count = raw.number("SELECT COUNT(*) FROM outbox WHERE sent_at IS NULL AND failed_at IS NULL").await;
            close(raw).await;
            count
        };
        let began = Instant::now();
        while waiting().await > 0 {
            assert!(began.elapsed() < Duration::from_mins(1), "letters do not leave:\n{}", self.program.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.look(tally).await;
        self.stop();
        tally.book.take(&mut self.book);
    }

    /// Changes the database behind the program's back, while it is stopped.
    pub async fn run(&self, sql: &str) {
        let raw = open(&self.url, &self.program.data(), "rw").await;
        raw.run(sql).await;
        close(raw).await;
    }

    /// The program, started unless it is still running; nothing where it has died in its trap before it was ready.
    async fn running(&mut self, trap: Option<Trap>, tally: &mut Tally) -> Option<Server> {
        if let Some(server) = self.server.take() {
            return Some(server);
        }
        let began = Instant::now();
        match self.program.start(trap) {
            // One in a trap may be dead before it can say that it is ready.
            Ok(server) if trap.is_some() => Some(server),
            Ok(server) => {
                tally.ready_again.push(self.program.ready(&server.base, began).await);
                Some(server)
            }
            Err(mut child) => {
                assert!(trap.is_some() && was_killed(&mut child), "it does not start again:\n{}", self.program.log());
                tally.kills += 1;
                tally.at_call += 1;
                None
            }
        }
    }

    /// Kills it where it is running, and counts that as nothing.
    pub fn stop(&mut self) {
        drop(self.server.take());
    }

    async fn look(&self, tally: &mut Tally) {
        tally.findings.take(self.findings().await);
    }

    /// What is wrong now.
    pub async fn findings(&self) -> Findings {
        look(&self.url, &self.program.data(), &self.book).await
    }

    fn begin_writing(&mut self, base: &str) -> (Signals, JoinSet<Writer>) {
        let signals = Signals::default();
        let mut writing = JoinSet::new();
        for writer in self.writers.drain(..) {
            writing.spawn(writer.work(base.to_owned(), signals.clone()));
        }
        (signals, writing)
    }
}
