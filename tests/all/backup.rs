//! Backups of a Frontdesk that is used, and restoring: what it promises, and all that it refuses. What happens under load
//! and when somebody kills it stands in `tests/faults`.

use std::path::{Path, PathBuf};

use frontdesk::{app, config::Config};
use reqwest::StatusCode;
use sqlx::{Connection, migrate::Migrator};

use crate::{
    child::program,
    kit::{House, PASSWORD, Raw, new_database, on_postgres},
};

/// A place to restore to: a folder and a database of its own, and the same key.
async fn elsewhere(house: &House) -> (tempfile::TempDir, Config) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = house.config.clone();
    config.data_dir = folder.path().join("data");
    config.database_url = new_database().await;
    std::fs::create_dir(&config.data_dir).unwrap();
    std::fs::copy(house.config.data_dir.join("instance.key"), config.data_dir.join("instance.key")).unwrap();
    (folder, config)
}

async fn restore(config: &Config, file: &Path, replace: bool, house: &House) -> Result<String, String> {
    let now = house.now();
    app::restore(config, file, replace, std::sync::Arc::new(move || now), app::dice()).await.map_err(|error| error.to_string())
}

async fn backup(house: &House, file: &Path) -> Result<String, String> {
    app::backup(&house.config, file).await.map_err(|error| error.to_string())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_when_it_was_made_is_there_again() {
    use std::os::unix::fs::PermissionsExt;
    let (house, ada) = House::with_ada().await;
    let (folder, config) = elsewhere(&house).await;
    let file = folder.path().join("backup");
    let before = crate::upgrades::everything(&house.raw).await;
    let said = backup(&house, &file).await.unwrap();
    let key = house.raw.texts("SELECT key_fingerprint FROM instance").await.remove(0);
    assert!(said.contains(&format!("It belongs to the key file {}", house.config.data_dir.join("instance.key").display())), "{said}");
    assert!(said.contains(&key), "{said}");
    assert_eq!(names(folder.path()), ["backup", "data"], "nothing else is left");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(crate::upgrades::everything(&house.raw).await, before, "making it changes nothing");
    house.raw.run("UPDATE accounts SET name = 'Renamed afterwards'").await;

    let said = restore(&config, &file, false, &house).await.unwrap();
    assert!(said.contains("1 sessions and 0 open links were ended"), "{said}");
    let raw = Raw::open(&config).await;
    let after = crate::upgrades::everything(&raw).await;
    // What differs is what comes with restoring, and nothing else.
    for (table, rows) in &before {
        match table.as_str() {
            "sessions" | "instance" | "events" | "event_subjects" | "cookies" => {}
            _ => assert_eq!(rows, &after[table], "{table}"),
        }
    }
    assert_eq!(raw.texts("SELECT ended_why FROM sessions").await, ["restored"]);
    assert_eq!(
        raw.texts("SELECT type FROM events WHERE log = 'instance' ORDER BY seq").await,
        ["instance_set_up.v0", "instance_restored.v0"]
    );
    assert_eq!(raw.texts("SELECT source FROM events WHERE type = 'instance_restored.v0'").await, ["console"]);
    drop(raw);

    let restored = House::on(config).await;
    assert!(crate::events::broken_links(&restored.raw).await.is_empty());
    let browser = restored.visitor();
    browser.set_cookie(ada.cookie());
    let refused = browser.get("/accounts/acme").await;
    assert_eq!(refused.location(), "/login?why=restored&next=%2Faccounts%2Facme", "whoever was signed in signs in again");
    assert!(browser.get(refused.location()).await.text().contains("restored from a backup"));
    assert_eq!(browser.sign_in("ada@example.com", PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/accounts/acme").await.all("h1"), ["Acme"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_links_end() {
    let house = House::new().await;
    let (folder, config) = elsewhere(&house).await;
    let file = folder.path().join("backup");
    backup(&house, &file).await.unwrap();
    let said = restore(&config, &file, false, &house).await.unwrap();
    assert!(said.contains(&format!("0 sessions and {} open links were ended", house.processes())), "{said}");
    let restored = House::on(config).await;
    let page = restored.visitor().get(&format!("/setup?token={}", house.token())).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_is_ever_written_over() {
    let (house, _ada) = House::with_ada().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    std::fs::write(&file, "somebody's").unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(folder.path().join("nowhere"), &link).unwrap();
    for there in [&file, &link] {
        let error = backup(&house, there).await.unwrap_err();
        assert!(error.contains("already, and it stays as it is"), "{error}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "somebody's");
    assert!(backup(&house, &folder.path().join("no-such-folder/backup")).await.is_err());
    assert_eq!(names(folder.path()), ["backup", "link"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn data_are_replaced_only_when_told_so() {
    let (house, _ada) = House::with_ada().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    backup(&house, &file).await.unwrap();
    let error = restore(&house.config, &file, true, &house).await.unwrap_err();
    assert!(error.contains("A running Frontdesk uses this database"), "{error}");
    assert_eq!(house.visitor().get("/readyz").await.status, StatusCode::OK);

    let (other, _) = House::with_ada_and(|_| {}).await;
    other.raw.run("UPDATE accounts SET name = 'The other one'").await;
    let config = other.stop().await;
    let error = restore(&config, &file, false, &house).await.unwrap_err();
    assert!(error.contains("say --replace"), "{error}");
    let raw = Raw::open(&config).await;
    assert_eq!(raw.texts("SELECT name FROM accounts").await, ["The other one"]);
    raw.close().await;

    let said = restore(&config, &file, true, &house).await.unwrap();
    // Its key file is that of the database which was there.
    assert!(said.contains("is another one") && said.contains("put the right one there before you start"), "{said}");
    let refusal = app::start(&config, app::clock(), app::dice()).await.err().unwrap().to_string();
    assert!(refusal.contains("is not the one that this database belongs to"), "{refusal}");
    std::fs::copy(house.config.data_dir.join("instance.key"), config.data_dir.join("instance.key")).unwrap();
    let raw = Raw::open(&config).await;
    assert_eq!(raw.texts("SELECT name FROM accounts").await, ["Acme"]);
    raw.close().await;
    if on_postgres() {
        return;
    }
    let kept = said.lines().last().unwrap().rsplit_once(" as ").unwrap().1.trim_end_matches('.').to_owned();
    let kept = Raw::open_file(Path::new(&kept)).await;
    assert_eq!(kept.texts("SELECT name FROM accounts").await, ["The other one"], "what was there is kept beside it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_backup_changes_nothing() {
    let (house, _ada) = House::with_ada().await;
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good");
    backup(&house, &good).await.unwrap();
    let bytes = std::fs::read(&good).unwrap();
    let write = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let (other, _) = House::with_ada().await;
    let before = crate::upgrades::everything(&other.raw).await;
    let config = other.stop().await;
    let mut middle = bytes.clone();
    for byte in middle.iter_mut().skip(bytes.len() / 3).take(bytes.len() / 3) {
        *byte ^= 0x55;
    }
    let mut cases = vec![
        (folder.path().join("missing"), "No such file"),
        (write("text", b"these are not the data you are looking for"), "is no backup of a Frontdesk"),
        (write("empty", b""), "is no backup of a Frontdesk"),
        (write("half", &bytes[..bytes.len() / 2]), ""),
        (write("torn", &middle), ""),
    ];
    if on_postgres() {
        cases.push((write("sqlite", b"SQLite format 3\0 and more"), "is a backup of SQLite"));
    } else {
        cases.push((write("postgres", b"PGDMP and more"), "is a backup of PostgreSQL"));
        let foreign = folder.path().join("foreign");
        let raw = Raw::new_file(&foreign).await;
        raw.run("CREATE TABLE instance (id TEXT)").await;
        raw.close().await;
        cases.push((foreign, "is no database of a Frontdesk"));
        let copied = write("copied", &bytes);
        write("copied-wal", b"not taken along");
        cases.push((copied, "this is a database that was copied"));
    }
    for (file, sentence) in cases {
        let error = restore(&config, &file, true, &house).await.unwrap_err();
        assert!(error.contains(sentence), "{}: {error}", file.display());
        let raw = Raw::open(&config).await;
        assert_eq!(crate::upgrades::everything(&raw).await, before, "{}", file.display());
        raw.close().await;
    }
    assert!(!names(&config.data_dir).iter().any(|name| name.contains("restor")), "{:?}", names(&config.data_dir));
}

/// Root restores for whoever the service runs as.
#[tokio::test(flavor = "multi_thread")]
async fn what_root_restores_belongs_to_the_owner_of_the_folder() {
    use std::os::unix::fs::{MetadataExt, chown};
    if on_postgres() || std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return;
    }
    let (house, _ada) = House::with_ada().await;
    let (folder, config) = elsewhere(&house).await;
    chown(&config.data_dir, Some(65_534), Some(65_534)).unwrap();
    let file = folder.path().join("backup");
    backup(&house, &file).await.unwrap();
    restore(&config, &file, false, &house).await.unwrap();
    for name in names(&config.data_dir).iter().filter(|name| *name != "instance.key") {
        assert_eq!(std::fs::metadata(config.data_dir.join(name)).unwrap().uid(), 65_534, "{name}");
    }
}

/// Whatever is asked of a program, it leaves alone what a newer one has made.
#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_left_alone() {
    let (house, _ada) = House::with_ada().await;
    let (folder, config) = elsewhere(&house).await;
    let newer = "INSERT INTO _sqlx_migrations SELECT 9999, 'of tomorrow', installed_on, success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1";
    house.raw.run(newer).await;
    let old = folder.path().join("newer");
    // Made by a program that does not ask: a backup of tomorrow.
    if let Raw::Sqlite(_) = &house.raw {
        house.raw.run(format!("VACUUM INTO '{}'", old.display())).await;
    } else {
        let dump = std::process::Command::new("pg_dump").args(["-Fc", "-f"]).arg(&old).arg(&house.config.database_url).status();
        assert!(dump.unwrap().success());
    }
    let sentence = "was migrated by a newer Frontdesk (it has migration 9999";
    let error = restore(&config, &old, false, &house).await.unwrap_err();
    assert!(error.contains(sentence), "{error}");
    let made = folder.path().join("made");
    let error = backup(&house, &made).await.unwrap_err();
    assert!(error.contains(sentence) && !made.exists(), "{error}");
    assert_eq!(house.visitor().get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let config = house.stop().await;
    for command in ["serve", "migrate", "backup"] {
        let mut program = program(folder.path());
        program.arg(command).env("DATABASE_URL", &config.database_url).env("FRONTDESK_DATA_DIR", &config.data_dir);
        if command == "backup" {
            program.arg(&made);
        }
        let output = program.args(["--listen", "127.0.0.1:0"]).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(sentence), "{command}: {error}");
        assert!(!error.contains("panicked"), "{command}: {error}");
    }
    assert!(!made.exists());
}

/// A backup of an older version comes back in this one's schema.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_backup_is_brought_to_this_schema() {
    let house = House::new().await;
    let (folder, config) = elsewhere(&house).await;
    let (_old_folder, old) = elsewhere(&house).await;
    let migrations = Migrator::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")).await.unwrap();
    let key = house.raw.texts("SELECT key_fingerprint FROM instance").await.remove(0);
    let row = format!(
        "INSERT INTO instance (id, key_fingerprint, created_at, event_hash) VALUES ('instance', '{key}', 1, '{}')",
        frontdesk::rules::chain::START
    );
    if on_postgres() {
        let mut connection = sqlx::PgConnection::connect(&old.database_url).await.unwrap();
        sqlx::raw_sql("CREATE DOMAIN text_c AS text COLLATE \"C\"").execute(&mut connection).await.unwrap();
        migrations.run_to(1, &mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let raw = Raw::new_file(&old.data_dir.join("frontdesk.db")).await;
        let Raw::Sqlite(pool) = &raw else { unreachable!() };
        migrations.run_to(1, pool).await.unwrap();
        raw.close().await;
    }
    let raw = Raw::open(&old).await;
    raw.run(row).await;
    assert_eq!(raw.number("SELECT COUNT(*) FROM _sqlx_migrations").await, 1);
    raw.close().await;
    let file = folder.path().join("backup");
    app::backup(&old, &file).await.unwrap();
    let raw = Raw::open(&old).await;
    assert_eq!(raw.number("SELECT COUNT(*) FROM _sqlx_migrations").await, 1, "making a backup does not migrate");
    raw.close().await;
    restore(&config, &file, false, &house).await.unwrap();
    let raw = Raw::open(&config).await;
    let here = house.raw.number("SELECT COUNT(*) FROM _sqlx_migrations").await;
    assert_eq!(raw.number("SELECT COUNT(*) FROM _sqlx_migrations").await, here);
    assert_eq!(raw.texts("SELECT type FROM events").await, ["instance_restored.v0"]);
}

#[test]
fn without_the_programs_of_postgresql_there_is_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("backup"), "PGDMP").unwrap();
    let mut restore = program(folder.path());
    restore.env("PATH", folder.path()).env("DATABASE_URL", "postgres://127.0.0.1:1/none").args(["restore", "backup"]);
    let output = restore.output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("pg_restore is not installed on this machine"), "{error}");
}

/// The password is nowhere where others on the machine could read it.
#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_on_no_command_line() {
    use std::os::unix::fs::PermissionsExt;
    if !on_postgres() {
        return;
    }
    let (house, _ada) = House::with_ada().await;
    let folder = tempfile::tempdir().unwrap();
    let spy = folder.path().join("pg_dump");
    std::fs::write(&spy, "#!/bin/sh\nenv | grep ^PG >seen\nexec /usr/bin/pg_dump \"$@\" 2>&1\n").unwrap();
    std::fs::set_permissions(&spy, std::fs::Permissions::from_mode(0o755)).unwrap();
    let url = house.config.database_url.replace("postgres@", "postgres:s3cret%2F@");
    let mut backup = program(folder.path());
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    backup.env("PATH", path).env("DATABASE_URL", url).args(["backup", "made"]);
    let output = backup.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen = std::fs::read_to_string(folder.path().join("seen")).unwrap();
    assert!(seen.lines().any(|line| line == "PGPASSWORD=s3cret/"), "{seen}");
    assert!(folder.path().join("made").exists());
}

#[test]
fn shells_complete_every_command_and_setting() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = program(folder.path()).args(["completions", shell]).output().unwrap();
        let words = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && words.contains("check-config") && words.contains("database-url"), "{shell}");
    }
    assert!(!program(folder.path()).args(["completions", "sh"]).output().unwrap().status.success());
    assert!(!folder.path().join("data").exists());
}
