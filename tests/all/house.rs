//! The building code. What is checked here need not be remembered.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use frontdesk::{rules::permissions, web};

use crate::kit::House;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// All files below a folder with this ending: path from the root, and text.
pub fn files(folder: &str, ending: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![PathBuf::from(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                let name = path.strip_prefix(ROOT).unwrap().display().to_string();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// A file's text up to its tests, without comments.
pub fn code(text: &str) -> String {
    let tests = ["#[cfg(test)]\nmod ", "#[cfg(test)]\n#[path"].iter().filter_map(|mark| text.find(mark)).min();
    let text = &text[..tests.unwrap_or(text.len())];
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The floor that a module stands on; an arrow may point to a lower one, or stay.
fn floor(module: &str) -> Option<(u8, &'static str)> {
    Some(match module {
        "app" | "config" => (5, "top"),
        "web" => (4, "web"),
        "acts" => (3, "acts"),
        "store" => (2, "store"),
        "protocols" => (2, "protocols"),
        "rules" => (1, "rules"),
        _ => return None,
    })
}

/// The modules of ours that a file names, by `crate::x` and inside `use crate::{…}`.
fn names(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in text.split("crate::").skip(1) {
        if let Some(group) = part.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 && (c.is_alphanumeric() || c == '_') {
                    word.push(c);
                } else if depth == 0 || c == '{' {
                    found.insert(std::mem::take(&mut word));
                }
            }
            found.insert(word);
        } else {
            found.insert(part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    found
}

#[test]
fn arrows_point_down() {
    for (path, text) in files("src", "rs") {
        let Some(own) = Path::new(&path).components().nth(1).and_then(|c| floor(c.as_os_str().to_str()?.trim_end_matches(".rs"))) else {
            continue;
        };
        for name in names(&code(&text)) {
            let Some(other) = floor(&name) else { continue };
            let down = other.0 < own.0 || other.1 == own.1;
            // One hash function is wanted on both sides of floor 2; it is pure and stands with the secrets.
            let known = path == "src/store/cookies.rs" && name == "protocols";
            assert!(down || known, "{path} names {name}, which does not stand below it");
        }
    }
}

#[test]
fn siblings_make_no_rings() {
    for folder in ["rules", "store", "protocols", "acts", "web"] {
        let files = files(&format!("src/{folder}"), "rs");
        // A room is a file or a folder right below the floor.
        let room = |path: &str| path.split('/').nth(2).unwrap().trim_end_matches(".rs").to_owned();
        let modules: BTreeSet<String> = files.keys().map(|path| room(path)).collect();
        let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, text) in &files {
            let own = room(path);
            // mod.rs is the table of contents, routes.rs of the web the merge: they name everything, and only they.
            if own == "mod" || own.ends_with("_tests") || (folder == "web" && own == "routes") {
                continue;
            }
            let text = code(text);
            let named = modules.iter().filter(|other| **other != own && *other != "mod" && !(folder == "web" && *other == "routes"));
            let named = named.filter(|other| {
                [format!("super::{other}::"), format!("super::{{{other}"), format!("crate::{folder}::{other}::")]
                    .iter()
                    .any(|way| text.contains(way.as_str()))
                    || text.split("use super::{").skip(1).any(|group| {
                        group
                            .split("};")
                            .next()
                            .unwrap()
                            .split([',', '{', '\n', ' '])
                            .any(|word| word.split("::").next() == Some(other.as_str()))
                    })
            });
            let named: BTreeSet<String> = named.cloned().collect();
            arrows.entry(own).or_default().extend(named);
        }
        // Take away whatever points nowhere, until nothing is left.
        while let Some(free) = arrows.iter().find(|(_, to)| !to.iter().any(|other| arrows.contains_key(other))).map(|(own, _)| own.clone())
        {
            arrows.remove(&free);
        }
        assert!(arrows.is_empty(), "a ring in {folder}: {arrows:?}");
    }
}

#[test]
fn sql_stands_in_the_store_and_inside_the_fence() {
    let verbs = ["SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM", "CREATE TABLE"];
    for (path, text) in files("src", "rs") {
        let text = code(&text);
        let has_sql = text.split('"').skip(1).step_by(2).any(|literal| verbs.iter().any(|verb| literal.trim_start().starts_with(verb)));
        assert!(!has_sql || path.starts_with("src/store/"), "SQL in {path}");
        if path.starts_with("src/store/") && path != "src/store/connect.rs" && !path.starts_with("src/store/backup/") {
            for word in [
                "NOW()",
                "ILIKE",
                "lower(",
                "upper(",
                "ARRAY[",
                "->>",
                "AUTOINCREMENT",
                "datetime(",
                "BOOLEAN",
                " TRUE",
                " FALSE",
                "FOR UPDATE",
                "?1",
                // SQLite plans a statement anew for each value of a bare one.
                "LIMIT $",
            ] {
                assert!(!text.contains(word), "{word} in {path} is outside the fence");
            }
        }
        // A backup of PostgreSQL is a text of statements, which its administrator wants to run.
        let known = path == "src/store/backup/postgres.rs";
        assert!(!text.contains("AssertSqlSafe") || known, "{path} makes SQL at run time");
    }
    for (path, text) in files("migrations", "sql") {
        let mut comment = false;
        for line in text.lines() {
            assert!(!line.starts_with("CREATE TABLE") || comment, "{path}: {line} has no comment that says why");
            comment = line.starts_with("--");
            let line = line.split("--").next().unwrap();
            for word in ["BOOLEAN", " INTEGER", " TIMESTAMP", "SERIAL", " JSON", " TEXT ", " VARCHAR", "NOW()"] {
                assert!(!line.contains(word), "{path}: {line}");
            }
        }
    }
}

#[test]
fn the_faces_have_no_way_to_write() {
    for (path, text) in files("src/web", "rs") {
        let text = code(&text);
        for word in ["Db", "DbOptions", "Tx", "Hands"] {
            let named = text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word);
            assert!(!named, "{path} names {word}: changes go through acts");
        }
    }
}

#[test]
fn files_stay_small() {
    // Tables may be longer; each has its reason here.
    let known = BTreeMap::from([("src/rules/events/mod.rs", "one table of everything that can happen")]);
    for (path, text) in files("src", "rs") {
        let lines = code(&text).lines().count();
        assert!(lines <= 300 || known.contains_key(path.as_str()), "{path} has {lines} lines");
    }
}

#[test]
fn a_word_is_the_same_on_every_floor() {
    // Rooms of the faces, and where the same word must stand below.
    for word in [
        "accounts",
        "billing",
        "bot_users",
        "credentials",
        "domains",
        "emails",
        "events",
        "invitations",
        "ip_policies",
        "ip_restrictions",
        "lockouts",
        "me",
        "members",
        "mfa",
        "passwords",
        "proofs",
        "provisioning",
        "rescue",
        "security",
        "sessions",
        "setup",
        "sign_in",
        "sign_up",
        "social",
    ] {
        let (file, folder) = (format!("src/web/{word}.rs"), format!("src/web/{word}/mod.rs"));
        assert!([file, folder].iter().any(|path| Path::new(ROOT).join(path).exists()), "web/{word}");
        let rules = [format!("src/rules/{word}.rs"), format!("src/rules/{word}/mod.rs")];
        assert!(rules.iter().any(|path| Path::new(ROOT).join(path).exists()), "rules/{word}");
        assert!(Path::new(ROOT).join(format!("templates/{word}")).is_dir(), "templates/{word}");
        assert!(Path::new(ROOT).join(format!("tests/all/{word}.rs")).exists(), "tests/{word}");
    }
}

#[test]
fn every_template_is_used() {
    let sources: String = files("src", "rs").into_values().collect();
    let templates = files("templates", "html");
    let all: String = templates.values().cloned().collect();
    for path in templates.keys() {
        let name = path.strip_prefix("templates/").unwrap();
        assert!(sources.contains(&format!("\"{name}\"")) || all.contains(&format!("\"{name}\"")), "{name} is used by nobody");
    }
    // Letters are shown by mail programs, which know no style but this.
    for (path, text) in templates.iter().filter(|(path, _)| !path.starts_with("templates/mail/")) {
        for bad in [" style=", " onclick=", "<script>", "<style", "hx-on", "js:", "hx-vals", "|safe"] {
            assert!(!text.contains(bad), "{bad} in {path}");
        }
    }
}

#[test]
fn the_documented_permissions_are_the_table() {
    let path = Path::new(ROOT).join("docs/permissions.md");
    let expected = permissions::as_markdown();
    if std::env::var("UPDATE_GOLDEN").is_ok() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &expected).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), expected, "run with UPDATE_GOLDEN=1 and read the change");
}

