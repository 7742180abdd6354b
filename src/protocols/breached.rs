//! Lists of breached passwords: a file on this machine, and nobody outside of it is asked.
//!
//! A list holds SHA-1 hashes, or the beginnings of hashes, one a line and all of one length, with or without `:count` behind
//! them; or plain passwords, one a line. Hashes that are sorted stay in the file and are found by halving it, so that a list of
//! many gigabytes takes no memory. Everything else is read into memory when the program starts, up to a limit.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use sha1::{Digest, Sha1};
use unicode_normalization::UnicodeNormalization;

use crate::rules::{
    chain::hex,
    passwords::{MIN_CHARACTERS, Password},
};

/// The most entries that are held in memory, 20 bytes each.
const MOST: usize = 5_000_000;
/// Lists of hashes that are no longer than this need not be sorted.
const SMALL: u64 = 8 << 20;
/// The fewest digits of a hash. With fewer, good passwords would be taken for breached ones by chance; and a list of plain
/// passwords, of which some are numbers, is not taken for one of hashes.
const FEWEST_DIGITS: usize = 16;
/// The digits of a whole hash.
const ALL_DIGITS: usize = 40;
/// How many lines are looked at to see whether a list is one of hashes, and whether it is sorted.
const SAMPLES: u64 = 1_000;
/// The longest line of a list of hashes.
const LONGEST: usize = 128;

/// A list of breached passwords, which may be empty. Cheap to clone.
#[derive(Clone)]
pub struct Breached(Arc<List>);

enum List {
    None,
    /// Sorted hashes of this many digits each, in a file.
    File {
        path: PathBuf,
        digits: usize,
    },
    /// Hashes of which this many digits are known, sorted.
    Memory {
        hashes: Vec<[u8; 20]>,
        digits: usize,
    },
}

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It is missing or cannot be read.
    #[error("the list of breached passwords {0} cannot be read: {1}")]
    Unreadable(String, io::Error),
    /// There is nothing in it.
    #[error("the list of breached passwords {0} is empty; to use none, leave breached_passwords out")]
    Empty(String),
    /// It is neither one of hashes nor one of passwords.
    #[error(
        "the list of breached passwords {0} is one of SHA-1 hashes, but line {1} is none, or one of another length. In a list of hashes all have the same number of digits, at least {FEWEST_DIGITS}"
    )]
    Mixed(String, u64),
    /// It would take too much memory.
    #[error(
        "the list of breached passwords {0} holds more than {MOST} entries that are not sorted hashes. A list of hashes is sorted with: LC_ALL=C sort -o FILE FILE"
    )]
    TooLong(String),
}

impl fmt::Debug for Breached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            List::None => f.write_str("Breached(none)"),
            List::File { path, digits } => write!(f, "Breached({}, {digits} digits)", path.display()),
            List::Memory { hashes, digits } => write!(f, "Breached({} entries, {digits} digits)", hashes.len()),
        }
    }
}

impl Breached {
    /// Opens a list. No path is no list.
    ///
    /// # Errors
    /// When it cannot be used, in a sentence for whoever has configured it.
    pub fn open(path: &Path) -> Result<Self, ListError> {
        if path.as_os_str().is_empty() {
            return Ok(Self(Arc::new(List::None)));
        }
        let name = path.display().to_string();
        let list = read(path, &name).map_err(|error| match error {
            Refused::Io(error) => ListError::Unreadable(name.clone(), error),
            Refused::List(error) => error,
        })?;
        Ok(Self(Arc::new(list)))
    }

    /// Whether the list holds this password.
    ///
    /// # Errors
    /// When the file can no longer be read, or is no longer what it was.
    pub fn holds(&self, password: &Password) -> io::Result<bool> {
        let hash = Sha1::digest(password.bytes());
        match &*self.0 {
            List::None => Ok(false),
            List::File { path, digits } => find(&mut File::open(path)?, &hex(&hash)[..*digits]),
            List::Memory { hashes, digits } => Ok(hashes.binary_search(&cut(hash.into(), *digits)).is_ok()),
        }
    }
}

