//! The commands `backup` and `restore`.

use std::path::Path;

use super::{StartError, bring_tls, database, key, make_private_folder, started};
use crate::{
    acts::restore::restored,
    config::Config,
    protocols::secrets::InstanceKey,
    store::{
        Clock, Dice, Hands,
        backup::{self, Backup},
    },
};

/// Writes a copy of the database, which may be in use, to a new file; answers what to say about it.
///
/// # Errors
/// Whatever stands in the way, in a sentence. Then there is no file.
pub async fn backup(config: &Config, file: &Path) -> Result<String, StartError> {
    bring_tls();
    let made = backup::make(&database(config), file).await?;
    let key = about_key(config, &made)?;
    Ok(format!("The database is in {} ({} bytes).\n{key}\nKeep the key file too, and not in the same place.", file.display(), made.bytes))
}

/// Puts a backup in the place of the database, and ends every session and open link in it; answers what to say about it.
/// `replace` says that there may be data in the way.
///
/// # Errors
/// Whatever stands in the way, in a sentence. Then everything is as it was.
pub async fn restore(config: &Config, file: &Path, replace: bool, clock: Clock, dice: Dice) -> Result<String, StartError> {
    bring_tls();
    let folder = &config.data_dir;
    if !folder.exists() {
        make_private_folder(folder).map_err(|error| StartError::Folder(folder.display().to_string(), error))?;
    }
    let hands = Hands { clock, dice };
    let mut restoring = backup::begin(&database(config), file, replace).await?;
    let key = about_key(config, &restoring.backup)?;
    let ended = restored(&mut restoring, &hands).await.map_err(started)?;
    let kept = restoring.finish((hands.clock)()).await?;
    let mut said = format!(
        "{} is restored. Everybody has to sign in again: {} sessions and {} open links were ended.\n{key}",
        file.display(),
        ended.sessions,
        ended.links
    );
    if let Some(kept) = kept {
        said.push_str(&format!("\nThe database that was there is kept as {}.", kept.display()));
    }
    Ok(said)
}

/// Which key belongs to a backup, and whether it is the one that is configured.
fn about_key(config: &Config, backup: &Backup) -> Result<String, StartError> {
    let (path, fingerprint) = (key::path(config), &backup.key_fingerprint);
    let path_shown = path.display();
    Ok(match InstanceKey::read(&path)? {
        Some(key) if key.is(fingerprint) => format!("It belongs to the key file {path_shown} (fingerprint {fingerprint})."),
        Some(key) => format!(
            "It belongs to a key file with the fingerprint {fingerprint}. {path_shown} is another one ({}): put the right one there before you start.",
            key.fingerprint()
        ),
        None => format!(
            "It belongs to a key file with the fingerprint {fingerprint}. There is none at {path_shown}: put it there before you start."
        ),
    })
}
