//! What must not compile. Each case is a handler that somebody might write in a hurry; it is put into a copy of `src/web`,
//! where all of the crate is at hand, and must fail with the error that its first line names. A case that compiles would
//! be a hole in the house, and one that fails for another reason proves nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// A copy of the house without its tests, which lives in the target folder.
fn house() -> PathBuf {
    let house = Path::new(ROOT).join("target/compile_fail");
    let _ = fs::remove_dir_all(&house);
    for folder in ["src", "templates", "static", "migrations"] {
        copy(&Path::new(ROOT).join(folder), &house.join(folder));
    }
    fs::copy(Path::new(ROOT).join("Cargo.lock"), house.join("Cargo.lock")).unwrap();
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let (tests, rest) = (manifest.find("[[test]]").unwrap(), manifest.find("[dependencies]").unwrap());
    fs::write(house.join("Cargo.toml"), format!("{}{}\n[workspace]\n", &manifest[..tests], &manifest[rest..])).unwrap();
    let web = house.join("src/web/mod.rs");
    let text = fs::read_to_string(&web).unwrap();
    fs::write(&web, format!("{text}\nmod hurry;\n")).unwrap();
    house
}

/// Checks the copy with this handler in it; the codes of the errors that the compiler names.
fn check(house: &Path, handler: &str) -> Vec<String> {
    fs::write(house.join("src/web/hurry.rs"), handler).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--lib", "--offline", "--quiet", "--message-format=json"])
        .current_dir(house)
        .env("CARGO_TARGET_DIR", Path::new(ROOT).join("target"))
        .output()
        .unwrap();
    let messages = String::from_utf8(output.stdout).unwrap();
    let mut codes: Vec<String> = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["message"]["level"] == "error")
        .filter_map(|message| message["message"]["code"]["code"].as_str().map(str::to_owned))
        .collect();
    if !output.status.success() && codes.is_empty() {
        codes.push(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    codes.dedup();
    codes
}

#[test]
fn what_must_not_compile_does_not() {
    let house = house();
    let mut cases: Vec<PathBuf> =
        fs::read_dir(Path::new(ROOT).join("tests/compile_fail/cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 8);
    let mut wrong = Vec::new();
    for case in cases {
        let text = fs::read_to_string(&case).unwrap();
        let first = text.lines().next().unwrap();
        let expected: Vec<&str> = first.trim_start_matches("// ").split(':').next().unwrap().split_whitespace().collect();
        let expected = if expected == ["compiles"] { vec![] } else { expected };
        let found = check(&house, &text);
        println!("{first}");
        if found != expected {
            wrong.push(format!("{}: {found:?}", case.display()));
        }
    }
    // All of them at once: a case is a minute's work to compile, and they go stale together.
    assert_eq!(wrong, [] as [String; 0]);
}
