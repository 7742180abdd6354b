//! The command `scan`: finds secrets of Frontdesk in files, offline, and says which of them work.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use super::{StartError, rescue::Desk};
use crate::{
    acts::credentials::{Leaked, recognise},
    config::Config,
    rules::credentials::secret,
    store::{Clock, Dice, Hands},
};

/// The longest part of a line that is looked at in one go: what is longer is no text that anybody wrote.
const LINE: u64 = 1024 * 1024;

/// Where a secret was found.
struct Place {
    path: String,
    line: usize,
    column: usize,
    secret: String,
}

/// What was found, and how many of that work.
pub struct Scanned {
    /// A line for each, and a summary. No secret is in it.
    pub says: String,
    /// How many work.
    pub live: usize,
}

/// Looks through a file, a folder with all that is in it, or with `-` the standard input.
///
/// # Errors
/// Whatever cannot be read, in a sentence.
pub async fn scan(config: &Config, path: &str, clock: Clock, dice: Dice) -> Result<Scanned, StartError> {
    let places = if path == "-" { through(std::io::stdin().lock(), "-") } else { everything(Path::new(path)) };
    let places = places.map_err(|error| StartError::Other(format!("{path} cannot be read: {error}")))?;
    // No letter is written, so it does not matter where links would lead.
    let config = Config { base_url: "http://localhost".to_owned(), ..config.clone() };
    let desk = Desk::open(&config, Hands { clock, dice }).await?;
    let (mut lines, mut live) = (Vec::new(), 0);
    for place in &places {
        let found = recognise(&desk.app, &place.secret).await.map_err(|error| StartError::Other(error.to_string()))?;
        let says = match found {
            Leaked::Live { id, kind, account, owner } => {
                live += 1;
                format!("{} {id} of {owner} in {account}: it works. Rotate it.", kind.label())
            }
            Leaked::Resting(id, why) => format!("{id}, which is refused at present: {}", why.sentence()),
            Leaked::Revoked(id) => format!("{id}, which is revoked"),
            Leaked::Foreign => "has the shape of a secret, and is none of this database".to_owned(),
        };
        // A file may be called anything, and is not to write lines of its own.
        lines.push(format!("{}:{}:{}: {says}", place.path.escape_debug(), place.line, place.column));
    }
    desk.app.close().await;
    lines.push(match (places.len(), live) {
        (0, _) => "No secret of Frontdesk was found.".to_owned(),
        (found, live) => format!("Found: {found}. Working: {live}."),
    });
    Ok(Scanned { says: lines.join("\n"), live })
}

/// All files below a path. Links in it are not followed: what they lead to is somewhere else.
fn everything(path: &Path) -> std::io::Result<Vec<Place>> {
    let path = path.canonicalize()?;
    let (mut places, mut left) = (Vec::new(), vec![path.clone()]);
    while let Some(next) = left.pop() {
        let kind = next.symlink_metadata()?.file_type();
        if kind.is_dir() {
            let mut inside: Vec<_> = std::fs::read_dir(&next)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
            inside.sort_by(|one, other| other.cmp(one));
            left.extend(inside);
        } else if kind.is_file() || next == path {
            let name = next.display().to_string();
            let found = File::open(&next).and_then(|file| through(BufReader::new(file), &name));
            // Which file it was matters more than what is wrong with it.
            places.extend(found.map_err(|error| std::io::Error::other(format!("{}: {error}", name.escape_debug())))?);
        }
    }
    Ok(places)
}

fn through(mut text: impl BufRead, path: &str) -> std::io::Result<Vec<Place>> {
    let (mut places, mut bytes) = (Vec::new(), Vec::new());
    let (mut line, mut offset) = (1, 0);
    while text.by_ref().take(LINE).read_until(b'\n', &mut bytes)? > 0 {
        // What is no text has no secrets in it but where it is text.
        let part = String::from_utf8_lossy(&bytes);
        places.extend(secret::found_in(&part).map(|(at, secret)| Place {
            path: path.to_owned(),
            line,
            column: offset + part[..at].chars().count() + 1,
            secret: secret.to_owned(),
        }));
        if bytes.ends_with(b"\n") {
            (line, offset) = (line + 1, 0);
            bytes.clear();
        } else {
            // The line goes on: what may be the beginning of a secret is looked at with what follows.
            let kept = bytes.len().saturating_sub(secret::LENGTH - 1);
            offset += String::from_utf8_lossy(&bytes[..kept]).chars().count();
            bytes.drain(..kept);
        }
    }
    Ok(places)
}
