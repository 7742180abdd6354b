//! Who it is, and what is said about them (SAML core, sections 2.2, 2.4 and 2.7.3).

use std::borrow::Cow;

use super::{Attribute, Refused, one};
use crate::protocols::saml::xml::{ASSERTION, Node};

/// How long a name may be.
const LONGEST: usize = 1024;
/// A name that is another one each time (SAML core, section 8.3.8).
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// The name of the subject, and its kind. The whole text is the name, to the letter.
pub(super) fn name(assertion: Node<'_>) -> Result<(String, Option<String>), Refused> {
    let subject = one(assertion, ASSERTION, "Subject", "a Subject")?;
    if subject.named(ASSERTION, "EncryptedID").next().is_some() {
        return Err(Refused::Encrypted);
    }
    let element = one(subject, ASSERTION, "NameID", "a NameID")?;
    let name = text(element, "the NameID")?;
    let format = element.attribute("Format");
    // It is no identity: at the next sign-in it belongs to nobody, or to somebody else.
    if format == Some(TRANSIENT) {
        return Err(Refused::NameIdTransient);
    }
    if name.trim().is_empty() {
        return Err(Refused::NameIdEmpty);
    }
    if name.len() > LONGEST {
        return Err(Refused::NameIdLong);
    }
    // Two names that look the same should be the same.
    if name.trim() != name || name.chars().any(char::is_control) {
        return Err(Refused::NameIdUnclean);
    }
    Ok((name.into_owned(), format.map(str::to_owned)))
}

/// What is said about the person, in all statements.
pub(super) fn attributes(assertion: Node<'_>) -> Result<Vec<Attribute>, Refused> {
    let mut attributes = Vec::new();
    for statement in assertion.named(ASSERTION, "AttributeStatement") {
        for element in statement.children() {
            if element.is(ASSERTION, "EncryptedAttribute") {
                return Err(Refused::Encrypted);
            }
            if !element.is(ASSERTION, "Attribute") {
                return Err(Refused::Unexpected("AttributeStatement"));
            }
            attributes.push(attribute(element)?);
        }
    }
    Ok(attributes)
}

fn attribute(element: Node<'_>) -> Result<Attribute, Refused> {
    let name = element.attribute("Name").filter(|name| !name.is_empty()).ok_or(Refused::Missing("the Name of an Attribute"))?;
    let mut values = Vec::new();
    for value in element.children() {
        if !value.is(ASSERTION, "AttributeValue") {
            return Err(Refused::Unexpected("Attribute"));
        }
        values.push(text(value, "an AttributeValue")?.into_owned());
    }
    Ok(Attribute { name: name.to_owned(), friendly_name: element.attribute("FriendlyName").map(str::to_owned), values })
}

fn text<'d>(element: Node<'d>, what: &'static str) -> Result<Cow<'d, str>, Refused> {
    element.text().ok_or(Refused::MixedText(what))
}
