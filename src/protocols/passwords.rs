//! Password hashing: argon2id, on threads of its own that step back for everybody else, and never more at once than the
//! machine can bear.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
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
    work: mpsc::Sender<Work>,
    count: AtomicU64,
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
        Ok(Self { argon, cost, decoy, turns: Arc::new(Semaphore::new(at_once)), work, count: AtomicU64::new(0) })
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

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T, HashError> + Send + 'static) -> Result<T, HashError> {
        let turn = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(HashError::Busy) };
        self.count.fetch_add(1, Ordering::Relaxed);
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

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_is_told_so() {
        let hasher = Hasher::new(CHEAP, 1).unwrap();
        let turn = hasher.turns.clone().acquire_owned().await.unwrap();
        let password = Password::typed("four random words here").unwrap();
        assert!(matches!(hasher.hash(&password).await, Err(HashError::Busy)));
        drop(turn);
    }
}
