//! Links: secrets that work once, of which only the hash is kept, and whom one is about.

use super::{Stop, Visitor};
use crate::{
    protocols::secrets::{hash_token, token},
    rules::{addresses::Email, flows::Flow, ids::UserId, time::Millis},
    store::{NewFlow, Tx},
};

/// Makes a link, as part of a transaction; answers its secret, and until when it works.
pub(super) async fn make<S>(tx: &mut Tx<S>, kind: Flow, user: Option<&UserId>, email: Option<&Email>) -> Result<(String, Millis), Stop> {
    let secret = token([tx.dice(), tx.dice()]);
    let until = tx.create_flow(&NewFlow { kind, id_hash: &hash_token(&secret), user, email }).await?;
    Ok((secret, until))
}

/// Whom a link is about, and which address of theirs. Looking changes nothing, however often.
///
/// # Errors
/// [`Stop::Unknown`] when the link does not work, or not any more, or is about nobody.
pub(super) async fn look(visitor: &Visitor, kind: Flow, secret: &str) -> Result<(UserId, Email), Stop> {
    let flow = visitor.read().open_flow(kind, &hash_token(secret), visitor.now()).await?.ok_or(Stop::Unknown)?;
    let (user, address) = flow.user_id.zip(flow.address).ok_or(Stop::Unknown)?;
    Ok((user, Email::parse(&address).map_err(Stop::Broken)?))
}
