//! What strangers can make us compute before a signature is found to be none. The worst that fits the limits takes a tenth of a second;
//! without them, each element costs a millisecond for a long list of prefixes, and there is room for tens of thousands.

use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use frontdesk::protocols::saml::response::Refused;

use crate::{
    cases::{ANSWER, ASKED, Case, both_signed, certificate, read, response_signed, swap, swap_first},
    hostile,
    signer::Seal,
};

/// Far above what it takes, and far below what an attack would take: machines that test are busy.
const PATIENCE: Duration = Duration::from_secs(5);

fn timed(name: &str, document: &str) -> Refused {
    let (field, certificates) = (STANDARD.encode(document), ["idp", "next"].map(certificate));
    let began = Instant::now();
    let outcome = read(&field, &certificates, Some(ASKED));
    let took = began.elapsed();
    println!("{took:>12.1?} {name}: {} bytes, {outcome:?}", document.len());
    assert!(took < PATIENCE, "{name} took {took:?}");
    outcome.expect_err(name)
}

/// A signed answer with this in its extensions, where it is part of what is digested.
fn with(inside: &str) -> String {
    let prefixes = "a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 b4 b5";
    let sealed = Seal { prefixes, ..Seal::idp() }.on(&Seal { prefixes, ..Seal::idp() }.on(ANSWER, "_a1"), "_r1");
    swap_first(&sealed, "<samlp:Status>", &format!("<samlp:Extensions>{inside}</samlp:Extensions><samlp:Status>"))
}

fn numbered(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect()
}

#[test]
fn documents_at_the_limits_cost_little() {
    let declared = |level: usize| numbered(31, |n| format!(" xmlns:a{n}=\"u:{level}:{n}\""));
    let nested = numbered(28, |level| format!("<x{}>", declared(level)))
        + &numbered(500, |_| format!("<x{}/>", numbered(31, |n| format!(" a{n}:y=\"\""))))
        + &"</x>".repeat(28);
    assert_eq!(timed("attributes with prefixes", &with(&nested)), Refused::Digest);
    let turns = numbered(5_900, |n| format!("<x xmlns:a0=\"u:{n}\"/>"));
    assert_eq!(timed("declarations that differ", &with(&turns)), Refused::Digest);
    assert_eq!(timed("elements", &with(&"<x/>".repeat(5_900))), Refused::Digest);
    assert_eq!(timed("references to characters", &with(&"&amp;".repeat(50_000))), Refused::Digest);
    assert_eq!(timed("comments", &with(&"<!---->".repeat(35_000))), Refused::Digest);
    assert_eq!(timed("instructions", &with(&"<?x?>".repeat(50_000))), Refused::Digest);
    assert_eq!(timed("brackets", &with(&"]".repeat(250_000))), Refused::Digest);
    assert_eq!(timed("CDATA", &with(&"<![CDATA[]]>".repeat(20_000))), Refused::Digest);
    assert_eq!(timed("ends of lines", &with(&"\r".repeat(250_000))), Refused::Digest);
    let value = format!("<x y=\"{}\"/>", "&#9;".repeat(60_000));
    assert_eq!(timed("a long value", &with(&value)), Refused::Digest);
    let hints = format!("<ds:KeyInfo>{}</ds:KeyInfo></ds:Signature>", "<ds:KeyName>k</ds:KeyName>".repeat(5_000));
    let stranger = Seal::by("attacker", crate::signer::RSA_SHA256, crate::signer::SHA256);
    assert_eq!(timed("hints", &swap(&stranger.on(ANSWER, "_a1"), "</ds:Signature>", &hints)), Refused::Signature);
    let modulus = format!(
        "<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo></ds:Signature>",
        "A".repeat(240_000)
    );
    assert_eq!(timed("a long key", &swap(&stranger.on(ANSWER, "_a1"), "</ds:Signature>", &modulus)), Refused::Signature);
    let value = format!("<ds:SignatureValue>{}", "AAAA".repeat(60_000));
    assert_eq!(timed("a long signature", &swap_first(&both_signed(ANSWER), "<ds:SignatureValue>", &value)), Refused::Signature);
}

#[test]
fn documents_beyond_the_limits_cost_little() {
    let began = Instant::now();
    for case in hostile::sizes() {
        let _ = case.read();
    }
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}

/// Somebody in very many groups can still sign in.
#[test]
fn thousands_of_groups_are_read() {
    let groups = numbered(3_000, |n| format!("<saml:AttributeValue>cn=group-{n},ou=groups,dc=example</saml:AttributeValue>"));
    let xml = response_signed(&swap(ANSWER, "<saml:AttributeValue>writers</saml:AttributeValue>", &groups));
    let said = Case::good("groups", xml).read().unwrap();
    assert_eq!(said.attributes[1].values.len(), 3_001);
    assert_eq!(said.attributes[1].values[3_000], "cn=group-2999,ou=groups,dc=example");
}
