//! Secrets: tokens, what is kept of them, and the instance's key file (product decision 16).

use std::{fs, io::Write, path::Path};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::rules::chain::hex;

/// A token with 256 random bits, fit for URLs.
#[must_use]
pub fn token(dice: [[u8; 16]; 2]) -> String {
    URL_SAFE_NO_PAD.encode(dice.concat())
}

/// What is kept of a token. The token has enough random bits to need neither salt nor stretching.
#[must_use]
pub fn hash_token(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// The key that seals secrets at rest. It lives outside of the database; the database knows its fingerprint.
pub struct InstanceKey([u8; 32]);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("the key file {path} cannot be used: {error}")]
    File {
        /// Where.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The file does not hold a key.
    #[error("the key file {0} does not hold a key: it should be 64 hexadecimal digits")]
    Malformed(String),
}

impl InstanceKey {
    /// Reads the key file; `None` where there is none.
    ///
    /// # Errors
    /// When there is one that cannot be read or holds no key.
    pub fn read(path: &Path) -> Result<Option<Self>, KeyError> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(text.trim()).map(Some).ok_or_else(|| KeyError::Malformed(path.display().to_string())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(KeyError::File { path: path.display().to_string(), error }),
        }
    }

    /// Writes a new key file that only its owner may read, and makes sure that it is on disk. If another process makes
    /// it at the same moment, theirs is read.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(path: &Path, dice: [[u8; 16]; 2]) -> Result<Self, KeyError> {
        let failed = |error| KeyError::File { path: path.display().to_string(), error };
        let text = hex(&dice.concat());
        // Written aside and linked into place, so that nobody ever reads half a key.
        let aside = path.with_extension(format!("{}.new", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&aside).map_err(failed)?;
        writeln!(file, "{text}").and_then(|()| file.sync_all()).map_err(failed)?;
        let linked = fs::hard_link(&aside, path);
        fs::remove_file(&aside).map_err(failed)?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        }
        Self::read(path)?.ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))
    }

    /// Seals a text for one place, such as `outbox.body` of one row: XChaCha20-Poly1305 under a key of its own for each
    /// place, bound to the row, so that what was sealed cannot be moved elsewhere. The nonce stands in front.
    #[must_use]
    pub fn seal(&self, place: &str, row: &str, text: &str, dice: [[u8; 16]; 2]) -> String {
        let mut nonce = XNonce::default();
        nonce.copy_from_slice(&dice.concat()[..24]);
        let payload = Payload { msg: text.as_bytes(), aad: row.as_bytes() };
        // It fails for texts of 256 GiB alone.
        let sealed = self.cipher(place).encrypt(&nonce, payload).unwrap_or_default();
        URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed for this place and row; `None` for anything else.
    #[must_use]
    pub fn open(&self, place: &str, row: &str, sealed: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (front, msg) = bytes.split_at_checked(24)?;
        let mut nonce = XNonce::default();
        nonce.copy_from_slice(front);
        let text = self.cipher(place).decrypt(&nonce, Payload { msg, aad: row.as_bytes() }).ok()?;
        String::from_utf8(text).ok()
    }

    fn cipher(&self, place: &str) -> XChaCha20Poly1305 {
        let mut key = chacha20poly1305::Key::default();
        // It fails for more than 8160 bytes of key alone.
        let _ = Hkdf::<Sha256>::new(Some(b"frontdesk sealed v1"), &self.0).expand(place.as_bytes(), &mut key);
        XChaCha20Poly1305::new(&key)
    }

    fn parse(text: &str) -> Option<Self> {
        if text.len() != 64 {
            return None;
        }
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(key))
    }

    /// What the database keeps, to recognise the key that belongs to it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"frontdesk instance key fingerprint v1");
        hash.update(self.0);
        hex(&hash.finalize())[..32].to_owned()
    }

    /// Whether this is the key with that fingerprint.
    #[must_use]
    pub fn is(&self, fingerprint: &str) -> bool {
        self.fingerprint().as_bytes().ct_eq(fingerprint.as_bytes()).into()
    }
}

impl std::fmt::Debug for InstanceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InstanceKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("instance.key");
        assert!(InstanceKey::read(&path).unwrap().is_none());
        let made = InstanceKey::create(&path, [[1; 16], [2; 16]]).unwrap();
        let again = InstanceKey::create(&path, [[3; 16], [4; 16]]).unwrap();
        assert_eq!(made.fingerprint(), again.fingerprint(), "a key that exists is never replaced");
        assert!(InstanceKey::read(&path).unwrap().unwrap().is(&made.fingerprint()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "not a key").unwrap();
        assert!(matches!(InstanceKey::read(&path), Err(KeyError::Malformed(_))));
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_alone() {
        let key = InstanceKey([7; 32]);
        let sealed = key.seal("outbox.body", "let_1", "a link", [[1; 16], [2; 16]]);
        assert!(!sealed.contains("link"));
        assert_eq!(key.open("outbox.body", "let_1", &sealed).as_deref(), Some("a link"));
        for (key, place, row) in
            [(&key, "outbox.body", "let_2"), (&key, "users.totp", "let_1"), (&InstanceKey([8; 32]), "outbox.body", "let_1")]
        {
            assert_eq!(key.open(place, row, &sealed), None, "{place} {row}");
        }
        let mut broken = sealed.into_bytes();
        broken[40] = if broken[40] == b'A' { b'B' } else { b'A' };
        assert_eq!(key.open("outbox.body", "let_1", std::str::from_utf8(&broken).unwrap()), None);
        assert_eq!(key.open("outbox.body", "let_1", "short"), None);
    }

    #[test]
    fn tokens_are_known_by_their_hash() {
        let one = token([[1; 16], [2; 16]]);
        assert_eq!(one.len(), 43);
        assert_eq!(hash_token(&one).len(), 64);
        assert_ne!(hash_token(&one), hash_token(&token([[1; 16], [3; 16]])));
    }
}
