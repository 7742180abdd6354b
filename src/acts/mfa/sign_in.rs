//! The second half of a sign-in. Until it is done there is no session, only a flow, which the cookie of the browser names.

use super::codes;
use crate::{
    acts::{
        Stop, Visitor, letters,
        sessions::{self, Cookies},
    },
    rules::{
        addresses::Email,
        events::{Event, Log, Who},
        flows::Flow,
        gate::Proof,
        mfa::Code,
    },
};

/// Whose sign-in this browser has half done: their address. Looking changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn half(visitor: &Visitor) -> Result<Option<Email>, Stop> {
    Ok(begun(visitor).await?.map(|half| half.email))
}

/// Half a sign-in.
struct Half {
    /// The hash of what the browser has.
    hash: String,
    /// What it began with.
    kind: Flow,
    who: Who,
    email: Email,
}

async fn begun(visitor: &Visitor) -> Result<Option<Half>, Stop> {
    let Some(hash) = &visitor.caller.token_hash else { return Ok(None) };
    for kind in [Flow::HalfSignIn, Flow::HalfSocial] {
        let flow = visitor.read().open_flow(kind, hash, visitor.now()).await?;
        if let Some((user, address)) = flow.and_then(|flow| flow.user_id.zip(flow.address)) {
            let email = Email::parse(&address).map_err(Stop::Broken)?;
            let who = Who { user, email: email.canonical().to_owned() };
            return Ok(Some(Half { hash: hash.clone(), kind, who, email }));
        }
    }
    Ok(None)
}

/// Takes a code of whoever has half signed in, and begins their session; the cookies' values have these hashes.
///
/// # Errors
/// [`Stop::SignIn`] when nothing is half done, or it has taken too long or was finished elsewhere; [`Stop::Faults`] when the code
/// is wrong; [`Stop::TooMany`] after too many wrong ones.
pub async fn enter(visitor: &Visitor, code: &Code, cookies: &Cookies) -> Result<(), Stop> {
    let Some(Half { hash, kind, who, .. }) = begun(visitor).await? else { return Err(Stop::SignIn) };
    let counted = codes::count(visitor, &who).await?;
    let mut tx = visitor.begin(vec![Log::User(who.user.clone())]).await?;
    if !codes::take(visitor, &mut tx, &who, code, &counted).await? {
        drop(tx);
        return Err(codes::refuse(visitor, &who).await);
    }
    if !tx.use_flow(kind, &hash).await? {
        return Err(Stop::SignIn);
    }
    let first = if kind == Flow::HalfSocial { Proof::Social } else { Proof::Password };
    if first == Proof::Password {
        // Who knows both has not forgotten either.
        tx.end_flows(Flow::PasswordReset, &who.user).await?;
    }
    let session = sessions::begin_own(visitor, &mut tx, &who, cookies, &first).await?;
    tx.prove(&session, &Proof::Factor).await?;
    let method = if matches!(code, Code::Recovery(_)) { "recovery_code" } else { Proof::Factor.word() };
    tx.commit(Event::UserLoginSucceeded { who, session, method }).await?;
    letters::ring(&visitor.app);
    Ok(())
}
