//! Well signed, and yet not for us, not now, or not by whom it should be.

use frontdesk::protocols::saml::response::Refused::{
    self, Audience, Condition, Expired, Issuer, Missing, MixedText, NotBearer, NotYetValid, Recipient, Repeated, SessionOver, Time,
    Unexpected,
};

use crate::cases::{ANSWER, Case, both_signed, drop, element, swap, swap_first};

/// An answer with a part replaced, and signed as it is then.
pub fn anew(name: &'static str, from: &str, to: &str, refused: Refused) -> Case {
    Case::bad(name, both_signed(&swap(ANSWER, from, to)), refused).signed_anew()
}

/// Likewise, where the part is found first.
pub fn first_anew(name: &'static str, from: &str, to: &str, refused: Refused) -> Case {
    Case::bad(name, both_signed(&swap_first(ANSWER, from, to)), refused).signed_anew()
}

pub fn cases() -> Vec<Case> {
    [times(), audiences(), subjects(), statements(), issuers()].concat()
}

fn times() -> Vec<Case> {
    vec![
        anew("the assertion is over", "02:10:00Z", "01:59:00Z", Expired),
        anew(
            "the assertion is over to the second",
            "NotOnOrAfter=\"2026-11-27T02:10:00Z\"",
            "NotOnOrAfter=\"2026-11-27T01:59:00.000Z\"",
            Expired,
        ),
        anew("the assertion begins too late", "NotBefore=\"2026-11-27T01:59:00Z\"", "NotBefore=\"2026-11-27T02:01:01Z\"", NotYetValid),
        anew("the confirmation is over", "02:05:00Z", "01:58:59Z", Expired),
        anew("the confirmation is over for a year", "2026-11-27T02:05:00Z", "2025-11-27T02:05:00Z", Expired),
        anew(
            "the confirmation begins too late",
            "<saml:SubjectConfirmationData ",
            "<saml:SubjectConfirmationData NotBefore=\"2026-11-27T03:00:00Z\" ",
            NotYetValid,
        ),
        anew(
            "the confirmation never ends",
            "NotOnOrAfter=\"2026-11-27T02:05:00Z\" ",
            "",
            Missing("a NotOnOrAfter in SubjectConfirmationData"),
        ),
        anew(
            "the session is over",
            "SessionNotOnOrAfter=\"2026-11-27T10:00:00Z\"",
            "SessionNotOnOrAfter=\"2026-11-27T01:00:00Z\"",
            SessionOver,
        ),
        anew("signed in tomorrow", "AuthnInstant=\"2026-11-27T01:59:50Z\"", "AuthnInstant=\"2026-11-28T01:59:50Z\"", NotYetValid),
        anew("an end without a zone", "02:10:00Z", "02:10:00", Time("a NotOnOrAfter")),
        anew("an end that is none", "2026-11-27T02:10:00Z", "never", Time("a NotOnOrAfter")),
        anew("an end that is empty", "2026-11-27T02:10:00Z", "", Time("a NotOnOrAfter")),
        anew("an end in a 13th month", "2026-11-27T02:10:00Z", "2026-13-27T02:10:00Z", Time("a NotOnOrAfter")),
        anew("an end with a blank", "2026-11-27T02:10:00Z", " 2026-11-27T02:10:00Z", Time("a NotOnOrAfter")),
        anew("a session's end that is none", "2026-11-27T10:00:00Z", "later", Time("a SessionNotOnOrAfter")),
        first_anew("a response issued never", " IssueInstant=\"2026-11-27T01:59:58Z\"", "", Missing("an IssueInstant of the response")),
        first_anew("a response issued at no time", "2026-11-27T01:59:58Z", "0", Time("the IssueInstant of the response")),
        anew(
            "an assertion issued never",
            "ID=\"_a1\" Version=\"2.0\" IssueInstant=\"2026-11-27T01:59:58Z\"",
            "ID=\"_a1\" Version=\"2.0\"",
            Missing("an IssueInstant of the assertion"),
        ),
    ]
}

