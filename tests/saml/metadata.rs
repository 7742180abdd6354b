//! Metadata as identity providers publish it.

use frontdesk::protocols::saml::{
    certificate::CertificateFault,
    metadata::{self, Metadata, MetadataFault},
};
use url::Url;

use crate::{
    cases::{ACS, US, certificate, drop, swap, swap_first},
    signer::pem,
};

fn key(purpose: &str, name: &str) -> String {
    let pem = pem(&format!("{name}.crt"));
    let base64 = pem.lines().filter(|line| !line.starts_with('-')).collect::<Vec<_>>().join("\n  ");
    format!(
        "<md:KeyDescriptor{purpose}><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
         <ds:X509Certificate>\n  {base64}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )
}

const SIGNING: &str = " use=\"signing\"";

/// Metadata with these keys.
fn with(keys: &str) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"https://idp.example.com/metadata\">\
         <md:IDPSSODescriptor WantAuthnRequestsSigned=\"false\" protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}\
         <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:SOAP\" Location=\"https://idp.example.com/soap\"/>\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example.com/go?a=b\"/>\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://idp.example.com/post\"/>\
         </md:IDPSSODescriptor></md:EntityDescriptor>"
    )
}

pub fn usual() -> String {
    with(&key(SIGNING, "idp"))
}

/// Two entities in a group in a group.
pub fn group() -> String {
    let group =
        |inside: &str| format!("<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{inside}</md:EntitiesDescriptor>");
    let application = metadata::write(US, ACS, &[], None);
    let (_, application) = application.split_once("?>").unwrap();
    group(&group(&format!("{application}{}", usual())))
}

fn read(xml: &str) -> Result<Metadata, MetadataFault> {
    Metadata::read(xml, false)
}

#[test]
fn metadata_is_read() {
    let known = Metadata {
        entity_id: "https://idp.example.com/metadata".to_owned(),
        redirect: Some(Url::parse("https://idp.example.com/go?a=b").unwrap()),
        post: Some(Url::parse("https://idp.example.com/post").unwrap()),
        certificates: vec![certificate("idp")],
        wants_signed_requests: false,
        name_id_formats: vec!["urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()],
        valid_until_ms: None,
    };
    assert_eq!(read(&usual()).unwrap(), known);
    assert_eq!(read(&group()).unwrap(), known);
    assert_eq!(read(&format!("\u{feff}<?xml version=\"1.0\"?>\n<!-- a comment -->{}", usual())).unwrap(), known);
    let limited = swap_first(&usual(), " entityID", " validUntil=\"2026-11-27T02:00:00Z\" entityID");
    assert_eq!(read(&limited).unwrap().valid_until_ms, Some(crate::cases::NOW));
    for wants in ["true", "1"] {
        assert!(read(&swap(&usual(), "Signed=\"false\"", &format!("Signed=\"{wants}\""))).unwrap().wants_signed_requests);
    }
    assert!(!read(&drop(&usual(), "WantAuthnRequestsSigned=\"false\"")).unwrap().wants_signed_requests);
}

/// AD FS puts a signature, roles of other protocols, an application and an encryption key into one file.
#[test]
fn metadata_with_other_roles_is_read() {
    let role = swap(crate::cases::element(&usual(), "md:IDPSSODescriptor"), "md:", "");
    let role = swap(&role, "<KeyDescriptor", &format!("{}<KeyDescriptor", swap(&key(" use=\"encryption\"", "attacker"), "md:", "")));
    let xml = format!(
        "<EntityDescriptor ID=\"_e\" entityID=\"http://adfs.example.com/adfs/services/trust\" xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">\
         <ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo/></ds:Signature>\
         <RoleDescriptor xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:fed=\"http://docs.oasis-open.org/wsfed/federation/200706\" \
         xsi:type=\"fed:SecurityTokenServiceType\" protocolSupportEnumeration=\"http://docs.oasis-open.org/wsfed/federation/200706\">{}\
         </RoleDescriptor><SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{}</SPSSODescriptor>{role}\
         <ContactPerson contactType=\"support\"/></EntityDescriptor>",
        swap(&key(SIGNING, "attacker"), "md:", ""),
        swap(&key(SIGNING, "attacker"), "md:", ""),
    );
    let metadata = read(&xml).unwrap();
    assert_eq!(metadata.entity_id, "http://adfs.example.com/adfs/services/trust");
    assert_eq!(metadata.certificates, [certificate("idp")]);
    assert_eq!(metadata.redirect.unwrap().as_str(), "https://idp.example.com/go?a=b");
}

#[test]
fn keys_for_signing_count_and_others_do_not() {
    let names = |keys: &[(&str, &str)]| {
        let keys: String = keys.iter().map(|(purpose, name)| key(purpose, name)).collect();
        read(&with(&keys)).map(|metadata| metadata.certificates.iter().map(|each| each.subject().to_owned()).collect::<Vec<_>>())
    };
    let encryption = " use=\"encryption\"";
    assert_eq!(names(&[("", "idp")]).unwrap(), ["CN=idp,O=Example"]);
    assert_eq!(names(&[(SIGNING, "idp"), (SIGNING, "next")]).unwrap(), ["CN=idp,O=Example", "CN=next,O=Example"]);
    assert_eq!(names(&[(SIGNING, "idp"), ("", "idp")]).unwrap(), ["CN=idp,O=Example"]);
    assert_eq!(names(&[(SIGNING, "idp"), (encryption, "attacker")]).unwrap(), ["CN=idp,O=Example"]);
    assert_eq!(names(&[(SIGNING, "idp"), (encryption, "short")]).unwrap(), ["CN=idp,O=Example"]);
    assert_eq!(names(&[(encryption, "idp")]), Err(MetadataFault::NoCertificate));
    assert_eq!(names(&[]), Err(MetadataFault::NoCertificate));
    assert_eq!(names(&[(SIGNING, "short")]), Err(MetadataFault::Certificate(CertificateFault::ShortKey(1024))));
    assert_eq!(names(&[(SIGNING, "dsa")]), Err(MetadataFault::Certificate(CertificateFault::Kind)));
    let cut = swap_first(&usual(), "MII", "<!-- -->MII");
    assert_eq!(read(&cut), Err(MetadataFault::Certificate(CertificateFault::NotText)));
}

#[test]
fn addresses_are_ones_that_can_be_used() {
    let [redirect, post] = ["https://idp.example.com/go?a=b", "https://idp.example.com/post"];
    let in_the_open = swap(&usual(), "https://idp.example.com/", "http://idp.example.com/");
    assert_eq!(read(&in_the_open), Err(MetadataFault::NotHttps));
    let trial = Metadata::read(&in_the_open, true).unwrap();
    assert_eq!(trial.post.unwrap().as_str(), "http://idp.example.com/post");
    let half = read(&swap(&usual(), redirect, "http://idp.example.com/go")).unwrap();
    assert_eq!((half.redirect, half.post.unwrap().as_str()), (None, post));
    for scheme in ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "/go", "", "https://"] {
        let neither = swap(&swap(&usual(), redirect, scheme), post, scheme);
        assert_eq!(Metadata::read(&neither, true), Err(MetadataFault::NoEndpoint), "{scheme}");
    }
    assert_eq!(read(&swap(&usual(), "HTTP-", "OTHER-")), Err(MetadataFault::NoEndpoint));
}

