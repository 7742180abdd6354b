//! `pysaml2`, of the Python package index, reads our metadata and our request, and its answers are believed, or refused for the right reason.

use std::{path::Path, process::Command};

use frontdesk::protocols::saml::{
    metadata::{self, Metadata},
    request::AuthnRequest,
    response::{self, Asserted, Expected, Refused},
    signing::{NewKey, Signer},
};
use serde_json::Value;
use url::Url;

use crate::cases::{ACS, IDP, US};

const ID: &str = "_5f1d0c0b8a7e4d3c9b2a1f0e6d5c4b3a";

fn ask(folder: &Path, now_ms: i64) -> Value {
    let destination = Url::parse("https://idp.example.com/sso/redirect").unwrap();
    let request = AuthnRequest { id: ID, issuer: US, destination: &destination, acs: ACS, now_ms, force_authn: true, name_id_format: None };
    let url = Url::parse(&request.redirect_url("state")).unwrap();
    let (_, message) = url.query_pairs().find(|(name, _)| name == "SAMLRequest").unwrap();
    std::fs::write(folder.join("request.txt"), &*message).unwrap();
    let posted = Url::parse("https://idp.example.com/sso/post").unwrap();
    std::fs::write(folder.join("posted.txt"), AuthnRequest { destination: &posted, ..request }.form_field()).unwrap();
    let formats = ["urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"];
    std::fs::write(folder.join("sp.xml"), metadata::write(US, ACS, &formats, None)).unwrap();
    // The same again, signed by one of two keys of which it knows one.
    let ours = NewKey::make(now_ms, [[1; 16], [2; 16]]).unwrap();
    std::fs::write(folder.join("signing_sp.xml"), metadata::write(US, ACS, &formats, Some(&ours.certificate))).unwrap();
    for (name, key) in [("signed", &ours), ("foreign", &NewKey::make(now_ms, [[3; 16], [4; 16]]).unwrap())] {
        let signer = Signer::read(key).unwrap();
        let url = Url::parse(&request.signed_redirect_url("state+/=&", &signer).unwrap()).unwrap();
        let fields: serde_json::Map<String, Value> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into())).collect();
        std::fs::write(folder.join(format!("{name}.json")), Value::Object(fields).to_string()).unwrap();
        let form = AuthnRequest { destination: &posted, ..request }.signed_form_field(&signer).unwrap();
        std::fs::write(folder.join(format!("{name}.txt")), form).unwrap();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join("target/peers/bin/python"))
        .arg(root.join("tests/saml/third_opinion.py"))
        .arg(folder)
        .arg(root.join("tests/saml/keys"))
        .output()
        .expect("tests/run puts pysaml2 into target/peers");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The present, as the system's `date` has it.
fn now_ms() -> i64 {
    let output = Command::new("date").arg("+%s").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse::<i64>().unwrap() * 1_000
}

#[test]
fn pysaml2_and_we_understand_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let answers = ask(folder.path(), now_ms());
    let provider = Metadata::read(answers["metadata"].as_str().unwrap(), false).unwrap();
    assert_eq!(provider.entity_id, IDP);
    assert_eq!(provider.redirect.as_ref().map(Url::as_str), Some("https://idp.example.com/sso/redirect"));
    assert_eq!(provider.post.as_ref().map(Url::as_str), Some("https://idp.example.com/sso/post"));
    assert_eq!(provider.certificates.len(), 1);

    let request = &answers["request"];
    assert_eq!(request["id"], ID);
    assert_eq!(request["issuer"], US);
    assert_eq!(request["acs"], ACS);
    assert_eq!(request["force_authn"], "true");

    let signed = &answers["signed requests"];
    for by in ["redirect", "post"] {
        assert_eq!(signed[by]["signed"], ID, "{by}");
        for wrong in ["foreign", "tampered", "not signed"] {
            assert_eq!(signed[by][wrong], Value::Null, "{by}, {wrong}");
        }
    }

    let now_ms = answers["now_ms"].as_i64().unwrap();
    let read = |name: &str| -> Result<Asserted, Refused> {
        let pending = Some(ID);
        let expected = Expected { idp: IDP, certificates: &provider.certificates, entity_id: US, acs: ACS, now_ms, pending };
        response::read(answers[name].as_str().unwrap(), &expected)
    };
    for name in ["response signed", "assertion signed", "both signed", "SHA-384", "SHA-512"] {
        let said = read(name).unwrap_or_else(|refused| panic!("{name}: {refused}"));
        assert_eq!(said.name_id, "ada@example.com", "{name}");
        assert_eq!(said.in_response_to.as_deref(), Some(ID), "{name}");
        assert!((said.authn_instant_ms - now_ms).abs() < 60_000, "{name}");
        assert!((now_ms..now_ms + 20 * 60_000).contains(&said.replay_until_ms), "{name}");
        let title = said.attributes.iter().find(|attribute| attribute.friendly_name.as_deref() == Some("title"));
        assert_eq!(title.unwrap().values, ["Countess", "Reader & writer"], "{name}");
    }
    assert_eq!(read("another name").unwrap().name_id, "\u{e4}d\u{e4} <&> \u{611b}");
    assert_eq!(read("SHA-1"), Err(Refused::Sha1));
    assert_eq!(read("not signed"), Err(Refused::NotSigned));
    assert_eq!(read("transient"), Err(Refused::NameIdTransient));
}
