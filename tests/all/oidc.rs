//! Sign-in at a provider that lies, and at one that does not.

use super::idp::{Algorithm, CLIENT_ID, CLIENT_SECRET, Door, Idp, Lie};
use frontdesk::protocols::{
    oidc::{Answer, Begin, Claims, Client, Fault, Secrets, begin, finish},
    outside::{Outside, Private},
};
use serde_json::json;
use url::Url;

pub const NOW: i64 = 1_800_000_000_000;
pub const BACK: &str = "https://desk.example.com/sign-in/back?at=1";

/// What the browser brings back.
struct Brought {
    code: String,
    iss: Option<String>,
}

/// This program, at a provider.
pub struct Desk {
    pub idp: Idp,
    pub outside: Outside,
    pub scopes: Vec<String>,
}

impl Desk {
    pub async fn new() -> Self {
        let scopes = ["openid", "profile", "email"].map(ToOwned::to_owned).to_vec();
        Self { idp: Idp::start(|| NOW).await, outside: Outside::new(Private::Allowed, None).unwrap(), scopes }
    }

    fn client(&self) -> Client<'_> {
        Client { issuer: self.idp.issuer(), id: CLIENT_ID, secret: CLIENT_SECRET, scopes: &self.scopes, redirect_uri: BACK }
    }

    async fn begin(&self, how: Begin<'_>) -> Result<(String, Secrets), Fault> {
        let mark = std::sync::atomic::AtomicU8::new(0);
        let dice = || [mark.fetch_add(1, std::sync::atomic::Ordering::Relaxed); 16];
        begin(&self.outside, &self.client(), "state-of-ours", &dice, how).await.map(|waiting| (waiting.url, waiting.secrets))
    }

    /// The browser's way to the provider and back.
    fn browse(&self, url: &str) -> Brought {
        let back = self.idp.authorize(url);
        assert!(back.starts_with(BACK), "{back}");
        let back = Url::parse(&back).unwrap();
        let get = |wanted: &str| back.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
        assert_eq!(get("state").as_deref(), Some("state-of-ours"));
        Brought { code: get("code").unwrap(), iss: get("iss") }
    }

    async fn finish(&self, secrets: &Secrets, brought: &Brought, since: Option<i64>) -> Result<Claims, Fault> {
        let answer = Answer { code: &brought.code, iss: brought.iss.as_deref() };
        finish(&self.outside, &self.client(), secrets, &answer, NOW, since).await
    }

    pub async fn sign_in(&self, force: bool) -> Result<Claims, Fault> {
        let (url, secrets) = self.begin(Begin { force, hint: None }).await?;
        let brought = self.browse(&url);
        self.finish(&secrets, &brought, force.then_some(NOW)).await
    }

    async fn lie(&self, lie: Lie) -> Result<Claims, Fault> {
        self.idp.lie(lie);
        self.sign_in(false).await
    }
}

#[tokio::test]
async fn who_signs_in_is_told() {
    let desk = Desk::new().await;
    desk.idp.who(json!({
        "sub": "ada-1", "email": "ada@example.com", "email_verified": true, "name": "Ada Lovelace", "amr": ["pwd", "otp"], "acr": "2",
        "groups": ["admins"], "updated_at": "2026-01-01T00:00:00Z", "address": 7, "locale": null,
    }));
    for algorithm in
        [Algorithm::Es256, Algorithm::Es384, Algorithm::Rs256, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps512, Algorithm::EdDsa]
    {
        desk.idp.sign_with(algorithm);
        let claims = desk.sign_in(false).await.unwrap_or_else(|fault| panic!("{algorithm:?}: {fault}"));
        assert_eq!(claims.subject, "ada-1");
        assert_eq!(claims.email.as_deref(), Some("ada@example.com"));
        assert!(claims.email_verified);
        assert_eq!(claims.name.as_deref(), Some("Ada Lovelace"));
        assert_eq!((claims.amr, claims.acr.as_deref(), claims.auth_time), (vec!["pwd".to_owned(), "otp".to_owned()], Some("2"), None));
        assert_eq!(claims.all["id_token"]["groups"], json!(["admins"]));
    }
    assert_eq!(desk.idp.count(Door::Userinfo), 0, "nothing was missing");
    assert_eq!(desk.idp.count(Door::Keys), 7);
    desk.idp.post_only();
    assert!(desk.sign_in(false).await.is_ok(), "the secret goes into the body where the provider wants it there");
}

