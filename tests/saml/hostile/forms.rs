//! Signatures in other forms than the one that SAML knows, most of them made with the right key.

use frontdesk::protocols::saml::response::Refused::{
    Canonicalization, ManyReferences, ManySignatures, ManySignedInfo, NotSigned, PrefixList, Reference, SignatureShape, Transform,
};

use crate::{
    cases::{ANSWER, Case, assertion_signed, drop, element, swap},
    signer::{EXCLUSIVE, RSA_SHA256, SHA256, Seal, put},
};

pub fn cases() -> Vec<Case> {
    [references(), transforms(), canonicalizations(), shapes()].concat()
}

fn signature(xml: &str) -> &str {
    element(xml, "ds:Signature")
}

fn references() -> Vec<Case> {
    let to = |edit: fn(String) -> String| Seal::idp().editing(edit).on(ANSWER, "_a1");
    let uri = "URI=\"#_a1\"";
    assert!(assertion_signed(ANSWER).contains(uri));
    vec![
        Case::bad("a reference to the whole document", to(|info| swap(&info, "URI=\"#_a1\"", "URI=\"\"")), Reference),
        Case::bad("a reference to nothing said", to(|info| swap(&info, " URI=\"#_a1\"", "")), Reference),
        Case::bad("a reference to no id", to(|info| swap(&info, "URI=\"#_a1\"", "URI=\"#\"")), Reference),
        Case::bad("a reference to an id that is not there", to(|info| swap(&info, "#_a1", "#_a9")), Reference),
        Case::bad("a reference to the response", to(|info| swap(&info, "#_a1", "#_r1")), Reference),
        Case::bad("a reference to a file", to(|info| swap(&info, "#_a1", "Cargo.toml")), Reference),
        Case::bad("a reference to an absolute file", to(|info| swap(&info, "#_a1", "file:///etc/hostname")), Reference),
        Case::bad("a reference to an address", to(|info| swap(&info, "#_a1", "https://other.example.com/a#_a1")), Reference),
        Case::bad("a reference to an attachment", to(|info| swap(&info, "#_a1", "cid:_a1")), Reference),
        Case::bad("a reference by XPointer", to(|info| swap(&info, "#_a1", "#xpointer(id('_a1'))")), Reference),
        Case::bad("a reference by XPointer to everything", to(|info| swap(&info, "#_a1", "#xpointer(/)")), Reference),
        Case::bad("a reference with a blank behind", to(|info| swap(&info, "#_a1", "#_a1 ")), Reference),
        Case::bad("a reference in percent encoding", to(|info| swap(&info, "#_a1", "#%5Fa1")), Reference),
        Case::bad("a reference in a namespace before the other", to(|info| swap(&info, "URI=", "ds:URI=\"#_r1\" URI=")), SignatureShape),
        Case::bad(
            "a reference with a type",
            to(|info| swap(&info, "URI=", "Type=\"http://www.w3.org/2000/09/xmldsig#Object\" URI=")),
            SignatureShape,
        ),
        Case::bad(
            "two references",
            to(|info| {
                let one = element(&info, "ds:Reference").to_owned();
                swap(&info, &one, &format!("{one}{one}"))
            }),
            ManyReferences,
        ),
        Case::bad(
            "no reference",
            to(|info| {
                let one = element(&info, "ds:Reference").to_owned();
                swap(&info, &one, "")
            }),
            SignatureShape,
        ),
    ]
}