#[test]
fn other_documents_are_refused_with_a_reason() {
    let usual = usual();
    let two = format!("<x:EntitiesDescriptor xmlns:x=\"urn:oasis:names:tc:SAML:2.0:metadata\">{usual}{usual}</x:EntitiesDescriptor>");
    let role = crate::cases::element(&usual, "md:IDPSSODescriptor");
    for (what, xml, fault) in [
        ("two providers", two, MetadataFault::SeveralProviders),
        ("two roles", swap(&usual, role, &role.repeat(2)), MetadataFault::SeveralProviders),
        ("an application's", metadata::write(US, ACS, &[], None), MetadataFault::NoProvider),
        ("SAML 1.1", swap(&usual, "SAML:2.0:protocol", "SAML:1.1:protocol"), MetadataFault::NoProvider),
        ("another namespace", swap(&usual, "SAML:2.0:metadata", "SAML:1.0:metadata"), MetadataFault::NotMetadata),
        ("HTML", "<html/>".to_owned(), MetadataFault::NotMetadata),
        ("JSON", "{}".to_owned(), MetadataFault::Malformed),
        ("nothing", String::new(), MetadataFault::Malformed),
        ("half of it", usual[..usual.len() / 2].to_owned(), MetadataFault::Malformed),
        ("a DOCTYPE", format!("<!DOCTYPE x>{usual}"), MetadataFault::Doctype),
        ("a DOCTYPE with a file", format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"/etc/passwd\">]>{usual}"), MetadataFault::Doctype),
        ("no name", drop(&usual, " entityID=\"https://idp.example.com/metadata\""), MetadataFault::EntityId),
        ("an empty name", swap(&usual, "entityID=\"https://idp.example.com/metadata\"", "entityID=\" \""), MetadataFault::EntityId),
        ("a long name", swap(&usual, "https://idp.example.com/metadata", &"n".repeat(1025)), MetadataFault::EntityId),
        ("more than 1 MiB", format!("{usual}{}", " ".repeat(1024 * 1024)), MetadataFault::TooLarge),
        ("many levels", "<a>".repeat(40), MetadataFault::TooComplex),
        ("many elements", format!("<a>{}</a>", "<b/>".repeat(20_000)), MetadataFault::TooComplex),
    ] {
        assert_eq!(read(&xml).expect_err(what), fault, "{what}");
    }
}

#[test]
fn our_own_metadata_is_escaped() {
    let written = metadata::write("https://desk.example.com/saml?a=1&b=\"2\"", ACS, &["urn:<x>"], None);
    assert!(written.contains("entityID=\"https://desk.example.com/saml?a=1&amp;b=&quot;2&quot;\""), "{written}");
    assert!(written.contains("<md:NameIDFormat>urn:&lt;x&gt;</md:NameIDFormat>"), "{written}");
    assert!(written.contains(&format!("Location=\"{ACS}\" index=\"0\" isDefault=\"true\"")), "{written}");
    assert!(written.contains("AuthnRequestsSigned=\"false\"") && !written.contains("KeyDescriptor"), "{written}");
}
