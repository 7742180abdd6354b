//! Password hashing: argon2id, on threads of its own that step back for everybody else, and never more at once than the
//! machine can bear.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::{Semaphore, oneshot};

use crate::rules::passwords::Password;

/// How long a hash may wait for its turn before the visitor is asked to come back (facts/reliability.md REL-22).
const PATIENCE: Duration = Duration::from_secs(2);

/// The nice value of the threads that hash: about a tenth of a processor that others want too, all of one that nobody wants.
/// A page waits for nobody's password; `benches/speed/sign_in.rs` measures how long pages take beside many sign-ins.
const NICENESS: i32 = 10;

type Work = Box<dyn FnOnce() + Send>;

/// How expensive a hash is (RFC 9106, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

/// Why there is no answer about a password.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many hashes are wanted at this moment.
    #[error("too many passwords are being checked at this moment")]
    Busy,
    /// The parameters are not ones that argon2 takes, or a stored hash is damaged.
    #[error("argon2: {0}")]
    Broken(String),
}

/// Whether a password was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Wrong, or there was nothing to compare with.
    No,
    /// Right.
    Yes,
    /// Right, but hashed at another cost than is configured now: hash it again.
    YesOutdated,
}

/// Hashes and verifies.
pub struct Hasher {
    argon: Argon2<'static>,
    cost: Cost,
    decoy: String,
    turns: Arc<Semaphore>,
    at_once: u64,
    work: mpsc::Sender<Work>,
    count: Arc<AtomicU64>,
    /// Who is on the way to a hash or waits for one.
    queue: AtomicUsize,
    /// How many microseconds the last hashes took, smoothed.
    pace: Arc<AtomicU64>,
}

/// A place in the queue, given up when it is dropped.
pub struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Hasher {
    /// A hasher at this cost, doing at most `at_once` at the same time, on as many threads. They end with it.
    ///
    /// # Errors
    /// When argon2 does not take the cost, or there are no more threads to be had.
    pub fn new(cost: Cost, at_once: usize) -> Result<Self, HashError> {
        let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, None).map_err(broken)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        // What is verified where nobody has the address: as expensive as the real thing, and never right. Nothing need be hashed
        // for it: no password is known whose hash is all zeros, and none will be.
        let decoy = format!(
            "$argon2id$v=19$m={},t={},p={}$bm9ib2R5IGhhcyB0aGlz${}",
            cost.memory_kib,
            cost.iterations,
            cost.parallelism,
            "A".repeat(43)
        );
        PasswordHash::new(&decoy).map_err(broken)?;
        let (work, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..at_once {
            let waiting = waiting.clone();
            thread::Builder::new().name("hashing".to_owned()).spawn(move || labour(&waiting)).map_err(broken)?;
        }
        let (turns, queue, pace) = (Arc::new(Semaphore::new(at_once)), AtomicUsize::new(0), Arc::default());
        let at_once = u64::try_from(at_once).unwrap_or(u64::MAX).max(1);
        Ok(Self { argon, cost, decoy, turns, at_once, work, count: Arc::default(), queue, pace })
    }

    /// A place in the queue, taken before anything else is done for somebody whose password is to be compared. Where so many
    /// have one that the wait would be too long, nobody joins them: they would use up the database's time, and be sent away
    /// in the end.
    ///
    /// # Errors
    /// [`HashError::Busy`] when those who are there take more than two seconds.
    pub fn queue(&self) -> Result<Place<'_>, HashError> {
        let before = u64::try_from(self.queue.fetch_add(1, Ordering::Relaxed)).unwrap_or(u64::MAX);
        let place = Place(&self.queue);
        let wait = before.saturating_mul(self.pace.load(Ordering::Relaxed)) / self.at_once;
        if Duration::from_micros(wait) > PATIENCE { Err(HashError::Busy) } else { Ok(place) }
    }

    /// How many hashes have been computed so far, verifications included. Tests compare what two sign-ins cost.
    #[must_use]
    pub fn hashes(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`HashError::Busy`] after two seconds of waiting.
    pub async fn hash(&self, password: &Password) -> Result<String, HashError> {
        let (argon, password) = (self.argon.clone(), password.clone());
        self.in_turn(move || argon.hash_password(password.bytes()).map(|hash| hash.to_string()).map_err(broken)).await
    }

    /// Compares a password with a stored hash. Without one the work is the same, and the answer is no.
    ///
    /// # Errors
    /// [`HashError::Busy`] after two seconds of waiting.
    pub async fn verify(&self, password: &Password, stored: Option<&str>) -> Result<Verified, HashError> {
        let (argon, password, cost) = (self.argon.clone(), password.clone(), self.cost);
        let somebody = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        self.in_turn(move || {
            let parsed = PasswordHash::new(&stored).map_err(broken)?;
            let right = argon.verify_password(password.bytes(), &parsed).is_ok();
            Ok(match (somebody && right, is_current(&parsed, cost)) {
                (false, _) => Verified::No,
                (true, true) => Verified::Yes,
                (true, false) => Verified::YesOutdated,
            })
        })
        .await
    }

    /// Does other slow work about a password in turn with the hashes and on the same threads. It counts as no hash.
    ///
    /// # Errors
    /// [`HashError::Busy`] after two seconds of waiting.
    pub async fn consider<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, HashError> {
        self.take_turn(move || Ok(work())).await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T, HashError> + Send + 'static) -> Result<T, HashError> {
        let (count, pace) = (self.count.clone(), self.pace.clone());
        self.take_turn(move || {
            count.fetch_add(1, Ordering::Relaxed);
            let began = Instant::now();
            let done = work();
            let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            let last = pace.load(Ordering::Relaxed);
            // Two at the same moment may lose one of the two; the next ones make up for it.
            pace.store(if last == 0 { took } else { last - last / 8 + took / 8 }, Ordering::Relaxed);
            done
        })
        .await
    }

    async fn take_turn<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T, HashError> + Send + 'static) -> Result<T, HashError> {
        let turn = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(HashError::Busy) };
        let (answer, answered) = oneshot::channel();
        let work = move || {
            // Whoever asked may have gone meanwhile.
            let _ = answer.send(work());
            // The turn ends with the work, also when the visitor has gone.
            drop(turn);
        };
        self.work.send(Box::new(work)).map_err(broken)?;
        answered.await.map_err(broken)?
    }
}

