//! What was signed is put where nobody looks, and something else where everybody does (Somorovsky et al., "On Breaking SAML",
//! 2012: XSW 1 to 8), and what people have thought of since.

use frontdesk::protocols::saml::response::Refused::{
    DuplicateId, ManyAssertions, NotAResponse, NotSigned, Reference, SignaturePlace, SignedObject, Unexpected,
};

use crate::{
    cases::{ANSWER, Case, assertion_signed, both_signed, drop, element, response_signed, swap, swap_first},
    signer::{Seal, put},
};

/// An answer that nobody signed, about somebody else, with ids of its own.
fn evil() -> String {
    swap(&swap(&swap(ANSWER, "ada@", "admin@"), "\"_r1\"", "\"_r2\""), "\"_a1\"", "\"_a2\"")
}

fn signature(xml: &str) -> &str {
    element(xml, "ds:Signature")
}

fn assertion(xml: &str) -> &str {
    element(xml, "saml:Assertion")
}

/// The namespaces that a part of an answer needs when it stands elsewhere.
fn alone(part: &str) -> String {
    part.replacen(
        " ID=",
        " xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=",
        1,
    )
}

fn object(inside: &str) -> String {
    format!("<ds:Object>{inside}</ds:Object></ds:Signature>")
}

fn extensions(xml: &str, inside: &str) -> String {
    swap_first(xml, "<samlp:Status>", &format!("<samlp:Extensions>{inside}</samlp:Extensions><samlp:Status>"))
}

pub fn cases() -> Vec<Case> {
    [known(), places(), twins(), names(), others()].concat()
}

fn known() -> Vec<Case> {
    let response = response_signed(ANSWER);
    let (bare_response, response_signature) = (drop(&response, signature(&response)), signature(&response).to_owned());
    let signed = assertion_signed(ANSWER);
    let (whole, seal) = (assertion(&signed).to_owned(), signature(&signed).to_owned());
    let bare = drop(&whole, &seal);
    let evil = evil();
    let evil_assertion = assertion(&evil).to_owned();
    let with_evil = |inside: &str| swap(&evil, &evil_assertion, inside);
    let sealed_evil = put(&evil_assertion, "_a2", &seal);
    vec![
        Case::bad(
            "XSW 1: the signed response in the signature of another",
            put(&evil, "_r2", &swap(&response_signature, "</ds:Signature>", &format!("{bare_response}</ds:Signature>"))),
            ManyAssertions,
        ),
        Case::bad(
            "XSW 2: the signed response beside the signature in another",
            put(&evil, "_r2", &format!("{bare_response}{response_signature}")),
            ManyAssertions,
        ),
        Case::bad("XSW 3: another assertion before the signed one", with_evil(&format!("{evil_assertion}{whole}")), ManyAssertions),
        Case::bad(
            "XSW 4: the signed assertion in another",
            with_evil(&swap(&evil_assertion, "</saml:Assertion>", &format!("{whole}</saml:Assertion>"))),
            ManyAssertions,
        ),
        Case::bad(
            "XSW 5: the signature in another assertion, what it is of behind",
            with_evil(&format!("{sealed_evil}{bare}")),
            ManyAssertions,
        ),
        Case::bad(
            "XSW 6: the signed assertion in the signature in another",
            with_evil(&put(&evil_assertion, "_a2", &swap(&seal, "</ds:Signature>", &format!("{bare}</ds:Signature>")))),
            ManyAssertions,
        ),
        Case::bad("XSW 7: another assertion in Extensions", extensions(&signed, &evil_assertion), ManyAssertions),
        Case::bad(
            "XSW 8: the signed assertion in an Object of the signature in another",
            with_evil(&put(&evil_assertion, "_a2", &swap(&seal, "</ds:Signature>", &object(&bare)))),
            ManyAssertions,
        ),
    ]
}

