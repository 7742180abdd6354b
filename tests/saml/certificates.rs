//! Certificates as administrators paste them.

use frontdesk::protocols::saml::certificate::{Certificate, CertificateFault};

use crate::signer::pem;

fn fault(text: &str) -> CertificateFault {
    Certificate::parse(text).expect_err(text)
}

#[test]
fn a_certificate_is_read_in_whatever_form_it_comes() {
    let text = pem("idp.crt");
    let certificate = Certificate::parse(&text).unwrap();
    assert_eq!(certificate.subject(), "CN=idp,O=Example");
    assert_eq!(certificate.fingerprint().len(), 64);
    assert!(certificate.not_before_ms() < certificate.not_after_ms());
    assert_eq!(certificate.pem(), text);
    let bare: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let forms = [
        bare.clone(),
        format!("\n   {bare}\n"),
        text.replace('\n', "\r\n"),
        text.replace('\n', "\n    "),
        format!("subject=/CN=idp\n{text}trailing text"),
        bare.as_bytes().chunks(20).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n\t"),
    ];
    for form in forms {
        assert_eq!(Certificate::parse(&form).as_ref(), Ok(&certificate), "{form}");
    }
}

/// As openssl prints it: `openssl x509 -fingerprint -sha256`.
#[test]
fn a_fingerprint_is_the_one_that_openssl_prints() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/saml/keys/idp.crt");
    let output = std::process::Command::new("openssl").args(["x509", "-noout", "-fingerprint", "-sha256", "-in", file]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let digits = printed.trim().split_once('=').unwrap().1.replace(':', "").to_lowercase();
    assert_eq!(Certificate::parse(&pem("idp.crt")).unwrap().fingerprint(), digits);
}

#[test]
fn keys_that_can_verify_are_taken_whatever_their_dates_say() {
    for name in ["idp", "next", "long", "p256", "p384", "expired"] {
        assert!(Certificate::parse(&pem(&format!("{name}.crt"))).is_ok(), "{name}");
    }
    let expired = Certificate::parse(&pem("expired.crt")).unwrap();
    assert!(expired.not_after_ms() < expired.not_before_ms());
}

#[test]
fn keys_that_cannot_verify_are_refused() {
    assert_eq!(fault(&pem("short.crt")), CertificateFault::ShortKey(1024));
    for name in ["dsa", "ed25519", "k256", "huge"] {
        assert_eq!(fault(&pem(&format!("{name}.crt"))), CertificateFault::Kind, "{name}");
    }
}

#[test]
fn other_texts_are_refused_with_a_reason() {
    let text = pem("idp.crt");
    assert_eq!(fault(&pem("idp.key")), CertificateFault::PrivateKey);
    assert_eq!(fault(&text.repeat(2)), CertificateFault::Several);
    assert_eq!(fault("hello!"), CertificateFault::NotText);
    assert_eq!(fault("-----BEGIN CERTIFICATE-----\nAAAA"), CertificateFault::NotText);
    assert_eq!(fault("aGVsbG8="), CertificateFault::NotX509);
    assert_eq!(fault(""), CertificateFault::NotX509);
    assert_eq!(fault(&"A".repeat(70_000)), CertificateFault::TooLong);
    assert_eq!(fault(&text.replace("MII", "MIJ")), CertificateFault::NotX509);
    let bare: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(fault(&bare[..bare.len() / 8 * 4]), CertificateFault::NotX509);
}
