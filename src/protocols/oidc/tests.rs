//! What is believed of claims, without a provider.

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{
    super::outside::{Outside, Private, Unreached},
    Claims, Client, Fault,
    claims::{Expected, believe},
    provider::Provider,
    turned_away,
};

const NOW: i64 = 1_800_000_000_000;
const NOW_S: i64 = NOW / 1000;
const CLIENT: Client<'_> =
    Client { issuer: "https://id.example.com", id: "desk", secret: "s", scopes: &[], redirect_uri: "https://desk.example.com/back" };

fn good() -> Map<String, Value> {
    let Value::Object(claims) = json!({
        "iss": "https://id.example.com", "aud": "desk", "sub": "248289761001", "nonce": "n-0S6", "exp": NOW_S + 300, "iat": NOW_S,
    }) else {
        unreachable!()
    };
    claims
}

fn with(changes: &Value) -> Result<Claims, Fault> {
    since(changes, None)
}

fn since(changes: &Value, authenticated_since: Option<i64>) -> Result<Claims, Fault> {
    let mut claims = good();
    for (name, value) in changes.as_object().unwrap() {
        if value == "missing" {
            claims.remove(name)
        } else {
            claims.insert(name.clone(), value.clone())
        };
    }
    believe(&claims, &CLIENT, &Expected { nonce: "n-0S6", now_ms: NOW, authenticated_since })
}

#[test]
fn tokens_for_others_are_refused() {
    for aud in [json!("desk"), json!(["desk"]), json!(["desk", "desk"])] {
        assert!(with(&json!({ "aud": aud })).is_ok(), "{aud}");
    }
    for aud in [json!("other"), json!(["desk", "other"]), json!([]), json!(null), json!("missing"), json!(["desk", 1]), json!("Desk")] {
        assert!(matches!(with(&json!({ "aud": aud })), Err(Fault::Audience(_))), "{aud}");
    }
    assert!(with(&json!({ "azp": "desk" })).is_ok());
    for azp in [json!("other"), json!(null), json!(["desk"]), json!("")] {
        assert!(matches!(with(&json!({ "azp": azp })), Err(Fault::AuthorizedParty(_))), "{azp}");
    }
    for iss in [json!("https://id.example.com/"), json!("HTTPS://id.example.com"), json!("missing"), json!(null), json!(1)] {
        assert!(matches!(with(&json!({ "iss": iss })), Err(Fault::TokenIssuer { .. })), "{iss}");
    }
    for nonce in [json!("n-0S7"), json!(""), json!("missing"), json!(null), json!(["n-0S6"])] {
        assert_eq!(with(&json!({ "nonce": nonce })), Err(Fault::Nonce), "{nonce}");
    }
}

#[test]
fn clocks_may_differ_by_a_minute() {
    for (name, seconds, expected) in [
        ("exp", -59, None),
        ("exp", -60, Some(Fault::Expired)),
        ("iat", 60, None),
        ("iat", 61, Some(Fault::FromTheFuture)),
        ("iat", -600, None),
        ("iat", -601, Some(Fault::IssuedLongAgo)),
        ("nbf", 60, None),
        ("nbf", 61, Some(Fault::FromTheFuture)),
    ] {
        assert_eq!(with(&json!({ name: NOW_S + seconds })).err(), expected, "{name} {seconds}");
    }
    assert!(with(&json!({ "exp": 1_800_000_300.5 })).is_ok(), "a fraction is fine");
    for wrong in [json!("1800000300"), json!(null), json!(true), json!(-1), json!(1e300), json!(u64::MAX), json!(NOW), json!([])] {
        assert!(matches!(with(&json!({ "exp": wrong })), Err(Fault::Moment(_))), "{wrong}");
        assert!(matches!(with(&json!({ "iat": wrong })), Err(Fault::Moment(_))), "{wrong}");
    }
    assert!(matches!(with(&json!({ "exp": "missing" })), Err(Fault::Moment(_))));
    assert!(matches!(with(&json!({ "iat": "missing" })), Err(Fault::Moment(_))));
    for now in [i64::MIN, 0, i64::MAX] {
        assert!(believe(&good(), &CLIENT, &Expected { nonce: "n-0S6", now_ms: now, authenticated_since: None }).is_err(), "{now}");
    }
}

