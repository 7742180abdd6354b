//! Signatures that are no proof.

use frontdesk::protocols::saml::response::Refused::{Algorithm, Digest, Hmac, NoCertificates, NotSigned, Sha1, Signature, SignatureShape};

use crate::{
    cases::{ANSWER, Case, assertion_signed, both_signed, drop, element, response_signed, swap, swap_first},
    signer::{ECDSA_SHA256, RSA_SHA256, RSA_SHA512, SHA256, Seal, put},
};

pub fn cases() -> Vec<Case> {
    [strangers(), changed(), algorithms()].concat()
}

fn signature(xml: &str) -> &str {
    element(xml, "ds:Signature")
}

fn strangers() -> Vec<Case> {
    let stranger = || Seal::by("attacker", RSA_SHA256, SHA256);
    let good = assertion_signed(ANSWER);
    vec![
        Case::bad("not signed", ANSWER, NotSigned),
        Case::bad("the signature taken out", drop(&good, signature(&good)), NotSigned),
        Case::bad("signed by somebody else", stranger().on(ANSWER, "_a1"), Signature),
        Case::bad("signed by somebody else, with their certificate", stranger().with_certificate("attacker").on(ANSWER, "_a1"), Signature),
        Case::bad("signed by somebody else, with the pinned certificate", stranger().with_certificate("idp").on(ANSWER, "_a1"), Signature),
        Case::bad("somebody else's KeyValue", Seal { key_info: key_value(), ..stranger() }.on(ANSWER, "_a1"), Signature),
        Case::bad("somebody else's response around the good assertion", stranger().on(&good, "_r1"), Signature),
        Case::bad("somebody else's assertion in the good response", response_signed(&stranger().on(ANSWER, "_a1")), Signature)
            .signed_anew(),
        Case::bad("by the key before the last", assertion_signed(ANSWER), Signature).pinned(&["next"]),
        Case::bad("an elliptic key where one of RSA is pinned", Seal::by("p256", ECDSA_SHA256, SHA256).on(ANSWER, "_a1"), Signature),
        Case::bad("a key of RSA where an elliptic one is pinned", assertion_signed(ANSWER), Signature).pinned(&["p256"]),
        Case::bad("nothing pinned", assertion_signed(ANSWER), NoCertificates).pinned(&[]),
        Case::bad("nothing pinned and nothing signed", ANSWER, NoCertificates).pinned(&[]),
        Case::bad("HMAC with the public certificate for a secret", Seal::hmac("idp.crt").on(ANSWER, "_a1"), Hmac),
    ]
}

/// The key of somebody else, in the message itself.
fn key_value() -> String {
    let key = Seal::by("attacker", RSA_SHA256, SHA256).key;
    format!("<ds:KeyInfo><ds:KeyValue>{}</ds:KeyValue></ds:KeyInfo>", key.to_key_value_xml("ds").unwrap())
}

fn changed() -> Vec<Case> {
    let [response, assertion, both] = [response_signed(ANSWER), assertion_signed(ANSWER), both_signed(ANSWER)];
    let edits: [(&'static str, &'static str, &str, &str); 12] = [
        (
            "another name, response signed",
            "another name, assertion signed",
            ">ada@example.com</saml:NameID>",
            ">admin@example.com</saml:NameID>",
        ),
        ("another format, response signed", "another format, assertion signed", "nameid-format:persistent", "nameid-format:emailAddress"),
        ("another audience, response signed", "another audience, assertion signed", ">https://desk.example.com/saml<", ">urn:other<"),
        ("another end, response signed", "another end, assertion signed", "02:10:00Z", "02:59:00Z"),
        ("another group, response signed", "another group, assertion signed", ">readers<", ">admins<"),
        ("another attribute, response signed", "another attribute, assertion signed", "Name=\"groups\"", "Name=\"roles\""),
        (
            "another recipient, response signed",
            "another recipient, assertion signed",
            "Recipient=\"https://desk",
            "Recipient=\"https://other",
        ),
        ("a blank more, response signed", "a blank more, assertion signed", "<saml:Subject>", "<saml:Subject> "),
        ("an instruction more, response signed", "an instruction more, assertion signed", "<saml:Subject>", "<saml:Subject><?x?>"),
        (
            "an empty attribute more, response signed",
            "an empty attribute more, assertion signed",
            "<saml:Subject>",
            "<saml:Subject x=\"\">",
        ),
        (
            "a group more, response signed",
            "a group more, assertion signed",
            "</saml:AttributeStatement>",
            "<saml:Attribute Name=\"x\"/></saml:AttributeStatement>",
        ),
        ("a group less, response signed", "a group less, assertion signed", "<saml:AttributeValue>writers</saml:AttributeValue>", ""),
    ];
    let mut cases = Vec::new();
    for (of_response, of_assertion, from, to) in edits {
        cases.push(Case::bad(of_response, swap(&response, from, to), Digest));
        cases.push(Case::bad(of_assertion, swap(&assertion, from, to), Digest));
    }
    cases.push(Case::bad("the response changed, with both signed", swap_first(&both, "01:59:58Z", "01:59:57Z"), Digest));
    cases.push(Case::bad(
        "the status changed to success",
        swap(&response_signed(&swap(ANSWER, "status:Success", "status:Responder")), "status:Responder", "status:Success"),
        Digest,
    ));
    cases.push(Case::bad(
        "the assertion's signature taken out of a signed response",
        drop(&response_signed(&assertion), signature(&assertion)),
        Digest,
    ));
    cases.push(Case::bad("another digest", swap(&assertion, "<ds:DigestValue>", "<ds:DigestValue>AAAA"), Digest));
    cases.push(Case::bad("another value", swap(&assertion, "<ds:SignatureValue>", "<ds:SignatureValue>AAAA"), Signature));
    cases.push(Case::bad("no value", swap(&assertion, element(&assertion, "ds:SignatureValue"), "<ds:SignatureValue/>"), SignatureShape));
    cases.push(Case::bad(
        "a blank for a value",
        swap(&assertion, element(&assertion, "ds:SignatureValue"), "<ds:SignatureValue> </ds:SignatureValue>"),
        Signature,
    ));
    cases.push(Case::bad(
        "zeros for a value",
        swap(&assertion, element(&assertion, "ds:SignatureValue"), &format!("<ds:SignatureValue>{}</ds:SignatureValue>", "A".repeat(344))),
        Signature,
    ));
    cases.push(Case::bad(
        "the digest of something else, not signed anew",
        swap(
            &assertion,
            element(&assertion, "ds:DigestValue"),
            element(&Seal::idp().signature(&swap(ANSWER, "ada@", "admin@"), "_a1"), "ds:DigestValue"),
        ),
        Digest,
    ));
    cases.push(Case::bad(
        "digest and content changed together",
        put(
            &swap(ANSWER, "ada@", "admin@"),
            "_a1",
            &swap(
                signature(&assertion),
                element(&assertion, "ds:DigestValue"),
                element(&Seal::idp().signature(&swap(ANSWER, "ada@", "admin@"), "_a1"), "ds:DigestValue"),
            ),
        ),
        Signature,
    ));
    cases
}

