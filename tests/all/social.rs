//! GitHub and Google as ways to sign in: a stand-in for GitHub on this machine, and the lying provider in the place of Google.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::to_bytes,
    extract::Request,
    http::header,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use frontdesk::{
    config::Config,
    protocols::outside::Private,
    rules::{
        social::{Client, Provider},
        time::Span,
    },
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    idp::{CLIENT_ID, CLIENT_SECRET, Idp},
    kit::{Browser, House, OFFER, PASSWORD, Page, READER},
    mfa::set_up,
    sso::path_of,
    terms_of_use::{TERMS, has_accepted, must_accept},
};

/// What stands in for GitHub. It speaks plain HTTP on this machine, and answers as GitHub does: what is wrong with a code under status 200.
#[derive(Clone)]
struct GitHub {
    url: String,
    desk: Arc<Mutex<Desk>>,
}

#[derive(Default)]
struct Desk {
    user: Value,
    emails: Value,
    /// The challenge and the callback of each code.
    codes: HashMap<String, (String, String)>,
    /// How often it was asked for a token.
    redeemed: usize,
    /// Whether it keeps addresses to itself.
    is_discreet: bool,
    /// Whether it redirects who asks for a token.
    redirects: bool,
}

impl GitHub {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let github = Self { url: format!("http://{}", listener.local_addr().unwrap()), desk: Arc::default() };
        github.who(4711, "ada@example.com", true);
        let one = github.clone();
        let app = Router::new().fallback(move |request: Request| {
            let one = one.clone();
            async move { one.answer(request).await }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        github
    }

    /// Who signs in next.
    fn who(&self, id: u64, email: &str, verified: bool) {
        let mut desk = self.desk.lock().unwrap();
        desk.user = json!({ "id": id, "login": "octo", "name": "Octo Cat", "email": "public@example.com" });
        desk.emails = json!([
            { "email": "other@example.com", "primary": false, "verified": true, "visibility": null },
            { "email": email, "primary": true, "verified": verified, "visibility": "private" },
        ]);
    }

    /// Is the browser: says where it goes once the person has signed in.
    fn authorize(&self, url: &str) -> String {
        let url = Url::parse(url).unwrap();
        assert!(url.as_str().starts_with(&format!("{}/login/oauth/authorize?", self.url)), "{url}");
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!((query["client_id"].as_str(), query["scope"].as_str()), ("hub", "read:user user:email"));
        assert_eq!((query["response_type"].as_str(), query["code_challenge_method"].as_str()), ("code", "S256"));
        let mut desk = self.desk.lock().unwrap();
        let code = format!("code-{}", desk.codes.len());
        let mut back = Url::parse(&query["redirect_uri"]).unwrap();
        back.query_pairs_mut().append_pair("code", &code).append_pair("state", &query["state"]);
        desk.codes.insert(code, (query["code_challenge"].clone(), query["redirect_uri"].clone()));
        path_of(back.as_str())
    }

    async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, 1 << 16).await.unwrap();
        let mut desk = self.desk.lock().unwrap();
        if parts.uri.path() == "/login/oauth/access_token" {
            desk.redeemed += 1;
            if desk.redirects {
                return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/elsewhere")]).into_response();
            }
            let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
            let wrong = |error: &str| answer_json(&json!({ "error": error, "error_description": "<b>call 0900</b>" }));
            if form["client_id"] != "hub" || form["client_secret"] != "s3cret" {
                return wrong("incorrect_client_credentials");
            }
            let Some((challenge, redirect)) = desk.codes.remove(&form["code"]) else { return wrong("bad_verification_code") };
            let verifier = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
            if verifier != challenge || form["redirect_uri"] != redirect {
                return wrong("bad_verification_code");
            }
            return answer_json(&json!({ "access_token": "gho_1", "token_type": "bearer", "scope": "read:user,user:email" }));
        }
        assert_eq!(parts.headers[header::AUTHORIZATION], "Bearer gho_1");
        assert!(parts.headers.contains_key(header::USER_AGENT));
        match parts.uri.path() {
            "/api/v3/user" => answer_json(&desk.user),
            "/api/v3/user/emails" if desk.is_discreet => StatusCode::NOT_FOUND.into_response(),
            "/api/v3/user/emails" => answer_json(&desk.emails),
            other => panic!("{other}"),
        }
    }
}

