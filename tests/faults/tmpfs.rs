//! A file system in memory that is soon full. Only root may mount one.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

pub struct Tmpfs {
    folder: TempDir,
}

fn as_root(arguments: &[&str]) -> bool {
    let is_root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0;
    let mut command = if is_root { Command::new(arguments[0]) } else { Command::new("sudo") };
    command.args(if is_root { &arguments[1..] } else { arguments });
    command.status().is_ok_and(|status| status.success())
}

impl Tmpfs {
    /// Mounts one of so many MiB.
    pub fn new(mib: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={mib}m,mode=777");
        let path = folder.path().display().to_string();
        assert!(as_root(&["mount", "-t", "tmpfs", "-o", &options, "tmpfs", &path]), "a file system in memory can be mounted, by root");
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Fills it up, to the last byte; answers the file that does so.
    pub fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = File::options().create(true).append(true).open(&path).unwrap();
        for size in [1 << 20, 4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        as_root(&["umount", "--lazy", &self.folder.path().display().to_string()]);
    }
}
