//! Texts that are read one way and signed another, and ids that are not.

use base64::{Engine, engine::general_purpose::STANDARD};
use frontdesk::protocols::saml::response::Refused::{
    self, BadId, Doctype, EmptyPrefix, Malformed, Missing, MixedText, NameIdEmpty, NameIdLong, NameIdTransient, NameIdUnclean,
    NotAResponse, NotBase64, NotUtf8, Repeated, ReservedPrefix,
};

use super::claims::anew;
use crate::{
    cases::{ANSWER, Case, assertion_signed, both_signed, element, response_signed, swap, swap_first},
    signer::Seal,
};

const NAME: &str = ">ada@example.com</saml:NameID>";

pub fn cases() -> Vec<Case> {
    [names(), values(), doctypes(), encodings()].concat()
}

/// A name that was signed as it is, and is something else in a good answer.
fn name(title: &'static str, name: &str, refused: Refused) -> Case {
    anew(title, NAME, &format!(">{name}</saml:NameID>"), refused)
}

fn names() -> Vec<Case> {
    let good = assertion_signed(ANSWER);
    let mixed = MixedText("the NameID");
    let whole = element(ANSWER, "saml:NameID");
    let late = |title, to: &str| Case::bad(title, swap(&good, NAME, to), mixed);
    vec![
        late("a comment in the name, put in later", ">ada@example<!---->.com</saml:NameID>"),
        late("a comment before the name, put in later", "><!-- x -->ada@example.com</saml:NameID>"),
        late("a comment behind the name, put in later", ">ada@example.com<!-- x --></saml:NameID>"),
        late("a comment between letters and CDATA", ">ada<!-- --><![CDATA[@example.com]]></saml:NameID>"),
        name("a comment in the name that was signed", "admin@example.com<!-- -->.other", mixed),
        name("an instruction in the name", "admin@example.com<?x y?>.other", mixed),
        name("an element in the name", "admin@example.com<x/>.other", mixed),
        name("the name in an element", "<x>ada@example.com</x>", mixed),
        name("an empty name", "", NameIdEmpty),
        name("blanks for a name", "  ", NameIdEmpty),
        name("line ends for a name", "\n\t\n", NameIdEmpty),
        name("blanks of other kinds for a name", "\u{a0}\u{2003}", NameIdEmpty),
        name("empty CDATA for a name", "<![CDATA[]]>", NameIdEmpty),
        name("a name of more than 1 KiB", &"n".repeat(1025), NameIdLong),
        name("a name of 4 KiB", &"n".repeat(4096), NameIdLong),
        name("a blank behind the name", "ada@example.com ", NameIdUnclean),
        name("a blank before the name", " ada@example.com", NameIdUnclean),
        name("a line end around the name", "\nada@example.com\n", NameIdUnclean),
        name("a tab in the name", "ada\t@example.com", NameIdUnclean),
        name("a carriage return in the name", "ada&#13;@example.com", NameIdUnclean),
        name("a control character of Latin-1 in the name", "ada\u{85}@example.com", NameIdUnclean),
        name("a hard blank behind the name", "ada@example.com\u{a0}", NameIdUnclean),
        anew("no name", whole, "", Missing("a NameID")),
        anew("two names", whole, &whole.repeat(2), Repeated("a NameID")),
        anew("a name in another namespace", whole, &swap(whole, "saml:NameID", "samlp:NameID"), Missing("a NameID")),
        anew("a BaseID", whole, "<saml:BaseID/>", Missing("a NameID")),
        anew("another name each time", "nameid-format:persistent", "nameid-format:transient", NameIdTransient),
        name("NUL by reference in the name", "x", Malformed).becoming(|xml| swap(&xml, ">x</saml:NameID>", ">ada&#0;</saml:NameID>")),
        name("an entity in the name that nobody declared", "x", Malformed)
            .becoming(|xml| swap(&xml, ">x</saml:NameID>", ">&admin;</saml:NameID>")),
    ]
}

