//! Files that are whole or not there, and for their owner alone.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::super::{Result, StoreError};

/// What kind of backup a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Sqlite,
    Postgres,
}

/// A sentence for whoever gave the command.
pub(super) fn unfit(sentence: impl Into<String>) -> StoreError {
    StoreError::Unfit(sentence.into())
}

/// That something cannot be done with a file.
pub(super) fn failed(path: &Path) -> impl Fn(io::Error) -> StoreError {
    move |error| unfit(format!("{}: {error}", path.display()))
}

/// Looks whether a file is a backup of the database that is configured.
pub(super) fn check_format(file: &Path, wanted: Format) -> Result<u64> {
    let mut start = Vec::new();
    let opened = File::open(file).map_err(failed(file))?;
    let bytes = opened.metadata().map_err(failed(file))?.len();
    opened.take(16).read_to_end(&mut start).map_err(failed(file))?;
    let found = match start.as_slice() {
        b"SQLite format 3\0" => Format::Sqlite,
        other if other.starts_with(b"PGDMP") => Format::Postgres,
        _ => return Err(unfit(format!("{} is no backup of a Frontdesk.", file.display()))),
    };
    match (found, wanted) {
        (Format::Sqlite, Format::Postgres) => {
            Err(unfit(format!("{} is a backup of SQLite, and the database that is configured is PostgreSQL.", file.display())))
        }
        (Format::Postgres, Format::Sqlite) => {
            Err(unfit(format!("{} is a backup of PostgreSQL, and the database that is configured is SQLite.", file.display())))
        }
        _ => Ok(bytes),
    }
}

/// A file that is being written beside the place where it is to stand. Without [`Part::settle`] it goes away.
pub(super) struct Part {
    path: PathBuf,
    end: PathBuf,
}

impl Part {
    /// An empty file for its owner alone, unless there is something already where it is to stand.
    pub(super) fn new(end: &Path) -> Result<Self> {
        let exists = || unfit(format!("There is a file {} already, and it stays as it is. Name another.", end.display()));
        if fs::symlink_metadata(end).is_ok() {
            return Err(exists());
        }
        let name = end.file_name().ok_or_else(|| unfit(format!("{} is no file's name.", end.display())))?;
        let path = end.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
        // One that is left from a process that is no more is nobody's.
        let _ = fs::remove_file(&path);
        create_private(&path).map_err(failed(&path))?;
        Ok(Self { path, end: end.to_owned() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name once it is on disk, and never takes another file's; answers how many bytes it has.
    pub(super) fn settle(self) -> Result<u64> {
        let file = File::open(&self.path).map_err(failed(&self.path))?;
        file.sync_all().map_err(failed(&self.path))?;
        let bytes = file.metadata().map_err(failed(&self.path))?.len();
        match fs::hard_link(&self.path, &self.end) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(unfit(format!("There is a file {} already, and it stays as it is. Name another.", self.end.display())));
            }
            // Not every file system has links.
            Err(_) => fs::rename(&self.path, &self.end).map_err(failed(&self.end))?,
        }
        sync_folder(&self.end)?;
        Ok(bytes)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A folder for its owner alone in which something is prepared. It goes away with all that is still in it.
pub(super) struct Workshop(PathBuf);

impl Workshop {
    pub(super) fn new(path: PathBuf) -> Result<Self> {
        // Whoever was killed in the middle has left one.
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&path)(error)),
            _ => {}
        }
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(failed(&path))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Makes a file that does not exist, for its owner alone.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Copies a file to a new one, for its owner alone.
pub(super) fn copy_private(from: &Path, to: &Path) -> Result<()> {
    let mut source = File::open(from).map_err(failed(from))?;
    let mut target = create_private(to).map_err(failed(to))?;
    io::copy(&mut source, &mut target).map_err(failed(to))?;
    Ok(())
}

/// Makes sure that a file is on disk.
pub(super) fn sync_file(path: &Path) -> Result<()> {
    File::open(path).and_then(|file| file.sync_all()).map_err(failed(path))
}

/// Makes sure that the names in a file's folder are on disk.
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync_file(folder)
}