fn places() -> Vec<Case> {
    let signed = assertion_signed(ANSWER);
    let (whole, seal) = (assertion(&signed).to_owned(), signature(&signed).to_owned());
    let bare = assertion(ANSWER).to_owned();
    let evil = evil();
    let evil_assertion = assertion(&evil).to_owned();
    let response = response_signed(ANSWER);
    let under = |name: &str, place: &str| swap(&swap(&evil, &evil_assertion, ""), place, &format!("{place}<{name}>{whole}</{name}>"));
    vec![
        Case::bad("another assertion behind the signed one", swap(&signed, &whole, &format!("{whole}{evil_assertion}")), ManyAssertions),
        Case::bad("the only assertion in Extensions", extensions(&drop(&signed, &whole), &whole), ManyAssertions),
        Case::bad("the only assertion in Status", under("samlp:StatusDetail", "<samlp:Status>"), ManyAssertions),
        Case::bad(
            "an assertion as an attribute's value",
            swap(&evil, "<saml:AttributeValue>readers", &format!("<saml:AttributeValue>{}readers", alone(&whole))),
            ManyAssertions,
        ),
        Case::bad(
            "an assertion as advice in another",
            swap(&evil, "</saml:Conditions>", &format!("</saml:Conditions><saml:Advice>{whole}</saml:Advice>")),
            ManyAssertions,
        ),
        Case::bad(
            "an assertion in the confirmation of another's subject",
            swap_first(&evil, "InResponseTo=\"_q1\"/>", &format!("InResponseTo=\"_q1\">{whole}</saml:SubjectConfirmationData>")),
            ManyAssertions,
        ),
        Case::bad("the signed response as a whole in another's Extensions", extensions(&evil, &response), ManyAssertions),
        Case::bad("the signed response around another", swap(&response, assertion(&response), &format!("{bare}{evil}")), ManyAssertions),
        Case::bad("the signature in Extensions", extensions(&drop(&signed, &seal), &seal), SignaturePlace),
        Case::bad("the assertion's signature in the response", put(ANSWER, "_r1", &seal), Reference),
        Case::bad("the response's signature in the assertion", put(&evil, "_a2", signature(&response)), Reference),
        Case::bad(
            "the signature in the subject",
            swap(&drop(&signed, &seal), "<saml:Subject>", &format!("<saml:Subject>{seal}")),
            SignaturePlace,
        ),
        Case::bad(
            "the signature behind the response's status",
            swap(&drop(&signed, &seal), "</samlp:Status>", &format!("</samlp:Status>{seal}")),
            Reference,
        ),
        Case::bad("a signature in the signature", swap(&signed, "</ds:Signature>", &format!("{seal}</ds:Signature>")), SignaturePlace),
        Case::bad(
            "a good signature in an attribute's value beside it",
            swap(&signed, ">readers", &format!(">{seal}readers")),
            SignaturePlace,
        ),
        Case::bad(
            "the signed assertion in an Object of the response's signature",
            swap(&drop(&response, assertion(&response)), "</ds:Signature>", &object(&bare)),
            ManyAssertions,
        ),
        Case::bad("an Object that holds nothing", swap(&signed, "</ds:Signature>", &object("")), SignedObject),
    ]
}

fn twins() -> Vec<Case> {
    let signed = assertion_signed(ANSWER);
    let (whole, seal) = (assertion(&signed).to_owned(), signature(&signed).to_owned());
    let evil_twin = swap(assertion(ANSWER), "ada@", "admin@");
    vec![
        Case::bad("a twin before the signed assertion", swap(&signed, &whole, &format!("{evil_twin}{whole}")), DuplicateId),
        Case::bad("a twin behind the signed assertion", swap(&signed, &whole, &format!("{whole}{evil_twin}")), DuplicateId),
        Case::bad("a twin by the name of Id", extensions(&signed, "<x Id=\"_a1\"/>"), DuplicateId),
        Case::bad("a twin by the name of id", extensions(&signed, "<x id=\"_a1\"/>"), DuplicateId),
        Case::bad("a twin by the name of xml:id", extensions(&signed, "<x xml:id=\"_a1\"/>"), DuplicateId),
        Case::bad("a twin by the name of AssertionID", extensions(&signed, "<x AssertionID=\"_a1\"/>"), DuplicateId),
        Case::bad("a twin by a name in a namespace", extensions(&signed, "<x xmlns:y=\"urn:y\" y:ID=\"_a1\"/>"), DuplicateId),
        Case::bad("a twin written with a character reference", extensions(&signed, "<x ID=\"&#95;a1\"/>"), DuplicateId),
        Case::bad("response and assertion with one id", assertion_signed(&swap(ANSWER, "\"_r1\"", "\"_a1\"")), DuplicateId),
        Case::bad(
            "a signature with the assertion's id",
            swap(&signed, &seal, &swap_first(&seal, "<ds:Signature ", "<ds:Signature Id=\"_a1\" ")),
            DuplicateId,
        ),
    ]
}

