//! What the provider answers: truth, and lies.

use std::collections::HashMap;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest;
use serde_json::{Value, json};

use super::{
    Algorithm, CLIENT_ID, CLIENT_SECRET, Door, Grant, Idp, Lie,
    signing::{all_keys, b64, seal},
};

impl Idp {
    pub(super) fn document(&self, lie: Lie) -> Value {
        let issuer = &self.issuer;
        let methods = match lie {
            Lie::PrivateKeyJwt => json!(["private_key_jwt"]),
            _ if self.desk.lock().unwrap().post_only => json!(["client_secret_post"]),
            _ => json!(["client_secret_post", "client_secret_basic"]),
        };
        json!({
            "issuer": if lie == Lie::DocumentOfAnother { "https://evil.example.com" } else { issuer },
            "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "none"],
            "token_endpoint_auth_methods_supported": methods,
            "authorization_response_iss_parameter_supported": true,
        })
    }

    pub(super) fn keys(&self, lie: Lie) -> Value {
        let is_first = self.count(Door::Keys) == 1;
        let mut keys = all_keys();
        if lie == Lie::UnknownKey || lie == Lie::KeysRotated && is_first {
            keys.retain(|key| key["kid"] != "p256");
        }
        json!({ "keys": keys })
    }

    /// Redeems a code (RFC 6749 §4.1.3), once.
    pub(super) fn token(&self, lie: Lie, basic: Option<&str>, body: &[u8]) -> Result<Value, &'static str> {
        let form: HashMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        let mut desk = self.desk.lock().unwrap();
        let (id, secret) = match basic.and_then(|value| value.strip_prefix("Basic ")) {
            Some(_) if desk.post_only || form.contains_key("client_secret") => return Err("invalid_request"),
            Some(credentials) => unescape(credentials).ok_or("invalid_client")?,
            None => (field("client_id").to_owned(), field("client_secret").to_owned()),
        };
        if (id.as_str(), secret.as_str()) != (CLIENT_ID, CLIENT_SECRET) {
            return Err("invalid_client");
        }
        if field("grant_type") != "authorization_code" {
            return Err("unsupported_grant_type");
        }
        let grant = desk.grants.remove(field("code")).ok_or("invalid_grant")?;
        let proof = b64(digest::digest(&digest::SHA256, field("code_verifier").as_bytes()));
        if grant.redirect_uri != field("redirect_uri") || grant.challenge != proof || field("code_verifier").len() < 43 {
            return Err("invalid_grant");
        }
        let token = if lie == Lie::AccessTokenWithNewline { "a\nb".to_owned() } else { format!("access-{}", field("code")) };
        desk.tokens.insert(token.clone(), grant.claims.get("sub").cloned().unwrap_or_default());
        let mut answer = json!({ "access_token": token, "token_type": "bearer", "expires_in": "300", "scope": ["openid"] });
        if lie == Lie::MacToken {
            answer["token_type"] = json!("mac");
        }
        if lie != Lie::NoIdToken {
            answer["id_token"] = json!(self.id_token(lie, desk.algorithm, grant));
        }
        Ok(answer)
    }

    pub(super) fn about(&self, lie: Lie, bearer: Option<&str>) -> Response {
        let desk = self.desk.lock().unwrap();
        let Some(sub) = bearer.and_then(|value| value.strip_prefix("Bearer ")).and_then(|token| desk.tokens.get(token)) else {
            return StatusCode::UNAUTHORIZED.into_response();
        };
        let mut claims = desk.userinfo.clone();
        match lie {
            Lie::NoUserinfoSub => {}
            Lie::OtherUserinfoSub => drop(claims.insert("sub".to_owned(), json!("eve-1"))),
            _ => drop(claims.insert("sub".to_owned(), sub.clone())),
        }
        match lie {
            Lie::DuplicateUserinfoSub => {
                let text = Value::Object(claims).to_string().replacen('{', "{\"sub\":\"eve-1\",", 1);
                ([(header::CONTENT_TYPE, "application/json")], text).into_response()
            }
            Lie::SignedUserinfo => ([(header::CONTENT_TYPE, "application/jwt")], "e30.e30.").into_response(),
            _ => json_answer(200, &Value::Object(claims)),
        }
    }

    fn id_token(&self, lie: Lie, algorithm: Algorithm, grant: Grant) -> String {
        let now = (self.clock)() / 1000;
        let mut claims = grant.claims;
        let mut set = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        set("iss", json!(self.issuer));
        set("aud", json!(CLIENT_ID));
        set("nonce", json!(grant.nonce));
        set("iat", json!(now));
        set("exp", json!(now + 300));
        if let Some(at) = grant.auth_time {
            set("auth_time", json!(at));
        }
        match lie {
            Lie::WrongIssuer => set("iss", json!("https://evil.example.com")),
            Lie::IssuerWithSlash => set("iss", json!(format!("{}/", self.issuer))),
            Lie::WrongAudience => set("aud", json!("another")),
            Lie::ExtraAudience => {
                set("aud", json!([CLIENT_ID, "another"]));
                set("azp", json!(CLIENT_ID));
            }
            Lie::ForeignAzp => {
                set("aud", json!([CLIENT_ID]));
                set("azp", json!("another"));
            }
            Lie::WrongNonce => set("nonce", json!("of another sign-in")),
            Lie::Expired => set("exp", json!(now - 61)),
            Lie::FutureIat => set("iat", json!(now + 120)),
            Lie::OldIat => set("iat", json!(now - 660)),
            Lie::NullSub => set("sub", Value::Null),
            Lie::EmptySub => set("sub", json!("")),
            Lie::BlankSub => set("sub", json!(" \t ")),
            Lie::NumberSub => set("sub", json!(7)),
            Lie::ArraySub => set("sub", json!(["ada-1"])),
            Lie::LongSub => set("sub", json!("x".repeat(4096))),
            Lie::ControlSub => set("sub", json!("ada\u{0}1")),
            Lie::NoNonce => drop(claims.remove("nonce")),
            Lie::NoSub => drop(claims.remove("sub")),
            _ => {}
        }
        let text = Value::Object(claims).to_string();
        let first = |more: &str| text.replacen('{', &format!("{{{more},"), 1);
        let text = match lie {
            Lie::DuplicateSub => first("\"sub\":\"eve-1\""),
            Lie::DuplicateEmailVerified => first("\"email_verified\":false"),
            Lie::DuplicateNonce => first("\"nonce\":\"x\""),
            _ => text,
        };
        seal(lie, algorithm, &text)
    }
}

/// Reads the credentials of Basic, each of which is a form's value besides (RFC 6749 §2.3.1).
fn unescape(credentials: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let one = |text: &str| url::form_urlencoded::parse(format!("v={text}").as_bytes()).next().map(|(_, value)| value.into_owned());
    Some((one(id)?, one(secret)?))
}

pub(super) fn json_answer(status: u16, value: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], value.to_string()).into_response()
}
