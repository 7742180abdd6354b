//! What is said about running it, in the unit of systemd, in the Dockerfile and in the README, is true.

use std::{collections::BTreeSet, path::Path, process::Command};

use frontdesk::config::SETTINGS;

use crate::{child::serve, kit::new_database};

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The words of a text that could be variables of the environment.
fn variables(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
    words.filter(|word| word.starts_with("FRONTDESK_") || word.starts_with("DATABASE_URL")).map(str::to_owned).collect()
}

#[test]
fn every_variable_that_is_named_exists() {
    for path in ["README.md", "Dockerfile", "packaging/frontdesk.service"] {
        let named = variables(&text(path));
        assert!(!named.is_empty(), "{path}");
        for name in named {
            let of_tests = ["FRONTDESK_TEST_", "FRONTDESK_CRASH_", "FRONTDESK_FAULTS_"].iter().any(|start| name.starts_with(start));
            let known =
                SETTINGS.iter().any(|setting| name.strip_suffix("_FILE").unwrap_or(&name) == setting.variable || name == setting.variable);
            assert!(known || of_tests || name == "FRONTDESK_CONFIG", "{path} names {name}, which is no setting");
        }
    }
}

#[test]
fn the_image_builds_with_the_version_that_is_needed() {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let needed = manifest["package"]["rust-version"].as_str().unwrap();
    assert!(text("Dockerfile").contains(&format!("FROM rust:{needed}-slim-")), "{needed}");
    // What a build reads is not left out of what it is given.
    for line in text(".dockerignore").lines() {
        assert!(!["src", "migrations", "static", "templates", "Cargo.toml", "Cargo.lock"].contains(&line), "{line}");
    }
}

/// systemd itself says that it understands the unit, and how much it lets the program do (0 is nothing, 10 everything).
#[test]
fn the_unit_is_one_and_lets_little_through() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("frontdesk.service");
    let here = text("packaging/frontdesk.service").replace("/usr/local/bin/frontdesk", env!("CARGO_BIN_EXE_frontdesk"));
    std::fs::write(&unit, here).unwrap();
    let output = Command::new("systemd-analyze").args(["verify", "--man=no", "--recursive-errors=no"]).arg(&unit).output();
    let output = output.expect("systemd-analyze is installed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !said.contains("frontdesk.service"), "{said}");
    let output = Command::new("systemd-analyze").args(["security", "--offline=true", "--threshold=20", "--no-pager"]).arg(&unit).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let level = said.lines().find(|line| line.contains("exposure level")).unwrap_or_default();
    println!("{level}");
    assert!(output.status.success(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_check_of_the_image_works() {
    let folder = tempfile::tempdir().unwrap();
    let url = new_database().await;
    let mut command = crate::child::program(folder.path());
    let server = serve(command.env("DATABASE_URL", url).args(["--listen", "127.0.0.1:0"]));
    let dockerfile = text("Dockerfile");
    let check = dockerfile.lines().find_map(|line| line.trim().strip_prefix("CMD [\"bash\", \"-c\", ")).unwrap();
    let check: String = serde_json::from_str(check.trim_end_matches(']')).unwrap();
    let run = |port: &str| Command::new("bash").arg("-c").arg(check.replace("3000", port)).stderr(std::process::Stdio::null()).status();
    let port = server.base.rsplit_once(':').unwrap().1;
    assert!(run(port).unwrap().success());
    drop(server);
    assert!(!run("1").unwrap().success());
}
