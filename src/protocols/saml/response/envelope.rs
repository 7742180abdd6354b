//! The response around the assertion (SAML core, section 3.2.2; SAML profiles, section 4.1.4.2).

use super::{Expected, Refused, at_most_one, one, shape::Message};
use crate::protocols::saml::{
    moments,
    xml::{ASSERTION, Node, PROTOCOL},
};

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// The kind of name that an issuer is of (SAML core, section 8.3.6).
const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";

/// What may be said about a failure (SAML core, section 3.2.2.2). The words come from here: the answer's own are anybody's.
const CODES: [&str; 22] = [
    "AuthnFailed",
    "InvalidAttrNameOrValue",
    "InvalidNameIDPolicy",
    "NoAuthnContext",
    "NoAvailableIDP",
    "NoPassive",
    "NoSupportedIDP",
    "PartialLogout",
    "ProxyCountExceeded",
    "RequestDenied",
    "RequestUnsupported",
    "RequestVersionDeprecated",
    "RequestVersionTooHigh",
    "RequestVersionTooLow",
    "ResourceNotRecognized",
    "TooManyResponses",
    "UnknownAttrProfile",
    "UnknownPrincipal",
    "UnsupportedBinding",
    "Requester",
    "Responder",
    "VersionMismatch",
];

/// Whether anybody was signed in. That is asked first: an answer that says no is often not signed, and worth understanding.
pub(super) fn succeeded(message: &Message<'_>) -> Result<(), Refused> {
    let status = one(message.response, PROTOCOL, "Status", "a Status")?;
    let code = one(status, PROTOCOL, "StatusCode", "a StatusCode")?;
    if code.attribute("Value") == Some(SUCCESS) {
        return Ok(());
    }
    let second = at_most_one(code, PROTOCOL, "StatusCode", "a StatusCode in the StatusCode")?;
    Err(Refused::Status(second.and_then(known).or_else(|| known(code)).unwrap_or("a code that is not in the standard")))
}

fn known(code: Node<'_>) -> Option<&'static str> {
    let name = code.attribute("Value")?.strip_prefix("urn:oasis:names:tc:SAML:2.0:status:")?;
    CODES.into_iter().find(|known| *known == name)
}

/// Who answers whom, and where.
pub(super) fn check(message: &Message<'_>, expected: &Expected<'_>) -> Result<(), Refused> {
    let response = message.response;
    issuer(one(response, ASSERTION, "Issuer", "an Issuer of the response")?, expected.idp)?;
    let issued = response.attribute("IssueInstant").ok_or(Refused::Missing("an IssueInstant of the response"))?;
    moments::read(issued).ok_or(Refused::Time("the IssueInstant of the response"))?;
    match response.attribute("Destination") {
        Some(destination) if destination == expected.acs => {}
        Some(_) => return Err(Refused::Destination),
        // SAML bindings, section 3.5.5.2, wants it of signed messages: without it, one could be carried elsewhere. Of all others we want it too.
        None => return Err(Refused::Missing("a Destination")),
    }
    // Not even a confirmation that is not looked at may answer a question that nobody asked.
    if expected.pending.is_none() && response.all().any(|node| node.attribute("InResponseTo").is_some()) {
        return Err(Refused::NotAsked);
    }
    in_response_to(response, expected)
}

/// Whether an issuer is this one.
pub(super) fn issuer(issuer: Node<'_>, idp: &str) -> Result<(), Refused> {
    let is_entity = issuer.attribute("Format").is_none_or(|format| format == ENTITY);
    let text = issuer.text().ok_or(Refused::MixedText("an Issuer"))?;
    if is_entity && text == idp { Ok(()) } else { Err(Refused::Issuer) }
}

/// Whether the response, or the confirmation of its subject, answers what this browser asked.
pub(super) fn in_response_to(node: Node<'_>, expected: &Expected<'_>) -> Result<(), Refused> {
    match (node.attribute("InResponseTo"), expected.pending) {
        (None, None) => Ok(()),
        (Some(answers), Some(asked)) if answers == asked => Ok(()),
        (Some(_), Some(_)) => Err(Refused::OtherRequest),
        (None, Some(_)) => Err(Refused::Unsolicited),
        (Some(_), None) => Err(Refused::NotAsked),
    }
}
