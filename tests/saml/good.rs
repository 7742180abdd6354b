//! Answers as identity providers give them.

use crate::{
    cases::{ANSWER, Case, IDP, assertion_signed, both_signed, drop, response_signed, swap, swap_first},
    signer::{ECDSA_SHA256, ECDSA_SHA384, RSA_SHA256, RSA_SHA384, RSA_SHA512, SHA256, SHA384, SHA512, Seal},
};

pub fn cases() -> Vec<Case> {
    [plain(), keys(), spellings(), contents(), crate::vendors::cases()].concat()
}

fn plain() -> Vec<Case> {
    vec![
        Case::good("response signed", response_signed(ANSWER)),
        Case::good("assertion signed", assertion_signed(ANSWER)),
        Case::good("both signed", both_signed(ANSWER)),
        Case::good("with its certificate", Seal::idp().with_certificate("idp").on(ANSWER, "_a1")),
        Case::good("with a certificate that is not pinned, and the pinned key", Seal::idp().with_certificate("next").on(ANSWER, "_a1")),
        Case::good(
            "a list of prefixes",
            Seal { prefixes: "saml samlp xs", ..Seal::idp() }
                .on(&swap_first(ANSWER, " ID=\"_r1\"", " xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" ID=\"_r1\""), "_a1"),
        ),
    ]
}

fn keys() -> Vec<Case> {
    let by = |key: &str, method, digest| Seal::by(key, method, digest).on(ANSWER, "_a1");
    vec![
        Case::good("RSA with SHA-384", by("idp", RSA_SHA384, SHA384)),
        Case::good("RSA with SHA-512", by("idp", RSA_SHA512, SHA512)),
        Case::good("RSA with SHA-512 of SHA-256", by("idp", RSA_SHA512, SHA256)),
        Case::good("ECDSA on P-256", by("p256", ECDSA_SHA256, SHA256)).pinned(&["p256"]),
        Case::good("ECDSA on P-384", by("p384", ECDSA_SHA384, SHA384)).pinned(&["p384"]),
        Case::good("the old key during rotation", by("idp", RSA_SHA256, SHA256)).pinned(&["next", "idp"]),
        Case::good("the new key during rotation", by("next", RSA_SHA256, SHA256)).pinned(&["idp", "next"]),
        Case::good("from RSA to ECDSA during rotation", by("p256", ECDSA_SHA256, SHA256)).pinned(&["idp", "p256"]),
        Case::good("a pinned certificate that is over, and signed with SHA-1", by("idp", RSA_SHA256, SHA256)).pinned(&["expired"]),
    ]
}

fn spellings() -> Vec<Case> {
    let other_prefixes = swap(&swap(&swap(&swap(ANSWER, "saml:", "a:"), ":saml=", ":a="), "samlp:", "p:"), ":samlp=", ":p=");
    let bare = swap(&swap(&swap(ANSWER, "<saml:", "<"), "</saml:", "</"), "xmlns:saml=", "xmlns=");
    let spaced = swap(ANSWER, "><", ">\n  <");
    let prolog = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- made by hand -->\n{}", assertion_signed(ANSWER));
    let lines = assertion_signed(ANSWER);
    let (begin, end) = lines.split_once("<ds:SignatureValue>").unwrap();
    let broken = format!("{begin}<ds:SignatureValue>\n{}\n{}", &end[..64], &end[64..]);
    vec![
        Case::good("other prefixes", both_signed(&other_prefixes)),
        Case::good("no prefix for what is asserted", both_signed(&bare)),
        Case::good("in lines", both_signed(&spaced)),
        Case::good("in lines of Windows, which are read as lines", swap(&both_signed(&spaced), "\n", "\r\n")),
        Case::good("with a prolog and a comment", &prolog),
        Case::good("with a byte order mark", format!("\u{feff}{prolog}")),
        Case::good("a signature's value in lines", broken),
        Case::good("comments between elements", swap(&assertion_signed(ANSWER), "<saml:Subject>", "<saml:Subject><!-- who -->")),
        Case::good(
            "CDATA for text",
            swap(&both_signed(ANSWER), ">ada@example.com</saml:NameID>", "><![CDATA[ada@example.com]]></saml:NameID>"),
        )
        .signed_anew(),
    ]
}

fn contents() -> Vec<Case> {
    let signed = |xml: String| assertion_signed(&xml);
    let unasked = drop(ANSWER, " InResponseTo=\"_q1\"");
    let bearer = "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">";
    let other = "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:holder-of-key\"/>";
    vec![
        Case::good("not asked for", signed(unasked)).pending(None).saying(|said| said.in_response_to = None),
        Case::good("entities in the name", signed(swap(ANSWER, ">ada@example.com</saml:N", ">a&amp;b&#64;c&lt;</saml:N")))
            .saying(|said| said.name_id = "a&b@c<".into()),
        Case::good("letters of the world", signed(swap(ANSWER, ">ada@example.com</saml:N", ">ädä 愛\u{1f600}</saml:N")))
            .saying(|said| said.name_id = "ädä 愛\u{1f600}".into()),
        Case::good("a name without a format", signed(drop(ANSWER, " Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\"")))
            .saying(|said| said.name_id_format = None),
        Case::good("a name of 1 KiB", signed(swap(ANSWER, ">ada@example.com</saml:N", &format!(">{}</saml:N", "n".repeat(1024)))))
            .saying(|said| said.name_id = "n".repeat(1024)),
        Case::good("no attributes", signed(drop(ANSWER, crate::cases::element(ANSWER, "saml:AttributeStatement"))))
            .saying(|said| said.attributes.clear()),
        Case::good("an empty value", signed(swap(ANSWER, "<saml:AttributeValue>readers</saml:AttributeValue>", "<saml:AttributeValue/>")))
            .saying(|said| said.attributes[1].values[0] = String::new()),
        Case::good("a second way to confirm the subject", signed(swap(ANSWER, bearer, &format!("{other}{bearer}")))).signed_anew(),
        Case::good("a later end of another confirmation", signed(swap(&drop(ANSWER, " NotOnOrAfter=\"2026-11-27T02:10:00Z\""), bearer, &format!("{}{bearer}", swap(&swap(crate::cases::element(ANSWER, "saml:SubjectConfirmation"), "_q1", "_q2"), "02:05:00Z", "03:00:00Z"))))).saying(|said| said.replay_until_ms = crate::cases::NOW + 61 * 60_000),
        Case::good("several audiences", signed(swap(ANSWER, "<saml:Audience>", "<saml:Audience>urn:other</saml:Audience><saml:Audience>")))
            .signed_anew(),
        Case::good("for one use", signed(swap(ANSWER, "</saml:Conditions>", "<saml:OneTimeUse/></saml:Conditions>"))).signed_anew(),
        Case::good("an issuer with a format", signed(swap(ANSWER, "<saml:Issuer>", "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">")))
            .signed_anew(),
        Case::good("fractions of a second", signed(swap(ANSWER, "02:05:00Z", "02:05:00.1234567Z"))).signed_anew(),
        Case::good("within the skew of clocks", signed(swap(&swap(ANSWER, "01:59:00Z", "02:00:59Z"), "02:05:00Z", "01:59:01Z"))).signed_anew(),
        Case::good("typed values", signed(swap(ANSWER, "<saml:AttributeValue>", "<saml:AttributeValue xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\">")))
            .signed_anew(),
        Case::good("advice", signed(swap(ANSWER, "</saml:Conditions>", &format!("</saml:Conditions><saml:Advice><saml:AssertionURIRef>{IDP}</saml:AssertionURIRef></saml:Advice>"))))
            .signed_anew(),
    ]
}
