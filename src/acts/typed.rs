//! What was typed waits while somebody proves again who they are. It is sealed, bound to the person who typed it, and only shown.

use super::{
    Stop, Visitor,
    permit::{NONE, asking},
};
use crate::{
    protocols::secrets::{hash_token, token},
    rules::{sessions, typed::Typed},
    store::Why,
};

/// Where it is sealed.
const PLACE: &str = "flows.typed";

/// Keeps what was typed for whoever's session this is, or was before it ran out of time; answers the key to it. `None` where it is
/// nobody's.
///
/// # Errors
/// When the database fails.
pub async fn keep(visitor: &Visitor, typed: &Typed) -> Result<Option<String>, Stop> {
    let asking = match asking(&visitor.app, &visitor.caller, NONE).await {
        Ok(asking) => asking,
        Err(Stop::SignIn) => return Ok(None),
        Err(stop) => return Err(stop),
    };
    // A session that somebody has ended may have been a stranger's, who is not to leave anything for its person.
    if sessions::end(visitor.now(), visitor.app.session_limits(), asking.session.times).is_some_and(|end| !end.is_of_time()) {
        return Ok(None);
    }
    let user = asking.facts.user;
    let text = serde_json::to_string(typed).map_err(|error| Stop::Broken(error.to_string()))?;
    let mut tx = visitor.begin(vec![]).await?;
    let key = token([tx.dice(), tx.dice()]);
    let id_hash = hash_token(&key);
    let sealed = visitor.app.0.key.seal(PLACE, &id_hash, &text, [tx.dice(), tx.dice()]);
    tx.keep_typed(&id_hash, &user, &sealed).await?;
    tx.commit_unrecorded(Why::Typed).await?;
    Ok(Some(key))
}

/// What waits under this key for whoever is signed in. It goes on waiting.
///
/// # Errors
/// When the database fails.
pub async fn find(visitor: &Visitor, key: &str) -> Result<Option<Typed>, Stop> {
    let Some(holder) = visitor.holder().await? else { return Ok(None) };
    let id_hash = hash_token(key);
    let sealed = visitor.read().typed(&id_hash, &holder.person().facts().user, visitor.now()).await?;
    let text = sealed.and_then(|sealed| visitor.app.0.key.open(PLACE, &id_hash, &sealed));
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}