#[test]
fn subjects_are_what_the_standard_allows() {
    for (sub, expected) in [
        (json!("missing"), Fault::NoSubject),
        (json!(null), Fault::NoSubject),
        (json!(""), Fault::SubjectEmpty),
        (json!(" \t\u{a0}"), Fault::SubjectEmpty),
        (json!(7), Fault::SubjectNotText),
        (json!(true), Fault::SubjectNotText),
        (json!(["a"]), Fault::SubjectNotText),
        (json!({ "a": "b" }), Fault::SubjectNotText),
        (json!("x".repeat(256)), Fault::SubjectTooLong),
        (json!("ü".repeat(128)), Fault::SubjectTooLong),
        (json!("a\0b"), Fault::SubjectUnprintable),
        (json!("a\n"), Fault::SubjectUnprintable),
    ] {
        assert_eq!(with(&json!({ "sub": sub })), Err(expected), "{sub}");
    }
    for sub in ["x".repeat(255), " a ".to_owned(), "Ä|b".to_owned()] {
        assert_eq!(with(&json!({ "sub": sub })).unwrap().subject, sub, "it is kept as it is");
    }
}

#[test]
fn only_true_verifies_an_address() {
    let with_email = |value: &Value| with(&json!({ "email": "ada@example.com", "email_verified": value })).unwrap().email_verified;
    assert!(with_email(&json!(true)));
    for value in [json!(false), json!("true"), json!("false"), json!(0), json!(1), json!(null), json!([true]), json!({}), json!("missing")]
    {
        assert!(!with_email(&value), "{value}");
    }
    for odd in [json!(7), json!(""), json!("  "), json!("a\nb"), json!("x".repeat(321)), json!(["a"])] {
        assert_eq!(with(&json!({ "email": odd, "name": odd })).map(|claims| (claims.email, claims.name)), Ok((None, None)), "{odd}");
    }
}

#[test]
fn userinfo_vouches_for_its_own_address_alone() {
    let userinfo = |value: Value| value.as_object().unwrap().clone();
    let mut claims = with(&json!({ "email": "mine@example.com", "email_verified": false })).unwrap();
    let other = json!({ "sub": "248289761001", "email": "other@example.com", "email_verified": true, "name": "Ada" });
    claims.complete(userinfo(other.clone())).unwrap();
    assert_eq!((claims.email.as_deref(), claims.email_verified), (Some("mine@example.com"), false));
    assert_eq!(claims.name.as_deref(), Some("Ada"));
    assert_eq!(claims.all["userinfo"], other);

    let mut claims = with(&json!({ "email_verified": true })).unwrap();
    claims.complete(userinfo(json!({ "sub": "248289761001", "email": "other@example.com" }))).unwrap();
    assert_eq!((claims.email.as_deref(), claims.email_verified), (Some("other@example.com"), false));

    for sub in [json!("248289761002"), json!(248_289_761_001_i64), json!(null)] {
        let mut claims = with(&json!({})).unwrap();
        assert_eq!(claims.complete(userinfo(json!({ "sub": sub, "email": "a@example.com" }))), Err(Fault::OtherUserinfo), "{sub}");
        assert_eq!(claims.email, None);
    }
}

