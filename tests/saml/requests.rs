//! Requests, unpacked again.

use std::io::Read;

use base64::{Engine, engine::general_purpose::STANDARD};
use frontdesk::protocols::saml::{
    certificate::Certificate,
    request::AuthnRequest,
    signing::{NewKey, Signer},
};
use rsa::{Pkcs1v15Sign, RsaPublicKey, pkcs8::DecodePublicKey, sha2::Digest};
use url::Url;
use x509_cert::der::{DecodePem, Encode};

use crate::cases::{ACS, NOW, US};

fn request(destination: &Url) -> AuthnRequest<'_> {
    AuthnRequest { id: "_q1", issuer: US, destination, acs: ACS, now_ms: NOW, force_authn: false, name_id_format: None }
}

#[test]
fn a_request_says_who_asks_for_what() {
    let destination = Url::parse("https://idp.example.com/go").unwrap();
    assert_eq!(
        request(&destination).xml(),
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         ID=\"_q1\" Version=\"2.0\" IssueInstant=\"2026-11-27T02:00:00Z\" Destination=\"https://idp.example.com/go\" \
         ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" AssertionConsumerServiceURL=\"https://desk.example.com/saml/acs\">\
         <saml:Issuer>https://desk.example.com/saml</saml:Issuer><samlp:NameIDPolicy AllowCreate=\"true\"/></samlp:AuthnRequest>"
    );
    let more = AuthnRequest { force_authn: true, name_id_format: Some("urn:\"x\""), ..request(&destination) }.xml();
    assert!(more.contains(" ForceAuthn=\"true\"") && more.contains("<samlp:NameIDPolicy Format=\"urn:&quot;x&quot;\""), "{more}");
    let odd = AuthnRequest { issuer: "a&b</saml:Issuer>", acs: "\"><x/>", ..request(&destination) }.xml();
    assert!(odd.contains("<saml:Issuer>a&amp;b&lt;/saml:Issuer&gt;</saml:Issuer>") && !odd.contains("<x/>"), "{odd}");
}

#[test]
fn a_request_in_an_address_is_deflated_and_keeps_what_is_there() {
    let destination = Url::parse("https://idp.example.com/go?tenant=1#part").unwrap();
    let request = request(&destination);
    let url = Url::parse(&request.redirect_url("a key+/=&x")).unwrap();
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["tenant", "SAMLRequest", "RelayState"]);
    assert_eq!(pairs[2].1, "a key+/=&x");
    let mut xml = String::new();
    flate2::read::DeflateDecoder::new(STANDARD.decode(&pairs[1].1).unwrap().as_slice()).read_to_string(&mut xml).unwrap();
    assert_eq!(xml, request.xml());
}

#[test]
fn a_signature_is_of_what_stands_in_the_address() {
    let made = NewKey::make(NOW, [[1; 16], [2; 16]]).unwrap();
    let signer = Signer::read(&made).unwrap();
    let destination = Url::parse("https://idp.example.com/go?tenant=1").unwrap();
    let url = request(&destination).signed_redirect_url("a key+/=&x", &signer).unwrap();
    let (_, query) = url.split_once("?tenant=1&").unwrap();
    let (asked, signature) = query.split_once("&Signature=").unwrap();
    assert!(asked.starts_with("SAMLRequest=") && asked.contains("&RelayState=a+key%2B%2F%3D%26x&SigAlg=http%3A%2F%2F"), "{asked}");
    let signature: String = form_urlencoded::parse(format!("s={signature}").as_bytes()).next().unwrap().1.into_owned();
    // By another library than it was signed with.
    let certificate = x509_cert::Certificate::from_pem(&made.certificate).unwrap();
    let key = certificate.tbs_certificate.subject_public_key_info.to_der().unwrap();
    let key = RsaPublicKey::from_public_key_der(&key).unwrap();
    let is_signed = |text: &str| {
        let scheme = Pkcs1v15Sign::new::<rsa::sha2::Sha256>();
        key.verify(scheme, &rsa::sha2::Sha256::digest(text), &STANDARD.decode(&signature).unwrap()).is_ok()
    };
    assert!(is_signed(asked) && !is_signed(&format!("{asked}&")));
    let certificate = Certificate::parse(&made.certificate).unwrap();
    assert_eq!(certificate.subject(), "CN=Frontdesk");
    assert!(certificate.not_before_ms() < NOW && certificate.not_after_ms() > NOW + 9 * 365 * 86_400_000);
}

#[test]
fn a_signature_in_a_form_stands_behind_the_issuer() {
    let signer = Signer::read(&NewKey::make(NOW, [[1; 16], [2; 16]]).unwrap()).unwrap();
    let destination = Url::parse("https://idp.example.com/post").unwrap();
    let request = request(&destination);
    let xml = String::from_utf8(STANDARD.decode(request.signed_form_field(&signer).unwrap()).unwrap()).unwrap();
    let (before, rest) = xml.split_once("<ds:Signature ").unwrap();
    let (_, after) = rest.split_once("</ds:Signature>").unwrap();
    assert!(before.ends_with("</saml:Issuer>"), "{xml}");
    assert_eq!(format!("{before}{after}"), request.xml());
}

#[test]
fn a_request_in_a_form_is_base64() {
    let destination = Url::parse("https://idp.example.com/post").unwrap();
    let request = request(&destination);
    assert_eq!(STANDARD.decode(request.form_field()).unwrap(), request.xml().as_bytes());
}
