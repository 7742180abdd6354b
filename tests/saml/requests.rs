//! Requests, unpacked again.

use std::io::Read;

use base64::{Engine, engine::general_purpose::STANDARD};
use frontdesk::protocols::saml::request::AuthnRequest;
use url::Url;

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
fn a_request_in_a_form_is_base64() {
    let destination = Url::parse("https://idp.example.com/post").unwrap();
    let request = request(&destination);
    assert_eq!(STANDARD.decode(request.form_field()).unwrap(), request.xml().as_bytes());
}