fn names() -> Vec<Case> {
    let signed = assertion_signed(ANSWER);
    let whole = assertion(&signed).to_owned();
    let evil_assertion = assertion(&evil()).to_owned();
    let spelled = |from: &str, to: &str| swap(&evil_assertion, from, to);
    let renamed = spelled("saml:Assertion", "Assertion");
    vec![
        Case::bad("another assertion in no namespace", extensions(&signed, &renamed), ManyAssertions),
        Case::bad(
            "another assertion of SAML 1.1",
            swap(
                &signed,
                &whole,
                &format!("{}{whole}", swap_first(&renamed, "<Assertion", "<Assertion xmlns=\"urn:oasis:names:tc:SAML:1.0:assertion\"")),
            ),
            ManyAssertions,
        ),
        Case::bad(
            "another assertion in the protocol's namespace",
            swap(&signed, &whole, &format!("{}{whole}", spelled("saml:Assertion", "samlp:Assertion"))),
            ManyAssertions,
        ),
        Case::bad(
            "the only assertion in another namespace",
            swap(&signed, &whole, &swap(&whole, "saml:Assertion", "samlp:Assertion")),
            ManyAssertions,
        ),
        Case::bad(
            "the only assertion with its prefix bound elsewhere",
            swap_first(&signed, "<saml:Assertion ", "<saml:Assertion xmlns:saml=\"urn:other\" "),
            ManyAssertions,
        ),
        Case::bad(
            "something else behind the assertion",
            swap(&signed, "</samlp:Response>", "<samlp:NewID/></samlp:Response>"),
            Unexpected("Response"),
        ),
        Case::bad(
            "another spelling of an assertion",
            swap(&signed, "</samlp:Response>", &format!("{}</samlp:Response>", spelled("saml:Assertion", "saml:assertion"))),
            Unexpected("Response"),
        ),
        Case::bad(
            "an encrypted assertion beside the signed one",
            swap(&signed, &whole, &format!("{whole}<saml:EncryptedAssertion/>")),
            ManyAssertions,
        ),
    ]
}

fn others() -> Vec<Case> {
    let logout = "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_l1\"/>";
    let of_logout = Seal::idp().signature(logout, "_l1");
    let soap = "http://schemas.xmlsoap.org/soap/envelope/";
    vec![
        Case::bad(
            "a signature of something else that this provider signed",
            extensions(&put(&evil(), "_a2", &of_logout), logout),
            Reference,
        ),
        Case::bad(
            "something else that this provider signed, in Extensions",
            extensions(&evil(), &swap(logout, "/>", &format!(">{of_logout}</samlp:LogoutRequest>"))),
            SignaturePlace,
        ),
        Case::bad(
            "in an envelope of SOAP",
            format!("<s:Envelope xmlns:s=\"{soap}\"><s:Body>{}</s:Body></s:Envelope>", both_signed(ANSWER)),
            NotAResponse,
        ),
        Case::bad("an assertion alone", alone(assertion(&assertion_signed(ANSWER))), NotAResponse),
        Case::bad(
            "a response in another namespace",
            swap(&both_signed(ANSWER), "=\"urn:oasis:names:tc:SAML:2.0:protocol\"", "=\"urn:oasis:names:tc:SAML:1.0:protocol\""),
            NotAResponse,
        ),
        Case::bad("an ArtifactResponse", swap(&both_signed(ANSWER), "samlp:Response", "samlp:ArtifactResponse"), NotAResponse),
        Case::bad("nobody's", evil(), NotSigned),
    ]
}
