//! Answers to somebody else, to another question, or elsewhere; and answers that say no.

use frontdesk::protocols::saml::response::Refused::{
    Destination, Encrypted, Missing, NoAssertion, NotAsked, OtherRequest, Repeated, Status, Unexpected, Unsolicited, Version,
};

use super::claims::{anew, first_anew};
use crate::cases::{ANSWER, Case, assertion_signed, both_signed, drop, element, response_signed, swap, swap_first};

pub fn cases() -> Vec<Case> {
    [questions(), statuses(), envelopes()].concat()
}

fn questions() -> Vec<Case> {
    let unasked = drop(ANSWER, " InResponseTo=\"_q1\"");
    let in_data = "acs\" InResponseTo=\"_q1\"/>";
    vec![
        Case::bad("to another browser's question", both_signed(ANSWER), OtherRequest).pending(Some("_q2")),
        Case::bad("to a question, where none was asked", both_signed(ANSWER), NotAsked).pending(None),
        Case::bad("to no question, where one was asked", both_signed(&unasked), Unsolicited).signed_anew(),
        anew("to a question in the response alone", in_data, "acs\"/>", Unsolicited),
        first_anew("to a question in the confirmation alone", " InResponseTo=\"_q1\"", "", Unsolicited),
        anew("to another question in the confirmation", in_data, "acs\" InResponseTo=\"_q2\"/>", OtherRequest),
        Case::bad(
            "to another question in a response that is not signed",
            swap_first(&assertion_signed(ANSWER), "InResponseTo=\"_q1\"", "InResponseTo=\"_q2\""),
            OtherRequest,
        ),
        Case::bad(
            "its question taken out of a response that is not signed",
            swap_first(&assertion_signed(ANSWER), " InResponseTo=\"_q1\"", ""),
            Unsolicited,
        ),
        Case::bad(
            "unasked, with a question in the confirmation alone",
            both_signed(&swap_first(ANSWER, " InResponseTo=\"_q1\"", "")),
            NotAsked,
        )
        .pending(None)
        .signed_anew(),
        Case::bad("unasked, with a question in the response alone", both_signed(&swap(ANSWER, in_data, "acs\"/>")), NotAsked)
            .pending(None)
            .signed_anew(),
        Case::bad("to an empty question", both_signed(&swap(ANSWER, "InResponseTo=\"_q1\"", "InResponseTo=\"\"")), OtherRequest)
            .signed_anew(),
        Case::bad("unasked, to an empty question", both_signed(&swap(ANSWER, "InResponseTo=\"_q1\"", "InResponseTo=\"\"")), NotAsked)
            .pending(None)
            .signed_anew(),
        Case::bad("to a question with a blank", both_signed(&swap(ANSWER, "InResponseTo=\"_q1\"", "InResponseTo=\"_q1 \"")), OtherRequest)
            .signed_anew(),
    ]
}

fn statuses() -> Vec<Case> {
    let code = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>";
    let status = element(ANSWER, "samlp:Status");
    let assertion = element(ANSWER, "saml:Assertion");
    let nested = |inner: &str| {
        format!(
            "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"><samlp:StatusCode Value=\"{inner}\"/></samlp:StatusCode>"
        )
    };
    vec![
        anew("no status", status, "", Missing("a Status")),
        anew("two statuses", status, &status.repeat(2), Repeated("a Status")),
        anew("a status without a code", code, "", Missing("a StatusCode")),
        anew("two codes", code, &code.repeat(2), Repeated("a StatusCode")),
        anew("not the requester's fault", "status:Success", "status:Responder", Status("Responder")),
        anew("a failure with success below", code, &nested("urn:oasis:names:tc:SAML:2.0:status:Success"), Status("Responder")),
        anew("a failure with a reason", code, &nested("urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"), Status("AuthnFailed")),
        anew("a failure with a reason of its own", code, &nested("urn:x:<script>".replace('<', "&lt;").as_str()), Status("Responder")),
        anew("a code of its own", "urn:oasis:names:tc:SAML:2.0:status:Success", "urn:x", Status("a code that is not in the standard")),
        anew("success in capitals", "status:Success", "status:SUCCESS", Status("a code that is not in the standard")),
        Case::bad(
            "a failure, with nothing asserted and nothing signed",
            swap(&drop(ANSWER, assertion), code, &nested("urn:oasis:names:tc:SAML:2.0:status:RequestDenied")),
            Status("RequestDenied"),
        ),
        Case::bad(
            "a failure around a good assertion",
            swap(&assertion_signed(ANSWER), "status:Success", "status:Requester"),
            Status("Requester"),
        ),
        Case::bad("success, with nothing asserted", response_signed(&drop(ANSWER, assertion)), NoAssertion).signed_anew(),
    ]
}

fn envelopes() -> Vec<Case> {
    let destination = " Destination=\"https://desk.example.com/saml/acs\"";
    let assertion = element(ANSWER, "saml:Assertion");
    let name = element(ANSWER, "saml:NameID");
    let encrypted =
        "<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"/></saml:EncryptedAssertion>";
    vec![
        anew("for another address", destination, " Destination=\"https://other.example.com/saml/acs\"", Destination),
        anew("for an address that begins like ours", destination, " Destination=\"https://desk.example.com/saml/acs?x\"", Destination),
        anew("for an empty address", destination, " Destination=\"\"", Destination),
        anew("for no address, though the response is signed", destination, "", Missing("a Destination")),
        Case::bad(
            "for no address, with the assertion alone signed",
            swap(&assertion_signed(ANSWER), destination, ""),
            Missing("a Destination"),
        ),
        Case::bad(
            "for another address, the response not signed",
            swap(&assertion_signed(ANSWER), destination, " Destination=\"https://other\""),
            Destination,
        ),
        anew("an address in a namespace", " Destination=", " saml:Destination=", Missing("a Destination")),
        first_anew("a response of version 1.1", "Version=\"2.0\"", "Version=\"1.1\"", Version),
        first_anew("a response of no version", " Version=\"2.0\"", "", Version),
        anew("an assertion of version 1.1", "ID=\"_a1\" Version=\"2.0\"", "ID=\"_a1\" Version=\"1.1\"", Version),
        Case::bad("an encrypted assertion", response_signed(&swap(ANSWER, assertion, encrypted)), Encrypted),
        anew("an encrypted name", name, "<saml:EncryptedID/>", Encrypted),
        anew("an encrypted name beside the other", name, &format!("{name}<saml:EncryptedID/>"), Encrypted),
        anew("an encrypted attribute", "</saml:AttributeStatement>", "<saml:EncryptedAttribute/></saml:AttributeStatement>", Encrypted),
        anew("extensions twice", "<samlp:Status>", "<samlp:Extensions/><samlp:Extensions/><samlp:Status>", Repeated("Extensions")),
        anew("a stranger among the response's children", "<samlp:Status>", "<x/><samlp:Status>", Unexpected("Response")),
    ]
}
