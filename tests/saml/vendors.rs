//! Answers in the shape that well-known products give them: their prefixes, their order, their ways to sign. Names and addresses
//! are ours.

use crate::{
    cases::{ACS, Case, IDP, US},
    signer::{RSA_SHA256, RSA_SHA512, SHA256, SHA512, Seal},
};

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

pub fn cases() -> Vec<Case> {
    let says = |case: Case| {
        case.saying(|said| {
            said.name_id_format = Some(EMAIL.into());
            said.replay_until_ms = crate::cases::NOW + 6 * 60_000;
            said.session_until_ms = None;
            said.attributes.truncate(1);
            said.attributes[0].friendly_name = None;
        })
    };
    vec![
        says(Case::good("as Microsoft Entra answers", entra())),
        says(Case::good("as Okta answers", okta())),
        says(Case::good("as Google answers", google())),
        says(Case::good("as Keycloak answers", keycloak())),
        says(Case::good("as Shibboleth answers", shibboleth())),
    ]
}

/// No prefixes anywhere, the assertion signed, the certificate along.
fn entra() -> String {
    let xml = format!(
        "<samlp:Response ID=\"_r1\" Version=\"2.0\" IssueInstant=\"2026-11-27T01:59:58.123Z\" Destination=\"{ACS}\" InResponseTo=\"_q1\" \
         xmlns:samlp=\"{PROTOCOL}\"><Issuer xmlns=\"{ASSERTION}\">{IDP}</Issuer><samlp:Status><samlp:StatusCode \
         Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status><Assertion ID=\"_a1\" IssueInstant=\"2026-11-27T01:59:58.120Z\" \
         Version=\"2.0\" xmlns=\"{ASSERTION}\"><Issuer>{IDP}</Issuer><Subject><NameID Format=\"{EMAIL}\">ada@example.com</NameID>\
         <SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><SubjectConfirmationData InResponseTo=\"_q1\" \
         NotOnOrAfter=\"2026-11-27T02:05:00.000Z\" Recipient=\"{ACS}\"/></SubjectConfirmation></Subject><Conditions \
         NotBefore=\"2026-11-27T01:54:58.120Z\" NotOnOrAfter=\"2026-11-27T02:05:00.000Z\"><AudienceRestriction><Audience>{US}</Audience>\
         </AudienceRestriction></Conditions><AttributeStatement><Attribute Name=\"mail\"><AttributeValue>ada@example.com</AttributeValue>\
         </Attribute></AttributeStatement><AuthnStatement AuthnInstant=\"2026-11-27T01:59:50.000Z\" SessionIndex=\"_s1\"><AuthnContext>\
         <AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</AuthnContextClassRef></AuthnContext>\
         </AuthnStatement></Assertion></samlp:Response>"
    );
    Seal { is_bare: true, ..Seal::idp() }.with_certificate("idp").on(&xml, "_a1")
}

/// Its own prefixes, a list of prefixes to take along, both signed, and types on values.
fn okta() -> String {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><saml2p:Response Destination=\"{ACS}\" ID=\"_r1\" InResponseTo=\"_q1\" \
         IssueInstant=\"2026-11-27T01:59:58.123Z\" Version=\"2.0\" xmlns:saml2p=\"{PROTOCOL}\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\
         <saml2:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\" xmlns:saml2=\"{ASSERTION}\">{IDP}</saml2:Issuer>\
         <saml2p:Status xmlns:saml2p=\"{PROTOCOL}\"><saml2p:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></saml2p:Status>\
         <saml2:Assertion ID=\"_a1\" IssueInstant=\"2026-11-27T01:59:58.123Z\" Version=\"2.0\" xmlns:saml2=\"{ASSERTION}\" \
         xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><saml2:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\" \
         xmlns:saml2=\"{ASSERTION}\">{IDP}</saml2:Issuer><saml2:Subject xmlns:saml2=\"{ASSERTION}\"><saml2:NameID Format=\"{EMAIL}\">\
         ada@example.com</saml2:NameID><saml2:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <saml2:SubjectConfirmationData InResponseTo=\"_q1\" NotOnOrAfter=\"2026-11-27T02:05:00.000Z\" Recipient=\"{ACS}\"/>\
         </saml2:SubjectConfirmation></saml2:Subject><saml2:Conditions NotBefore=\"2026-11-27T01:54:58.123Z\" \
         NotOnOrAfter=\"2026-11-27T02:05:00.000Z\" xmlns:saml2=\"{ASSERTION}\"><saml2:AudienceRestriction><saml2:Audience>{US}</saml2:Audience>\
         </saml2:AudienceRestriction></saml2:Conditions><saml2:AuthnStatement AuthnInstant=\"2026-11-27T01:59:50.000Z\" SessionIndex=\"_s1\" \
         xmlns:saml2=\"{ASSERTION}\"><saml2:AuthnContext><saml2:AuthnContextClassRef>\
         urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext>\
         </saml2:AuthnStatement><saml2:AttributeStatement xmlns:saml2=\"{ASSERTION}\"><saml2:Attribute Name=\"mail\" \
         NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified\"><saml2:AttributeValue \
         xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\">\
         ada@example.com</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement></saml2:Assertion></saml2p:Response>"
    );
    let seal = Seal { prefixes: "xs", ..Seal::idp() }.with_certificate("idp");
    seal.on(&seal.on(&xml, "_a1"), "_r1")
}

