//! Signatures (SAML core, section 5.4; XML Signature). The form is checked by us, on the same tree that bergshamra then verifies:
//! it follows any reference and any transform, as XML Signature wants it, into files even.

use std::collections::HashSet;

use bergshamra::{DsigContext, KeysManager, VerifyResult, dsig::verify::verify_all_document_with_source};
use uppsala::Document;

use super::{
    Refused,
    shape::{self, Message},
};
use crate::protocols::saml::{
    certificate::Certificate,
    xml::{Node, SIGNATURE},
};

/// Exclusive XML Canonicalization, without comments.
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// Leaves out the signature itself.
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// What may sign (RFC 9231, sections 2.3.2 to 2.3.4 and 2.3.6).
const METHODS: [&str; 6] = [
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
];
/// What may hash.
const DIGESTS: [&str; 3] =
    ["http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512"];
/// What may be said of the key. The key itself is pinned, and this only a hint.
const KEY_INFO: [&str; 3] = ["KeyName", "KeyValue", "X509Data"];
/// How many prefixes may be taken along, and how long their list may be: each is looked at for each element.
const PREFIXES: usize = 16;
const PREFIX_LIST: usize = 512;

/// Verifies that all signatures are good, and that the assertion, or the response around it, is signed.
pub(super) fn verify(
    document: &Document<'_>,
    text: &str,
    message: &Message<'_>,
    assertion: Node<'_>,
    certificates: &[Certificate],
) -> Result<(), Refused> {
    if message.signatures.is_empty() {
        return Err(Refused::NotSigned);
    }
    let parent_of = |signature: &Node<'_>| [message.response, assertion].into_iter().find(|node| signature.parent() == Some(node.id));
    let parents: Option<Vec<_>> = message.signatures.iter().map(parent_of).collect();
    let parents = parents.ok_or(Refused::SignaturePlace)?;
    let signed: HashSet<_> = parents.iter().map(|parent| parent.id).collect();
    if signed.len() < parents.len() {
        return Err(Refused::ManySignatures);
    }
    for (signature, parent) in message.signatures.iter().zip(parents) {
        check(*signature, shape::id(parent)?)?;
    }
    let mut keys = KeysManager::new();
    for certificate in certificates {
        keys.add_key(certificate.key());
    }
    // Keys of the message are never used: the context's default.
    let results = verify_all_document_with_source(&DsigContext::new(keys), document, Some(text)).map_err(|_| Refused::SignatureShape)?;
    let mut resolved = HashSet::new();
    for result in &results {
        match result {
            VerifyResult::Valid { references, .. } if result.all_reference_digests_verified() && references.len() == 1 => {
                resolved.extend(references.iter().filter_map(|reference| reference.resolved_node));
            }
            VerifyResult::Invalid { reason } if reason.starts_with("Reference digest failed") => return Err(Refused::Digest),
            _ => return Err(Refused::Signature),
        }
    }
    // What was verified is what the signatures are in, and nothing else.
    if resolved == signed && results.len() == signed.len() { Ok(()) } else { Err(Refused::Reference) }
}

/// Whether a signature has the one form that SAML knows, and is of the element with this id.
fn check(signature: Node<'_>, id: &str) -> Result<(), Refused> {
    let parts: Vec<_> = signature.children().collect();
    let count = |name: &str| parts.iter().filter(|part| part.is(SIGNATURE, name)).count();
    if count("Object") > 0 {
        return Err(Refused::SignedObject);
    }
    if count("SignedInfo") > 1 {
        return Err(Refused::ManySignedInfo);
    }
    let (info, value, key) = match parts.as_slice() {
        [info, value] => (*info, *value, None),
        [info, value, key] => (*info, *value, Some(*key)),
        _ => return Err(Refused::SignatureShape),
    };
    plain(signature, "Signature", &["Id"])?;
    only_text(value, "SignatureValue", &["Id"])?;
    if let Some(key) = key {
        key_info(key)?;
    }
    signed_info(info, id)
}

