//! SSH public keys: which ones are taken, and by which fingerprint they are known.

use ssh_key::{Algorithm, HashAlg, PublicKey, public::KeyData};

use crate::rules::{
    accounts::is_invisible,
    faults::{Faults, codes},
};

/// The longest key with its comment, in bytes.
const MAX_KEY: usize = 8 * 1024;
/// RSA keys with fewer bits than this are weak (NIST SP 800-131A).
const MIN_RSA_BITS: usize = 2048;

/// A public key that is good enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshKey {
    /// As OpenSSH writes it, with its comment.
    pub written: String,
    /// `SHA256:…`, which does not depend on the comment.
    pub fingerprint: String,
}

impl SshKey {
    /// Reads a line such as stands in `id_ed25519.pub`.
    ///
    /// # Errors
    /// A fault that says what is wrong with it, or what to do instead.
    pub fn check(text: &str) -> Result<Self, Faults> {
        let fault = |code, says: &str| Err(Faults::coded("public_key", code, says));
        let text = text.trim();
        if text.is_empty() {
            return fault(codes::SSH_KEY_MISSING, "Paste a public key: the line in a file such as id_ed25519.pub.");
        }
        if text.contains("PRIVATE KEY") {
            return fault(
                codes::SSH_KEY_UNREAD,
                "This is a private key. Nobody but you should have it: do not use it any more. Paste the file that ends in .pub.",
            );
        }
        if text.len() > MAX_KEY || text.lines().count() > 1 {
            return fault(codes::SSH_KEY_UNREAD, "A public key is one line: a type, the key, and a comment.");
        }
        // The comment is shown beside others.
        if text.contains(is_invisible) {
            return fault(codes::SSH_KEY_UNREAD, "Leave out invisible characters in the comment.");
        }
        let Ok(key) = PublicKey::from_openssh(text) else {
            return fault(codes::SSH_KEY_UNREAD, "This is no public key that OpenSSH would read.");
        };
        match key.key_data() {
            KeyData::Dsa(_) => fault(codes::SSH_KEY_WEAK, "DSA keys are not safe any more. Make one by: ssh-keygen -t ed25519"),
            KeyData::Rsa(rsa) if bits(rsa.n.as_positive_bytes()) < MIN_RSA_BITS => {
                fault(codes::SSH_KEY_WEAK, "This RSA key is too short: it takes 2048 bits. Better make one by: ssh-keygen -t ed25519")
            }
            _ if matches!(key.algorithm(), Algorithm::Other(_)) => fault(codes::SSH_KEY_UNREAD, "This type of key is not known."),
            _ => match key.to_openssh() {
                Ok(written) => Ok(Self { written, fingerprint: key.fingerprint(HashAlg::Sha256).to_string() }),
                Err(_) => fault(codes::SSH_KEY_UNREAD, "This is no public key that OpenSSH would read."),
            },
        }
    }
}

fn bits(number: Option<&[u8]>) -> usize {
    let Some(bytes) = number else { return 0 };
    let zeros = bytes.first().map_or(0, |first| first.leading_zeros() as usize);
    (bytes.len() * 8).saturating_sub(zeros)
}

/// Whether this may be the fingerprint of a key.
#[must_use]
pub fn is_fingerprint(text: &str) -> bool {
    text.strip_prefix("SHA256:")
        .is_some_and(|rest| rest.len() == 43 && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti user@example.com";

    #[test]
    fn a_key_is_known_by_its_fingerprint() {
        let key = SshKey::check(&format!("  {ED25519}\n")).unwrap();
        assert_eq!(key.written, ED25519);
        assert!(is_fingerprint(&key.fingerprint), "{}", key.fingerprint);
        let other_comment = ED25519.replace("user@example.com", "laptop");
        assert_eq!(SshKey::check(&other_comment).unwrap().fingerprint, key.fingerprint);
    }

    /// A line with a key of this type that holds these numbers.
    fn line(kind: &str, numbers: &[&[u8]]) -> String {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let mut blob = Vec::new();
        for part in [kind.as_bytes()].iter().chain(numbers) {
            blob.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            blob.extend(*part);
        }
        format!("{kind} {} somebody", STANDARD.encode(blob))
    }

    #[test]
    fn weak_keys_are_refused() {
        // A number of so many bits, as it is written: with a zero in front, lest it be negative.
        let number = |bits: usize| {
            let mut bytes = vec![0xff; bits.div_ceil(8) + 1];
            (bytes[0], bytes[1]) = (0, 0xff >> ((8 - bits % 8) % 8));
            if bytes[1] < 0x80 { bytes.split_off(1) } else { bytes }
        };
        let rsa = |bits: usize| SshKey::check(&line("ssh-rsa", &[&[1, 0, 1], &number(bits)]));
        for weak in [1024, 2047] {
            assert!(rsa(weak).unwrap_err().at("public_key").unwrap().contains("too short"), "{weak}");
        }
        assert!(rsa(2048).is_ok() && rsa(4096).is_ok());
        let dsa = line("ssh-dss", &[&number(1024), &number(160), &number(1023), &number(1022)]);
        let faults = SshKey::check(&dsa).unwrap_err();
        assert_eq!(faults.iter().next().and_then(|fault| fault.code), Some(codes::SSH_KEY_WEAK));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let two = format!("{ED25519}\n{ED25519}");
        for (text, says) in [
            ("", "Paste a public key"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "private key"),
            (two.as_str(), "one line"),
            ("ssh-ed25519 AAAA", "no public key"),
            ("ssh-ed25519", "no public key"),
            ("hello", "no public key"),
            (&format!("{ED25519}\u{0}"), "invisible"),
            (&format!("{ED25519}\u{202e}"), "invisible"),
        ] {
            assert!(SshKey::check(text).unwrap_err().at("public_key").unwrap().contains(says), "{text}");
        }
    }
}