/// Whether a concrete path is answered by a route.
fn answers(route: &str, path: &str) -> bool {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len() && route.iter().zip(&path).all(|(pattern, part)| pattern.starts_with('{') || pattern == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_and_form_leads_somewhere() {
    let (house, ada) = House::with_ada().await;
    house.signed_in("ada@example.com").await;
    let routes = web::routes();
    let (mut to_see, mut seen) = (vec!["/accounts".to_owned(), "/login".to_owned()], BTreeSet::new());
    while let Some(path) = to_see.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        assert!(seen.len() < 500, "{seen:?}");
        let page = ada.get(&path).await;
        if !page.location().is_empty() {
            to_see.push(page.location().to_owned());
            continue;
        }
        assert!(page.status.is_success(), "{path}: {}", page.status);
        for href in page.attributes("a[href]", "href") {
            let href = href.split('#').next().unwrap().to_owned();
            // The API's document is no page.
            if href.is_empty() || href == "/api/openapi.json" {
                continue;
            }
            let plain = href.split('?').next().unwrap();
            assert!(routes.iter().any(|route| route.method == "GET" && answers(route.path, plain)), "{path} links to {href}");
            to_see.push(href);
        }
        for (action, method) in page.attributes("form", "action").iter().zip(page.attributes("form", "method")) {
            let (method, action) = (method.to_uppercase(), action.split('#').next().unwrap());
            assert!(
                routes.iter().any(|route| route.method == method && answers(route.path, action)),
                "{path} has a form to {method} {action}"
            );
        }
        let ids = page.attributes("[id]", "id");
        assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{path} has an id twice");
        let titles = page.all("head title");
        assert!(titles.len() == 1 && titles[0].ends_with("· Frontdesk"), "{path}: {titles:?}");
    }
    assert!(seen.len() >= 10, "{seen:?}");
}
