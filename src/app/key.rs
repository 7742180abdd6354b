//! The key file, and which database it belongs to.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::StartError;
use crate::{
    acts::{setup, system},
    config::Config,
    protocols::secrets::InstanceKey,
    rules::ids::OperationId,
    store::{Db, Hands},
};

/// Where the key file is.
pub(super) fn path(config: &Config) -> PathBuf {
    if config.key_file.as_os_str().is_empty() { config.data_dir.join("instance.key") } else { config.key_file.clone() }
}

/// The key that belongs to this database. One is made only for a database that has never been bound to any.
pub(super) async fn find(config: &Config, db: &Db, hands: &Hands) -> Result<InstanceKey, StartError> {
    let path = path(config);
    warn_if_open(&path);
    warn_if_open(&config.data_dir);
    let bound = setup::fingerprint(db).await?;
    let key = match (InstanceKey::read(&path)?, &bound) {
        (Some(key), _) => key,
        (None, None) => InstanceKey::create(&path, [(hands.dice)(), (hands.dice)()])?,
        (None, Some(_)) => return Err(missing_key(&path)),
    };
    let bound = if let Some(bound) = bound {
        bound
    } else {
        let context = system(OperationId::new((hands.clock)(), (hands.dice)()));
        setup::bind(db, &key.fingerprint(), context, hands).await?
    };
    if key.is(&bound) { Ok(key) } else { Err(other_key(&path)) }
}

/// The key that belongs to a database that is bound to one. None is made.
pub(super) async fn existing(config: &Config, db: &Db) -> Result<InstanceKey, StartError> {
    let path = path(config);
    let bound = setup::fingerprint(db).await?;
    let bound =
        bound.ok_or_else(|| StartError::Other("There is no Frontdesk in this database yet. Start it, and set it up.".to_owned()))?;
    let key = InstanceKey::read(&path)?.ok_or_else(|| missing_key(&path))?;
    if key.is(&bound) { Ok(key) } else { Err(other_key(&path)) }
}

/// Says so when others on this machine may read what is ours alone.
fn warn_if_open(path: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = fs::metadata(path) {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            tracing::warn!(path = %path.display(), mode = format!("{mode:o}"), "others on this machine may look in here");
        }
    }
}

fn missing_key(path: &Path) -> StartError {
    StartError::WrongKey(format!(
        "This database belongs to a key file, and there is none at {}. Put the key file back, or say where it is with FRONTDESK_KEY_FILE. Without it the secrets in the database cannot be read, so no new one is made.",
        path.display()
    ))
}

fn other_key(path: &Path) -> StartError {
    StartError::WrongKey(format!(
        "The key file {} is not the one that this database belongs to. Machines that share a database share the key file.",
        path.display()
    ))
}
