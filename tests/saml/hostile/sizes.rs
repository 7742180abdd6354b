//! More than anybody needs: each is refused quickly, before it has cost anything.

use base64::{Engine, engine::general_purpose::STANDARD};
use frontdesk::protocols::saml::response::Refused::{
    Malformed, NotBase64, PrefixList, TooDeep, TooLarge, TooManyAttributes, TooManyElements,
};

use crate::{
    cases::{ANSWER, Case, assertion_signed, both_signed, swap, swap_first},
    signer::EXCLUSIVE,
};

fn inside(text: &str) -> String {
    swap(&both_signed(ANSWER), "<samlp:Status>", &format!("<samlp:Extensions>{text}</samlp:Extensions><samlp:Status>"))
}

pub fn cases() -> Vec<Case> {
    let attributes = |count: usize| (0..count).fold(String::new(), |text, n| format!("{text} a{n}=\"\""));
    let namespaces = |count: usize| (0..count).fold(String::new(), |text, n| format!("{text} xmlns:a{n}=\"urn:{n}\""));
    let prefixes = "abcdefghi ".repeat(20_000);
    let bomb = format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"{prefixes}\"/></ds:Transform></ds:Transforms>");
    let good = assertion_signed(ANSWER);
    vec![
        Case::bad("more than 256 KiB", inside(&" ".repeat(256 * 1024)), TooLarge),
        Case::field("a field of more than 256 KiB of base64", STANDARD.encode(" ".repeat(400 * 1024)), TooLarge),
        Case::field("a field of blanks", " ".repeat(1024 * 1024), TooLarge),
        Case::field("a long field that is no base64", "!".repeat(100 * 1024), NotBase64),
        Case::bad("80000 tags in each other", "<a>".repeat(80_000), TooDeep),
        Case::bad("33 levels", inside(&format!("{}{}", "<a>".repeat(33), "</a>".repeat(33))), TooDeep),
        Case::bad("31 levels below another two", inside(&format!("{}{}", "<a>".repeat(31), "</a>".repeat(31))), TooDeep),
        Case::bad("6000 elements", inside(&"<a/>".repeat(6_000)), TooManyElements),
        Case::bad("60000 elements", inside(&"<a/>".repeat(60_000)), TooManyElements),
        Case::bad("33 attributes", inside(&format!("<a{}/>", attributes(33))), TooManyAttributes),
        Case::bad("20000 attributes", inside(&format!("<a{}/>", attributes(20_000))), TooManyAttributes),
        Case::bad("33 namespaces", inside(&format!("<a{}/>", namespaces(33))), TooManyAttributes),
        Case::bad("10000 namespaces", inside(&format!("<a{}/>", namespaces(10_000))), TooManyAttributes),
        Case::bad(
            "40 attributes in the response",
            swap_first(&both_signed(ANSWER), "<samlp:Response", &format!("<samlp:Response{}", attributes(40))),
            TooManyAttributes,
        ),
        Case::bad("20000 prefixes to take along", swap(&good, "</ds:Transform></ds:Transforms>", &bomb), PrefixList),
        Case::bad(
            "20000 prefixes to take along in SignedInfo",
            swap(
                &good,
                &format!("<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"/>"),
                &format!(
                    "<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"><ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"{prefixes}\"/></ds:CanonicalizationMethod>"
                ),
            ),
            PrefixList,
        ),
        Case::bad("a tag that does not end", inside("<a "), Malformed),
        Case::bad("a comment that does not end", inside("<!-- "), Malformed),
        Case::bad("an instruction that does not end", inside("<? "), Malformed),
        Case::bad("CDATA that does not end", inside("<![CDATA["), Malformed),
        Case::bad("quotes that do not end", inside("<a b=\""), Malformed),
        Case::bad("a tag in a tag", inside("<a <b/>>"), Malformed),
    ]
}
