//! Single sign-on by SAML, from metadata to coming in. What is believed of answers is for the suite `saml`; here it is what becomes of it.

use std::io::Read;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::DeflateDecoder;
use frontdesk::{
    protocols::outside::Private,
    rules::time::{Millis, Span},
};
use reqwest::{Method, StatusCode};
use url::Url;

#[path = "../saml/signer.rs"]
#[allow(dead_code, reason = "shared with the suite saml, which uses all of it")]
mod signer;

use crate::{
    kit::{Browser, House, PASSWORD, Page, form},
    sso::choose,
};
use signer::{RSA_SHA256, SHA256, Seal, pem};

const PAGE: &str = "/accounts/acme/settings/sso";
/// What whoever is too late is told.
const MEANWHILE: &str = "Somebody changed this meanwhile. Look at the certificate that stands there now.";
const ENTITY: &str = "https://idp.example.com/metadata";

/// A provider by SAML that is played by the test.
struct Provider {
    /// By what it signs: a name among the keys of the suite `saml`.
    key: &'static str,
    /// How many seconds ago people have signed in there.
    signed_in_ago: i64,
}

/// What a provider is asked.
struct Asked {
    id: String,
    acs: String,
    issuer: String,
    relay_state: String,
}

impl Asked {
    fn by(url: &str) -> Self {
        let url = Url::parse(url).unwrap();
        let field = |wanted: &str| url.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
        let mut xml = String::new();
        DeflateDecoder::new(STANDARD.decode(field("SAMLRequest")).unwrap().as_slice()).read_to_string(&mut xml).unwrap();
        Self::of(&xml, field("RelayState"))
    }

    fn of(xml: &str, relay_state: String) -> Self {
        let between = |from: &str, to: &str| xml.split_once(from).unwrap().1.split_once(to).unwrap().0.to_owned();
        Self {
            id: between(" ID=\"", "\""),
            acs: between("AssertionConsumerServiceURL=\"", "\""),
            issuer: between("<saml:Issuer>", "</saml:Issuer>"),
            relay_state,
        }
    }
}

impl Provider {
    const fn new() -> Self {
        Self { key: "idp", signed_in_ago: 10 }
    }

    #[expect(clippy::unused_self, reason = "they are the provider's, whatever it signs with")]
    fn metadata(&self, binding: &str, keys: &[&str]) -> String {
        let certificate = |name: &&str| {
            let base64: String = pem(&format!("{name}.crt")).lines().filter(|line| !line.starts_with('-')).collect();
            format!(
                "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
                 <ds:X509Certificate>{base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            )
        };
        let keys: String = keys.iter().map(certificate).collect();
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{ENTITY}\"><md:IDPSSODescriptor \
             protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}<md:SingleSignOnService \
             Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" Location=\"https://idp.example.com/sso\"/></md:IDPSSODescriptor>\
             </md:EntityDescriptor>"
        )
    }

    /// The answer to what was asked, or one that nobody asked for.
    fn answer(&self, now: Millis, asked: Option<&Asked>, (acs, issuer): (&str, &str), (name, email): (&str, &str), id: &str) -> String {
        let at = |span: i64| Millis(now.0 + span * 1_000).rfc3339();
        let in_response_to = asked.map(|asked| format!(" InResponseTo=\"{}\"", asked.id)).unwrap_or_default();
        let xml = format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
             ID=\"_r{id}\" Version=\"2.0\" IssueInstant=\"{}\" Destination=\"{acs}\"{in_response_to}><saml:Issuer>{ENTITY}</saml:Issuer>\
             <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>\
             <saml:Assertion ID=\"_a{id}\" Version=\"2.0\" IssueInstant=\"{}\"><saml:Issuer>{ENTITY}</saml:Issuer><saml:Subject>\
             <saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">{name}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml:SubjectConfirmationData NotOnOrAfter=\"{}\" \
             Recipient=\"{acs}\"{in_response_to}/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore=\"{}\" \
             NotOnOrAfter=\"{}\"><saml:AudienceRestriction><saml:Audience>{issuer}</saml:Audience></saml:AudienceRestriction>\
             </saml:Conditions><saml:AuthnStatement AuthnInstant=\"{}\"><saml:AuthnContext><saml:AuthnContextClassRef>\
             urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext>\
             </saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name=\"email\"><saml:AttributeValue>{email}</saml:AttributeValue>\
             </saml:Attribute><saml:Attribute Name=\"displayName\"><saml:AttributeValue>Somebody There</saml:AttributeValue></saml:Attribute>\
             </saml:AttributeStatement></saml:Assertion></samlp:Response>",
            at(-2),
            at(-2),
            at(300),
            at(-60),
            at(300),
            at(-self.signed_in_ago),
        );
        STANDARD.encode(Seal::by(self.key, RSA_SHA256, SHA256).on(&xml, &format!("_a{id}")))
    }
}

