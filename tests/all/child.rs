//! The program as a process of its own: started, waited for, told to stop.

use std::{
    io::{BufRead, BufReader, Read},
    net::{IpAddr, Ipv4Addr},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU8, Ordering},
};

/// An address of this machine that nobody else uses, so that what ends there finds its port free when it comes back.
pub fn own_address() -> IpAddr {
    static COUNT: AtomicU8 = AtomicU8::new(2);
    let [low, high, ..] = std::process::id().to_le_bytes();
    Ipv4Addr::new(127, high, low, COUNT.fetch_add(1, Ordering::Relaxed)).into()
}

/// The program in a folder, with none of the settings that this process may have.
pub fn program(folder: &Path) -> Command {
    without_settings(Command::new(env!("CARGO_BIN_EXE_frontdesk")), folder)
}

/// A command in a folder, with none of the settings that this process may have.
pub fn without_settings(mut command: Command, folder: &Path) -> Command {
    command.current_dir(folder);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FRONTDESK_") || name == "DATABASE_URL") {
        command.env_remove(name);
    }
    command
}

/// A program that has said where it is.
pub struct Server {
    pub child: Child,
    pub line: String,
    pub base: String,
}

impl Server {
    /// The token of the link for set-up.
    pub fn token(&self) -> String {
        self.line.trim().split_once("token=").expect("it waits for set-up").1.to_owned()
    }
}

/// Whatever becomes of a test, nothing goes on running.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the program and waits for its line.
pub fn serve(command: &mut Command) -> Server {
    start(command.stderr(Stdio::piped())).unwrap_or_else(|mut child| {
        let mut errors = String::new();
        child.stderr.as_mut().unwrap().read_to_string(&mut errors).unwrap();
        panic!("{errors}");
    })
}

/// The same for a program that may end before it says anything; then it is given back.
pub fn start(command: &mut Command) -> Result<Server, Child> {
    command.stdout(Stdio::piped());
    let mut child = loop {
        match command.spawn() {
            // A program that was copied a moment ago is open for writing in whatever child another thread is just making.
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => std::thread::sleep(std::time::Duration::from_millis(5)),
            spawned => break spawned.unwrap(),
        }
    };
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let Some(at) = line.find("http") else { return Err(child) };
    let base = line[at..].trim().split("/setup").next().unwrap().to_owned();
    Ok(Server { child, line, base })
}

/// Asks it to stop.
pub fn terminate(server: &Server) {
    assert!(Command::new("kill").arg("-TERM").arg(server.child.id().to_string()).status().unwrap().success());
}