fn algorithms() -> Vec<Case> {
    let good = assertion_signed(ANSWER);
    let method = |to: &str| swap(&good, RSA_SHA256, to);
    vec![
        Case::bad("RSA with SHA-1", method("http://www.w3.org/2000/09/xmldsig#rsa-sha1"), Sha1),
        Case::bad("ECDSA with SHA-1", method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"), Sha1),
        Case::bad("DSA with SHA-1", method("http://www.w3.org/2000/09/xmldsig#dsa-sha1"), Sha1),
        Case::bad(
            "a digest of SHA-1",
            Seal::idp().editing(|info| swap(&info, SHA256, "http://www.w3.org/2000/09/xmldsig#sha1")).on(ANSWER, "_a1"),
            Sha1,
        ),
        Case::bad("HMAC with SHA-1", method("http://www.w3.org/2000/09/xmldsig#hmac-sha1"), Hmac),
        Case::bad(
            "the digest of nothing, which is what a canonicalisation that fails leaves",
            Seal::idp()
                .editing(|info| {
                    let value = element(&info, "ds:DigestValue").to_owned();
                    swap(&info, &value, "<ds:DigestValue>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ds:DigestValue>")
                })
                .on(&swap(ANSWER, "<saml:Subject>", "<saml:Subject xmlns:ns=\"1\">"), "_a1"),
            Digest,
        ),
        Case::bad("RSA with MD5", method("http://www.w3.org/2001/04/xmldsig-more#rsa-md5"), Algorithm),
        Case::bad("RSA with RIPEMD", method("http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160"), Algorithm),
        Case::bad("RSA-PSS", method("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"), Algorithm),
        Case::bad("RSA-PSS with parameters", method("http://www.w3.org/2007/05/xmldsig-more#rsa-pss"), Algorithm),
        Case::bad("DSA with SHA-256", method("http://www.w3.org/2009/xmldsig11#dsa-sha256"), Algorithm),
        Case::bad("none", method("none"), Algorithm),
        Case::bad("no algorithm", method(""), Algorithm),
        Case::bad(
            "no attribute for the algorithm",
            swap(&good, &format!("<ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"/>"), "<ds:SignatureMethod/>"),
            Algorithm,
        ),
        Case::bad("another hash than was signed with", method(RSA_SHA512), Signature),
        Case::bad(
            "an algorithm in a namespace before the other",
            swap(&good, "<ds:SignatureMethod ", "<ds:SignatureMethod ds:Algorithm=\"http://www.w3.org/2000/09/xmldsig#rsa-sha1\" "),
            SignatureShape,
        ),
        Case::bad("an algorithm in capitals", method(&RSA_SHA256.to_uppercase()), Algorithm),
        Case::bad(
            "a length for an output",
            swap(
                &good,
                &format!("<ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"/>"),
                &format!(
                    "<ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>"
                ),
            ),
            SignatureShape,
        ),
        Case::bad(
            "a digest of MD5",
            Seal::idp().editing(|info| swap(&info, SHA256, "http://www.w3.org/2001/04/xmldsig-more#md5")).on(ANSWER, "_a1"),
            Algorithm,
        ),
    ]
}
