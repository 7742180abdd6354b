//! Clients of the API that others have written, as they are published.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{child::own_address, desk::Desk, kit::PASSWORD};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// A public key that nobody has the private half of.
const SSH_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti nobody@example.com";

fn tool(name: &str) -> PathBuf {
    Path::new(ROOT).join("target/peers/bin").join(name)
}

/// Makes a credential by its page, for somebody or for oneself; answers its secret.
async fn secret(desk: &mut Desk, path: &str, owner: &str) -> String {
    let page = desk.ada.post(&format!("/accounts/acme/{path}/new"), &[("description", "Made by a test"), ("owner", owner)]).await.unwrap();
    assert_eq!(page.status, 200, "{}", page.text());
    page.all("#value").remove(0)
}

/// Runs a program beside this; what it says is said here.
async fn run(mut command: Command) {
    let ended = tokio::task::spawn_blocking(move || command.stdin(Stdio::null()).output().unwrap()).await.unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    println!("{said}");
    assert!(ended.status.success(), "{said}");
}

/// The Python client, against `base_url` as its users give it.
async fn python_client(desk: &mut Desk, base_url: &str) {
    let key = secret(desk, "api-keys", "").await;
    let authtoken = secret(desk, "authtokens", "").await;
    let bob = desk.key_of_disabled().await;
    desk.join("reader", "read_only").await;
    let mut command = Command::new(tool("python"));
    command.arg(Path::new(ROOT).join("tests/peers/api_client.py")).args([base_url, &key, &authtoken, &bob, SSH_KEY]);
    run(command).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_works_under_a_path() {
    let mut desk = Desk::open_with(&["--api-rate", "1000"]).await;
    let base_url = format!("http://{}/api", desk.address);
    python_client(&mut desk, &base_url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_at_the_root_of_a_listener_of_its_own() {
    let listener = format!("{}:3001", own_address());
    let mut desk = Desk::open_with(&["--api-rate", "1000", "--api-listen", &listener]).await;
    python_client(&mut desk, &format!("http://{listener}")).await;
    // There is nothing but the API there.
    let page = reqwest::get(format!("http://{listener}/login")).await.unwrap();
    assert_eq!(page.status(), 404);
    assert!(page.text().await.unwrap().contains("ERR_FRONTDESK_405"));
}

/// Schemathesis against the document that the API serves: nothing breaks it, and nothing is answered that the document does not say.
#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_kept() {
    let mut desk = Desk::open_with(&["--api-rate", "1000000"]).await;
    let key = secret(&mut desk, "api-keys", "").await;
    let bearer = format!("Authorization: Bearer {key}");
    let address = format!("http://{}/api/openapi.json", desk.address);
    let schemathesis = |more: &[&str]| {
        let mut command = Command::new(tool("schemathesis"));
        command.args(["--config-file", "tests/peers/schemathesis.toml", "run", &address, "--no-color"]);
        // All others are on, but where the configuration turns one off.
        command.args(["--exclude-checks", "positive_data_acceptance"]);
        command.args([
            "-H",
            &bearer,
            "-H",
            "ngrok-version: 2",
            "--seed",
            "20261126",
            "--max-examples",
            "30",
            "--generation-database",
            "none",
        ]);
        command.args(more).current_dir(ROOT);
        command
    };
    // It would find the very key that it holds, and delete it or let it expire; so those two are tried with ids that there are not. And it
    // does not know that service users are bot users: what it deletes as the one would be missing as the other.
    let apart = ["--exclude-operation-id", "api_keys_delete", "--exclude-operation-id", "api_keys_update"];
    run(schemathesis(&[&apart[..], &["--exclude-path-regex", "^/service_users"]].concat())).await;
    run(schemathesis(&["--include-path-regex", "^/service_users"])).await;
    run(schemathesis(&["--include-path", "/api_keys/{id}", "--phases", "examples,coverage,fuzzing"])).await;
    // Her sessions were among what it has ended.
    desk.ada.post("/login", &[("email", "ada@example.com"), ("password", PASSWORD)]).await.unwrap();
    for list in ["api-keys", "bot-users", "members", "invitations", "events"] {
        let page = desk.ada.get(&format!("/accounts/acme/{list}")).await.unwrap();
        assert_eq!(page.status, 200, "whatever was written shows: {list} {}", page.text());
    }
}
