//! What the cases are made of: one answer, the ways to sign it, and what is expected of it.

use base64::{Engine, engine::general_purpose::STANDARD};
use frontdesk::protocols::saml::{
    certificate::Certificate,
    response::{self, Asserted, Attribute, Expected, Refused},
};

use crate::signer::{Seal, pem};

/// 2026-11-27T02:00:00Z.
pub const NOW: i64 = 1_795_744_800_000;
pub const IDP: &str = "https://idp.example.com/metadata";
pub const US: &str = "https://desk.example.com/saml";
pub const ACS: &str = "https://desk.example.com/saml/acs";
pub const ASKED: &str = "_q1";

/// The answer that all others are made from.
pub const ANSWER: &str = concat!(
    r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" "#,
    r#"ID="_r1" Version="2.0" IssueInstant="2026-11-27T01:59:58Z" Destination="https://desk.example.com/saml/acs" InResponseTo="_q1">"#,
    "<saml:Issuer>https://idp.example.com/metadata</saml:Issuer>",
    r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>"#,
    r#"<saml:Assertion ID="_a1" Version="2.0" IssueInstant="2026-11-27T01:59:58Z">"#,
    "<saml:Issuer>https://idp.example.com/metadata</saml:Issuer><saml:Subject>",
    r#"<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">ada@example.com</saml:NameID>"#,
    r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData "#,
    r#"NotOnOrAfter="2026-11-27T02:05:00Z" Recipient="https://desk.example.com/saml/acs" InResponseTo="_q1"/></saml:SubjectConfirmation>"#,
    r#"</saml:Subject><saml:Conditions NotBefore="2026-11-27T01:59:00Z" NotOnOrAfter="2026-11-27T02:10:00Z">"#,
    "<saml:AudienceRestriction><saml:Audience>https://desk.example.com/saml</saml:Audience></saml:AudienceRestriction></saml:Conditions>",
    r#"<saml:AuthnStatement AuthnInstant="2026-11-27T01:59:50Z" SessionIndex="_s1" SessionNotOnOrAfter="2026-11-27T10:00:00Z">"#,
    "<saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>",
    r#"<saml:Attribute Name="mail" FriendlyName="E-mail"><saml:AttributeValue>ada@example.com</saml:AttributeValue></saml:Attribute>"#,
    r#"<saml:Attribute Name="groups"><saml:AttributeValue>readers</saml:AttributeValue>"#,
    "<saml:AttributeValue>writers</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>",
);

/// What that answer says.
pub fn asserted() -> Asserted {
    let attribute = |name: &str, friendly: Option<&str>, values: &[&str]| Attribute {
        name: name.to_owned(),
        friendly_name: friendly.map(str::to_owned),
        values: values.iter().map(|&value| value.to_owned()).collect(),
    };
    Asserted {
        name_id: "ada@example.com".to_owned(),
        name_id_format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()),
        assertion_id: "_a1".to_owned(),
        replay_until_ms: NOW + 11 * 60_000,
        authn_instant_ms: NOW - 10_000,
        session_until_ms: Some(NOW + 8 * 3_600_000),
        session_index: Some("_s1".to_owned()),
        authn_context: Some("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport".to_owned()),
        in_response_to: Some(ASKED.to_owned()),
        attributes: vec![attribute("mail", Some("E-mail"), &["ada@example.com"]), attribute("groups", None, &["readers", "writers"])],
    }
}

/// A document, and what it is read with.
#[derive(Clone)]
pub struct Case {
    pub name: &'static str,
    pub field: String,
    pub pending: Option<&'static str>,
    pub certificates: Vec<&'static str>,
    /// What has to come of it.
    pub outcome: Result<Box<Asserted>, Refused>,
    /// Whether the identity provider signed other words than those of [`ANSWER`].
    pub is_signed_anew: bool,
}

impl Case {
    pub fn bad(name: &'static str, document: impl AsRef<[u8]>, refused: Refused) -> Self {
        Self::field(name, STANDARD.encode(document), refused)
    }

    pub fn field(name: &'static str, field: String, refused: Refused) -> Self {
        Self { name, field, pending: Some(ASKED), certificates: vec!["idp"], outcome: Err(refused), is_signed_anew: false }
    }

    pub fn good(name: &'static str, document: impl AsRef<[u8]>) -> Self {
        Self { outcome: Ok(Box::new(asserted())), ..Self::bad(name, document, Refused::Malformed) }
    }

    /// Says something else than [`ANSWER`].
    pub fn saying(self, edit: impl Fn(&mut Asserted)) -> Self {
        let mut asserted = asserted();
        edit(&mut asserted);
        Self { outcome: Ok(Box::new(asserted)), is_signed_anew: true, ..self }
    }

    pub fn pending(self, pending: Option<&'static str>) -> Self {
        Self { pending, ..self }
    }

    pub fn pinned(self, certificates: &[&'static str]) -> Self {
        Self { certificates: certificates.to_vec(), ..self }
    }

    pub fn signed_anew(self) -> Self {
        Self { is_signed_anew: true, ..self }
    }

    /// With its document changed once more.
    pub fn becoming(self, edit: impl Fn(String) -> String) -> Self {
        let document = String::from_utf8(self.document()).unwrap();
        Self { field: STANDARD.encode(edit(document)), ..self }
    }

    pub fn read(&self) -> Result<Asserted, Refused> {
        let certificates: Vec<_> = self.certificates.iter().map(|name| certificate(name)).collect();
        read(&self.field, &certificates, self.pending)
    }

    pub fn document(&self) -> Vec<u8> {
        STANDARD.decode(&self.field).unwrap_or_default()
    }
}

pub fn certificate(name: &str) -> Certificate {
    Certificate::parse(&pem(&format!("{name}.crt"))).unwrap()
}

pub fn read(field: &str, certificates: &[Certificate], pending: Option<&str>) -> Result<Asserted, Refused> {
    response::read(field, &Expected { idp: IDP, certificates, entity_id: US, acs: ACS, now_ms: NOW, pending })
}

/// The text with a part of it replaced, which has to be there.
pub fn swap(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in {text}");
    text.replace(from, to)
}

/// Likewise, where it is found first.
pub fn swap_first(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1)
}

/// The text without a part of it.
pub fn drop(text: &str, part: &str) -> String {
    swap(text, part, "")
}

/// The element with this tag name in a text, from its first beginning to its last end.
pub fn element<'a>(text: &'a str, name: &str) -> &'a str {
    let begin = text.find(&format!("<{name}")).unwrap_or_else(|| panic!("no {name}"));
    let close = format!("</{name}>");
    let end = text.rfind(&close).unwrap_or_else(|| panic!("no end of {name}")) + close.len();
    &text[begin..end]
}

pub fn response_signed(xml: &str) -> String {
    Seal::idp().on(xml, "_r1")
}

pub fn assertion_signed(xml: &str) -> String {
    Seal::idp().on(xml, "_a1")
}

pub fn both_signed(xml: &str) -> String {
    response_signed(&assertion_signed(xml))
}
