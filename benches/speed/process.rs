//! Processes: who runs where, and how much memory they hold.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::child::{Server, start, without_settings};

/// The processor of servers, and that of what loads them.
const SERVER: &str = "0";
const LOAD: &str = "1";

/// Moves this process to the second processor, if there is one; answers whether it is apart from servers now.
pub fn step_aside() -> bool {
    let own = std::process::id().to_string();
    Command::new("taskset").args(["-acp", LOAD, &own]).stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A program on the processor of servers.
fn apart(program: &Path, folder: &Path) -> Command {
    let mut command = without_settings(Command::new("taskset"), folder);
    command.args(["-c", SERVER]).arg(program);
    command
}

/// Frontdesk in a folder, as a release, with the settings that it has by default; but whoever loads it comes from one address.
pub fn frontdesk(folder: &Path) -> Command {
    let mut command = apart(Path::new(env!("CARGO_BIN_EXE_frontdesk")), folder);
    command.args(["--lockout-after", "1000"]);
    for limit in ["--attempts-per-user", "--attempts-per-user-day", "--attempts-per-address", "--attempts-per-network"] {
        command.args([limit, "1000000"]);
    }
    command.args(["--listen", "127.0.0.1:0"]);
    command
}

/// This program once more, as the reference.
pub fn reference(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = apart(&std::env::current_exe().unwrap(), folder);
    command.args(arguments);
    command
}

/// Starts a server whose log goes to a file, as it would where it runs for long.
pub fn serve(command: &mut Command, log: &Path) -> Server {
    let log = std::fs::File::create(log).unwrap();
    start(command.stderr(log)).expect("it starts")
}

/// Resident memory in MB.
pub fn memory(server: &Server) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1_024.0 / 1_000_000.0
}
