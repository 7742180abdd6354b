//! A PostgreSQL of one's own that may be killed: it keeps what it acknowledges, and only its own processes are killed.

use std::{
    fs::File,
    net::IpAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use crate::child::own_address;

/// A cluster, running or dead.
pub struct Cluster {
    folder: TempDir,
    bin: PathBuf,
    address: IpAddr,
    server: Child,
}

impl Cluster {
    /// Makes and starts one that waits for the disk at each commit.
    pub async fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("frontdesk-crash-pg.").tempdir_in("/tmp").unwrap();
        let (address, bin) = (own_address(), newest_binaries());
        if is_root() {
            assert!(Command::new("chown").arg("postgres").arg(folder.path()).status().unwrap().success());
        }
        let mut initdb = command(&bin, "initdb", folder.path());
        let made = initdb.args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"]).stdout(Stdio::null()).status();
        assert!(made.unwrap().success());
        let server = spawn(&bin, folder.path(), address);
        let cluster = Self { folder, bin, address, server };
        cluster.takes_connections().await;
        cluster
    }

    /// Makes a database, and answers where it is.
    pub async fn new_database(&self, name: &str) -> String {
        let mut maintenance = PgConnection::connect(&self.url("postgres")).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut maintenance).await.unwrap();
        maintenance.close().await.unwrap();
        self.url(name)
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@{}/{database}", self.address)
    }

    /// Starts it again, and waits until it takes connections.
    pub async fn start(&mut self) {
        self.server = spawn(&self.bin, self.folder.path(), self.address);
        self.takes_connections().await;
    }

    async fn takes_connections(&self) {
        let began = Instant::now();
        while PgConnection::connect(&self.url("postgres")).await.is_err() {
            assert!(began.elapsed() < Duration::from_secs(30), "the cluster does not start:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Kills the server and every process it has begun, all at once, and waits until none is left.
    pub fn kill(&mut self) {
        let pid = self.server.id();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        let children: Vec<_> = children.split_whitespace().collect();
        assert!(!children.is_empty(), "the cluster is not running:\n{}", self.log());
        // Some may have ended by themselves in between.
        let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).args(&children).stderr(Stdio::null()).status().unwrap();
        self.server.wait().unwrap();
        let began = Instant::now();
        while children.iter().any(|pid| is_alive(pid)) {
            assert!(began.elapsed() < Duration::from_secs(20), "some process of the cluster does not die");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // An end at once, in which it ends its children by itself.
        let _ = Command::new("kill").arg("-QUIT").arg(self.server.id().to_string()).status();
        let _ = self.server.wait();
    }
}

/// The server, as a child of our own: a dead one whom nobody collects would look alive to the next.
fn spawn(bin: &Path, folder: &Path, address: IpAddr) -> Child {
    let log = || File::options().create(true).append(true).open(folder.join("log")).unwrap();
    let mut command = command(bin, "postgres", folder);
    let listen = format!("listen_addresses={address}");
    command.args(["-p", "5432", "-c", &listen, "-c", "fsync=on", "-c", "synchronous_commit=on", "-k"]);
    command.arg(folder).stdout(log()).stderr(log()).spawn().unwrap()
}

/// One of PostgreSQL's programs on this cluster, as the user that it has to run as.
fn command(bin: &Path, name: &str, folder: &Path) -> Command {
    let program = bin.join(name);
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").arg("-D").arg(folder.join("data"));
    command
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
}

/// Whether a process lives: neither gone, nor dead and not yet collected by whoever is its parent.
fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// Where Debian keeps the programs of the newest PostgreSQL.
fn newest_binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed");
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = versions.map(|entry| entry.unwrap().path()).max_by_key(|path| version(path)).expect("PostgreSQL is installed");
    newest.join("bin")
}