fn signed_info(info: Node<'_>, id: &str) -> Result<(), Refused> {
    plain(info, "SignedInfo", &["Id"])?;
    let parts: Vec<_> = info.children().collect();
    if parts.iter().filter(|part| part.is(SIGNATURE, "Reference")).count() > 1 {
        return Err(Refused::ManyReferences);
    }
    let [canonicalization, method, reference] = parts.as_slice() else { return Err(Refused::SignatureShape) };
    plain(*canonicalization, "CanonicalizationMethod", &["Algorithm"])?;
    if canonicalization.attribute("Algorithm") != Some(EXCLUSIVE) {
        return Err(Refused::Canonicalization);
    }
    prefixes(*canonicalization)?;
    plain(*method, "SignatureMethod", &["Algorithm"])?;
    algorithm(*method, &METHODS)?;
    self::reference(*reference, id)
}

fn reference(reference: Node<'_>, id: &str) -> Result<(), Refused> {
    plain(reference, "Reference", &["Id", "URI"])?;
    // Neither the whole document (an empty URI), nor XPointer, nor a file.
    if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
        return Err(Refused::Reference);
    }
    let parts: Vec<_> = reference.children().collect();
    let [transforms, method, value] = parts.as_slice() else { return Err(Refused::SignatureShape) };
    plain(*transforms, "Transforms", &[])?;
    let steps: Vec<_> = transforms.children().collect();
    let [enveloped, exclusive] = steps.as_slice() else { return Err(Refused::Transform) };
    for (step, algorithm) in [(*enveloped, ENVELOPED), (*exclusive, EXCLUSIVE)] {
        plain(step, "Transform", &["Algorithm"])?;
        if step.attribute("Algorithm") != Some(algorithm) {
            return Err(Refused::Transform);
        }
    }
    if enveloped.children().next().is_some() {
        return Err(Refused::Transform);
    }
    prefixes(*exclusive)?;
    plain(*method, "DigestMethod", &["Algorithm"])?;
    algorithm(*method, &DIGESTS)?;
    only_text(*value, "DigestValue", &[])
}

/// The parameter of exclusive canonicalisation: the prefixes that are taken along though nothing uses them.
fn prefixes(method: Node<'_>) -> Result<(), Refused> {
    let mut parts = method.children();
    let Some(list) = parts.next() else { return Ok(()) };
    let is_list = list.is(EXCLUSIVE, "InclusiveNamespaces") && list.has_only(&["PrefixList"]) && list.children().next().is_none();
    if parts.next().is_some() || !is_list {
        return Err(Refused::SignatureShape);
    }
    let list = list.attribute("PrefixList").unwrap_or_default();
    if list.len() > PREFIX_LIST || list.split_whitespace().count() > PREFIXES { Err(Refused::PrefixList) } else { Ok(()) }
}

/// An algorithm of these, without parameters.
fn algorithm(method: Node<'_>, accepted: &[&str]) -> Result<(), Refused> {
    match method.attribute("Algorithm") {
        Some(name) if accepted.contains(&name) => {}
        Some(name) if name.contains("hmac") => return Err(Refused::Hmac),
        Some(name) if name.ends_with("sha1") => return Err(Refused::Sha1),
        _ => return Err(Refused::Algorithm),
    }
    if method.children().next().is_none() { Ok(()) } else { Err(Refused::SignatureShape) }
}

fn key_info(info: Node<'_>) -> Result<(), Refused> {
    if !info.is(SIGNATURE, "KeyInfo") || !info.has_only(&["Id"]) {
        return Err(Refused::SignatureShape);
    }
    let is_known = info.children().all(|hint| KEY_INFO.iter().any(|name| hint.is(SIGNATURE, name)));
    if is_known { Ok(()) } else { Err(Refused::SignatureShape) }
}

/// An element of the signature with nothing in it but elements.
fn plain(node: Node<'_>, name: &str, attributes: &[&str]) -> Result<(), Refused> {
    if node.is(SIGNATURE, name) && node.has_only(attributes) && node.is_plain() { Ok(()) } else { Err(Refused::SignatureShape) }
}

/// An element of the signature with nothing in it but text: the verification reads up to the first comment.
fn only_text(node: Node<'_>, name: &str, attributes: &[&str]) -> Result<(), Refused> {
    let is_text = node.is(SIGNATURE, name) && node.has_only(attributes) && node.is_one_text();
    if is_text { Ok(()) } else { Err(Refused::SignatureShape) }
}
