//! Restoring, killed in the middle: the database is the old one or the new one, and never anything between.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use crate::{
    desk::{Desk, set_up},
    kit::{new_database, on_postgres},
    look::wrongs,
    say,
    traps::{CALLS, dies_at},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_leaves_the_old_or_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str, url: String| {
        let desk = Desk::new(&folder.path().join(name).join("data"), &url);
        std::fs::create_dir(folder.path().join(name)).unwrap();
        desk
    };
    // A backup in which the account is called New, and a database in which it is called Old.
    let (new, old) = (place("new", new_database().await), place("old", new_database().await));
    for (desk, name) in [(&new, "New"), (&old, "Old")] {
        let server = desk.serve();
        set_up(&server).await.invite().await;
        let raw = desk.raw().await;
        raw.run(format!("UPDATE accounts SET name = '{name}'")).await;
        raw.close().await;
        drop(server);
    }
    let (backup, kept) = (folder.path().join("backup").display().to_string(), folder.path().join("kept").display().to_string());
    new.run(&["backup", &backup]).unwrap();
    old.run(&["backup", &kept]).unwrap();
    let restore = ["restore", "--replace", backup.as_str()];
    let name = || async {
        let raw = old.raw().await;
        let wrong = wrongs(&raw, &["first-1@example.com".into()]).await;
        assert!(wrong.is_empty(), "{wrong:?}");
        let name = raw.texts("SELECT name FROM accounts").await.remove(0);
        let open = raw.number("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await;
        assert!(name == "Old" || (name == "New" && open == 0), "{name}, {open} sessions");
        raw.close().await;
        name
    };
    let (mut kills, mut left_new) = (0, 0);
    if on_postgres() {
        let began = Instant::now();
        old.run(&restore).unwrap();
        let whole = began.elapsed();
        assert_eq!(name().await, "New");
        for n in 0..12 {
            // PostgreSQL may take a moment to notice that whoever was killed is gone.
            let again = Instant::now();
            while let Err(error) = old.run(&["restore", "--replace", &kept]) {
                assert!(error.contains("A running Frontdesk") && again.elapsed() < Duration::from_secs(20), "{error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            assert_eq!(name().await, "Old");
            let mut child = old.command().args(restore).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            tokio::time::sleep(whole * (n + 3) / 14).await;
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            left_new += u32::from(name().await == "New");
        }
    } else {
        for (calls, step) in CALLS {
            let mut at = 1;
            while dies_at(&old, &restore, calls, at) {
                kills += 1;
                if name().await == "New" {
                    left_new += 1;
                    old.run(&["restore", "--replace", &kept]).unwrap();
                    assert_eq!(name().await, "Old");
                }
                at += step;
            }
            assert_eq!(name().await, "New", "not killed, it is done");
            old.run(&["restore", "--replace", &kept]).unwrap();
        }
    }
    let again = Instant::now();
    while let Err(error) = old.run(&restore) {
        assert!(error.contains("A running Frontdesk") && again.elapsed() < Duration::from_secs(20), "{error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(name().await, "New", "whatever was left is no hindrance to the next");
    let strays: Vec<_> = std::fs::read_dir(&old.data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!strays.iter().any(|name| name.to_string_lossy().contains("restoring")), "{strays:?}");
    say(&format!("REL-18 restores_killed={kills} left_old={} left_new={left_new} left_between=0", kills - left_new));
    assert!(kills >= 12);
}