fn audiences() -> Vec<Case> {
    let restriction = element(ANSWER, "saml:AudienceRestriction");
    let foreign = "<saml:AudienceRestriction><saml:Audience>urn:other</saml:Audience></saml:AudienceRestriction>";
    vec![
        anew("no conditions", element(ANSWER, "saml:Conditions"), "", Missing("Conditions")),
        anew("conditions twice", element(ANSWER, "saml:Conditions"), &element(ANSWER, "saml:Conditions").repeat(2), Repeated("Conditions")),
        anew("no audience restriction", restriction, "", Missing("an AudienceRestriction")),
        anew("an audience restriction without an audience", restriction, "<saml:AudienceRestriction/>", Audience),
        anew("another audience, signed", restriction, foreign, Audience),
        anew("two restrictions, the first ours", restriction, &format!("{restriction}{foreign}"), Audience),
        anew("two restrictions, the last ours", restriction, &format!("{foreign}{restriction}"), Audience),
        anew("an audience that begins like ours", ">https://desk.example.com/saml<", ">https://desk.example.com/saml/other<", Audience),
        anew(
            "an audience that ends like ours",
            ">https://desk.example.com/saml<",
            ">https://other/?https://desk.example.com/saml<",
            Audience,
        ),
        anew("ours in capitals", ">https://desk.example.com/saml<", ">HTTPS://DESK.EXAMPLE.COM/SAML<", Audience),
        anew("ours with a blank", ">https://desk.example.com/saml<", ">https://desk.example.com/saml <", Audience),
        anew(
            "ours cut by a comment",
            ">https://desk.example.com/saml<",
            ">https://desk.example.com/saml<!--x-->.other<",
            MixedText("an Audience"),
        ),
        anew(
            "ours in another namespace",
            restriction,
            &swap(restriction, "saml:Audience>", "samlp:Audience>"),
            Unexpected("AudienceRestriction"),
        ),
        anew(
            "a condition that nobody knows",
            "</saml:Conditions>",
            "<saml:Condition xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"x\"/></saml:Conditions>",
            Condition,
        ),
        anew("a condition in another namespace", "</saml:Conditions>", "<x/></saml:Conditions>", Condition),
    ]
}

fn subjects() -> Vec<Case> {
    let confirmation = element(ANSWER, "saml:SubjectConfirmation").to_owned();
    let bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
    vec![
        anew("no subject", element(ANSWER, "saml:Subject"), "", Missing("a Subject")),
        anew("two subjects", element(ANSWER, "saml:Subject"), &element(ANSWER, "saml:Subject").repeat(2), Repeated("a Subject")),
        anew("no confirmation", &confirmation, "", NotBearer),
        anew("holder of key", bearer, "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key", NotBearer),
        anew("sender vouches", bearer, "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches", NotBearer),
        anew("bearer of SAML 1.1", bearer, "urn:oasis:names:tc:SAML:1.0:cm:bearer", NotBearer),
        anew(
            "confirmation without data",
            &confirmation,
            &format!("<saml:SubjectConfirmation Method=\"{bearer}\"/>"),
            Missing("SubjectConfirmationData"),
        ),
        anew(
            "another recipient, signed",
            "Recipient=\"https://desk.example.com/saml/acs\"",
            "Recipient=\"https://other.example.com/saml/acs\"",
            Recipient,
        ),
        anew(
            "a recipient that begins like ours",
            "Recipient=\"https://desk.example.com/saml/acs\"",
            "Recipient=\"https://desk.example.com/saml/acs/other\"",
            Recipient,
        ),
        anew("no recipient", " Recipient=\"https://desk.example.com/saml/acs\"", "", Missing("a Recipient")),
        anew("a recipient in a namespace", "Recipient=", "saml:Recipient=", Missing("a Recipient")),
        Case::bad(
            "unasked, with a question in a confirmation for another",
            both_signed(&swap(
                &drop(ANSWER, " InResponseTo=\"_q1\""),
                "</saml:SubjectConfirmation>",
                "</saml:SubjectConfirmation><saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:sender-vouches\">\
                 <saml:SubjectConfirmationData InResponseTo=\"_q1\"/></saml:SubjectConfirmation>",
            )),
            Refused::NotAsked,
        )
        .pending(None)
        .signed_anew(),
        anew("two confirmations, neither ours", &confirmation, &swap(&confirmation, "https://desk", "https://other").repeat(2), Recipient),
    ]
}