#[test]
fn a_fresh_sign_in_is_proven() {
    for (auth_time, expected) in [
        (json!(NOW_S), None),
        (json!(NOW_S - 60), None),
        (json!(NOW_S - 61), Some(Fault::NotFresh)),
        (json!(NOW_S + 61), Some(Fault::FromTheFuture)),
        (json!("missing"), Some(Fault::NoAuthTime)),
        (json!(null), Some(Fault::NoAuthTime)),
        (json!("1800000000"), Some(Fault::NoAuthTime)),
    ] {
        assert_eq!(since(&json!({ "auth_time": auth_time }), Some(NOW)).err(), expected, "{auth_time}");
        assert!(with(&json!({ "auth_time": auth_time })).is_ok(), "it does not matter otherwise");
    }
    let claims = with(&json!({ "auth_time": NOW_S, "amr": ["pwd", "otp", 7], "acr": "high" })).unwrap();
    assert_eq!((claims.auth_time, claims.amr.len(), claims.acr.as_deref()), (Some(NOW), 2, Some("high")));
    assert_eq!(with(&json!({ "amr": "mfa" })).unwrap().amr, ["mfa"]);
    assert!(with(&json!({ "amr": 7, "acr": 1 })).is_ok());
}

#[test]
fn what_a_provider_refuses_is_said_in_our_words() {
    let said = |error: &str, iss: Option<&str>| turned_away(&CLIENT, error, iss);
    assert!(said("access_denied", None).to_string().contains("refused"));
    assert!(!said("<b>call 0900</b>", Some(CLIENT.issuer)).to_string().contains("0900"));
    assert!(matches!(said("access_denied", Some("https://evil.example.com")), Fault::OtherIss { .. }));
}

#[test]
fn every_door_of_a_provider_is_looked_at() {
    let outside = |private| Outside::new(private, None).unwrap();
    let (refused, allowed) = (outside(Private::Refused), outside(Private::Allowed));
    let look = |outside: &Outside, changes: &Value| {
        let mut document = json!({
            "issuer": CLIENT.issuer,
            "authorization_endpoint": "https://id.example.com/authorize",
            "token_endpoint": "https://id.example.com/token",
            "jwks_uri": "https://keys.example.com/",
            "userinfo_endpoint": "https://people.example.com/",
            "token_endpoint_auth_methods_supported": null,
            "authorization_response_iss_parameter_supported": null,
        });
        document.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let document = serde_json::from_value(document).unwrap();
        Provider::new(outside, &CLIENT, Instant::now(), document).map(|provider| provider.names_itself)
    };
    assert_eq!(look(&refused, &json!({ "userinfo_endpoint": null })), Ok(false));
    assert_eq!(look(&refused, &json!({ "authorization_response_iss_parameter_supported": true })), Ok(true));
    for door in ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"] {
        let at = |address: &str| look(&refused, &json!({ door: address })).unwrap_err();
        assert!(matches!(at("http://id.example.com/x"), Fault::Unreached(Unreached::NotEncrypted(_))), "{door}");
        assert!(matches!(at("https://10.0.0.1/x"), Fault::Unreached(Unreached::Private(_))), "{door}");
        assert!(matches!(at("https://a:b@id.example.com/x"), Fault::Unreached(Unreached::Credentials(_))), "{door}");
        assert!(matches!(at("/x"), Fault::Unreached(Unreached::NotAnAddress(_))), "{door}");
        assert!(matches!(at("javascript:alert(1)"), Fault::Unreached(Unreached::NotAnAddress(_))), "{door}");
        assert!(look(&allowed, &json!({ door: "http://10.0.0.1/x" })).is_ok(), "{door}");
    }
    for issuer in ["https://id.example.com/", "https://ID.example.com", "https://id.example.com:443", ""] {
        assert!(matches!(look(&allowed, &json!({ "issuer": issuer })), Err(Fault::Issuer { .. })), "{issuer}");
    }
    for (methods, expected) in [
        (json!(["client_secret_basic", "private_key_jwt"]), Ok(false)),
        (json!(["client_secret_post"]), Ok(false)),
        (json!(["none"]), Err(Fault::ClientAuthentication)),
        (json!([]), Err(Fault::ClientAuthentication)),
    ] {
        assert_eq!(look(&refused, &json!({ "token_endpoint_auth_methods_supported": methods })), expected, "{methods}");
    }
}
