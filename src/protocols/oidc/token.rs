//! The ID token as it came: its parts, its header, and whose signature it bears (RFC 7515).
//!
//! The signature is verified by openidconnect; everything that the token says is read by us, and once: that crate's own types refuse
//! whole tokens over a claim of another shape than expected, and let pass what [`super::claims`] does not.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    JsonWebKey, SignatureVerificationError,
    core::{CoreJsonWebKey, CoreJwsSigningAlgorithm as Algorithm},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{super::outside::shown, Fault, json::object};

/// The shortest RSA key, in bytes of its modulus (RFC 7518 §3.3: 2048 bits or larger).
const SHORTEST_RSA: usize = 256;
/// How many keys are tried. More than one are only where a provider names none, or several alike.
const MOST_TRIED: usize = 16;

/// An ID token that can be read, and whose signature was not looked at yet.
pub(super) struct Token<'a> {
    algorithm: Algorithm,
    key: Option<String>,
    signed: &'a str,
    signature: Vec<u8>,
    payload: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Takes the compact form apart (RFC 7515 §7.1) and looks at the header. Keys that a header brings along or points to (`jwk`, `jku`,
    /// `x5c`, `x5u`) are not even read.
    pub(super) fn read(text: &'a str) -> Result<Self, Fault> {
        let parts: Vec<&str> = text.split('.').take(6).collect();
        let [header, payload, signature] = parts[..] else {
            return Err(if parts.len() == 5 { Fault::Encrypted } else { Fault::Unreadable });
        };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Fault::Unreadable);
        let fields = object(&decode(header)?, Fault::Unreadable)?;
        // An ID token has no type or this one; an access token (RFC 9068) or a logout token has its own, and is never taken for one.
        match fields.get("typ") {
            None => {}
            Some(Value::String(kind)) if ["jwt", "application/jwt"].contains(&kind.to_ascii_lowercase().as_str()) => {}
            Some(kind) => return Err(Fault::Type(shown(kind.as_str().unwrap_or_default()))),
        }
        if fields.contains_key("crit") {
            return Err(Fault::Critical);
        }
        let algorithm = algorithm(fields.get("alg").and_then(Value::as_str).unwrap_or_default())?;
        let key = match fields.get("kid") {
            None => None,
            Some(Value::String(key)) => Some(key.clone()),
            Some(_) => return Err(Fault::Unreadable),
        };
        let signed = &text[..header.len() + 1 + payload.len()];
        Ok(Self { algorithm, key, signed, signature: decode(signature)?, payload: decode(payload)? })
    }

    /// The claims, when one of the keys made the signature.
    ///
    /// # Errors
    /// [`Fault::UnknownKey`] when none of them is for such a token, and [`Fault::Signature`] when those that are did not sign it.
    pub(super) fn claims(&self, keys: &Keys) -> Result<Map<String, Value>, Fault> {
        let mut fault = Fault::UnknownKey;
        let named = |key: &&CoreJsonWebKey| self.key.is_none() || key.key_id().map(|id| id.as_str()) == self.key.as_deref();
        for key in keys.0.iter().filter(named).take(MOST_TRIED) {
            match key.verify_signature(&self.algorithm, self.signed.as_bytes(), &self.signature) {
                Ok(()) => return object(&self.payload, Fault::Unreadable),
                // A key for something else.
                Err(SignatureVerificationError::InvalidKey(_)) => {}
                Err(_) => fault = Fault::Signature,
            }
        }
        Err(fault)
    }
}

/// The algorithms that need the provider's private key. Not `none`, and none with a shared secret: whoever knows what is published could
/// sign with it (RFC 8725 §2.1).
fn algorithm(name: &str) -> Result<Algorithm, Fault> {
    Ok(match name {
        "RS256" => Algorithm::RsaSsaPkcs1V15Sha256,
        "RS384" => Algorithm::RsaSsaPkcs1V15Sha384,
        "RS512" => Algorithm::RsaSsaPkcs1V15Sha512,
        "PS256" => Algorithm::RsaSsaPssSha256,
        "PS384" => Algorithm::RsaSsaPssSha384,
        "PS512" => Algorithm::RsaSsaPssSha512,
        "ES256" => Algorithm::EcdsaP256Sha256,
        "ES384" => Algorithm::EcdsaP384Sha384,
        "EdDSA" => Algorithm::EdDsa,
        "" => return Err(Fault::Algorithm("nothing".to_owned())),
        other => return Err(Fault::Algorithm(shown(other))),
    })
}

/// The keys that a provider publishes (RFC 7517 §5), of which those are left that may sign tokens.
#[derive(Deserialize)]
#[serde(from = "Published")]
pub(super) struct Keys(Vec<CoreJsonWebKey>);

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

impl From<Published> for Keys {
    fn from(published: Published) -> Self {
        // A key that nobody knows what to do with does not spoil the others (RFC 7517 §5).
        Self(published.keys.into_iter().filter(may_sign).filter_map(|key| serde_json::from_value(key).ok()).collect())
    }
}

fn may_sign(key: &Value) -> bool {
    let operations = key.get("key_ops").and_then(Value::as_array);
    let verifies = operations.is_none_or(|all| all.iter().any(|one| one == "verify"));
    verifies
        && match key.get("kty").and_then(Value::as_str) {
            Some("RSA") => modulus(key).is_some_and(|length| length >= SHORTEST_RSA),
            Some("EC" | "OKP") => true,
            // Above all no secrets, which do not belong here.
            _ => false,
        }
}

