//! Deeds of a person on the own profile.

use serde_json::json;

use super::{Person, Stop};
use crate::rules::{
    events::Event,
    me::Profile,
    members::{fold, search_words},
};

/// Changes name, look and time zone.
///
/// # Errors
/// When the session has ended meanwhile, or the database fails.
pub async fn update(person: &Person, new: &Profile) -> Result<(), Stop> {
    let mut tx = person.begin().await?;
    let (name, theme, zone) = tx.profile().await?;
    let name_after = new.name.as_ref().unwrap_or(&name);
    let theme_after = new.theme.map_or(theme.as_str(), |theme| theme.word());
    let zone_after = new.time_zone.as_ref().unwrap_or(&zone);
    if (name_after, theme_after, zone_after) == (&name, theme.as_str(), &zone) {
        return Ok(());
    }
    tx.update_profile(name_after, theme_after, zone_after.as_deref()).await?;
    if *name_after != name {
        tx.copy_name(name_after, &fold(name_after)).await?;
        for (account, member, email) in tx.memberships().await? {
            tx.set_member_words(&account, &member, &search_words(name_after, &email)).await?;
        }
    }
    let value = |name: &str, theme: &str, zone: &Option<String>| json!({ "name": name, "theme": theme, "time_zone": zone });
    let (before, after) = (value(&name, &theme, &zone), value(name_after, theme_after, zone_after));
    Ok(tx.commit(Event::UserUpdated { who: person.who(), before, after }).await?)
}