/// Why reading a list came to an end too soon.
enum Refused {
    Io(io::Error),
    List(ListError),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Finds out what a list is, and reads it where it is not to be searched in its file.
fn read(path: &Path, name: &str) -> Result<List, Refused> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let Some(digits) = digits_of(&mut file, name)? else { return read_passwords(&file, name) };
    if length > SMALL && is_sorted(&mut file, length, digits) {
        return Ok(List::File { path: path.to_owned(), digits });
    }
    read_hashes(&file, name, digits)
}

/// How many digits the hashes of a list have; nothing where it is one of passwords. What most of its first lines are decides.
fn digits_of(file: &mut File, name: &str) -> Result<Option<usize>, Refused> {
    let (mut seen, mut hashes) = (0_u64, 0_u64);
    let (mut digits, mut odd) = (None, None);
    for line in lines(file)?.take(usize::try_from(SAMPLES).unwrap_or(usize::MAX)) {
        let (number, line) = line?;
        seen += 1;
        let count = hash_in(&line).map(<[u8]>::len);
        hashes += u64::from(count.is_some());
        digits = digits.or(count);
        if count.is_none() || count != digits {
            odd = odd.or(Some(number));
        }
    }
    match odd {
        _ if seen == 0 => Err(Refused::List(ListError::Empty(name.to_owned()))),
        _ if hashes * 2 < seen => Ok(None),
        Some(number) => Err(Refused::List(ListError::Mixed(name.to_owned(), number))),
        None => Ok(digits),
    }
}

/// Whether a list of hashes is sorted, as far as lines from all over it tell.
fn is_sorted(file: &mut File, length: u64, digits: usize) -> bool {
    let mut last = Vec::new();
    for sample in 0..SAMPLES {
        // What cannot be read here is found again, and named, by whoever reads all of it.
        let Ok(found) = line_from(file, length / SAMPLES * sample) else { return false };
        let Some((_, line, _)) = found else { break };
        match hash_in(&line).map(<[u8]>::to_ascii_lowercase) {
            Some(hash) if hash.len() == digits && hash >= last => last = hash,
            _ => return false,
        }
    }
    true
}

fn read_hashes(mut file: &File, name: &str, digits: usize) -> Result<List, Refused> {
    let mut hashes = Vec::new();
    for line in lines(&mut file)? {
        let (number, line) = line?;
        let hash = hash_in(&line).filter(|hash| hash.len() == digits).and_then(bytes);
        keep(&mut hashes, hash.ok_or_else(|| Refused::List(ListError::Mixed(name.to_owned(), number)))?, name)?;
    }
    hashes.sort_unstable();
    Ok(List::Memory { hashes, digits })
}

/// Reads a list of passwords. What is too short to be chosen need not be remembered.
fn read_passwords(mut file: &File, name: &str) -> Result<List, Refused> {
    let mut hashes = Vec::new();
    for line in lines(&mut file)? {
        let (_, line) = line?;
        // Lists of what was found somewhere are not always text.
        let hash = match std::str::from_utf8(&line) {
            Ok(text) if text.chars().count() < MIN_CHARACTERS => continue,
            Ok(text) => Sha1::digest(text.nfc().collect::<String>().as_bytes()),
            Err(_) => Sha1::digest(&line),
        };
        keep(&mut hashes, hash.into(), name)?;
    }
    hashes.sort_unstable();
    Ok(List::Memory { hashes, digits: ALL_DIGITS })
}

fn keep(hashes: &mut Vec<[u8; 20]>, hash: [u8; 20], name: &str) -> Result<(), Refused> {
    if hashes.len() == MOST {
        return Err(Refused::List(ListError::TooLong(name.to_owned())));
    }
    hashes.push(hash);
    Ok(())
}