/// How long the modulus of an RSA key is, in bytes, without zeros in front.
fn modulus(key: &Value) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(key.get("n")?.as_str()?).ok()?;
    Some(bytes.len() - bytes.iter().take_while(|byte| **byte == 0).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{}"))
    }

    fn fault(text: &str) -> Option<Fault> {
        Token::read(text).err()
    }

    #[test]
    fn headers_are_looked_at() {
        for header in [
            r#"{"alg":"RS256"}"#,
            r#"{"alg":"ES384","typ":"jwt","kid":""}"#,
            r#"{"alg":"EdDSA","typ":"application/JWT","jku":"https://evil.example.com","jwk":{},"x5u":1}"#,
        ] {
            assert_eq!(fault(&token(header)), None, "{header}");
        }
        for (header, expected) in [
            (r#"{"alg":"none"}"#, Fault::Algorithm("none".to_owned())),
            (r#"{"alg":"None"}"#, Fault::Algorithm("None".to_owned())),
            (r#"{"alg":"HS256"}"#, Fault::Algorithm("HS256".to_owned())),
            (r#"{"alg":"rs256"}"#, Fault::Algorithm("rs256".to_owned())),
            (r#"{"alg":["RS256"]}"#, Fault::Algorithm("nothing".to_owned())),
            ("{}", Fault::Algorithm("nothing".to_owned())),
            (r#"{"alg":"RS256","alg":"none"}"#, Fault::Twice("alg".to_owned())),
            (r#"{"alg":"RS256","typ":"at+jwt"}"#, Fault::Type("at+jwt".to_owned())),
            (r#"{"alg":"RS256","typ":"application/at+jwt"}"#, Fault::Type("application/at+jwt".to_owned())),
            (r#"{"alg":"RS256","typ":"logout+jwt"}"#, Fault::Type("logout+jwt".to_owned())),
            (r#"{"alg":"RS256","typ":null}"#, Fault::Type(String::new())),
            (r#"{"alg":"RS256","crit":["b64"],"b64":false}"#, Fault::Critical),
            (r#"{"alg":"RS256","crit":null}"#, Fault::Critical),
            (r#"{"alg":"RS256","kid":1}"#, Fault::Unreadable),
            ("[]", Fault::Unreadable),
        ] {
            assert_eq!(fault(&token(header)), Some(expected), "{header}");
        }
        assert_eq!(fault("a.b.c.d.e"), Some(Fault::Encrypted));
        for text in ["", ".", "..", "a.b", "a.b.c.d", "a.b.c.d.e.f", "e30=.e30.", "e30.e30.!"] {
            assert!(fault(text).is_some(), "{text}");
        }
    }

    #[test]
    fn weak_and_secret_keys_are_left_out() {
        let key = |bytes: usize, more: &str| {
            let n = URL_SAFE_NO_PAD.encode([&[0; 8][..], &vec![0xc3; bytes]].concat());
            format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"{more}}}"#)
        };
        let keys = [
            key(256, ""),
            key(255, ""),
            key(256, r#","key_ops":["sign"]"#),
            key(384, r#","key_ops":["verify"]"#),
            r#"{"kty":"oct","k":"c2VjcmV0"}"#.to_owned(),
            r#"{"kty":"later"}"#.to_owned(),
            "7".to_owned(),
        ];
        let keys: Keys = serde_json::from_str(&format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap();
        assert_eq!(keys.0.len(), 2);
    }

    #[test]
    fn hostile_keys_and_signatures_are_survived() {
        let (empty, one, zeros) = (String::new(), URL_SAFE_NO_PAD.encode([1]), URL_SAFE_NO_PAD.encode([0; 32]));
        let (long, ones) = (URL_SAFE_NO_PAD.encode([0xff; 1024]), URL_SAFE_NO_PAD.encode([0xff; 256]));
        let parts = [&empty, &one, &zeros, &ones, &long];
        let mut keys = Vec::new();
        for (a, b) in parts.iter().flat_map(|a| parts.iter().map(move |b| (a, b))) {
            keys.push(format!(r#"{{"kty":"RSA","n":"{a}","e":"{b}"}}"#));
            for curve in ["P-256", "P-384", "P-521", "secp256k1"] {
                keys.push(format!(r#"{{"kty":"EC","crv":"{curve}","x":"{a}","y":"{b}"}}"#));
            }
            for curve in ["Ed25519", "Ed448", "X25519"] {
                keys.push(format!(r#"{{"kty":"OKP","crv":"{curve}","x":"{a}"}}"#));
            }
            keys.push(r#"{"kty":"EC"}"#.to_owned());
            keys.push(r#"{"kty":"OKP","crv":"Ed25519","x":7}"#.to_owned());
        }
        for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"] {
            for signature in [vec![], vec![0; 64], vec![0xff; 64], vec![0; 96], vec![0; 256], vec![0xff; 256], vec![1; 1024]] {
                let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{algorithm}"}}"#));
                let text = format!("{header}.e30.{}", URL_SAFE_NO_PAD.encode(&signature));
                let token = Token::read(&text).unwrap();
                for key in &keys {
                    let keys: Keys = serde_json::from_str(&format!(r#"{{"keys":[{key}]}}"#)).unwrap();
                    assert!(token.claims(&keys).is_err(), "{algorithm} {key} {signature:?}");
                }
            }
        }
    }
}