fn statements() -> Vec<Case> {
    let statement = element(ANSWER, "saml:AuthnStatement").to_owned();
    vec![
        anew("nobody signed in", &statement, "", Missing("an AuthnStatement")),
        anew("signed in twice", &statement, &statement.repeat(2), Repeated("an AuthnStatement")),
        anew("signed in never", "AuthnInstant=\"2026-11-27T01:59:50Z\"", "", Missing("an AuthnInstant")),
        anew("an attribute without a name", "Name=\"groups\"", "", Missing("the Name of an Attribute")),
        anew("an attribute with an empty name", "Name=\"groups\"", "Name=\"\"", Missing("the Name of an Attribute")),
        anew(
            "something else among attributes",
            "</saml:AttributeStatement>",
            "<x/></saml:AttributeStatement>",
            Unexpected("AttributeStatement"),
        ),
        anew("something else among values", "<saml:AttributeValue>writers", "<x/><saml:AttributeValue>writers", Unexpected("Attribute")),
    ]
}

fn issuers() -> Vec<Case> {
    let issuer = "<saml:Issuer>https://idp.example.com/metadata</saml:Issuer>";
    let of_assertion = |to: &str| {
        swap(ANSWER, &format!("2026-11-27T01:59:58Z\">{issuer}<saml:Subject>"), &format!("2026-11-27T01:59:58Z\">{to}<saml:Subject>"))
    };
    let sealed = |xml: &str| crate::cases::response_signed(xml);
    let no_issuer = crate::signer::Seal::idp().signature(&swap_first(ANSWER, issuer, ""), "_a1");
    vec![
        first_anew("another issuer of the response", issuer, "<saml:Issuer>https://other.example.com/</saml:Issuer>", Issuer),
        Case::bad(
            "another issuer of the assertion",
            sealed(&of_assertion("<saml:Issuer>https://other.example.com/</saml:Issuer>")),
            Issuer,
        )
        .signed_anew(),
        Case::bad(
            "no issuer of the response",
            crate::signer::put(&swap_first(ANSWER, issuer, ""), "_a1", &no_issuer),
            Missing("an Issuer of the response"),
        ),
        Case::bad("no issuer of the assertion", sealed(&of_assertion("")), Missing("an Issuer of the assertion")).signed_anew(),
        first_anew("two issuers of the response", issuer, &issuer.repeat(2), Repeated("an Issuer of the response")),
        Case::bad("two issuers of the assertion", sealed(&of_assertion(&issuer.repeat(2))), Repeated("an Issuer of the assertion"))
            .signed_anew(),
        anew("an issuer cut by a comment", "metadata</saml:Issuer>", "metadata<!-- -->.other</saml:Issuer>", MixedText("an Issuer")),
        anew("an issuer with a blank", "metadata</saml:Issuer>", "metadata\n</saml:Issuer>", Issuer),
        anew(
            "an issuer of another kind",
            "<saml:Issuer>",
            "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">",
            Issuer,
        ),
        Case::bad(
            "an issuer in another namespace",
            sealed(&of_assertion("<samlp:Issuer>https://idp.example.com/metadata</samlp:Issuer>")),
            Missing("an Issuer of the assertion"),
        )
        .signed_anew(),
        Case::bad(
            "the session's statement in another namespace",
            both_signed(&swap(&drop(ANSWER, " SessionIndex=\"_s1\""), "saml:AuthnStatement", "samlp:AuthnStatement")),
            Missing("an AuthnStatement"),
        )
        .signed_anew(),
    ]
}