fn transforms() -> Vec<Case> {
    let to = |edit: fn(String) -> String| Seal::idp().editing(edit).on(ANSWER, "_a1");
    let with = |name: &'static str, edit: fn(String) -> String| Case::bad(name, to(edit), Transform);
    vec![
        with("a transform by XSLT", |info| {
            swap(
                &info,
                "</ds:Transforms>",
                "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"/></ds:Transform></ds:Transforms>",
            )
        }),
        with("XSLT in place of canonicalisation", |info| {
            swap(
                &info,
                &format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\">"),
                "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\">",
            )
        }),
        with("a transform by XPath", |info| {
            swap(
                &info,
                &format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform>"),
                "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"></ds:Transform>",
            )
        }),
        with("a transform by XPath Filter 2", |info| {
            swap(
                &info,
                &format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform>"),
                "<ds:Transform Algorithm=\"http://www.w3.org/2002/06/xmldsig-filter2\"></ds:Transform>",
            )
        }),
        with("a transform by base64", |info| {
            swap(
                &info,
                &format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform>"),
                "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#base64\"></ds:Transform>",
            )
        }),
        with("inclusive canonicalisation", |info| {
            swap(
                &info,
                &format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform>"),
                "<ds:Transform Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"></ds:Transform>",
            )
        }),
        with("canonicalisation with comments", |info| {
            swap(
                &info,
                &format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform>"),
                "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#WithComments\"></ds:Transform>",
            )
        }),
        with("no canonicalisation", |info| swap(&info, &format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform>"), "")),
        with("canonicalisation twice", |info| {
            swap(
                &info,
                &format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform>"),
                &format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"/><ds:Transform Algorithm=\"{EXCLUSIVE}\"/>"),
            )
        }),
        with("the other order", |info| {
            let (a, b) = (crate::signer::ENVELOPED, EXCLUSIVE);
            swap(
                &swap(&swap(&info, a, "x"), &format!("Transform Algorithm=\"{b}\""), &format!("Transform Algorithm=\"{a}\"")),
                "\"x\"",
                &format!("\"{b}\""),
            )
        }),
        with("a transform in the enveloped one", |info| {
            swap(&info, "enveloped-signature\"/>", "enveloped-signature\"><ds:XPath>1</ds:XPath></ds:Transform>")
        }),
    ]
}

fn canonicalizations() -> Vec<Case> {
    let to = |edit: fn(String) -> String| Seal::idp().editing(edit).on(ANSWER, "_a1");
    vec![
        Case::bad(
            "no transforms",
            to(|info| {
                let all = element(&info, "ds:Transforms").to_owned();
                swap(&info, &all, "")
            }),
            SignatureShape,
        ),
        Case::bad(
            "empty transforms",
            to(|info| {
                let all = element(&info, "ds:Transforms").to_owned();
                swap(&info, &all, "<ds:Transforms/>")
            }),
            Transform,
        ),
        Case::bad(
            "inclusive canonicalisation of SignedInfo",
            to(|info| {
                swap(
                    &info,
                    &format!("Method Algorithm=\"{EXCLUSIVE}\""),
                    "Method Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"",
                )
            }),
            Canonicalization,
        ),
        Case::bad(
            "canonicalisation of SignedInfo with comments",
            to(|info| swap(&info, &format!("Method Algorithm=\"{EXCLUSIVE}\""), &format!("Method Algorithm=\"{EXCLUSIVE}WithComments\""))),
            Canonicalization,
        ),
        Case::bad(
            "no canonicalisation of SignedInfo",
            to(|info| swap(&info, &format!("Method Algorithm=\"{EXCLUSIVE}\""), "Method")),
            Canonicalization,
        ),
        Case::bad(
            "a long list of prefixes",
            Seal { prefixes: "a b c d e f g h i j k l m n o p q", ..Seal::idp() }.on(ANSWER, "_a1"),
            PrefixList,
        ),
        Case::bad(
            "a long prefix",
            to(|info| {
                swap(
                    &info,
                    "</ds:Transform>",
                    &format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"{}\"/></ds:Transform>", "p".repeat(513)),
                )
            }),
            PrefixList,
        ),
        Case::bad(
            "two lists of prefixes",
            to(|info| {
                swap(
                    &info,
                    "</ds:Transform>",
                    &format!(
                        "<e:InclusiveNamespaces xmlns:e=\"{EXCLUSIVE}\" PrefixList=\"a\"/><e:InclusiveNamespaces xmlns:e=\"{EXCLUSIVE}\" PrefixList=\"saml\"/></ds:Transform>"
                    ),
                )
            }),
            SignatureShape,
        ),
        Case::bad(
            "a list of prefixes in another namespace",
            to(|info| swap(&info, "</ds:Transform>", "<e:InclusiveNamespaces xmlns:e=\"urn:e\" PrefixList=\"saml\"/></ds:Transform>")),
            SignatureShape,
        ),
    ]
}

