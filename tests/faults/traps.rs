//! A command of the program that kills itself at a chosen call to the system, where `strace` does it.

use std::{os::unix::process::ExitStatusExt, process::Command};

use crate::{child::without_settings, desk::Desk};

/// Calls that change what is on disk, each with how many of them are passed over between two traps.
pub const CALLS: [(&str, u64); 4] =
    [("fsync,fdatasync", 1), ("rename,renameat,renameat2,link,linkat", 1), ("unlink,unlinkat", 1), ("pwrite64,write", 3)];

/// Runs a command with a trap at the `at`th of these calls; true where it was killed by it.
pub fn dies_at(desk: &Desk, arguments: &[&str], calls: &str, at: u64) -> bool {
    let mut command = without_settings(Command::new("strace"), desk.data.parent().unwrap());
    command.args(["-D", "-f", "-qqq", "-o", "/dev/null", "-e", "signal=none"]);
    command.args(["-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:signal=SIGKILL:when={at}")]);
    command.arg(env!("CARGO_BIN_EXE_frontdesk")).args(arguments);
    desk.settle(&mut command);
    let output = command.output().unwrap();
    let was_killed = output.status.signal() == Some(9);
    assert!(was_killed || output.status.success(), "{calls} {at}: {}", String::from_utf8_lossy(&output.stderr));
    was_killed
}
