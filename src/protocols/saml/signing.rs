//! Signing what is asked of an identity provider, for those that want to know that it is us: with an RSA key of 2048 bits, which all of them
//! can verify, and a certificate around it that nobody has vouched for. Each provider gets a key of its own.
//!
//! It is made by the `rsa` crate and used by `ring`, whose time does not depend on the key.

use base64::{Engine, engine::general_purpose::STANDARD};
use bergshamra::c14n::{C14nMode, canonicalize_doc};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SigningKey};
use rsa::{
    RsaPrivateKey,
    pkcs8::{EncodePrivateKey, LineEnding},
};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use crate::protocols::saml::xml::SIGNATURE;

/// How it is signed (RFC 9231 §2.3.2).
pub(super) const METHOD: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
/// How long the key is.
const BITS: usize = 2048;
/// How long the certificate says to be good. Providers that mind its end are few, and a key is changed by hand.
const YEARS: i64 = 10;
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// A key, and the certificate that providers get.
#[derive(Clone, PartialEq, Eq)]
pub struct NewKey {
    /// The private key in PEM (PKCS #8), to be sealed.
    pub key: String,
    /// The certificate in PEM.
    pub certificate: String,
}

/// Why it cannot be signed: none of it depends on what is signed.
#[derive(Debug, thiserror::Error)]
#[error("a request cannot be signed: {0}")]
pub struct SigningFault(String);

impl SigningFault {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl NewKey {
    /// Makes one out of these 256 random bits. It takes a tenth of a second, or some.
    ///
    /// # Errors
    /// When the moment is none that a certificate can hold.
    pub fn make(now_ms: i64, dice: [[u8; 16]; 2]) -> Result<Self, SigningFault> {
        let mut seed = [0; 32];
        seed[..16].copy_from_slice(&dice[0]);
        seed[16..].copy_from_slice(&dice[1]);
        let key = RsaPrivateKey::new(&mut ChaCha20Rng::from_seed(seed), BITS).map_err(SigningFault::of)?;
        let key = key.to_pkcs8_pem(LineEnding::LF).map_err(SigningFault::of)?.to_string();
        let pair = KeyPair::from_pem(&key).map_err(SigningFault::of)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Frontdesk");
        let now = OffsetDateTime::from_unix_timestamp(now_ms / 1000).map_err(SigningFault::of)?;
        // Clocks may be apart.
        (params.not_before, params.not_after) = (now - Duration::days(1), now + Duration::days(365 * YEARS));
        let certificate = params.self_signed(&pair).map_err(SigningFault::of)?.pem();
        Ok(Self { key, certificate })
    }
}

/// Signs requests.
pub struct Signer {
    pair: KeyPair,
    certificate: String,
}

impl Signer {
    /// With a key that was made so.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(made: &NewKey) -> Result<Self, SigningFault> {
        Ok(Self { pair: KeyPair::from_pem(&made.key).map_err(SigningFault::of)?, certificate: inside(&made.certificate) })
    }

    /// The signature of these bytes, in base64.
    pub(super) fn sign(&self, bytes: &[u8]) -> Result<String, SigningFault> {
        Ok(STANDARD.encode(self.pair.sign(bytes).map_err(SigningFault::of)?))
    }

    /// The element that signs this document from within, whose outermost element has this id (XML Signature, section 6.6.4).
    pub(super) fn envelope(&self, xml: &str, id: &str) -> Result<String, SigningFault> {
        let digest = STANDARD.encode(Sha256::digest(canonical(xml)?));
        let info = format!(
            "<ds:SignedInfo xmlns:ds=\"{SIGNATURE}\"><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"/>\
             <ds:SignatureMethod Algorithm=\"{METHOD}\"/><ds:Reference URI=\"#{id}\"><ds:Transforms>\
             <ds:Transform Algorithm=\"{ENVELOPED}\"/><ds:Transform Algorithm=\"{EXCLUSIVE}\"/></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{SHA256}\"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        );
        let value = self.sign(&canonical(&info)?)?;
        let certificate = &self.certificate;
        Ok(format!(
            "<ds:Signature xmlns:ds=\"{SIGNATURE}\">{info}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>\
             <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
        ))
    }
}

fn canonical(xml: &str) -> Result<Vec<u8>, SigningFault> {
    let document = uppsala::parse(xml).map_err(SigningFault::of)?;
    canonicalize_doc::<&str>(&document, C14nMode::Exclusive, None, &[]).map_err(SigningFault::of)
}

/// A certificate in PEM as XML has it: the base64 alone.
pub(super) fn inside(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).map(str::trim).collect()
}
