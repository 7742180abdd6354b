//! What we believe, xmlsec1 believes too: each signature of each good answer.

use std::{path::Path, process::Command};

use crate::good;

/// Verifies the signature directly in the element with this id.
fn verified(file: &Path, certificate: &str, id: &str) -> bool {
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/saml/keys");
    let output = Command::new("xmlsec1")
        .arg("--verify")
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:protocol:Response"])
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"])
        .args(["--enabled-key-data", "rsa,ecdsa", "--pubkey-cert-pem"])
        .arg(format!("{keys}/{certificate}.crt"))
        .args(["--node-xpath", &format!("//*[@ID='{id}']/*[local-name()='Signature']")])
        .arg(file)
        .output()
        .expect("xmlsec1, of the Debian package of that name");
    output.status.success()
}

#[test]
fn xmlsec1_verifies_what_is_believed() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut count = 0;
    for case in good::cases() {
        let file = folder.join("good.xml");
        let document = String::from_utf8(case.document()).unwrap();
        std::fs::write(&file, &document).unwrap();
        for id in ["_r1", "_a1"] {
            if !document.contains(&format!("<ds:Reference URI=\"#{id}\">")) {
                continue;
            }
            let is_verified = case.certificates.iter().any(|certificate| verified(&file, certificate, id));
            assert!(is_verified, "{}, {id}: {document}", case.name);
            count += 1;
        }
    }
    assert!(count >= 20, "{count}");
}