fn answer_json(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

/// A Frontdesk where both are set up.
async fn with_both() -> (House, Browser, GitHub, Idp) {
    with_both_and(|_| {}).await
}

async fn with_both_and(change: impl FnOnce(&mut Config)) -> (House, Browser, GitHub, Idp) {
    let github = GitHub::start().await;
    let now = Arc::new(Mutex::new(None::<Box<dyn Fn() -> i64 + Send + Sync>>));
    let clock = now.clone();
    let google = Idp::start(move || clock.lock().unwrap().as_ref().map_or(crate::kit::START, |clock| clock())).await;
    let (at_github, at_google) = (github.url.clone(), google.issuer().to_owned());
    let (house, ada) = House::with_ada_and(|config| {
        set_up_both(config, &at_github, &at_google);
        change(config);
    })
    .await;
    *now.lock().unwrap() = Some(Box::new(house.clock()));
    (house, ada, github, google)
}

fn set_up_both(config: &mut Config, github: &str, google: &str) {
    config.private_idps = Private::Allowed;
    config.social = vec![
        Client { provider: Provider::GitHub, id: "hub".into(), secret: "s3cret".into(), url: github.into() },
        Client { provider: Provider::Google, id: CLIENT_ID.into(), secret: CLIENT_SECRET.into(), url: google.into() },
    ];
}

/// Sets out; answers where the browser is sent.
async fn leave(browser: &Browser, path: &str) -> String {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    page.location().to_owned()
}

/// The whole way through GitHub from a path.
async fn through(browser: &Browser, github: &GitHub, path: &str) -> Page {
    let url = leave(browser, path).await;
    browser.get(&github.authorize(&url)).await
}

async fn through_google(browser: &Browser, google: &Idp, path: &str) -> Page {
    let url = leave(browser, path).await;
    browser.get(&path_of(&google.authorize(&url))).await
}

const LINK: &str = "/me/security/social/github/link";
const UNLINK: &str = "/me/security/social/github/unlink";

async fn link(browser: &Browser, github: &GitHub) {
    let page = through(browser, github, LINK).await;
    assert_eq!(page.location(), "/me/security", "{}", page.text());
    assert!(browser.get("/me/security").await.text().contains("From now on you can sign in with GitHub"));
}

/// Takes the password of somebody away, behind the program's back.
async fn without_password(house: &House, email: &str) {
    let user = house.user_id(email).await;
    house.raw.run(format!("UPDATE users SET password_hash = NULL, password_set_at = NULL WHERE id = '{user}'")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_offered_where_they_are_set_up() {
    let (house, ada) = House::with_ada().await;
    let visitor = house.visitor();
    assert!(!visitor.get("/login").await.text().contains("GitHub"));
    assert!(!ada.get("/me/security").await.text().contains("GitHub and Google"));
    for path in ["/login/social/github", "/login/social/google/callback?state=x&code=y", "/login/social/nobody", LINK] {
        assert_eq!(ada.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(ada.post(UNLINK, &[]).await.status, StatusCode::NOT_FOUND);

    let (house, ada, ..) = with_both().await;
    let hrefs = house.visitor().get("/login?next=/me").await.attributes(".providers a", "href");
    assert_eq!(hrefs, ["/login/social/github?next=/me", "/login/social/google?next=/me"]);
    assert!(ada.get("/me/security").await.text().contains("Link your Google login"));
    let token = house.invite(&ada, "bob@example.com", READER).await;
    let page = house.visitor().get(&format!("/invitations/{token}")).await;
    assert!(page.text().contains("Join with GitHub") && page.text().contains("Join with Google"));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_links_a_login_and_signs_in_by_it() {
    let (house, ada, github, google) = with_both().await;
    let user = house.user_id("ada@example.com").await;

    // The same verified address links nobody.
    let bob = house.visitor();
    let page = through(&bob, &github, "/login/social/github").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text().contains("Nobody signs in with this login yet") && page.text().contains("invitation"), "{}", page.text());
    assert_eq!(page.attributes(".actions a", "href"), ["/login?next=/me/security"]);
    assert_eq!(bob.get("/me").await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM identities").await, 0);

    let before = house.events(&user).await.len();
    let url = leave(&ada, LINK).await;
    assert!(url.contains("prompt=select_account"), "{url}");
    assert_eq!(ada.get(&github.authorize(&url)).await.location(), "/me/security");
    assert_eq!(house.raw.texts("SELECT provider || ' ' || subject FROM identities").await, ["github 4711"]);
    assert_eq!(house.events(&user).await[before..], ["user_identity_linked.v0"]);
    let letters = house.letters_to("ada@example.com").await;
    assert!(letters.iter().any(|letter| letter.contains("You can sign in with GitHub now")), "{letters:?}");
    assert!(ada.get("/me/security").await.text().contains("Linked since"));

    // The session, the event and the cookie are those of a sign-in.
    let browser = house.visitor();
    let page = through(&browser, &github, "/login/social/github?next=/accounts/acme/members").await;
    assert_eq!(page.location(), "/accounts/acme/members");
    assert_eq!(browser.get("/accounts/acme/members").await.status, StatusCode::OK);
    assert_eq!(browser.get("/me/security").await.status, StatusCode::OK, "it is a proof of their own");
    assert!(browser.known_by.lock().unwrap().is_some());
    let methods =
        house.raw.texts(format!("SELECT after FROM events WHERE log = '{user}' AND type = 'user_login_succeeded.v0' ORDER BY seq")).await;
    assert!(methods.last().unwrap().contains("\"github\""), "{methods:?}");
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM session_proofs WHERE kind = 'social'").await, 1);

    // Google besides.
    let page = through_google(&ada, &google, "/me/security/social/google/link").await;
    assert_eq!(page.location(), "/me/security", "{}", page.text());
    let browser = house.visitor();
    assert_eq!(through_google(&browser, &google, "/login/social/google").await.location(), "/accounts");
    assert_eq!(browser.get("/accounts").await.status, StatusCode::OK);
    // A way that leads elsewhere leads to the accounts.
    let browser = house.visitor();
    assert_eq!(through(&browser, &github, "/login/social/github?next=https://evil.example").await.location(), "/accounts");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_belongs_to_one_browser_and_works_once() {
    let (house, ada, github, google) = with_both().await;
    link(&ada, &github).await;
    let (bob, eve) = (house.visitor(), house.visitor());
    let back = github.authorize(&leave(&bob, "/login/social/github").await);
    leave(&eve, "/login/social/github").await;
    let lost = async |browser: &Browser, path: &str| {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.text().contains("Begin once more"), "{}", page.text());
        assert!(browser.cookie().is_none(), "nobody is signed in");
    };
    let asked = github.desk.lock().unwrap().redeemed;
    lost(&eve, &back).await;
    lost(&house.visitor(), &back).await;
    // Another state, none, and that of another provider.
    lost(&bob, &back.replace("state=", "state=x")).await;
    lost(&bob, "/login/social/github/callback?code=code-1").await;
    lost(&bob, &back.replace("github", "google")).await;
    assert_eq!(github.desk.lock().unwrap().redeemed, asked, "nobody was asked for it");
    // And it still works for whoever set out: once, however fast they are.
    let (one, other) = tokio::join!(bob.get(&back), bob.get(&back));
    let mut both = [one.status.as_u16(), other.status.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [303, 404], "{one:?} {other:?}");
    assert_eq!(bob.get(&back).await.status, StatusCode::NOT_FOUND);

    let late = house.visitor();
    let back = github.authorize(&leave(&late, "/login/social/github").await);
    house.wait(Span::minutes(15));
    lost(&late, &back).await;

    // Whoever refuses there is told so, and in our words.
    let browser = house.visitor();
    let url = Url::parse(&leave(&browser, "/login/social/github").await).unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let page = browser.get(&format!("/login/social/github/callback?error=access_denied&error_description=0900&state={state}")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text().contains("refused") && !page.text().contains("0900"), "{}", page.text());
    lost(&browser, &format!("/login/social/github/callback?code=code-0&state={state}")).await;
    assert_eq!(google.count(crate::idp::Door::Token), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_not_taken_signs_nobody_in() {
    let (house, ada, github, _) = with_both().await;
    link(&ada, &github).await;
    let browser = house.visitor();
    let back = github.authorize(&leave(&browser, "/login/social/github").await);
    github.desk.lock().unwrap().codes.clear();
    let page = browser.get(&back).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text().contains("did not take the code") && !page.text().contains("0900"), "{}", page.text());
    // No redirect is followed, with a secret in hand.
    github.desk.lock().unwrap().redirects = true;
    let page = through(&browser, &github, "/login/social/github").await;
    assert!(page.text().contains("status 307"), "{}", page.text());
    assert!(browser.cookie().is_none());
    // What is set up wrongly is said, and the secret is not.
    github.desk.lock().unwrap().redirects = false;
    let other = house.beside(|config| config.social[0].secret = "other".into()).await;
    let browser = other.visitor();
    let page = through(&browser, &github, "/login/social/github").await;
    assert!(page.text().contains("did not accept the client id") && !page.text().contains("other"), "{}", page.text());
    other.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_asked_for_after_it() {
    let (house, ada, github, _) = with_both().await;
    link(&ada, &github).await;
    let factor = set_up(&house, &ada).await;
    let browser = house.visitor();
    let page = through(&browser, &github, "/login/social/github?next=/me/sessions").await;
    assert_eq!(page.location(), "/login/mfa?next=%2Fme%2Fsessions");
    for path in ["/me", "/accounts/acme", "/me/security"] {
        assert!(browser.get(path).await.location().starts_with("/login"), "{path}");
    }
    assert!(browser.get("/login/mfa").await.text().contains("ada@example.com"));
    let wrong = browser.post("/login/mfa", &[("code", "000000".into())]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM session_proofs WHERE kind = 'social'").await, 0);
    let code = factor.authenticator.code(house.now());
    let page = browser.post("/login/mfa", &[("code", code), ("next", "/me/sessions".into())]).await;
    assert_eq!(page.location(), "/me/sessions", "{}", page.text());
    let kinds = house
        .raw
        .texts("SELECT p.kind FROM session_proofs p WHERE p.session_id IN (SELECT session_id FROM session_proofs WHERE kind = 'social') ORDER BY p.kind")
        .await;
    assert_eq!(kinds, ["factor", "social"]);
    // Somebody who is in is no more in than before by coming once more: only the factor is strong enough.
    house.wait(Span::minutes(11));
    assert_eq!(through(&browser, &github, "/login/social/github?next=/me").await.location(), "/me");
    assert!(browser.get(LINK).await.location().starts_with("/prove"));
    assert!(!browser.get("/prove").await.text().contains("GitHub"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_holds_one_person() {
    let (house, ada, github, _) = with_both().await;
    link(&ada, &github).await;
    let bob = house.signed_in(&house.member("acme", "bob", READER).await).await;
    let cookie = bob.cookie();
    let page = through(&bob, &github, "/login/social/github").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text().contains("bob@example.com") && page.text().contains("Sign out first"), "{}", page.text());
    assert_eq!(bob.cookie(), cookie);
    // Nor can they link it.
    let page = through(&bob, &github, LINK).await;
    assert!(page.text().contains("Somebody else signs in with this login of GitHub"), "{}", page.text());
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM identities").await, 1);
    // One login of each; a second one is not added.
    github.who(4712, "ada2@example.com", true);
    let page = through(&ada, &github, LINK).await;
    assert!(page.text().contains("another login of GitHub"), "{}", page.text());
    // Whoever set out to link, and went, links nothing to who is there now.
    let url = leave(&bob, LINK).await;
    ada.post("/logout", &[]).await;
    bob.post("/logout", &[]).await;
    assert_eq!(bob.get(&github.authorize(&url)).await.status, StatusCode::NOT_FOUND);
    bob.sign_in("bob@example.com", PASSWORD).await;
    let url = leave(&bob, LINK).await;
    bob.post("/logout", &[]).await;
    bob.sign_in("ada@example.com", PASSWORD).await;
    assert_eq!(bob.get(&github.authorize(&url)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM identities").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn linking_begins_here_and_takes_a_fresh_proof() {
    let (house, ada, github, _) = with_both().await;
    let cross = ada.send(Method::GET, LINK, None, &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(cross.location(), "/me/security");
    assert_eq!(ada.send(Method::GET, LINK, None, &[]).await.location(), "/me/security");
    house.wait(Span::minutes(11));
    assert_eq!(ada.get(LINK).await.location(), format!("/prove?next={}", LINK.replace('/', "%2F")));
    ada.post("/prove", &[("password", PASSWORD.into())]).await;
    link(&ada, &github).await;
    house.wait(Span::minutes(11));
    assert!(ada.post(UNLINK, &[]).await.location().starts_with("/prove"));
    // With a password it is asked for, and nothing less is taken.
    assert!(!ada.get("/prove").await.text().contains("GitHub"));
    assert_eq!(through(&ada, &github, "/login/social/github?next=/me").await.location(), "/me");
    assert!(ada.post(UNLINK, &[]).await.location().starts_with("/prove"));
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM identities").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_own_way_in_stays() {
    let (house, ada, github, google) = with_both().await;
    let user = house.user_id("ada@example.com").await;
    link(&ada, &github).await;
    without_password(&house, "ada@example.com").await;
    let page = ada.post(UNLINK, &[]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text().contains("could not sign in any more"), "{}", page.text());
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM identities").await, 1);

    // Whoever has nothing stronger proves it by the same way again.
    house.wait(Span::minutes(11));
    assert!(ada.post(UNLINK, &[]).await.location().starts_with("/prove"));
    let ask = ada.get("/prove?next=/me/security").await;
    assert_eq!(ask.attributes(".providers a", "href"), ["/login/social/github?next=/me/security"]);
    let cookie = ada.cookie();
    assert_eq!(through(&ada, &github, "/login/social/github?next=/me/security").await.location(), "/me/security");
    assert_ne!(ada.cookie(), cookie, "the session has a new cookie");
    assert_eq!(ada.post(UNLINK, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "and it is still the last one");

    // With Google besides it may go, as long as Google is offered here.
    assert_eq!(through_google(&ada, &google, "/me/security/social/google/link").await.location(), "/me/security");
    let less = house.beside(|config| drop(config.social.pop())).await;
    let there = less.visitor();
    there.set_cookie(ada.cookie());
    assert_eq!(there.post(UNLINK, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    less.running.stop().await;
    let elsewhere = house.visitor();
    through(&elsewhere, &github, "/login/social/github").await;
    assert_eq!(ada.post(UNLINK, &[]).await.location(), "/me/security");
    assert_eq!(house.raw.texts("SELECT provider FROM identities").await, ["google"]);
    assert_eq!(house.events(&user).await.last().unwrap(), "user_identity_unlinked.v0");
    let letters = house.letters_to("ada@example.com").await;
    assert!(letters.iter().any(|letter| letter.contains("You no longer sign in with GitHub")), "{letters:?}");
    assert_eq!(elsewhere.get("/me").await.status, StatusCode::OK, "other sessions stay");
    assert!(through(&house.visitor(), &github, "/login/social/github").await.text().contains("Nobody signs in with this login"));
    assert_eq!(ada.post(UNLINK, &[]).await.status, StatusCode::NOT_FOUND, "it is gone already");
    assert_eq!(ada.post("/me/security/social/google/unlink", &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_kept_out_of_an_account_stays_out() {
    let (house, ada, github, _) = with_both().await;
    let email = house.member("acme", "bob", READER).await;
    let bob = house.signed_in(&email).await;
    github.who(1, "bob@example.com", true);
    link(&bob, &github).await;
    let id = house.member_id(&email).await;
    assert_eq!(ada.post(&format!("/accounts/acme/members/{id}/disable"), &[]).await.status, StatusCode::SEE_OTHER);
    let browser = house.visitor();
    let page = through(&browser, &github, "/login/social/github?next=/accounts/acme").await;
    assert_eq!(page.location(), "/accounts/acme");
    let page = browser.get("/accounts/acme").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text().contains("disabled"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_invited_joins_by_a_verified_address() {
    let (house, ada, github, _) = with_both().await;
    github.who(99, "Bob@Example.com", true);
    let token = house.invite(&ada, "bob@example.com", READER).await;
    let bob = house.visitor();
    let path = bob.get(&format!("/invitations/{token}")).await.attributes(".providers a", "href").remove(0);
    let page = through(&bob, &github, &path).await;
    let arrived = page.location().to_owned();
    assert!(arrived.starts_with("/login/social/github/join/"), "{arrived}: {}", page.text());
    for _ in 0..3 {
        let page = bob.get(&arrived).await;
        assert_eq!((page.status, page.value("name").as_str()), (StatusCode::OK, "Octo Cat"));
    }
    assert_eq!(house.visitor().get(&arrived).await.status, StatusCode::NOT_FOUND, "it is for the browser that came");
    assert_eq!(bob.get(&arrived.replace("github", "google")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM users").await, 1, "looking changes nothing");
    assert!(!bob.post(&arrived, &[("name", " ".into())]).await.fault("name").is_empty());
    // Once, however fast they are. The second one may find that they are in already.
    let (name, cookie) = ([("name", "Bob".to_owned())], bob.away.lock().unwrap().clone());
    let twin = house.visitor();
    *twin.away.lock().unwrap() = cookie;
    let (page, second) = tokio::join!(bob.post(&arrived, &name), twin.post(&arrived, &name));
    let joined = [&page, &second].into_iter().filter(|page| page.location() == OFFER).count();
    assert_eq!(joined, 1, "{} {}", page.text(), second.text());
    let bob = if page.location() == OFFER { bob } else { twin };
    assert_eq!(bob.get("/accounts/acme").await.status, StatusCode::OK);
    assert_eq!(bob.get("/accounts/acme/members").await.status, StatusCode::OK);
    let user = house.user_id("bob@example.com").await;
    assert_eq!(
        house.raw.number(format!("SELECT COUNT(*) FROM users u JOIN user_emails e ON e.user_id = u.id WHERE u.id = '{user}' AND u.password_hash IS NULL AND e.verified_at IS NOT NULL")).await,
        1,
        "also by a copied link: the provider has verified the address"
    );
    assert_eq!(house.events(&user).await, ["user_created.v0", "user_identity_linked.v0", "user_login_succeeded.v0"]);
    let account = house.account_id("acme").await;
    let mut events = house.events(&account).await;
    // The slower one may have come when it was spent.
    events.retain(|event| event != "invitation_refused.v0");
    assert!(
        events.ends_with(&["membership_created.v0".into(), "invitation_accepted.v0".into(), "account_entered.v0".into()]),
        "{events:?}"
    );
    assert_eq!(house.raw.texts(format!("SELECT developer FROM members WHERE user_id = '{user}'")).await, ["read_only"]);
    // Once, and they come back by it.
    assert_eq!(house.visitor().get(&arrived).await.status, StatusCode::NOT_FOUND);
    assert_eq!(bob.post(&arrived, &[("name", "Bob".into())]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM users").await, 2);
    assert_eq!(through(&house.visitor(), &github, "/login/social/github").await.location(), "/accounts");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_joins_by_another_address_or_an_unverified_one() {
    let (house, ada, github, google) = with_both().await;
    let token = house.invite(&ada, "bob@example.com", READER).await;
    let next = format!("?next=/invitations/{token}");
    let refused = async |browser: &Browser, page: Page, provider: &str| {
        let arrived = page.location().to_owned();
        let page = browser.get(&arrived).await;
        let text = page.text();
        assert!(text.contains("This invitation is for bob@example.com") && !text.contains("eve@"), "{text}");
        assert!(page.all("form").is_empty() && text.contains(provider), "{text}");
        let page = browser.post(&arrived, &[("name", "Eve".into())]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text());
        assert!(browser.cookie().is_none());
    };
    let eve = house.visitor();
    for (email, verified) in [("eve@example.com", true), ("bob@example.com", false), ("bob+1@example.com", true)] {
        github.who(7, email, verified);
        refused(&eve, through(&eve, &github, &format!("/login/social/github{next}")).await, "GitHub").await;
    }
    // A verified address that is not the primary one, and addresses that are kept.
    github.who(7, "eve@example.com", true);
    github.desk.lock().unwrap().emails[0]["email"] = "bob@example.com".into();
    refused(&eve, through(&eve, &github, &format!("/login/social/github{next}")).await, "GitHub").await;
    github.desk.lock().unwrap().is_discreet = true;
    refused(&eve, through(&eve, &github, &format!("/login/social/github{next}")).await, "GitHub").await;
    for verified in [json!(false), json!("true"), json!(null)] {
        google.who(json!({ "sub": "eve", "email": "bob@example.com", "email_verified": verified, "name": "Eve" }));
        refused(&eve, through_google(&eve, &google, &format!("/login/social/google{next}")).await, "Google").await;
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM users").await, 1);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM identities").await, 0);
    // The right one, by Google.
    google.who(json!({ "sub": "bob", "email": "bob@example.com", "email_verified": true, "name": "Bob" }));
    let arrived = through_google(&eve, &google, &format!("/login/social/google{next}")).await.location().to_owned();
    assert_eq!(eve.post(&arrived, &[("name", "Bob".into())]).await.location(), OFFER);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_user_or_a_spent_invitation_does_not_become_somebody_new() {
    let (house, ada, github, _) = with_both().await;
    house.account("other").await;
    house.member("other", "bob", READER).await;
    let token = house.invite(&ada, "bob@example.com", READER).await;
    let path = format!("/login/social/github?next=/invitations/{token}");
    github.who(5, "bob@example.com", true);
    let browser = house.visitor();
    let arrived = through(&browser, &github, &path).await.location().to_owned();
    let page = browser.get(&arrived).await;
    assert!(page.text().contains("There is a user with the address bob@example.com"), "{}", page.text());
    let page = browser.post(&arrived, &[("name", "Bob".into())]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text().contains("Sign in as that"), "{}", page.text());
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM identities").await, 0);

    // Once they have linked it, the same way leads to the invitation, signed in.
    let bob = house.signed_in("bob@example.com").await;
    link(&bob, &github).await;
    let browser = house.visitor();
    assert_eq!(through(&browser, &github, &path).await.location(), format!("/invitations/{token}"));
    assert_eq!(browser.post(&format!("/invitations/{token}/accept"), &[]).await.location(), "/accounts/acme");

    // An invitation that is taken back meanwhile.
    let token = house.invite(&ada, "cyn@example.com", READER).await;
    github.who(6, "cyn@example.com", true);
    let cyn = house.visitor();
    let arrived = through(&cyn, &github, &format!("/login/social/github?next=/invitations/{token}")).await.location().to_owned();
    assert_eq!(cyn.get(&arrived).await.status, StatusCode::OK);
    house.raw.run("UPDATE invitations SET closed_at = 1, closed_why = 'revoked' WHERE canonical = 'cyn@example.com'").await;
    assert_eq!(cyn.get(&arrived).await.location(), format!("/invitations/{token}"));
    let page = cyn.post(&arrived, &[("name", "Cyn".into())]).await;
    assert_eq!(page.location(), format!("/invitations/{token}"), "{}", page.text());
    assert_eq!(house.events(&house.account_id("acme").await).await.last().unwrap(), "invitation_refused.v0");
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM user_emails WHERE canonical = 'cyn@example.com'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_joins_so_accepts_the_terms_of_use() {
    let (house, ada, github, _) = with_both_and(|config| config.terms_of_use = TERMS.to_owned()).await;
    github.who(99, "bob@example.com", true);
    let token = house.invite(&ada, "bob@example.com", READER).await;
    let bob = house.visitor();
    let path = bob.get(&format!("/invitations/{token}")).await.attributes(".providers a", "href").remove(0);
    let arrived = through(&bob, &github, &path).await.location().to_owned();
    must_accept(&bob, &arrived, &arrived, &[("name", "Bob".to_owned())]).await;
    let accepted = [("name", "Bob".to_owned()), ("terms", "yes".to_owned())];
    assert_eq!(bob.post(&arrived, &accepted).await.location(), OFFER);
    has_accepted(&house, "bob@example.com").await;
}
