//! What an ID token says, and whether it may be believed (OpenID Connect Core 1.0, section 3.1.3.7).

use serde_json::{Map, Value, json};

use super::{super::outside::shown, Client, Fault};

/// By how much the clocks of both servers may differ, in milliseconds.
const SKEW: i64 = 60_000;
/// How long an ID token may be on its way, in milliseconds.
const OLDEST: i64 = 600_000;
/// The longest subject, in bytes (Core 1.0, section 2).
const LONGEST_SUBJECT: usize = 255;
/// The longest name and the longest address that are taken along, in characters.
const LONGEST_TEXT: usize = 320;

/// Who signed in, as the provider says.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// Who it is, unique at the issuer and forever the same; 1 to 255 bytes without control characters. Accounts are bound to the issuer
    /// and this, never to the address.
    pub subject: String,
    /// The address, as the provider writes it.
    pub email: Option<String>,
    /// Whether the provider has verified that very address: it says so with JSON's `true`, and not with a text or a number.
    pub email_verified: bool,
    /// How the person is called.
    pub name: Option<String>,
    /// When the person proved who they are, in milliseconds since 1970.
    pub auth_time: Option<i64>,
    /// By which means (RFC 8176); empty where it does not say.
    pub amr: Vec<String>,
    /// On which level.
    pub acr: Option<String>,
    /// Everything as it was received, for the page on which administrators try a provider out: `id_token`, and `userinfo` where that was
    /// asked.
    pub all: Value,
}

/// What is expected of a token, besides the client that it is for.
pub(super) struct Expected<'a> {
    pub(super) nonce: &'a str,
    pub(super) now_ms: i64,
    pub(super) authenticated_since: Option<i64>,
}

/// Believes the claims of a token whose signature was verified, or says why not.
pub(super) fn believe(claims: &Map<String, Value>, client: &Client<'_>, expected: &Expected<'_>) -> Result<Claims, Fault> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(client.issuer) {
        let found = shown(text("iss").unwrap_or_default());
        return Err(Fault::TokenIssuer { expected: client.issuer.to_owned(), found });
    }
    meant_for(claims, client.id)?;
    if text("nonce") != Some(expected.nonce) {
        return Err(Fault::Nonce);
    }
    in_time(claims, expected.now_ms)?;
    let auth_time = moment(claims, "auth_time").ok().flatten();
    if let Some(since) = expected.authenticated_since {
        let at = auth_time.ok_or(Fault::NoAuthTime)?;
        if at < since.saturating_sub(SKEW) {
            return Err(Fault::NotFresh);
        }
        if at > expected.now_ms.saturating_add(SKEW) {
            return Err(Fault::FromTheFuture);
        }
    }
    let amr = match claims.get("amr") {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        // Some write a single one without brackets.
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    };
    Ok(Claims {
        subject: subject(claims)?,
        email: readable(claims, "email"),
        email_verified: is_verified(claims),
        name: readable(claims, "name"),
        auth_time,
        amr,
        acr: text("acr").map(ToOwned::to_owned),
        all: json!({ "id_token": claims }),
    })
}

impl Claims {
    /// Whether the userinfo endpoint is worth asking.
    pub(super) fn lack_something(&self) -> bool {
        self.email.is_none() || self.name.is_none()
    }

    /// Adds what is missing from an answer of the userinfo endpoint. It is not signed, and counts only when it is about the same person
    /// (Core 1.0, section 5.3.2).
    pub(super) fn complete(&mut self, userinfo: Map<String, Value>) -> Result<(), Fault> {
        if userinfo.get("sub").and_then(Value::as_str) != Some(&self.subject) {
            return Err(Fault::OtherUserinfo);
        }
        // An address and whether it is verified are from one hand: otherwise a verified one vouches for another.
        if self.email.is_none() {
            self.email = readable(&userinfo, "email");
            self.email_verified = is_verified(&userinfo);
        }
        if self.name.is_none() {
            self.name = readable(&userinfo, "name");
        }
        if let Value::Object(all) = &mut self.all {
            all.insert("userinfo".to_owned(), Value::Object(userinfo));
        }
        Ok(())
    }
}

/// The audience is this client and nobody else, and so is the party that the token was given out for, where it is said. With several
/// audiences it would have to be; but another audience could use the token here, and is not trusted with that.
fn meant_for(claims: &Map<String, Value>, client: &str) -> Result<(), Fault> {
    let audiences: Vec<&Value> = match claims.get("aud") {
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    if audiences.is_empty() || audiences.iter().any(|one| one.as_str() != Some(client)) {
        let names: Vec<&str> = audiences.iter().map(|one| one.as_str().unwrap_or("something that is not a text")).collect();
        return Err(Fault::Audience(if names.is_empty() { "nobody".to_owned() } else { shown(&names.join(", ")) }));
    }
    match claims.get("azp") {
        None => Ok(()),
        Some(Value::String(party)) if party == client => Ok(()),
        Some(party) => Err(Fault::AuthorizedParty(shown(party.as_str().unwrap_or("that is not a text")))),
    }
}

fn in_time(claims: &Map<String, Value>, now_ms: i64) -> Result<(), Fault> {
    let expires = moment(claims, "exp")?.ok_or(Fault::Moment("when it expires (exp)"))?;
    let issued = moment(claims, "iat")?.ok_or(Fault::Moment("when it was issued (iat)"))?;
    let latest = now_ms.saturating_add(SKEW);
    if expires <= now_ms.saturating_sub(SKEW) {
        return Err(Fault::Expired);
    }
    if issued > latest || moment(claims, "nbf")?.is_some_and(|begins| begins > latest) {
        return Err(Fault::FromTheFuture);
    }
    if issued < now_ms.saturating_sub(OLDEST) {
        return Err(Fault::IssuedLongAgo);
    }
    Ok(())
}

/// A moment in milliseconds since 1970: in JSON it is in seconds, and may have a fraction (RFC 7519 §2, `NumericDate`).
fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Fault> {
    /// Up to the year 9999: what lies beyond is a mistake, such as milliseconds in place of seconds.
    const END: f64 = 253_402_300_800.0;
    let seconds = match claims.get(name) {
        None => return Ok(None),
        Some(Value::Number(number)) => number.as_f64().unwrap_or(f64::NAN),
        Some(_) => f64::NAN,
    };
    if !(0.0..END).contains(&seconds) {
        return Err(Fault::Moment("its moments (exp, iat, nbf)"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was looked at, and fractions of milliseconds do not matter")]
    Ok(Some((seconds * 1000.0) as i64))
}

fn subject(claims: &Map<String, Value>) -> Result<String, Fault> {
    match claims.get("sub") {
        None | Some(Value::Null) => Err(Fault::NoSubject),
        Some(Value::String(subject)) if subject.trim().is_empty() => Err(Fault::SubjectEmpty),
        Some(Value::String(subject)) if subject.len() > LONGEST_SUBJECT => Err(Fault::SubjectTooLong),
        Some(Value::String(subject)) if subject.chars().any(char::is_control) => Err(Fault::SubjectUnprintable),
        Some(Value::String(subject)) => Ok(subject.clone()),
        Some(_) => Err(Fault::SubjectNotText),
    }
}

fn is_verified(claims: &Map<String, Value>) -> bool {
    claims.get("email_verified") == Some(&Value::Bool(true))
}

/// A text that can be shown. Others are as good as missing.
fn readable(claims: &Map<String, Value>, name: &str) -> Option<String> {
    let text = claims.get(name)?.as_str()?.trim();
    let fits = !text.is_empty() && text.chars().count() <= LONGEST_TEXT && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}