/// The lines of a file from its beginning with their numbers, without their ends; empty ones are left out.
fn lines(file: &mut (impl Read + Seek)) -> io::Result<impl Iterator<Item = io::Result<(u64, Vec<u8>)>>> {
    file.seek(SeekFrom::Start(0))?;
    let numbered = BufReader::new(file).split(b'\n').zip(1_u64..);
    let ended = numbered.map(|(line, number)| line.map(|line| (number, line.strip_suffix(b"\r").unwrap_or(&line).to_vec())));
    Ok(ended.filter(|line| !line.as_ref().is_ok_and(|(_, line)| line.is_empty())))
}

/// The digits of the hash in a line, if there is one.
fn hash_in(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii_end();
    let (hash, count) = match line.iter().position(|byte| *byte == b':') {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, &b"0"[..]),
    };
    let is_hash = (FEWEST_DIGITS..=ALL_DIGITS).contains(&hash.len()) && hash.iter().all(u8::is_ascii_hexdigit);
    (is_hash && count.iter().all(u8::is_ascii_digit)).then_some(hash)
}

/// Digits as bytes; those that are missing are zeros.
fn bytes(digits: &[u8]) -> Option<[u8; 20]> {
    let mut bytes = [0; 20];
    for (at, digit) in digits.iter().enumerate() {
        let value = u8::try_from(char::from(*digit).to_digit(16)?).ok()?;
        *bytes.get_mut(at / 2)? |= if at % 2 == 0 { value << 4 } else { value };
    }
    Some(bytes)
}

/// A hash of which only so many digits are left.
fn cut(mut hash: [u8; 20], digits: usize) -> [u8; 20] {
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte &= match digits.saturating_sub(at * 2) {
            0 => 0,
            1 => 0xf0,
            _ => 0xff,
        };
    }
    hash
}

/// Whether one of the sorted lines of a file begins with these digits, which are lower case.
fn find(file: &mut File, wanted: &str) -> io::Result<bool> {
    // Lines that begin before `low` are smaller; those that begin at `high` or behind it are not.
    let (mut low, mut high) = (0, file.metadata()?.len());
    while low < high {
        let middle = low + (high - low) / 2;
        match line_from(file, middle)? {
            Some((start, line, end)) if start < high => {
                let hash = hash_in(&line).map(<[u8]>::to_ascii_lowercase).ok_or_else(no_longer)?;
                match hash.as_slice().cmp(wanted.as_bytes()) {
                    std::cmp::Ordering::Equal => return Ok(true),
                    std::cmp::Ordering::Less => low = end,
                    std::cmp::Ordering::Greater => high = middle,
                }
            }
            _ => high = middle,
        }
    }
    Ok(false)
}

/// The first line that begins at this place or behind it: where it begins, itself, and where the next one begins.
fn line_from(file: &mut File, place: u64) -> io::Result<Option<(u64, Vec<u8>, u64)>> {
    // A line begins behind the end of another one, which may be the byte before.
    let from = place.saturating_sub(1);
    file.seek(SeekFrom::Start(from))?;
    let mut buffer = Vec::with_capacity(2 * LONGEST);
    file.take(2 * LONGEST as u64).read_to_end(&mut buffer)?;
    let end = |bytes: &[u8]| bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
    let start = if place == 0 {
        0
    } else {
        match end(&buffer) {
            Some(start) if start <= LONGEST => start,
            None if buffer.len() < 2 * LONGEST => return Ok(None),
            _ => return Err(no_longer()),
        }
    };
    let rest = &buffer[start..];
    if rest.is_empty() {
        return Ok(None);
    }
    let stop = end(rest).unwrap_or(rest.len());
    if stop >= LONGEST {
        return Err(no_longer());
    }
    let begins = from + start as u64;
    Ok(Some((begins, rest[..stop].trim_ascii_end().to_vec(), begins + stop as u64)))
}

fn no_longer() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the list of breached passwords holds a line that is no hash")
}

#[cfg(test)]
#[path = "breached_tests.rs"]
mod tests;
