//! The provider's keys and signatures.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair},
};
use rsa::pkcs8::EncodePrivateKey;
use serde_json::{Value, json};

use super::{CLIENT_SECRET, Lie};

/// How ID tokens are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Es256,
    Es384,
    Rs256,
    Rs512,
    Ps256,
    Ps512,
    EdDsa,
}

struct Signers {
    p256: EcdsaKeyPair,
    p384: EcdsaKeyPair,
    ed: Ed25519KeyPair,
    rsa: RsaKeyPair,
    /// Of somebody else.
    evil: EcdsaKeyPair,
}

/// Made once, because an RSA key takes a while.
static SIGNERS: LazyLock<Signers> = LazyLock::new(|| {
    let dice = SystemRandom::new();
    let ec = |kind| {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &dice).unwrap();
        EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &dice).unwrap()
    };
    let rsa = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    Signers {
        p256: ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        p384: ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
        ed: Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&dice).unwrap().as_ref()).unwrap(),
        rsa: RsaKeyPair::from_pkcs8(rsa.to_pkcs8_der().unwrap().as_bytes()).unwrap(),
        evil: ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
    }
});

impl Algorithm {
    fn name_and_key(self) -> (&'static str, &'static str) {
        match self {
            Self::Es256 => ("ES256", "p256"),
            Self::Es384 => ("ES384", "p384"),
            Self::Rs256 => ("RS256", "rsa"),
            Self::Rs512 => ("RS512", "rsa"),
            Self::Ps256 => ("PS256", "rsa"),
            Self::Ps512 => ("PS512", "rsa"),
            Self::EdDsa => ("EdDSA", "ed"),
        }
    }

    fn sign(self, message: &[u8]) -> Vec<u8> {
        let rsa = |padding: &'static dyn signature::RsaEncoding| {
            let mut signature = vec![0; SIGNERS.rsa.public().modulus_len()];
            SIGNERS.rsa.sign(padding, &SystemRandom::new(), message, &mut signature).unwrap();
            signature
        };
        match self {
            Self::Es256 => ecdsa(&SIGNERS.p256, message),
            Self::Es384 => ecdsa(&SIGNERS.p384, message),
            Self::Rs256 => rsa(&signature::RSA_PKCS1_SHA256),
            Self::Rs512 => rsa(&signature::RSA_PKCS1_SHA512),
            Self::Ps256 => rsa(&signature::RSA_PSS_SHA256),
            Self::Ps512 => rsa(&signature::RSA_PSS_SHA512),
            Self::EdDsa => SIGNERS.ed.sign(message).as_ref().to_vec(),
        }
    }
}

fn ecdsa(key: &EcdsaKeyPair, message: &[u8]) -> Vec<u8> {
    key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
}

pub(super) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn ec_jwk(key: &EcdsaKeyPair, curve: &str, id: &str) -> Value {
    let point = &key.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    json!({ "kty": "EC", "crv": curve, "x": b64(x), "y": b64(y), "kid": id, "use": "sig" })
}

pub(super) fn all_keys() -> Vec<Value> {
    let rsa = PublicKeyComponents::<Vec<u8>>::from(SIGNERS.rsa.public());
    vec![
        ec_jwk(&SIGNERS.p256, "P-256", "p256"),
        ec_jwk(&SIGNERS.p384, "P-384", "p384"),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(SIGNERS.ed.public_key()), "kid": "ed", "alg": "EdDSA" }),
        json!({ "kty": "RSA", "n": b64(rsa.n), "e": b64(rsa.e), "kid": "rsa" }),
        json!({ "kty": "a kind that is yet to come", "kid": "later" }),
    ]
}

/// Signs, more or less.
pub(super) fn seal(lie: Lie, algorithm: Algorithm, claims: &str) -> String {
    let (name, key) = algorithm.name_and_key();
    let mut header = json!({ "alg": name, "kid": key });
    match lie {
        Lie::AlgNone | Lie::AlgNoneWithSignature => header["alg"] = json!("none"),
        Lie::Hs256WithPublicKey | Lie::Hs256WithSecret => header["alg"] = json!("HS256"),
        Lie::JwkHeader => {
            header["jwk"] = ec_jwk(&SIGNERS.evil, "P-256", "p256");
            header["jku"] = json!("https://evil.example.com/jwks");
        }
        Lie::KidPath => header["kid"] = json!("../../../../dev/null"),
        Lie::Crit => {
            header["crit"] = json!(["exp"]);
            header["exp"] = json!(0);
        }
        Lie::TokenTypeAtJwt => header["typ"] = json!("at+jwt"),
        Lie::TokenTypeLogout => header["typ"] = json!("logout+jwt"),
        _ => header["typ"] = json!("JWT"),
    }
    let signed = format!("{}.{}", b64(header.to_string()), b64(claims));
    let mac = |key: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes()).as_ref().to_vec();
    let signature = match lie {
        Lie::AlgNone | Lie::NoSignature => Vec::new(),
        Lie::Hs256WithPublicKey => mac(SIGNERS.p256.public_key().as_ref()),
        Lie::Hs256WithSecret => mac(CLIENT_SECRET.as_bytes()),
        Lie::JwkHeader | Lie::KidPath | Lie::BadSignature => ecdsa(&SIGNERS.evil, signed.as_bytes()),
        _ => algorithm.sign(signed.as_bytes()),
    };
    match lie {
        Lie::Garbage => "not a token".to_owned(),
        Lie::Encrypted => format!("{signed}.a.b.c"),
        Lie::ChangedPayload => {
            let changed = claims.replace("ada", "eve");
            format!("{}.{}.{}", b64(header.to_string()), b64(changed), b64(signature))
        }
        _ => format!("{signed}.{}", b64(signature)),
    }
}