async fn desk() -> (House, Browser) {
    House::with_ada_and(|config| config.private_idps = Private::Allowed).await
}

/// Sets the provider up, from its metadata in this binding; answers its id.
async fn add(ada: &Browser, metadata: &str, initiates: &str) -> String {
    let page = ada.post(&format!("{PAGE}/new-saml"), &saml_form(&reserve(ada).await, metadata, initiates)).await;
    assert!(page.location().starts_with(PAGE) && !page.location().contains('?'), "{} {}", page.location(), page.text());
    page.location().rsplit_once('/').unwrap().1.to_owned()
}

async fn reserve(ada: &Browser) -> String {
    let page = ada.get(&format!("{PAGE}/new-saml")).await;
    page.location().split_once("reserved=").unwrap().1.to_owned()
}

fn saml_form(reserved: &str, metadata: &str, initiates: &str) -> Vec<(&'static str, String)> {
    vec![
        ("reserved", reserved.to_owned()),
        ("description", "Example Inc.".to_owned()),
        ("metadata", metadata.to_owned()),
        ("initiates", initiates.to_owned()),
    ]
}

/// Sends what a provider has the browser post, as it comes from there: without our cookies, and from another site.
async fn post(house: &House, id: &str, response: &str, relay_state: &str) -> Page {
    let body = form(&[("SAMLResponse", response.to_owned()), ("RelayState", relay_state.to_owned())]);
    let headers = [("sec-fetch-site", "cross-site"), ("origin", "https://idp.example.com")];
    house.visitor().send(Method::POST, &format!("/saml/{id}/acs"), Some(body), &headers).await
}