/// The response signed, its signature before the status, the assertion with its own declarations.
fn google() -> String {
    Seal::idp().with_certificate("idp").on(&usual("saml2p", "saml2"), "_r1")
}

/// RSA with SHA-512, the name of the key and the key itself along.
fn keycloak() -> String {
    let seal = Seal::by("idp", RSA_SHA512, SHA512);
    let value = seal.key.to_key_value_xml("ds").unwrap();
    let key_info = format!("<ds:KeyInfo><ds:KeyName>k1</ds:KeyName><ds:KeyValue>{value}</ds:KeyValue></ds:KeyInfo>");
    Seal { key_info, ..seal }.on(&usual("samlp", "saml"), "_r1")
}

/// In lines, the address of the browser along, qualifiers on the name.
fn shibboleth() -> String {
    let xml = usual("saml2p", "saml2")
        .replace("><", ">\n    <")
        .replace("<saml2:SubjectConfirmationData ", "<saml2:SubjectConfirmationData Address=\"192.0.2.7\" ")
        .replace("<saml2:NameID ", &format!("<saml2:NameID NameQualifier=\"{IDP}\" SPNameQualifier=\"{US}\" "))
        .replace("<saml2:AuthnContext>", "<saml2:SubjectLocality Address=\"192.0.2.7\"/>\n<saml2:AuthnContext>");
    Seal::by("idp", RSA_SHA256, SHA256).with_certificate("idp").on(&xml, "_a1")
}

fn usual(p: &str, a: &str) -> String {
    format!(
        "<{p}:Response xmlns:{p}=\"{PROTOCOL}\" Destination=\"{ACS}\" ID=\"_r1\" InResponseTo=\"_q1\" IssueInstant=\"2026-11-27T01:59:58.123Z\" \
         Version=\"2.0\"><{a}:Issuer xmlns:{a}=\"{ASSERTION}\">{IDP}</{a}:Issuer><{p}:Status><{p}:StatusCode \
         Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></{p}:Status><{a}:Assertion xmlns:{a}=\"{ASSERTION}\" ID=\"_a1\" \
         IssueInstant=\"2026-11-27T01:59:58.123Z\" Version=\"2.0\"><{a}:Issuer>{IDP}</{a}:Issuer><{a}:Subject><{a}:NameID \
         Format=\"{EMAIL}\">ada@example.com</{a}:NameID><{a}:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <{a}:SubjectConfirmationData InResponseTo=\"_q1\" NotOnOrAfter=\"2026-11-27T02:05:00Z\" Recipient=\"{ACS}\"/>\
         </{a}:SubjectConfirmation></{a}:Subject><{a}:Conditions NotBefore=\"2026-11-27T01:59:58Z\" NotOnOrAfter=\"2026-11-27T02:05:00Z\">\
         <{a}:AudienceRestriction><{a}:Audience>{US}</{a}:Audience></{a}:AudienceRestriction></{a}:Conditions><{a}:AttributeStatement>\
         <{a}:Attribute Name=\"mail\"><{a}:AttributeValue xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:anyType\">ada@example.com</{a}:AttributeValue></{a}:Attribute>\
         </{a}:AttributeStatement><{a}:AuthnStatement AuthnInstant=\"2026-11-27T01:59:50Z\" SessionIndex=\"_s1\"><{a}:AuthnContext>\
         <{a}:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</{a}:AuthnContextClassRef>\
         </{a}:AuthnContext></{a}:AuthnStatement></{a}:Assertion></{p}:Response>"
    )
}
