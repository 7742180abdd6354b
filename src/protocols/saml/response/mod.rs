//! The answer of an identity provider (SAML core, section 3.3.3; SAML profiles, section 4.1.4): read, verified, and believed only
//! where every rule holds.
//!
//! The rules, in the order in which they are asked:
//!
//! 1. At most 256 KiB of UTF-8, without DOCTYPE, bounded in elements, attributes and depth (`xml`); a `samlp:Response`.
//! 2. One assertion in the whole document, in its place, and no two elements with one ID (`shape`).
//! 3. Signatures only of the response or the assertion, each of just that element, in the one form that SAML knows, without
//!    SHA-1; all of them verify with a pinned certificate (`signature`).
//! 4. Success, from this issuer, for our address, in answer to this browser's request (`envelope`).
//! 5. For us, now, for who bears it; one sign-in (`assertion`).
//! 6. A name that stays, and attributes, which are text and nothing else (`person`).
//!
//! The caller keeps [`Asserted::assertion_id`] until [`Asserted::replay_until_ms`] under a unique key: an assertion counts once
//! (SAML profiles, section 4.1.4.5). Which people an identity provider may vouch for is the caller's to know as well.

mod assertion;
mod envelope;
mod person;
mod refused;
mod shape;
mod signature;

use base64::{Engine, engine::general_purpose::STANDARD};

pub use refused::Refused;
use uppsala::Document;

use crate::protocols::saml::{
    certificate::Certificate,
    xml::{self, Limits, Node},
};

const LIMITS: Limits = Limits { bytes: 256 * 1024, depth: 32, elements: 6_000, attributes: 32 };
/// How long the field may be: base64 takes four letters for three bytes, and some break it into lines.
const FIELD: usize = LIMITS.bytes / 3 * 4 + 16 * 1024;
/// How far clocks may be apart.
const SKEW_MS: i64 = 60_000;

/// What an answer has to fit.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The identity provider's entity id.
    pub idp: &'a str,
    /// What it may sign with.
    pub certificates: &'a [Certificate],
    /// Our entity id.
    pub entity_id: &'a str,
    /// Our address for answers.
    pub acs: &'a str,
    /// Now.
    pub now_ms: i64,
    /// The id of the request that this browser made. `None` lets in who was signed in by the identity provider on its own
    /// account, which a connection has to allow: such an answer can be planted in somebody else's browser.
    pub pending: Option<&'a str>,
}

/// What an identity provider vouches for. All of it stands in what was signed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asserted {
    /// Who it is, in the words of this identity provider.
    pub name_id: String,
    /// Which kind of name that is.
    pub name_id_format: Option<String>,
    /// What this assertion is called.
    pub assertion_id: String,
    /// Until when it has to be remembered that it was used.
    pub replay_until_ms: i64,
    /// When the person signed in there.
    pub authn_instant_ms: i64,
    /// Until when the session there lasts, if that is known.
    pub session_until_ms: Option<i64>,
    /// What the session there is called.
    pub session_index: Option<String>,
    /// How the person signed in there (SAML authentication context).
    pub authn_context: Option<String>,
    /// Which request it answers.
    pub in_response_to: Option<String>,
    /// What else is said about the person, in the order in which it is said.
    pub attributes: Vec<Attribute>,
}

/// Something said about a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attribute {
    /// What it is called.
    pub name: String,
    /// What people call it.
    pub friendly_name: Option<String>,
    /// What it is.
    pub values: Vec<String>,
}

/// Reads an answer, from the field `SAMLResponse` (SAML bindings, section 3.5.4).
///
/// # Errors
/// Why it is not believed.
pub fn read(field: &str, expected: &Expected<'_>) -> Result<Asserted, Refused> {
    if expected.certificates.is_empty() {
        return Err(Refused::NoCertificates);
    }
    let text = decode(field)?;
    let document = xml::parse(&text, &LIMITS)?;
    declared(&document)?;
    let root = Node::root(&document).ok_or(Refused::Malformed)?;
    let message = shape::read(root)?;
    envelope::succeeded(&message)?;
    let assertion = message.assertion()?;
    signature::verify(&document, &text, &message, assertion, expected.certificates)?;
    envelope::check(&message, expected)?;
    let claims = assertion::read(assertion, expected)?;
    let (name_id, name_id_format) = person::name(assertion)?;
    Ok(Asserted {
        name_id,
        name_id_format,
        assertion_id: claims.id,
        replay_until_ms: claims.until_ms.saturating_add(SKEW_MS),
        authn_instant_ms: claims.authn.instant_ms,
        session_until_ms: claims.authn.session_until_ms,
        session_index: claims.authn.session_index,
        authn_context: claims.authn.context,
        in_response_to: claims.in_response_to,
        attributes: person::attributes(assertion)?,
    })
}

fn decode(field: &str) -> Result<String, Refused> {
    if field.len() > FIELD {
        return Err(Refused::TooLarge);
    }
    let base64: Vec<u8> = field.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(base64).map_err(|_| Refused::NotBase64)?;
    if bytes.len() > LIMITS.bytes {
        return Err(Refused::TooLarge);
    }
    // ASCII in UTF-16 without a mark is UTF-8, with NULs in between.
    if bytes.contains(&0) { Err(Refused::NotUtf8) } else { String::from_utf8(bytes).map_err(|_| Refused::NotUtf8) }
}

/// Whether a document is what it says it is: text that says it is in another encoding was read in another way by whoever signed
/// it, and XML 1.1 counts other characters as ends of lines.
fn declared(document: &Document<'_>) -> Result<(), Refused> {
    let Some(declaration) = &document.xml_declaration else { return Ok(()) };
    let encoding = declaration.encoding.as_deref().unwrap_or("UTF-8");
    match &*declaration.version {
        "1.0" if ["UTF-8", "US-ASCII"].iter().any(|name| name.eq_ignore_ascii_case(encoding)) => Ok(()),
        "1.0" => Err(Refused::NotUtf8),
        _ => Err(Refused::Malformed),
    }
}

/// The one element of this name in another.
fn one<'d>(node: Node<'d>, namespace: &'d str, name: &'d str, what: &'static str) -> Result<Node<'d>, Refused> {
    at_most_one(node, namespace, name, what)?.ok_or(Refused::Missing(what))
}

/// The one element of this name in another, if there is any.
fn at_most_one<'d>(node: Node<'d>, namespace: &'d str, name: &'d str, what: &'static str) -> Result<Option<Node<'d>>, Refused> {
    let mut found = node.named(namespace, name);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(Refused::Repeated(what)),
        (first, None) => Ok(first),
    }
}