fn values() -> Vec<Case> {
    let mixed = MixedText("an AttributeValue");
    let good = assertion_signed(ANSWER);
    vec![
        Case::bad("a comment in a value, put in later", swap(&good, ">readers<", ">read<!-- -->ers<"), mixed),
        anew("a comment in a value", ">readers<", ">admins<!-- -->.other<", mixed),
        anew("an instruction in a value", ">readers<", ">admins<?x?>.other<", mixed),
        anew("an element in a value", ">readers<", ">admins<x/>.other<", mixed),
        anew("a name in a value", ">readers<", "><saml:NameID>admin</saml:NameID><", mixed),
        Case::bad("a prefix taken back in what is signed", swap(&good, "<saml:Subject>", "<saml:Subject xmlns:p=\"\">"), EmptyPrefix),
        Case::bad(
            "a prefix taken back around an attribute",
            swap(&good, "<saml:Attribute Name=\"groups\"", "<saml:Attribute xmlns:p=\"\" p:Name=\"roles\" Name=\"groups\""),
            EmptyPrefix,
        ),
        Case::bad("a prefix taken back in the response", swap_first(&good, "<samlp:Response ", "<samlp:Response xmlns:p='' "), EmptyPrefix),
        Case::bad(
            "the prefix xml declared",
            swap_first(&good, "<samlp:Response ", "<samlp:Response xmlns:xml=\"http://www.w3.org/XML/1998/namespace\" "),
            ReservedPrefix,
        ),
        Case::bad(
            "the prefix xml declared as another",
            swap_first(&good, "<samlp:Response ", "<samlp:Response xmlns:xml=\"urn:x\" "),
            Malformed,
        ),
        Case::bad(
            "the prefix xmlns declared",
            swap_first(&good, "<samlp:Response ", "<samlp:Response xmlns:xmlns=\"http://www.w3.org/2000/xmlns/\" "),
            Malformed,
        ),
        Case::bad(
            "two colons in a name",
            swap(&good, "<samlp:Status>", "<samlp:Extensions><a:b:c xmlns:a=\"urn:a\"/></samlp:Extensions><samlp:Status>"),
            Malformed,
        ),
        Case::bad(
            "a prefix that nobody declared",
            swap(&good, "<samlp:Status>", "<samlp:Extensions><a:b/></samlp:Extensions><samlp:Status>"),
            Malformed,
        ),
        Case::bad("an attribute twice", swap_first(&good, " ID=\"_r1\"", " ID=\"_r1\" ID=\"_r1\""), Malformed),
        Case::bad(
            "an attribute twice by two prefixes",
            swap_first(&good, " ID=\"_r1\"", " xmlns:a=\"urn:a\" xmlns:b=\"urn:a\" a:x=\"\" b:x=\"\" ID=\"_r1\""),
            Malformed,
        ),
    ]
}

fn doctypes() -> Vec<Case> {
    let good = both_signed(ANSWER);
    let before = |doctype: &str| format!("{doctype}{good}");
    let bomb = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>";
    let utf16 = |text: &str, mark: bool| {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect::<Vec<_>>()
    };
    vec![
        Case::bad("a DOCTYPE", before("<!DOCTYPE samlp:Response>"), Doctype),
        Case::bad("a DOCTYPE behind a declaration and a comment", before("<?xml version=\"1.0\"?><!-- -->\n<!DOCTYPE r []>"), Doctype),
        Case::bad("a DOCTYPE behind a byte order mark", before("\u{feff}<!DOCTYPE r>"), Doctype),
        Case::bad("a DOCTYPE in small letters", before("<!doctype r>"), Doctype),
        Case::bad("a DOCTYPE with entities in entities", before(bomb), Doctype),
        Case::bad("a DOCTYPE with a file", before("<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"), Doctype),
        Case::bad("a DOCTYPE from elsewhere", before("<!DOCTYPE r SYSTEM \"https://other.example.com/x.dtd\">"), Doctype),
        Case::bad("a DOCTYPE that declares an id", before("<!DOCTYPE r [<!ATTLIST saml:Subject x ID #IMPLIED>]>"), Doctype),
        Case::bad("a DOCTYPE that gives attributes a default", before("<!DOCTYPE r [<!ATTLIST saml:NameID Format CDATA \"x\">]>"), Doctype),
        Case::bad("a DOCTYPE inside", swap(&good, "<samlp:Status>", "<!DOCTYPE r><samlp:Status>"), Doctype),
        Case::bad("an entity declared inside", swap(&good, "<samlp:Status>", "<!ENTITY x \"y\"><samlp:Status>"), Doctype),
        Case::bad("a DOCTYPE in UTF-16", utf16(&before("<!DOCTYPE r>"), true), NotUtf8),
        Case::bad("a DOCTYPE in UTF-16 without a mark", utf16(&before("<!DOCTYPE r>"), false), NotUtf8),
        Case::bad("a DOCTYPE and nothing else", "<!DOCTYPE r>", Doctype),
    ]
}