#[tokio::test]
async fn the_way_there_says_what_is_needed() {
    let desk = Desk::new().await;
    let (url, secrets) = desk.begin(Begin { force: true, hint: Some("ada@example.com") }).await.unwrap();
    let url = Url::parse(&url).unwrap();
    let query: std::collections::BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    for (name, value) in [
        ("tenant", "1"),
        ("scope", "openid profile email"),
        ("redirect_uri", BACK),
        ("prompt", "login"),
        ("max_age", "0"),
        ("login_hint", "ada@example.com"),
        ("code_challenge_method", "S256"),
        ("nonce", &secrets.nonce),
    ] {
        assert_eq!(query.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!((secrets.nonce.len(), secrets.verifier.len()), (22, 43));
    assert!(!url.as_str().contains(&secrets.verifier) && !format!("{secrets:?}").contains(&secrets.nonce));
    let again: Secrets = serde_json::from_str(&serde_json::to_string(&secrets).unwrap()).unwrap();
    assert!(again == secrets);
    let (url, _) = desk.begin(Begin::default()).await.unwrap();
    assert!(!url.contains("prompt") && !url.contains("max_age") && !url.contains("login_hint"));
    assert_eq!(desk.idp.count(Door::Keys), 0, "keys are read when there is something to verify");
}

#[tokio::test]
async fn each_lie_is_found_out() {
    let desk = Desk::new().await;
    let issuer = desk.idp.issuer().to_owned();
    let evil = "https://evil.example.com".to_owned();
    let key = |name: &str| Fault::Algorithm(name.to_owned());
    for (lie, expected) in [
        (Lie::DocumentOfAnother, Fault::Issuer { expected: issuer.clone(), found: evil.clone() }),
        (Lie::PrivateKeyJwt, Fault::ClientAuthentication),
        (Lie::StripIss, Fault::NoIss),
        (Lie::WrongIss, Fault::OtherIss { expected: issuer.clone(), found: evil.clone() }),
        (Lie::WrongIssuer, Fault::TokenIssuer { expected: issuer.clone(), found: evil }),
        (Lie::IssuerWithSlash, Fault::TokenIssuer { expected: issuer.clone(), found: format!("{issuer}/") }),
        (Lie::WrongAudience, Fault::Audience("another".to_owned())),
        (Lie::ExtraAudience, Fault::Audience(format!("{CLIENT_ID}, another"))),
        (Lie::ForeignAzp, Fault::AuthorizedParty("another".to_owned())),
        (Lie::WrongNonce, Fault::Nonce),
        (Lie::NoNonce, Fault::Nonce),
        (Lie::Expired, Fault::Expired),
        (Lie::FutureIat, Fault::FromTheFuture),
        (Lie::OldIat, Fault::IssuedLongAgo),
        (Lie::NoSub, Fault::NoSubject),
        (Lie::NullSub, Fault::NoSubject),
        (Lie::EmptySub, Fault::SubjectEmpty),
        (Lie::BlankSub, Fault::SubjectEmpty),
        (Lie::NumberSub, Fault::SubjectNotText),
        (Lie::ArraySub, Fault::SubjectNotText),
        (Lie::LongSub, Fault::SubjectTooLong),
        (Lie::ControlSub, Fault::SubjectUnprintable),
        (Lie::DuplicateSub, Fault::Twice("sub".to_owned())),
        (Lie::DuplicateEmailVerified, Fault::Twice("email_verified".to_owned())),
        (Lie::DuplicateNonce, Fault::Twice("nonce".to_owned())),
        (Lie::AlgNone, key("none")),
        (Lie::AlgNoneWithSignature, key("none")),
        (Lie::Hs256WithPublicKey, key("HS256")),
        (Lie::Hs256WithSecret, key("HS256")),
        (Lie::JwkHeader, Fault::Signature),
        (Lie::KidPath, Fault::UnknownKey),
        (Lie::UnknownKey, Fault::UnknownKey),
        (Lie::BadSignature, Fault::Signature),
        (Lie::ChangedPayload, Fault::Signature),
        (Lie::NoSignature, Fault::Signature),
        (Lie::Crit, Fault::Critical),
        (Lie::TokenTypeAtJwt, Fault::Type("at+jwt".to_owned())),
        (Lie::TokenTypeLogout, Fault::Type("logout+jwt".to_owned())),
        (Lie::Encrypted, Fault::Encrypted),
        (Lie::Garbage, Fault::Unreadable),
        (Lie::NoIdToken, Fault::NoIdToken),
        (Lie::MacToken, Fault::TokenAnswer),
    ] {
        let fault = desk.lie(lie).await.expect_err(&format!("{lie:?} was believed"));
        assert_eq!(fault, expected, "{lie:?}");
        let sentence = fault.to_string();
        assert!(sentence.ends_with(['.', '?']) && !sentence.contains("code-") && !sentence.contains("access-"), "{sentence}");
    }
    assert!(desk.lie(Lie::None).await.is_ok());
}

#[tokio::test]
async fn signatures_of_every_kind_are_verified() {
    let desk = Desk::new().await;
    for algorithm in [Algorithm::Es384, Algorithm::Rs256, Algorithm::Ps256, Algorithm::EdDsa] {
        desk.idp.sign_with(algorithm);
        for lie in [Lie::ChangedPayload, Lie::NoSignature, Lie::BadSignature] {
            assert_eq!(desk.lie(lie).await, Err(Fault::Signature), "{algorithm:?} {lie:?}");
        }
    }
}

#[tokio::test]
async fn codes_are_good_once_and_for_whom_they_were_made() {
    let desk = Desk::new().await;
    let (url, secrets) = desk.begin(Begin::default()).await.unwrap();
    let brought = desk.browse(&url);
    assert!(desk.finish(&secrets, &brought, None).await.is_ok());
    assert_eq!(desk.finish(&secrets, &brought, None).await, Err(Fault::CodeRefused));

    // A code that was made for another sign-in, put into this one.
    let (url, other) = desk.begin(Begin::default()).await.unwrap();
    let stolen = desk.browse(&url);
    let mixed = Secrets { verifier: "x".repeat(43), nonce: other.nonce.clone() };
    assert_eq!(desk.finish(&mixed, &stolen, None).await, Err(Fault::CodeRefused), "PKCE");
    let stolen = desk.browse(&url);
    let mixed = Secrets { nonce: "of another sign-in".to_owned(), verifier: other.verifier };
    assert_eq!(desk.finish(&mixed, &stolen, None).await, Err(Fault::Nonce));

    let answer = Answer { code: "code-of-nobody", iss: Some(desk.idp.issuer()) };
    let wrong = Client { secret: "wrong", ..desk.client() };
    assert_eq!(finish(&desk.outside, &wrong, &mixed, &answer, NOW, None).await, Err(Fault::ClientRefused));
    let slash = format!("{}/", desk.idp.issuer());
    let client = Client { issuer: &slash, ..desk.client() };
    let fault = begin(&desk.outside, &client, "state-of-ours", &|| [0; 16], Begin::default()).await.unwrap_err();
    assert!(matches!(&fault, Fault::Issuer { expected, .. } if *expected == slash), "{fault}");
}

#[tokio::test]
async fn new_keys_are_found() {
    let desk = Desk::new().await;
    assert!(desk.lie(Lie::KeysRotated).await.is_ok());
    assert_eq!(desk.idp.count(Door::Keys), 2);
    assert_eq!(desk.lie(Lie::UnknownKey).await, Err(Fault::UnknownKey));
    assert_eq!(desk.idp.count(Door::Keys), 4, "they are read anew once, and no more");
}

#[tokio::test]
async fn userinfo_adds_what_is_missing() {
    let desk = Desk::new().await;
    desk.idp.userinfo(json!({ "email": "ada@work.example.com", "email_verified": true, "name": "Ada" }));
    for (claims, email, is_verified, name) in [
        (json!({ "sub": "ada-1" }), "ada@work.example.com", true, "Ada"),
        (json!({ "sub": "ada-1", "email": "ada@home.example.com" }), "ada@home.example.com", false, "Ada"),
        (json!({ "sub": "ada-1", "email_verified": true, "name": "A." }), "ada@work.example.com", true, "A."),
    ] {
        desk.idp.who(claims.clone());
        let found = desk.lie(Lie::None).await.unwrap();
        let found = (found.email.as_deref(), found.email_verified, found.name.as_deref());
        assert_eq!(found, (Some(email), is_verified, Some(name)), "{claims}");
    }
    assert_eq!(desk.idp.count(Door::Userinfo), 3);
    desk.idp.who(json!({ "sub": "ada-1" }));
    for (lie, expected) in [
        (Lie::OtherUserinfoSub, Fault::OtherUserinfo),
        (Lie::NoUserinfoSub, Fault::OtherUserinfo),
        (Lie::DuplicateUserinfoSub, Fault::Twice("sub".to_owned())),
        (Lie::SignedUserinfo, Fault::Userinfo),
    ] {
        assert_eq!(desk.lie(lie).await, Err(expected), "{lie:?}");
    }
    assert!(matches!(desk.lie(Lie::AccessTokenWithNewline).await, Err(Fault::Unreached(_))));
    desk.idp.userinfo(json!({ "email": "ada@work.example.com", "email_verified": "true" }));
    let claims = desk.lie(Lie::None).await.unwrap();
    assert_eq!((claims.email_verified, claims.name), (false, None), "what the provider does not know stays unknown");
}

#[tokio::test]
async fn verified_is_true_and_nothing_else() {
    let desk = Desk::new().await;
    for (value, expected) in [
        (json!(true), true),
        (json!(false), false),
        (json!("true"), false),
        (json!("false"), false),
        (json!(0), false),
        (json!(1), false),
        (json!(null), false),
        (json!([true]), false),
    ] {
        desk.idp.who(json!({ "sub": "ada-1", "email": "ada@example.com", "email_verified": value, "name": "Ada" }));
        assert_eq!(desk.sign_in(false).await.unwrap().email_verified, expected, "{value}");
    }
}

#[tokio::test]
async fn a_forced_sign_in_is_a_fresh_one() {
    let desk = Desk::new().await;
    assert_eq!(desk.sign_in(true).await.unwrap().auth_time, Some(NOW));
    desk.idp.remember(NOW - 3_600_000);
    assert_eq!(desk.sign_in(true).await, Err(Fault::NotFresh));
    assert_eq!(desk.sign_in(false).await.unwrap().auth_time, Some(NOW - 3_600_000));
    // Whoever takes prompt and max_age out of the address gets a token without auth_time.
    let other = Desk::new().await;
    let (url, secrets) = other.begin(Begin::default()).await.unwrap();
    let brought = other.browse(&url);
    assert_eq!(other.finish(&secrets, &brought, Some(NOW)).await, Err(Fault::NoAuthTime));
}