fn shapes() -> Vec<Case> {
    let good = assertion_signed(ANSWER);
    let info = element(&good, "ds:SignedInfo").to_owned();
    let evil =
        element(&Seal::by("attacker", RSA_SHA256, SHA256).signature(&swap(ANSWER, "ada@", "admin@"), "_a1"), "ds:SignedInfo").to_owned();
    let broken = |from: &str, to: &str| swap(&good, from, to);
    vec![
        Case::bad("two SignedInfo, the good one first", broken(&info, &format!("{info}{evil}")), ManySignedInfo),
        Case::bad("two SignedInfo, the good one last", broken(&info, &format!("{evil}{info}")), ManySignedInfo),
        Case::bad(
            "two SignedInfo, one in the key",
            broken("</ds:Signature>", &format!("<ds:KeyInfo>{evil}</ds:KeyInfo></ds:Signature>")),
            SignatureShape,
        ),
        Case::bad("no SignedInfo", broken(&info, ""), SignatureShape),
        Case::bad(
            "an empty signature",
            broken(signature(&good), "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>"),
            SignatureShape,
        ),
        Case::bad("two signatures of the assertion", put(&good, "_a1", signature(&good)), ManySignatures),
        Case::bad(
            "a signature by somebody else beside the good one",
            put(&good, "_a1", &Seal::by("attacker", RSA_SHA256, SHA256).signature(ANSWER, "_a1")),
            ManySignatures,
        ),
        Case::bad("two values", broken("</ds:Signature>", "<ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>"), SignatureShape),
        Case::bad(
            "the value before SignedInfo",
            {
                let value = element(&good, "ds:SignatureValue").to_owned();
                swap(&drop(&good, &value), &info, &format!("{value}{info}"))
            },
            SignatureShape,
        ),
        Case::bad("a comment in the digest", broken("</ds:DigestValue>", "<!-- --></ds:DigestValue>"), SignatureShape),
        Case::bad("a comment before the digest", broken("<ds:DigestValue>", "<ds:DigestValue><!--AAAA-->"), SignatureShape),
        Case::bad("CDATA in the digest", broken("<ds:DigestValue>", "<ds:DigestValue><![CDATA[]]>"), SignatureShape),
        Case::bad("a comment in the value", broken("</ds:SignatureValue>", "<!-- --></ds:SignatureValue>"), SignatureShape),
        Case::bad("an element in the value", broken("</ds:SignatureValue>", "<x/></ds:SignatureValue>"), SignatureShape),
        Case::bad("a comment in SignedInfo", broken("<ds:SignatureMethod", "<!-- --><ds:SignatureMethod"), SignatureShape),
        Case::bad("a comment among transforms", broken("<ds:Transforms>", "<ds:Transforms><!-- -->"), SignatureShape),
        Case::bad("transforms with an attribute", broken("<ds:Transforms>", "<ds:Transforms Id=\"t\">"), SignatureShape),
        Case::bad("text in SignedInfo", broken("<ds:SignatureMethod", "text<ds:SignatureMethod"), SignatureShape),
        Case::bad("an instruction in the signature", broken("<ds:SignatureValue", "<?x?><ds:SignatureValue"), SignatureShape),
        Case::bad(
            "a key fetched from elsewhere",
            broken(
                "</ds:Signature>",
                "<ds:KeyInfo><ds:RetrievalMethod URI=\"https://other.example.com/key\"/></ds:KeyInfo></ds:Signature>",
            ),
            SignatureShape,
        ),
        Case::bad(
            "a key of another KeyInfo",
            broken(
                "</ds:Signature>",
                "<ds:KeyInfo><k:KeyInfoReference xmlns:k=\"http://www.w3.org/2009/xmldsig11#\" URI=\"#k\"/></ds:KeyInfo></ds:Signature>",
            ),
            SignatureShape,
        ),
        Case::bad("two KeyInfo", broken("</ds:Signature>", "<ds:KeyInfo/><ds:KeyInfo/></ds:Signature>"), SignatureShape),
        Case::bad("a signature in another namespace", swap(&good, "http://www.w3.org/2000/09/xmldsig#\"><", "urn:other\"><"), NotSigned),
    ]
}
