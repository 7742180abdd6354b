//! Certificates of an identity provider. They are pinned: the key in one counts because an administrator put it there, whoever
//! signed it and whenever it ends. Its dates are shown, and not enforced: to SAML, a certificate is nothing but a key in a
//! wrapping (SAML V2.0 Metadata Interoperability Profile, "Key Representation").

use base64::{Engine, engine::general_purpose::STANDARD};
use bergshamra::{Key, keys::loader};
use sha2::{Digest, Sha256};
use x509_cert::{
    der::{Decode, Reader, SliceReader, asn1::UintRef},
    spki::SubjectPublicKeyInfoOwned,
};

/// Where a certificate in PEM begins and ends (RFC 7468, section 5).
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// How long a certificate may be, as text.
const LONGEST: usize = 64 * 1024;
/// Shorter RSA keys are not fit to sign (NIST SP 800-131A, section 3).
const RSA_BITS: usize = 2048;

/// A pinned certificate.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    key: Key,
    subject: String,
    not_before_ms: i64,
    not_after_ms: i64,
}

/// Why a text is no certificate that signatures can be verified with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// It is too long.
    #[error("this is too long for a certificate")]
    TooLong,
    /// It is a key that should have stayed where it was.
    #[error(
        "this is a private key. Paste the certificate of the identity provider instead, and replace that key: it is no secret any more"
    )]
    PrivateKey,
    /// There are several.
    #[error("these are several certificates; paste one at a time")]
    Several,
    /// It is neither PEM nor base64.
    #[error("this is not a certificate: expected is text that begins with -----BEGIN CERTIFICATE-----, or base64")]
    NotText,
    /// It is base64, but of something else.
    #[error("this is not an X.509 certificate")]
    NotX509,
    /// RSA below 2048 bits.
    #[error("the RSA key in this certificate is too short: it has {0} bits, and at least 2048 are needed")]
    ShortKey(usize),
    /// DSA, or anything that no signature we accept is made with.
    #[error(
        "the key in this certificate is of a kind that cannot be used: RSA from 2048 to 4096 bits and ECDSA on P-256, P-384 or P-521 can"
    )]
    Kind,
}

impl Certificate {
    /// Reads a certificate as administrators have it: PEM, or the base64 inside of it, with blanks and line ends anywhere.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn parse(text: &str) -> Result<Self, CertificateFault> {
        if text.len() > LONGEST {
            return Err(CertificateFault::TooLong);
        }
        if text.contains("PRIVATE KEY-----") {
            return Err(CertificateFault::PrivateKey);
        }
        let base64: String = inside(text)?.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
        let der = STANDARD.decode(base64).map_err(|_| CertificateFault::NotText)?;
        Self::read(der)
    }

    fn read(der: Vec<u8>) -> Result<Self, CertificateFault> {
        let certificate = x509_cert::Certificate::from_der(&der).map_err(|_| CertificateFault::NotX509)?.tbs_certificate;
        let kind = &certificate.subject_public_key_info;
        if let Some(bits) = rsa_bits(kind)
            && bits < RSA_BITS
        {
            return Err(CertificateFault::ShortKey(bits));
        }
        let key = loader::load_x509_cert_der(&der).map_err(|_| CertificateFault::Kind)?;
        if !matches!(key.algorithm_name(), "RSA" | "EC-P256" | "EC-P384" | "EC-P521") || !matches!(key.to_signing_key(), Ok(Some(_))) {
            return Err(CertificateFault::Kind);
        }
        let ms = |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_millis()).unwrap_or(i64::MAX);
        let (not_before_ms, not_after_ms) = (ms(certificate.validity.not_before), ms(certificate.validity.not_after));
        Ok(Self { subject: certificate.subject.to_string(), not_before_ms, not_after_ms, key, der })
    }

    /// Whose it is (RFC 4514).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Since when it holds, in milliseconds since 1970.
    #[must_use]
    pub const fn not_before_ms(&self) -> i64 {
        self.not_before_ms
    }

    /// When it ends, in milliseconds since 1970.
    #[must_use]
    pub const fn not_after_ms(&self) -> i64 {
        self.not_after_ms
    }

    /// The SHA-256 of it, in hexadecimal digits: what two people compare over the telephone.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        Sha256::digest(&self.der).iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
    }

    /// The certificate as text, in the one form in which it is kept (RFC 7468, section 2).
    #[must_use]
    pub fn pem(&self) -> String {
        let base64 = STANDARD.encode(&self.der);
        let mut pem = format!("{BEGIN}\n");
        let mut rest = base64.as_str();
        while !rest.is_empty() {
            let (line, behind) = rest.split_at(rest.len().min(64));
            pem.push_str(line);
            pem.push('\n');
            rest = behind;
        }
        pem + END + "\n"
    }

    /// The key in it, to verify with.
    pub(crate) fn key(&self) -> Key {
        self.key.clone()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Certificate")
            .field("subject", &self.subject)
            .field("fingerprint", &self.fingerprint())
            .finish_non_exhaustive()
    }
}

/// The base64 of a PEM text, or the text itself where it is not PEM.
fn inside(text: &str) -> Result<&str, CertificateFault> {
    let Some((_, behind)) = text.split_once(BEGIN) else { return Ok(text) };
    let (inside, rest) = behind.split_once(END).ok_or(CertificateFault::NotText)?;
    if rest.contains(BEGIN) { Err(CertificateFault::Several) } else { Ok(inside) }
}

/// How long an RSA key's modulus is; `None` for other kinds of keys (RFC 8017, appendix A.1.1).
fn rsa_bits(info: &SubjectPublicKeyInfoOwned) -> Option<usize> {
    if info.algorithm.oid.to_string() != "1.2.840.113549.1.1.1" {
        return None;
    }
    let modulus = info.subject_public_key.as_bytes().and_then(|bytes| {
        let mut reader = SliceReader::new(bytes).ok()?;
        reader.sequence(|inner| Ok((UintRef::decode(inner)?, UintRef::decode(inner)?).0.as_bytes().to_vec())).ok()
    });
    // A key that cannot be read has no bits.
    let modulus = modulus.unwrap_or_default();
    let leading = modulus.first().map_or(0, |byte| byte.leading_zeros());
    Some(modulus.len() * 8 - usize::try_from(leading).unwrap_or(0))
}
