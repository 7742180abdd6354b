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
    Ok(begun(visitor).await?.map(|(_, email)| email))
}

async fn begun(visitor: &Visitor) -> Result<Option<(Who, Email)>, Stop> {
    let Some(hash) = &visitor.caller.token_hash else { return Ok(None) };
    let flow = visitor.read().open_flow(Flow::HalfSignIn, hash, visitor.now()).await?;
    let Some((user, address)) = flow.and_then(|flow| flow.user_id.zip(flow.address)) else { return Ok(None) };
    let email = Email::parse(&address).map_err(Stop::Broken)?;
    Ok(Some((Who { user, email: email.canonical().to_owned() }, email)))
}

/// Takes a code of whoever has half signed in, and begins their session; the cookies' values have these hashes.
///
/// # Errors
/// [`Stop::SignIn`] when nothing is half done, or it has taken too long or was finished elsewhere; [`Stop::Faults`] when the code
/// is wrong; [`Stop::TooMany`] after too many wrong ones.
pub async fn enter(visitor: &Visitor, code: &Code, cookies: &Cookies) -> Result<(), Stop> {
    let Some((half, (who, _))) = visitor.caller.token_hash.as_deref().zip(begun(visitor).await?) else { return Err(Stop::SignIn) };
    let counted = codes::count(visitor, &who).await?;
    let mut tx = visitor.begin(vec![Log::User(who.user.clone())]).await?;
    if !codes::take(visitor, &mut tx, &who, code, &counted).await? {
        drop(tx);
        return Err(codes::refuse(visitor, &who).await);
    }
    if !tx.use_flow(Flow::HalfSignIn, half).await? {
        return Err(Stop::SignIn);
    }
    // Who knows both has not forgotten either.
    tx.end_flows(Flow::PasswordReset, &who.user).await?;
    let session = sessions::begin(visitor, &mut tx, &who, cookies).await?;
    tx.prove(&session, &Proof::Factor).await?;
    let method = if matches!(code, Code::Recovery(_)) { "recovery_code" } else { Proof::Factor.word() };
    tx.commit(Event::UserLoginSucceeded { who, session, method }).await?;
    letters::ring(&visitor.app);
    Ok(())
}
