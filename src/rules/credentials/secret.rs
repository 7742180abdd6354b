//! The shape of secrets: the KSUID of their row, `_`, and 21 characters of which the last four are a checksum. So a secret that was
//! pasted somewhere is recognised without asking anybody, and names its row.

use sha2::{Digest, Sha256};

use crate::rules::ids::{is_ksuid, ksuid_of};

/// Characters that are left to chance: 101 bits.
const CHANCE: u32 = 17;
const CHECK: u32 = 4;
/// All characters of a secret: KSUID, underscore, chance, checksum.
pub const LENGTH: usize = 27 + 1 + (CHANCE + CHECK) as usize;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The secret of the row with this id.
#[must_use]
pub fn secret(id: &str, dice: [u8; 16]) -> String {
    let front = format!("{}_{}", ksuid_of(id), base62(u128::from_be_bytes(dice), CHANCE));
    let check = checksum(&front);
    front + &check
}

/// The KSUID of the row that a text names, if it has the shape of a secret; the checksum says that it was not mistyped.
#[must_use]
pub fn row_of(text: &str) -> Option<&str> {
    let (ksuid, rest) = text.split_once('_')?;
    let fits = text.len() == LENGTH && is_ksuid(ksuid) && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    let (front, check) = text.split_at_checked(LENGTH - CHECK as usize)?;
    (fits && checksum(front) == check).then_some(ksuid)
}

/// The secrets in a line of text, each with the position at which it begins, in bytes.
pub fn found_in(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let bytes = line.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let end = bytes[at..].iter().position(|b| !is_part(*b)).map_or(bytes.len(), |length| at + length);
            if end == at {
                at += 1;
                continue;
            }
            // Words may be glued to it: names of variables end in underscores, and so on.
            let (begin, word) = (at, &line[at..end]);
            let starts = (0..=word.len().saturating_sub(LENGTH)).filter(|_| word.len() >= LENGTH);
            let found = starts.map(|start| (begin + start, &word[start..start + LENGTH])).find(|(_, part)| row_of(part).is_some());
            at = found.map_or(end, |(start, _)| start + LENGTH);
            if found.is_some() {
                return found;
            }
        }
        None
    })
}

fn checksum(front: &str) -> String {
    let digest = Sha256::new().chain_update(b"frontdesk secret v1").chain_update(front).finalize();
    base62(u128::from_be_bytes(std::array::from_fn(|i| digest[i])), CHECK)
}

/// So many of the lowest digits of a number.
fn base62(mut number: u128, digits: u32) -> String {
    let mut text = vec![b'0'; digits as usize];
    for digit in text.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(number % 62).unwrap_or(0)];
        number /= 62;
    }
    text.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{ids::ApiKeyId, time::Millis};

    fn example(die: u8) -> (ApiKeyId, String) {
        let id = ApiKeyId::new(Millis(1_790_000_000_000), [7; 16]);
        let secret = secret(id.as_str(), [die; 16]);
        (id, secret)
    }

    #[test]
    fn a_secret_names_its_row() {
        let (id, secret) = example(9);
        assert_eq!(secret.len(), LENGTH);
        assert_eq!(row_of(&secret).map(|ksuid| format!("ak_{ksuid}")), Some(id.to_string()));
        assert_ne!(secret, example(8).1);
    }

    #[test]
    fn what_is_mistyped_is_no_secret() {
        let (_, secret) = example(9);
        for at in 0..secret.len() {
            let mut wrong = secret.clone().into_bytes();
            wrong[at] = if wrong[at] == b'x' { b'y' } else { b'x' };
            assert_eq!(row_of(std::str::from_utf8(&wrong).unwrap()), None, "{at}");
        }
        for wrong in ["", "_", &secret[1..], &format!("{secret}0"), &secret.replace('_', "-")] {
            assert_eq!(row_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_are_found_in_text() {
        let (one, two) = (example(1).1, example(2).1);
        let line = format!("ä KEY={one};export TOKEN_{two} and {}x", &one[..40]);
        let found: Vec<_> = found_in(&line).map(|(at, secret)| (at, secret.to_owned())).collect();
        assert_eq!(found, [(line.find(&one).unwrap(), one.clone()), (line.find(&two).unwrap(), two.clone())]);
        assert_eq!(found_in(&format!("{one}{two}")).count(), 2);
        assert_eq!(found_in(&"_a".repeat(5_000)).count(), 0);
    }
}
