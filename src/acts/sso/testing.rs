//! What an administrator is shown who has come back from a test.

use super::arrivals::{Arrived, View, look};
use crate::{
    acts::{Permit, Stop},
    rules::permissions::may,
    store::sso::DoorRow,
};

/// What would happen if whoever has come by a test came to sign in.
pub enum Outcome {
    /// They would come in as this member: name and address.
    In(String, String),
    /// The member who tests would be linked.
    Link,
    /// The provider knows the user by it who is no member.
    NoMember,
}

/// Looks at what a test has shown to whoever made it.
///
/// # Errors
/// [`Stop::Unknown`] where this browser has made none, or it is too long ago.
pub async fn look_at_test(permit: &Permit<may::ManageSso>, secret: &str, browser: &str) -> Result<View, Stop> {
    let person = permit.person();
    let view = look(&person.visitor(), Some(person), secret, browser).await?;
    let is_own = view.door.idp.account == permit.account().account && view.user.as_ref() == Some(&person.facts().user);
    if is_own && view.arrived.claims.is_some() { Ok(view) } else { Err(Stop::Unknown) }
}

/// What would happen to whoever has come by a test.
///
/// # Errors
/// When the database fails.
pub async fn outcome(permit: &Permit<may::ManageSso>, door: &DoorRow, arrived: &Arrived) -> Result<Outcome, Stop> {
    let mut reader = permit.read();
    let Some(known) = reader.known_as(door.idp.id.as_str(), &arrived.said.subject, &permit.account().account).await? else {
        return Ok(Outcome::Link);
    };
    let (name, email) = reader.name_and_address(&known.user).await?.ok_or(Stop::Unknown)?;
    Ok(if known.member.is_some() { Outcome::In(name, email) } else { Outcome::NoMember })
}