/// Works, one piece after the other, until the hasher is gone. Whoever holds a turn finds a thread that waits.
fn labour(waiting: &Mutex<mpsc::Receiver<Work>>) {
    // Nice values are a thread's own on Linux alone. Where the system refuses, hashing goes on as fast as everything else.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS);
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        // A mistake in one piece of work is no reason to leave the others undone; its visitor is told by the answer that
        // never comes.
        let _ = catch_unwind(AssertUnwindSafe(work));
    }
}

fn is_current(hash: &PasswordHash, cost: Cost) -> bool {
    hash.algorithm.as_str() == "argon2id"
        && Params::try_from(hash)
            .is_ok_and(|params| (params.m_cost(), params.t_cost(), params.p_cost()) == (cost.memory_kib, cost.iterations, cost.parallelism))
}

fn broken(error: impl std::fmt::Display) -> HashError {
    HashError::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };

    #[tokio::test]
    async fn right_wrong_and_nobody_cost_one_hash_each() {
        let hasher = Hasher::new(CHEAP, 2).unwrap();
        let right = Password::typed("four random words here").unwrap();
        let wrong = Password::typed("four other words here").unwrap();
        let stored = hasher.hash(&right).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        for (password, stored, expected) in
            [(&right, Some(stored.as_str()), Verified::Yes), (&wrong, Some(stored.as_str()), Verified::No), (&right, None, Verified::No)]
        {
            let before = hasher.hashes();
            assert_eq!(hasher.verify(password, stored).await.unwrap(), expected);
            assert_eq!(hasher.hashes(), before + 1);
        }
        let decoy = Password::typed("nobody has this password").unwrap();
        assert_eq!(hasher.verify(&decoy, None).await.unwrap(), Verified::No, "the decoy is nobody's password");
    }

    #[tokio::test]
    async fn another_cost_is_noticed() {
        let password = Password::typed("four random words here").unwrap();
        let stored = Hasher::new(CHEAP, 1).unwrap().hash(&password).await.unwrap();
        let dearer = Hasher::new(Cost { iterations: 2, ..CHEAP }, 1).unwrap();
        assert_eq!(dearer.verify(&password, Some(&stored)).await.unwrap(), Verified::YesOutdated);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn hashing_steps_back_and_survives_a_mistake() {
        let hasher = Hasher::new(CHEAP, 1).unwrap();
        let niceness = || rustix::process::getpriority_process(Some(rustix::thread::gettid())).map_err(broken);
        let before = niceness().unwrap();
        assert_eq!(hasher.in_turn(niceness).await.unwrap(), NICENESS.max(before));
        let mistaken: Result<(), _> = hasher.in_turn(|| panic!("a mistake")).await;
        assert!(matches!(mistaken, Err(HashError::Broken(_))));
        assert_eq!(hasher.in_turn(niceness).await.unwrap(), NICENESS.max(before), "the one thread works on");
        assert_eq!(niceness().unwrap(), before, "whoever asks is as quick as before");
    }

    #[tokio::test]
    async fn other_work_waits_its_turn_and_is_no_hash() {
        let hasher = Hasher::new(CHEAP, 1).unwrap();
        let place = || thread::current().name().map(str::to_owned);
        assert_eq!(hasher.consider(place).await.unwrap().as_deref(), Some("hashing"));
        assert_eq!((hasher.hashes(), hasher.pace.load(Ordering::Relaxed)), (0, 0));
    }

    #[tokio::test]
    async fn a_queue_that_would_take_too_long_is_joined_by_nobody() {
        let hasher = Hasher::new(CHEAP, 2).unwrap();
        let unknown: Vec<_> = (0..1_000).map(|_| hasher.queue().map_err(|_| "before anybody knows how long one takes").unwrap()).collect();
        drop(unknown);
        let slow = || {
            thread::sleep(Duration::from_millis(50));
            Ok(())
        };
        hasher.in_turn(slow).await.unwrap();
        let mut waiting = Vec::new();
        while let Ok(place) = hasher.queue() {
            waiting.push(place);
        }
        // Two at once, 50 ms and a little each, for two seconds.
        assert!((40..=81).contains(&waiting.len()), "{}", waiting.len());
        waiting.pop();
        assert!(hasher.queue().is_ok(), "whoever goes makes room");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_is_told_so() {
        let hasher = Hasher::new(CHEAP, 1).unwrap();
        let turn = hasher.turns.clone().acquire_owned().await.unwrap();
        let password = Password::typed("four random words here").unwrap();
        assert!(matches!(hasher.hash(&password).await, Err(HashError::Busy)));
        drop(turn);
    }
}
