//! What stands where in an answer. Wrapping attacks put what was signed where nobody looks, and something else where everybody
//! does: so there is one place for each thing, and a second one anywhere is refused.

use std::collections::HashSet;

use super::{Refused, at_most_one};
use crate::protocols::saml::xml::{ASSERTION, Node, PROTOCOL, SIGNATURE};

/// Attributes that anything takes for an id, the verification of signatures among it, in whatever namespace.
const IDS: [&str; 4] = ["ID", "Id", "id", "AssertionID"];
/// How long an id may be.
const LONGEST_ID: usize = 256;

/// An answer whose parts are where they belong.
pub(super) struct Message<'d> {
    /// The response itself.
    pub response: Node<'d>,
    /// All signatures in it, wherever.
    pub signatures: Vec<Node<'d>>,
    assertion: Result<Node<'d>, Refused>,
}

impl<'d> Message<'d> {
    /// What is asserted. An answer that says why nobody was signed in has nothing to assert.
    pub fn assertion(&self) -> Result<Node<'d>, Refused> {
        self.assertion
    }
}

/// Looks through the whole document once.
pub(super) fn read(root: Node<'_>) -> Result<Message<'_>, Refused> {
    if !root.is(PROTOCOL, "Response") {
        return Err(Refused::NotAResponse);
    }
    unique_ids(root)?;
    let message = Message { response: root, signatures: signatures(root), assertion: assertion(root) };
    if root.attribute("Version") != Some("2.0") {
        return Err(Refused::Version);
    }
    id(root)?;
    if !matches!(message.assertion, Err(Refused::ManyAssertions)) {
        belongs(root)?;
    }
    Ok(message)
}

/// No id twice, and none for two names: which element a signature is of must not depend on who looks for it.
fn unique_ids(root: Node<'_>) -> Result<(), Refused> {
    let mut seen = HashSet::new();
    let mut ids = root.all().flat_map(Node::attributes).filter(|(name, _)| IDS.contains(name));
    if ids.all(|(_, id)| seen.insert(id)) { Ok(()) } else { Err(Refused::DuplicateId) }
}

/// The id of the response or the assertion: an `xs:ID` of the letters that are in use, and no other attribute that could be
/// taken for it.
pub(super) fn id(node: Node<'_>) -> Result<&str, Refused> {
    let id = node.attribute("ID").ok_or(Refused::BadId)?;
    let begins = id.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    let goes_on = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    let is_only = node.attributes().filter(|(name, _)| IDS.contains(name)).count() == 1;
    if begins && goes_on && is_only && id.len() <= LONGEST_ID { Ok(id) } else { Err(Refused::BadId) }
}

fn signatures(root: Node<'_>) -> Vec<Node<'_>> {
    root.all().filter(|node| node.is(SIGNATURE, "Signature")).collect()
}

/// The one assertion. Anything else by the name of an assertion or a response, in any namespace and at any depth, is a decoy.
fn assertion(root: Node<'_>) -> Result<Node<'_>, Refused> {
    let is_alike = |node: &Node<'_>| matches!(node.local(), "Assertion" | "EncryptedAssertion" | "Response");
    let mut alike = root.all().skip(1).filter(is_alike);
    match (alike.next(), alike.next()) {
        (None, _) => Err(Refused::NoAssertion),
        (Some(only), None) if only.parent() == Some(root.id) && only.is(ASSERTION, "Assertion") => Ok(only),
        (Some(only), None) if only.parent() == Some(root.id) && only.is(ASSERTION, "EncryptedAssertion") => Err(Refused::Encrypted),
        (Some(_), _) => Err(Refused::ManyAssertions),
    }
}

/// The children of a response, as the schema has them (SAML core, section 3.2.2), each at most once.
fn belongs(root: Node<'_>) -> Result<(), Refused> {
    const WHAT: &str = "Response";
    at_most_one(root, ASSERTION, "Issuer", "an Issuer of the response")?;
    at_most_one(root, PROTOCOL, "Extensions", "Extensions")?;
    at_most_one(root, PROTOCOL, "Status", "a Status")?;
    let is_known = |node: Node<'_>| {
        node.is(PROTOCOL, "Extensions")
            || node.is(PROTOCOL, "Status")
            || node.is(SIGNATURE, "Signature")
            || ["Issuer", "Assertion", "EncryptedAssertion"].iter().any(|name| node.is(ASSERTION, name))
    };
    if root.children().all(is_known) { Ok(()) } else { Err(Refused::Unexpected(WHAT)) }
}
