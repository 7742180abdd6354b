//! Deeds of a person on the own profile.

use serde_json::json;

use super::{Person, Stop};
use crate::rules::{
    events::Event,
    me::Profile,
    members::{fold, search_words},
};

/// Changes name and look.
///
/// # Errors
/// When the session has ended meanwhile, or the database fails.
pub async fn update(person: &Person, new: &Profile) -> Result<(), Stop> {
    let mut tx = person.begin().await?;
    let (name, theme) = tx.profile().await?;
    let name_after = new.name.as_ref().unwrap_or(&name);
    let theme_after = new.theme.map_or(theme.as_str(), |theme| theme.word());
    if (name_after, theme_after) == (&name, theme.as_str()) {
        return Ok(());
    }
    tx.update_profile(name_after, theme_after).await?;
    if *name_after != name {
        tx.refold_name(&fold(name_after)).await?;
        for (account, member, email) in tx.memberships().await? {
            tx.set_member_words(&account, &member, &search_words(name_after, &email)).await?;
        }
    }
    let (before, after) = (json!({ "name": name, "theme": theme }), json!({ "name": name_after, "theme": theme_after }));
    Ok(tx.commit(Event::UserUpdated { who: person.who(), before, after }).await?)
}