fn encodings() -> Vec<Case> {
    let good = both_signed(ANSWER);
    let base64 = STANDARD.encode(&good);
    let deflated = {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut encoder, good.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    vec![
        Case::field("nothing", String::new(), Malformed),
        Case::field("the document itself", good.clone(), NotBase64),
        Case::field("base64 for addresses", base64.replace('P', "-"), NotBase64),
        Case::field("base64 with percent signs", format!("{base64}%3D"), NotBase64),
        Case::field("base64 that ends early", base64[..=base64.len() / 4 * 2].to_owned(), NotBase64),
        Case::field("base64 twice", STANDARD.encode(&base64), Malformed),
        Case::bad("deflated", deflated, NotUtf8),
        Case::bad(
            "Latin-1",
            good.replace("ada@", "\u{1}").bytes().map(|byte| if byte == 1 { 0xe4 } else { byte }).collect::<Vec<_>>(),
            NotUtf8,
        ),
        Case::bad("overlong UTF-8", [good.as_bytes(), b"<!--\xc0\xbc-->"].concat(), NotUtf8),
        Case::bad("declared to be in Latin-1", format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{good}"), NotUtf8),
        Case::bad("declared to be in UTF-16", format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{good}"), NotUtf8),
        Case::bad("XML 1.1", format!("<?xml version=\"1.1\" encoding=\"UTF-8\"?>{good}"), Malformed),
        Case::bad("XML 2.0", format!("<?xml version=\"2.0\"?>{good}"), Malformed),
        Case::bad("half of it", &good[..good.len() / 2], Malformed),
        Case::bad("two documents", good.repeat(2), Malformed),
        Case::bad("text behind", format!("{good}x"), Malformed),
        Case::bad("text before", format!("x{good}"), Malformed),
        Case::bad("NUL behind", format!("{good}\0"), NotUtf8),
        Case::bad("JSON", "{}", Malformed),
        Case::bad("HTML", "<html><body/></html>", NotAResponse),
    ]
}

pub fn ids() -> Vec<Case> {
    let of_assertion = |name: &'static str, id: &str| {
        let edited = swap(ANSWER, "\"_a1\"", &format!("\"{id}\""));
        Case::bad(name, response_signed(&edited), BadId).signed_anew()
    };
    let reaching = |name: &'static str, id: &str| {
        let signed = assertion_signed(ANSWER);
        Case::bad(name, swap(&signed, " ID=\"_a1\"", &format!(" ID=\"{id}\"")), BadId)
    };
    let of_response = |name: &'static str, from: &str, to: &str| Case::bad(name, Seal::idp().on(&swap(ANSWER, from, to), "_a1"), BadId);
    vec![
        reaching("an assertion without an id", "").becoming(|xml| swap(&xml, " ID=\"\"", "")),
        reaching("an assertion with an empty id", ""),
        reaching("a blank behind the id", "_a1 "),
        reaching("a line end behind the id", "_a1&#10;"),
        reaching("a tab before the id", "&#9;_a1"),
        reaching("an id in capitals", "_A1").becoming(|xml| swap(&xml, " ID=\"_A1\"", " Id=\"_A1\"")),
        reaching("an id in a namespace", "x").becoming(|xml| swap(&xml, " ID=\"x\"", " saml:ID=\"_a1\"")),
        reaching("an id of letters of the world", "_\u{e4}1"),
        reaching("an id that begins with a digit", "1a"),
        reaching("an id with a number sign", "#_a1"),
        reaching("an id that is an XPointer", "xpointer(/)"),
        reaching("an id of 257 letters", &"a".repeat(257)),
        reaching("an id with a slash", "a/../_a1"),
        reaching("two ids", "_a1\" Id=\"_a2"),
        reaching("two ids, one in a namespace", "_a1\" saml:ID=\"_a2"),
        of_assertion("a blank in a signed id", "_a 1"),
        of_response("a response without an id", " ID=\"_r1\"", ""),
        of_response("a response with an empty id", " ID=\"_r1\"", " ID=\"\""),
        of_response("a response with two ids", " ID=\"_r1\"", " ID=\"_r1\" id=\"_r2\""),
        Case::bad("NUL by reference in the id", swap(&assertion_signed(ANSWER), " ID=\"_a1\"", " ID=\"_a1&#0;\""), Malformed),
        Case::bad("NUL in the id", swap(&assertion_signed(ANSWER), " ID=\"_a1\"", " ID=\"_a1\0\""), NotUtf8),
    ]
}