/// The whole way: to the provider and back, as this person.
async fn through(house: &House, browser: &Browser, id: &str, person: (&str, &str), number: u32) -> Page {
    let out = browser.get(&format!("/login/sso/{id}")).await;
    let asked = Asked::by(out.location());
    let provider = Provider::new();
    let response = provider.answer(house.now(), Some(&asked), (&asked.acs, &asked.issuer), person, &number.to_string());
    let posted = post(house, id, &response, &asked.relay_state).await;
    assert!(posted.location().starts_with("/saml/back/"), "{}", posted.text());
    browser.get(posted.location()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_set_up_from_its_metadata() {
    let (house, ada) = desk().await;
    let provider = Provider::new();
    // What the provider is told of us stays the same until it is there.
    let reserved = reserve(&ada).await;
    let page = ada.get(&format!("{PAGE}/new-saml?reserved={reserved}")).await;
    let told = page.all("dd code").join(" ");
    assert_eq!(told, ada.get(&format!("{PAGE}/new-saml?reserved={reserved}")).await.all("dd code").join(" "));
    let good = provider.metadata("HTTP-Redirect", &["idp"]);
    for (metadata, says) in [
        ("", "Paste the provider's metadata"),
        ("no xml", "not well-formed"),
        (&provider.metadata("HTTP-Redirect", &[]), "no certificate for signing"),
        (&good.replace("https://idp.example.com/sso", "ftp://idp.example.com"), "no address for signing in"),
        (&format!("<!DOCTYPE x>{good}"), "DOCTYPE"),
    ] {
        let page = ada.post(&format!("{PAGE}/new-saml"), &saml_form(&reserved, metadata, "")).await;
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.fault("metadata").contains(says), "{says}: {}", page.text());
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM idps").await, 0);
    let forged = ada.post(&format!("{PAGE}/new-saml"), &saml_form("idp_3MP92WggujNuFkwl8icLusxoDSO", &good, "")).await;
    assert!(forged.location().contains("new-saml?reserved="), "another page is begun");
    let page = ada.post(&format!("{PAGE}/new-saml"), &saml_form(&reserved, &good, "")).await;
    let id = page.location().rsplit_once('/').unwrap().1.to_owned();
    assert!(told.contains(&format!("/saml/{id}/acs")), "{told}");
    let twice = ada.post(&format!("{PAGE}/new-saml"), &saml_form(&reserved, &good, "")).await;
    assert!(twice.text().contains("was added already"), "{}", twice.text());
    let page = ada.get(&format!("{PAGE}/{id}")).await;
    assert!(page.text().contains(ENTITY) && page.text().contains("https://idp.example.com/sso"), "{}", page.text());
    let ours = house.visitor().get(&format!("/saml/{id}/metadata")).await;
    assert!(ours.header("content-type").starts_with("application/samlmetadata+xml"));
    assert!(ours.body.contains(&format!("{}/saml/{id}/acs", house.running.base_url)), "{}", ours.body);

    // As a file, and at an address.
    let reserved = reserve(&ada).await;
    let boundary = "XX";
    let part = |name: &str, file: &str, value: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n")
    };
    let body = [
        part("reserved", "", &reserved),
        part("description", "", "By a file"),
        part("file", "; filename=\"m.xml\"", &good),
        format!("--{boundary}--\r\n"),
    ]
    .concat();
    let request = ada
        .client
        .post(format!("{}{PAGE}/new-saml/upload", ada.base))
        .header("cookie", ada.cookie().unwrap())
        .header("sec-fetch-site", "same-origin");
    let answer = request.header("content-type", format!("multipart/form-data; boundary={boundary}")).body(body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let served = good.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/metadata", listener.local_addr().unwrap());
    // As some do, it has no JSON.
    let serve = move |headers: axum::http::HeaderMap| async move {
        let is_welcome = headers["accept"].to_str().unwrap().starts_with("application/samlmetadata+xml");
        if is_welcome { Ok(served) } else { Err(StatusCode::NOT_ACCEPTABLE) }
    };
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(serve)).await });
    let mut draft = saml_form(&reserve(&ada).await, "", "");
    draft.push(("metadata_url", address));
    let page = ada.post(&format!("{PAGE}/new-saml"), &draft).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    draft[0].1 = reserve(&ada).await;
    draft[4].1 = "http://127.0.0.1:9/none".to_owned();
    assert!(!ada.post(&format!("{PAGE}/new-saml"), &draft).await.fault("metadata_url").is_empty());
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM idp_certificates").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_come_in_by_what_is_posted_once_and_by_their_own_browser() {
    let (house, ada) = desk().await;
    let provider = Provider::new();
    let id = add(&ada, &provider.metadata("HTTP-Redirect", &["idp"]), "").await;
    let welcome = through(&house, &ada, &id, ("u-1", "ada@example.com"), 1).await.location().to_owned();
    assert!(welcome.starts_with("/welcome/"), "{welcome}");
    assert_eq!(ada.post(&format!("{welcome}/link"), &[]).await.location(), "/accounts/acme");
    let later = house.visitor();
    assert_eq!(through(&house, &later, &id, ("u-1", "other@example.com"), 2).await.location(), "/accounts/acme");
    assert_eq!(later.get("/accounts/acme").await.status, StatusCode::OK);
    // The name at the provider is who it is, and the address is not.
    assert!(through(&house, &house.visitor(), &id, ("u-2", "ada@example.com"), 3).await.location().starts_with("/welcome/"));

    // What was used is used, also for many at once, and for the browser that began alone.
    let browser = house.visitor();
    let asked = Asked::by(browser.get(&format!("/login/sso/{id}")).await.location());
    let response = provider.answer(house.now(), Some(&asked), (&asked.acs, &asked.issuer), ("u-1", "ada@example.com"), "4");
    let posts = (0..10).map(|_| post(&house, &id, &response, &asked.relay_state));
    let backs: Vec<String> =
        futures_util::future::join_all(posts).await.iter().map(|page| page.location().to_owned()).filter(|to| !to.is_empty()).collect();
    assert_eq!(backs.len(), 1, "{backs:?}");
    let stranger = house.visitor();
    assert_eq!(stranger.get(&backs[0]).await.status, StatusCode::NOT_FOUND);
    stranger.get(&format!("/login/sso/{id}")).await;
    assert_eq!(stranger.get(&backs[0]).await.status, StatusCode::NOT_FOUND, "known by another cookie");
    assert_eq!(browser.get(&backs[0]).await.location(), "/accounts/acme");
    assert_eq!(browser.get(&backs[0]).await.status, StatusCode::NOT_FOUND);
    // The same assertion for another request of the same browser.
    let asked = Asked::by(browser.get(&format!("/login/sso/{id}")).await.location());
    let refused = post(&house, &id, &response, &asked.relay_state).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text().contains("You are not signed in"), "{}", refused.text());
    // What waits waits for a minute.
    let fresh = provider.answer(house.now(), Some(&asked), (&asked.acs, &asked.issuer), ("u-1", "ada@example.com"), "5");
    let back = post(&house, &id, &fresh, &asked.relay_state).await.location().to_owned();
    house.wait(Span::minutes(2));
    assert_eq!(browser.get(&back).await.status, StatusCode::NOT_FOUND);
    // Forged, garbled, for nobody.
    let asked = Asked::by(browser.get(&format!("/login/sso/{id}")).await.location());
    let forged = Provider { key: "attacker", ..Provider::new() }.answer(
        house.now(),
        Some(&asked),
        (&asked.acs, &asked.issuer),
        ("u-1", "ada@example.com"),
        "6",
    );
    for (response, status) in [(forged.as_str(), 422), ("", 422), ("garbage", 422)] {
        assert_eq!(post(&house, &id, response, &asked.relay_state).await.status.as_u16(), status, "{response}");
    }
    assert_eq!(post(&house, "idp_3MP92WggujNuFkwl8icLusxoDSO", &fresh, "x").await.status, StatusCode::NOT_FOUND);
    let bare = house.visitor().send(Method::POST, &format!("/saml/{id}/acs"), Some("a=b".to_owned()), &[]).await;
    assert_eq!(bare.status, StatusCode::BAD_REQUEST);
    assert!(ada.get(&format!("{PAGE}/{id}")).await.text().contains("certificate") || !ada.get(PAGE).await.all(".badge.danger").is_empty());
    // Whoever stays away for a quarter of an hour sets out anew, whatever the provider says.
    let asked = Asked::by(browser.get(&format!("/login/sso/{id}")).await.location());
    house.wait(Span::minutes(16));
    let late = provider.answer(house.now(), Some(&asked), (&asked.acs, &asked.issuer), ("u-1", "ada@example.com"), "8");
    assert!(post(&house, &id, &late, &asked.relay_state).await.text().contains("it took too long"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_set_out_comes_in_where_that_is_switched_on() {
    let (house, ada) = desk().await;
    let provider = Provider::new();
    let id = add(&ada, &provider.metadata("HTTP-Redirect", &["idp"]), "").await;
    let welcome = through(&house, &ada, &id, ("u-1", "ada@example.com"), 1).await.location().to_owned();
    ada.post(&format!("{welcome}/link"), &[]).await;
    let base = &house.running.base_url;
    let (acs, issuer) = (format!("{base}/saml/{id}/acs"), format!("{base}/saml/{id}/metadata"));
    let unasked = |number: u32| provider.answer(house.now(), None, (&acs, &issuer), ("u-1", "ada@example.com"), &number.to_string());
    let refused = post(&house, &id, &unasked(2), "").await;
    assert!(refused.text().contains("Nobody has set out from here"), "{}", refused.text());
    let change = |initiates: &str, version: i64| {
        vec![("description", "Example Inc.".to_owned()), ("initiates", initiates.to_owned()), ("version", version.to_string())]
    };
    assert_eq!(ada.post(&format!("{PAGE}/{id}/change-saml"), &change("yes", 0)).await.status, StatusCode::SEE_OTHER);
    let browser = house.visitor();
    let posted = post(&house, &id, &unasked(3), "anything").await;
    assert_eq!(browser.get(posted.location()).await.location(), "/accounts/acme");
    assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::OK);
    assert!(post(&house, &id, &unasked(3), "").await.location().is_empty(), "it counts once");
    // Who is not known yet has a page of theirs, though their browser was never here.
    let new = provider.answer(house.now(), None, (&acs, &issuer), ("u-9", "grace@navy.example"), "9");
    let grace = house.visitor();
    let welcome = grace.get(post(&house, &id, &new, "").await.location()).await.location().to_owned();
    assert!(welcome.starts_with("/welcome/"), "{welcome}");
    assert_eq!(grace.get(&welcome).await.status, StatusCode::OK);
    assert_eq!(house.visitor().get(&welcome).await.status, StatusCode::NOT_FOUND, "the page is this browser's");
    // An answer to somebody's request is none that nobody asked for.
    let asked = Asked::by(house.visitor().get(&format!("/login/sso/{id}")).await.location());
    let answer = provider.answer(house.now(), Some(&asked), (&acs, &issuer), ("u-1", "ada@example.com"), "4");
    assert!(post(&house, &id, &answer, "").await.location().is_empty());
    // Nobody is signed in over the head of somebody else.
    let bob = house.signed_in(&house.member("acme", "bob", crate::kit::READER).await).await;
    let page = bob.get(post(&house, &id, &unasked(5), "").await.location()).await;
    assert!(page.text().contains("You are signed in as bob@example.com"), "{}", page.text());
    ada.post(&format!("{PAGE}/{id}/change-saml"), &change("", 1)).await;
    assert!(post(&house, &id, &unasked(6), "").await.location().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_overlap_while_they_change() {
    let (house, ada) = desk().await;
    let provider = Provider::new();
    let id = add(&ada, &provider.metadata("HTTP-Redirect", &["idp"]), "").await;
    let page = format!("{PAGE}/{id}");
    let only = ada.get(&page).await;
    assert!(only.text().contains("the only one"));
    let fingerprint = house.raw.texts("SELECT fingerprint FROM idp_certificates").await.remove(0);
    let refused = ada.post(&format!("{page}/untrust"), &[("fingerprint", fingerprint.clone())]).await;
    assert!(refused.text().contains("The last certificate stays"), "{}", refused.text());
    let come = async |key: &'static str, number: u32| {
        let browser = house.visitor();
        let asked = Asked::by(browser.get(&format!("/login/sso/{id}")).await.location());
        let answer = Provider { key, ..Provider::new() }.answer(
            house.now(),
            Some(&asked),
            (&asked.acs, &asked.issuer),
            ("u-1", "a@b.example"),
            &number.to_string(),
        );
        !post(&house, &id, &answer, &asked.relay_state).await.location().is_empty()
    };
    assert!(come("idp", 1).await && !come("next", 2).await);
    assert!(!ada.post(&format!("{page}/trust"), &[("certificate", "x".to_owned())]).await.fault("certificate").is_empty());
    assert_eq!(ada.post(&format!("{page}/trust"), &[("certificate", pem("next.crt"))]).await.status, StatusCode::SEE_OTHER);
    assert!(come("idp", 3).await && come("next", 4).await, "both while it changes");
    ada.post(&format!("{page}/untrust"), &[("fingerprint", fingerprint)]).await;
    assert!(!come("idp", 5).await && come("next", 6).await);
    // New metadata add theirs; those of somebody else are refused.
    let version = house.raw.number("SELECT version FROM idps").await;
    let change =
        |metadata: &str| vec![("description", "E".to_owned()), ("metadata", metadata.to_owned()), ("version", version.to_string())];
    let other = provider.metadata("HTTP-Redirect", &["idp"]).replace(ENTITY, "https://evil.example");
    assert!(ada.post(&format!("{page}/change-saml"), &change(&other)).await.fault("metadata").contains("another provider"));
    ada.post(&format!("{page}/change-saml"), &change(&provider.metadata("HTTP-POST", &["idp"]))).await;
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM idp_certificates").await, 2);

    // By a form, which the page's policy lets through to there alone.
    let browser = house.visitor();
    let form = browser.get(&format!("/login/sso/{id}")).await;
    assert_eq!(form.attributes("form[action^='https']", "action"), ["https://idp.example.com/sso"]);
    let policy = form.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://idp.example.com;"), "{policy}");
    let xml = String::from_utf8(STANDARD.decode(form.value("SAMLRequest")).unwrap()).unwrap();
    let asked = Asked::of(&xml, form.value("RelayState"));
    let answer = provider.answer(house.now(), Some(&asked), (&asked.acs, &asked.issuer), ("u-1", "a@b.example"), "7");
    let back = post(&house, &id, &answer, &asked.relay_state).await;
    assert!(browser.get(back.location()).await.location().starts_with("/welcome/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_shows_what_was_said_and_strangers_join_just_in_time() {
    let (house, ada) = desk().await;
    let provider = Provider::new();
    let id = add(&ada, &provider.metadata("HTTP-Redirect", &["idp"]), "").await;
    let asked = Asked::by(ada.get(&format!("{PAGE}/{id}/test")).await.location());
    let answer = provider.answer(house.now(), Some(&asked), (&asked.acs, &asked.issuer), ("u-1", "ada@example.com"), "1");
    let back = ada.get(post(&house, &id, &answer, &asked.relay_state).await.location()).await;
    let tested = ada.get(back.location()).await;
    assert!(
        tested.text().contains("Example Inc. works") && tested.text().contains("u-1") && tested.text().contains("Somebody There"),
        "{}",
        tested.text()
    );
    choose(&ada, "mixed", "just_in_time").await;
    let account = house.account_id("acme").await;
    house
        .raw
        .run(format!(
            "INSERT INTO account_domains (account_id, domain, token, asked_at, verified_at) VALUES ('{account}', 'navy.example', 't', 1, 1)"
        ))
        .await;
    let grace = house.visitor();
    let welcome = through(&house, &grace, &id, ("u-9", "grace@navy.example"), 2).await.location().to_owned();
    assert_eq!(grace.get(&welcome).await.value("name"), "Somebody There");
    assert_eq!(grace.post(&format!("{welcome}/join"), &[("name", "Grace".to_owned())]).await.location(), "/accounts/acme");
    assert_eq!(grace.get("/accounts/acme").await.status, StatusCode::OK);
    assert_eq!(grace.sign_in("grace@navy.example", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_is_asked_is_signed_where_it_wants_that() {
    let (house, ada) = desk().await;
    let provider = Provider::new();
    let plain = add(&ada, &provider.metadata("HTTP-Redirect", &["idp"]), "").await;
    let page = format!("{PAGE}/{plain}");
    let parameters = async |id: &str| {
        let url = house.visitor().get(&format!("/login/sso/{id}")).await.location().to_owned();
        Url::parse(&url).unwrap().query_pairs().map(|(name, _)| name.into_owned()).collect::<Vec<_>>()
    };
    let ours = async |id: &str| house.visitor().get(&format!("/saml/{id}/metadata")).await.body;
    let certificate = async || house.raw.texts("SELECT signing_certificate FROM idps").await.remove(0);
    let (plainly, signed) = (["SAMLRequest", "RelayState"], ["SAMLRequest", "RelayState", "SigAlg", "Signature"]);
    assert_eq!(parameters(&plain).await, plainly);
    assert!(ours(&plain).await.contains("AuthnRequestsSigned=\"false\""));

    assert_eq!(ada.post(&format!("{page}/sign"), &[]).await.location(), page);
    assert_eq!(parameters(&plain).await, signed);
    let first = certificate().await;
    let inside: String = first.lines().filter(|line| !line.starts_with('-')).collect();
    let told = ours(&plain).await;
    assert!(told.contains("AuthnRequestsSigned=\"true\"") && told.contains(&inside), "{told}");
    assert!(ada.get(&page).await.body.contains(&inside[..64]), "the page shows it");
    let kept = house.raw.texts("SELECT signing_key FROM idps").await.remove(0);
    assert!(!kept.contains("PRIVATE KEY"), "the key is sealed");
    // It comes back as it went.
    let browser = house.visitor();
    let welcome = through(&house, &browser, &plain, ("u-1", "grace@navy.example"), 1).await;
    assert!(welcome.location().starts_with("/welcome/"), "{}", welcome.text());

    // A new key is said to keep people out first, and replaces the one that was looked at and no other.
    let seen = ada.get(&page).await.attributes("form[action$='/unsign'] input[name=seen]", "value").remove(0);
    assert_eq!(seen.len(), 64);
    let sure = |seen: &str| [("seen", seen.to_owned()), ("sure", "yes".to_owned())];
    assert_eq!(ada.post(&format!("{page}/sign"), &[]).await.fault("signed"), MEANWHILE);
    for deed in ["sign", "unsign"] {
        let asked = ada.post(&format!("{page}/{deed}"), &[("seen", seen.clone())]).await;
        assert!(asked.status == StatusCode::OK && asked.text().contains("nobody comes in by it"), "{deed}: {}", asked.text());
        assert_eq!(ada.post(&format!("{page}/{deed}"), &sure(&seen[1..])).await.fault("signed"), MEANWHILE, "{deed}");
        assert_eq!(certificate().await, first, "{deed}");
    }
    house.raw.run("UPDATE idps SET tested_at = 1".to_owned()).await;
    assert_eq!(ada.post(&format!("{page}/sign"), &sure(&seen)).await.location(), page);
    assert_ne!(certificate().await, first);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM idps WHERE tested_at IS NULL").await, 1, "the other key was tested");
    assert_eq!(ada.post(&format!("{page}/unsign"), &sure(&seen)).await.fault("signed"), MEANWHILE);
    // Where everybody has to come by it, it goes on as it does.
    let seen = ada.get(&page).await.attributes("form[action$='/unsign'] input[name=seen]", "value").remove(0);
    let account = house.account_id("acme").await;
    house
        .raw
        .run(format!(
            "INSERT INTO account_settings (account_id, name, value, set_by, set_at) VALUES ('{account}', 'sso', 'enforced', 'x', 1)"
        ))
        .await;
    let user = house.user_id("ada@example.com").await;
    house.raw.run(format!("INSERT INTO session_proofs (session_id, kind, account_id, idp_id, proven_at) SELECT id, 'idp', '{account}', '{plain}', {} FROM sessions WHERE user_id = '{user}'", house.now().0)).await;
    for deed in ["sign", "unsign"] {
        let refused = ada.post(&format!("{page}/{deed}"), &sure(&seen)).await;
        assert!(refused.text().contains("the only provider that is switched on"), "{deed}: {}", refused.text());
    }
    house.raw.run("DELETE FROM account_settings WHERE name = 'sso'".to_owned()).await;
    assert_eq!(ada.post(&format!("{page}/unsign"), &sure(&seen)).await.location(), page);
    assert_eq!(parameters(&plain).await, plainly);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM idps WHERE signing_key IS NULL").await, 1);

    // Whose metadata say that it wants them is asked so from the beginning, by a form within the message; that it was, is on record.
    let wants = provider
        .metadata("HTTP-POST", &["idp"])
        .replace("<md:IDPSSODescriptor ", "<md:IDPSSODescriptor WantAuthnRequestsSigned=\"true\" ")
        .replace(ENTITY, "https://strict.example.com");
    let strict = add(&ada, &wants, "").await;
    assert!(ada.get(&format!("{PAGE}/{strict}")).await.text().contains("It wants signed requests: give it the certificate"));
    let form = house.visitor().get(&format!("/login/sso/{strict}")).await;
    let xml = String::from_utf8(STANDARD.decode(form.value("SAMLRequest")).unwrap()).unwrap();
    assert!(xml.contains("</saml:Issuer><ds:Signature ") && ours(&strict).await.contains("AuthnRequestsSigned=\"true\""), "{xml}");
    let created = house
        .raw
        .texts(format!("SELECT after FROM events WHERE log = '{account}' AND type = 'identity_provider_created.v0' ORDER BY seq"))
        .await;
    assert!(!created[0].contains("signed_requests") && created[1].contains("\"signed_requests\":\""), "{created:?}");
    // Whoever has stopped it finds it stopped, whatever else they change with the same metadata.
    let seen = ada.get(&format!("{PAGE}/{strict}")).await.attributes("form[action$='/unsign'] input[name=seen]", "value").remove(0);
    ada.post(&format!("{PAGE}/{strict}/unsign"), &sure(&seen)).await;
    let version = house.raw.number(format!("SELECT version FROM idps WHERE id = '{strict}'")).await;
    let change = [("description", "Strict".to_owned()), ("metadata", wants), ("version", version.to_string())];
    assert_eq!(ada.post(&format!("{PAGE}/{strict}/change-saml"), &change).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM idps WHERE signing_key IS NOT NULL").await, 0);
    // There is nothing to sign by OpenID Connect, and a key is not made for it.
    house.raw.run(format!("UPDATE idps SET protocol = 'oidc' WHERE id = '{strict}'")).await;
    for deed in ["sign", "unsign"] {
        assert_eq!(ada.post(&format!("{PAGE}/{strict}/{deed}"), &[]).await.status, StatusCode::NOT_FOUND, "{deed}");
    }
    assert_eq!(house.raw.texts("SELECT CAST(count AS TEXT) FROM attempts WHERE scope = 'signing_key'").await, ["4"]);
    let changes = house.events(&account).await.into_iter().filter(|event| event == "identity_provider_updated.v0").count();
    assert_eq!(changes, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_proof_by_saml_is_of_now() {
    let (house, ada) = desk().await;
    let provider = Provider::new();
    let id = add(&ada, &provider.metadata("HTTP-Redirect", &["idp"]), "").await;
    let welcome = through(&house, &ada, &id, ("u-1", "ada@example.com"), 1).await.location().to_owned();
    ada.post(&format!("{welcome}/link"), &[]).await;
    let user = house.user_id("ada@example.com").await;
    let come = async |ago: i64, number: u32| {
        let browser = house.visitor();
        through(&house, &browser, &id, ("u-1", "ada@example.com"), 10 + number).await;
        let out = browser.get(&format!("/login/sso/{id}?again=yes&next=/accounts/acme/api-keys/new")).await;
        let asked = Asked::by(out.location());
        let provider = Provider { signed_in_ago: ago, ..Provider::new() };
        let answer =
            provider.answer(house.now(), Some(&asked), (&asked.acs, &asked.issuer), ("u-1", "ada@example.com"), &number.to_string());
        let posted = post(&house, &id, &answer, &asked.relay_state).await;
        let back = posted.location().to_owned();
        (posted, if back.is_empty() { None } else { Some(browser.get(&back).await.location().to_owned()) })
    };
    // Somebody who signed in there an hour ago has not been asked anew, whatever the provider was told.
    let (posted, led) = come(3_600, 2).await;
    assert!(led.is_none() && posted.text().contains("signed in there before that"), "{}", posted.text());
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM session_proofs WHERE forced_at IS NOT NULL").await, 0);
    let (_, led) = come(2, 3).await;
    assert_eq!(led.as_deref(), Some("/accounts/acme/api-keys/new"));
    assert_eq!(house.raw.number(format!("SELECT COUNT(*) FROM session_proofs p JOIN sessions s ON s.id = p.session_id WHERE s.user_id = '{user}' AND p.forced_at IS NOT NULL")).await, 1);
}
