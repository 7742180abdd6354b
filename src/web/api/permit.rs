//! Brings permits of keys into the signatures of handlers: the version, the key, and the pace.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::error::ApiError;
use crate::{
    acts::{Caller, Key, Permit, Stop},
    rules::{
        codes,
        ids::AccountId,
        permissions::May,
        time::{Millis, Span},
    },
    web::Site,
};

/// The header that says in which version of the API a program speaks.
pub(super) const VERSION: &str = "ngrok-version";
/// The one there is.
const SPOKEN: &str = "2";
const WINDOW: Span = Span::minutes(1);

impl<M: May> FromRequestParts<Site> for Permit<M, Key> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(ApiError::not_found)?;
        let token = token(&parts.headers)?;
        let is_metered = parts.extensions.get::<Unmetered>().is_none();
        let pace = |account: &AccountId| {
            let answer = if is_metered { site.pace.take(account, site.app.now(), site.face.api_rate) } else { Ok(()) };
            answer.map_err(Stop::TooMany)
        };
        Ok(Self::ask_by_key(&site.app, caller, &token, pace).await?)
    }
}

/// Marks requests that the pace of an account is not asked about.
#[derive(Clone, Copy)]
pub(super) struct Unmetered;

/// The key that a request shows: as a bearer, or as either half of a Basic pair, as other clients do.
fn token(headers: &HeaderMap) -> Result<String, ApiError> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else {
        let says = "Send the API key in the header Authorization, behind the word Bearer.";
        return Err(ApiError::bad(codes::NO_AUTHORIZATION, says));
    };
    let unread = || ApiError::bad(codes::BAD_AUTHORIZATION, "The header Authorization has to say Bearer, a space, and the API key.");
    let text = value.to_str().map_err(|_| unread())?;
    let (scheme, rest) = text.split_once(' ').ok_or_else(unread)?;
    let rest = rest.trim();
    if rest.is_empty() {
        return Err(unread());
    }
    // What a browser has kept from elsewhere is no key of whichever site asks.
    let is_by_script = headers.contains_key(header::ORIGIN);
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(rest.to_owned());
    }
    if is_by_script || !scheme.eq_ignore_ascii_case("basic") {
        return Err(unread());
    }
    let pair = STANDARD.decode(rest).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(unread)?;
    let (name, password) = pair.split_once(':').ok_or_else(unread)?;
    Ok(if password.is_empty() { name.to_owned() } else { password.to_owned() })
}

/// That a program speaks the version there is. Where it is demanded, saying nothing is no answer.
pub(super) fn check_version(headers: &HeaderMap, is_demanded: bool) -> Result<(), ApiError> {
    let mut all = headers.get_all(VERSION).iter();
    match (all.next().map(|value| value.to_str().unwrap_or_default().trim()), all.next()) {
        (None, _) if is_demanded => Err(ApiError::bad(codes::NO_VERSION, "Send the header ngrok-version: 2")),
        (None | Some(SPOKEN), None) => Ok(()),
        _ => Err(ApiError::bad(codes::VERSION, "This API has one version: send the header ngrok-version: 2")),
    }
}

/// How many requests each account has made within the last minute. It is this process's own count: of several machines each lets that
/// many through.
#[derive(Clone, Default)]
pub(in crate::web) struct Pace(Arc<Mutex<HashMap<AccountId, VecDeque<Millis>>>>);

impl Pace {
    fn take(&self, account: &AccountId, now: Millis, most: usize) -> Result<(), Span> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Of accounts that ask for nothing any more nothing is kept.
        if all.len() > 10_000 {
            all.retain(|_, times| times.back().is_some_and(|last| now.since(*last) < WINDOW));
        }
        let times = all.entry(account.clone()).or_default();
        // A clock that was set back holds nobody up.
        while times.front().is_some_and(|first| now.since(*first) >= WINDOW || *first > now) {
            times.pop_front();
        }
        if times.len() < most {
            times.push_back(now);
            return Ok(());
        }
        let rest = times.front().map_or(WINDOW, |first| Span(WINDOW.0 - now.since(*first).0));
        Err(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_rolls() {
        let (pace, account) = (Pace::default(), AccountId::new(Millis(1_790_000_000_000), [7; 16]));
        let now = Millis(1_790_000_000_000);
        let take = |at: Millis| pace.take(&account, at, 120);
        for n in 0..120 {
            assert!(take(now.plus(Span(n * 100))).is_ok(), "{n}");
        }
        let refused = take(now.plus(Span::seconds(20))).unwrap_err();
        assert_eq!(refused, Span::seconds(40));
        assert!(pace.take(&AccountId::new(now, [8; 16]), now, 120).is_ok(), "nobody else's");
        assert!(take(now.plus(WINDOW)).is_ok());
        assert!(take(now.plus(WINDOW)).is_err(), "one at a time");
        assert!(take(now.minus(Span::days(1))).is_ok(), "a clock that was set back");
    }

    #[test]
    fn keys_are_read_from_both_schemes() {
        let ask = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            token(&headers).map_err(|error| error.code)
        };
        assert_eq!(ask("Bearer abc"), Ok("abc".into()));
        assert_eq!(ask("bearer   abc "), Ok("abc".into()));
        assert_eq!(ask(&format!("Basic {}", STANDARD.encode("abc:"))), Ok("abc".into()));
        assert_eq!(ask(&format!("Basic {}", STANDARD.encode(":abc"))), Ok("abc".into()));
        for wrong in ["abc", "Bearer", "Bearer ", "Digest abc", "Basic !", &format!("Basic {}", STANDARD.encode("abc"))] {
            assert_eq!(ask(wrong), Err(codes::BAD_AUTHORIZATION), "{wrong}");
        }
        assert_eq!(token(&HeaderMap::new()).unwrap_err().code, codes::NO_AUTHORIZATION);
    }
}
