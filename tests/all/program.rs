//! The program as it is started: commands, settings, health, headers, and the end.

use std::{
    io::{BufRead, Read, Write},
    process::Command,
    time::Duration,
};

use reqwest::{Method, StatusCode};

use crate::{
    child::{program, serve, terminate},
    kit::{House, new_database},
};

fn output(command: &mut Command) -> (bool, String, String) {
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn help_explains_every_command_and_setting() {
    let folder = tempfile::tempdir().unwrap();
    let (good, help, _) = output(program(folder.path()).arg("--help"));
    assert!(good);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for setting in frontdesk::config::SETTINGS {
        let sentence = setting.sentence.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            help.contains(&format!("--{}", setting.flag())) && help.contains(&sentence) && help.contains(setting.variable),
            "{}",
            setting.key
        );
    }
    for command in ["serve", "migrate", "backup", "restore", "rescue", "completions", "check-config"] {
        assert!(help.contains(command), "{command}");
    }
}

#[test]
fn mistakes_in_the_configuration_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let (good, _, error) = output(program(folder.path()).env("FRONTDESK_LISTN", "x").arg("check-config"));
    assert!(!good && error.contains("FRONTDESK_LISTN") && error.contains("Did you mean listen?"), "{error}");
    std::fs::write(folder.path().join("frontdesk.toml"), "session_idel = \"1h\"\n").unwrap();
    let (good, _, error) = output(program(folder.path()).arg("check-config"));
    assert!(!good && error.contains("session_idel"), "{error}");
    std::fs::write(folder.path().join("frontdesk.toml"), "session_idle = \"1h\"\n").unwrap();
    let (good, report, _) = output(program(folder.path()).env("FRONTDESK_SMTP_URL", "smtp://u:s3cret@mail.example.com").args([
        "check-config",
        "--listen",
        "127.0.0.1:4000",
    ]));
    assert!(good && !report.contains("s3cret"), "{report}");
    for line in ["from frontdesk.toml", "from --listen", "from FRONTDESK_SMTP_URL", "from default"] {
        assert!(report.contains(line), "{report}");
    }
    assert!(!folder.path().join("data").exists(), "looking changes nothing");
    let odd = std::os::unix::ffi::OsStringExt::from_vec(vec![0xff, 0xfe]);
    let odd: std::ffi::OsString = odd;
    assert!(output(program(folder.path()).env("ODD", odd).arg("check-config")).0, "what is none of ours is left alone");
    let (good, _, error) = output(program(folder.path()).args(["check-config", "--log-level", "frontdesk=loud"]));
    assert!(!good && error.contains("log_level"), "{error}");
    let (good, _, error) = output(program(folder.path()).env("DATABASE_URL", "postgres://127.0.0.1:1/none").arg("migrate"));
    assert!(!good && error.contains("Connection refused"), "{error}");
    let (good, _, error) = output(program(folder.path()).args(["--listen", "0.0.0.0:0"]));
    assert!(!good && error.contains("FRONTDESK_BASE_URL"), "{error}");
    let (good, _, error) = output(program(folder.path()).arg("--no-such-flag"));
    assert!(!good && error.contains("--no-such-flag"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_starts_and_says_where_to_go() {
    let folder = tempfile::tempdir().unwrap();
    let url = new_database().await;
    let start = || serve(program(folder.path()).env("DATABASE_URL", &url).args(["--listen", "127.0.0.1:0", "--log-format", "json"]));
    let mut server = start();
    assert!(
        server.line.starts_with("Set up Frontdesk in a browser: http://127.0.0.1:") && server.line.contains("/setup?token="),
        "{}",
        server.line
    );
    let token = server.token();
    // No server of this process may have done so yet.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let form = crate::kit::form(&[
        ("token", token.clone()),
        ("account", "Acme".into()),
        ("name", "Ada".into()),
        ("email", "ada@example.com".into()),
        ("password", crate::kit::PASSWORD.into()),
    ]);
    let done = client
        .post(format!("{}/setup", server.base))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap();
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let request = done.headers()["x-request-id"].to_str().unwrap().to_owned();

    // Logs are written beside requests: the line comes, but may come after the answer.
    let mut stderr = std::io::BufReader::new(server.child.stderr.take().unwrap());
    let mut logs = String::new();
    while !logs.contains(&request) {
        assert!(stderr.read_line(&mut logs).unwrap() > 0, "{logs}");
    }
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    stderr.read_to_string(&mut logs).unwrap();
    let lines: Vec<serde_json::Value> = logs.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().any(|line| line["request"] == request.as_str() && line["status"] == 303), "{logs}");
    assert!(!logs.contains(&token), "no secret in the logs");

    // Killed without warning, started again: what was acknowledged is there.
    let mut server = start();
    assert!(server.line.starts_with("Frontdesk is at http://127.0.0.1:"), "{}", server.line);
    assert_eq!(client.get(format!("{}/setup?token={token}", server.base)).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    terminate(&server);
    assert!(server.child.wait().unwrap().success());
}

/// However much is logged, the secrets in addresses are not.
#[tokio::test(flavor = "multi_thread")]
async fn no_log_level_writes_links_down() {
    let folder = tempfile::tempdir().unwrap();
    let url = new_database().await;
    let mut server = serve(program(folder.path()).env("DATABASE_URL", &url).args(["--listen", "127.0.0.1:0", "--log-level", "trace"]));
    // Read all the time: a full pipe would hold the server up.
    let mut stderr = server.child.stderr.take().unwrap();
    let logs = std::thread::spawn(move || {
        let mut logs = String::new();
        stderr.read_to_string(&mut logs).unwrap();
        logs
    });
    let path = format!("{}/invitations/a-secret-of-forty-three-characters-in-a-link", server.base);
    // No server of this process may have done so yet.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    assert_eq!(client.get(&path).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let form = "name=Bob&password=four+random+words";
    let post = client.post(format!("{path}/sign-up")).header("content-type", "application/x-www-form-urlencoded").body(form);
    assert_eq!(post.send().await.unwrap().status(), StatusCode::NOT_FOUND);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let logs = logs.join().unwrap();
    assert!(logs.contains("TRACE") && logs.contains("/invitations/{token}"), "it is written down that somebody came");
    assert!(!logs.contains("a-secret-of"), "{}", logs.lines().find(|line| line.contains("a-secret-of")).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_it_finishes_what_has_begun() {
    let folder = tempfile::tempdir().unwrap();
    let url = new_database().await;
    let mut command = program(folder.path());
    command.env("DATABASE_URL", &url).args([
        "--listen",
        "127.0.0.1:0",
        "--hashing-at-once",
        "1",
        "--password-memory-kib",
        "65536",
        "--password-iterations",
        "6",
        "--attempts-per-user",
        "1000",
    ]);
    let mut server = serve(&mut command);
    let token = server.token();
    let address = server.base.strip_prefix("http://").unwrap().to_owned();
    let mut tries = Vec::new();
    for n in 0..3 {
        let form = crate::kit::form(&[
            ("token", token.clone()),
            ("account", format!("Acme {n}")),
            ("name", "Ada".into()),
            ("email", "ada@example.com".into()),
            ("password", crate::kit::PASSWORD.into()),
        ]);
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        write!(stream, "POST /setup HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{form}", form.len()).unwrap();
        tries.push(stream);
    }
    // Sent, and far from done: each waits for the one before, and hashes for longer than this.
    tokio::time::sleep(Duration::from_millis(30)).await;
    terminate(&server);
    for mut stream in tries {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status: u16 = answer.split(' ').nth(1).expect("a request that has begun is answered").parse().unwrap();
        assert!([303, 403, 404, 503].contains(&status), "{answer}");
    }
    assert!(server.child.wait().unwrap().success());
    let mut server = serve(&mut command);
    assert!(server.line.starts_with("Frontdesk is at"), "one of them has set it up: {}", server.line);
    terminate(&server);
    assert!(server.child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_without_names_and_cookies() {
    let (house, ada) = House::with_ada().await;
    for (path, body) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let page = house.visitor().send(Method::GET, path, None, &[("host", "10.1.2.3:8080")]).await;
        assert_eq!((page.status, page.body.as_str()), (StatusCode::OK, body));
    }
    house.raw.run("ALTER TABLE _sqlx_migrations RENAME TO hidden").await;
    assert_eq!(ada.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ada.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_a_listener_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let probe = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = probe.local_addr().unwrap().to_string();
    drop(probe);
    let url = new_database().await;
    let mut server = serve(program(folder.path()).env("DATABASE_URL", &url).args(["--listen", "127.0.0.1:0", "--metrics-listen", &at]));
    assert_eq!(reqwest::get(format!("{}/metrics", server.base)).await.unwrap().status(), StatusCode::NOT_FOUND);
    let text = reqwest::get(format!("http://{at}/metrics")).await.unwrap().text().await.unwrap();
    assert!(
        text.contains("frontdesk_requests_total{") && text.contains("status=\"404\"") && text.contains("frontdesk_statements_total "),
        "{text}"
    );
    terminate(&server);
    assert!(server.child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_protected() {
    let (house, ada) = House::with_ada().await;
    for path in ["/login", "/accounts", "/accounts/acme/events", "/nowhere", "/static/nothing.css", "/healthz", "/setup"] {
        let page = ada.get(path).await;
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(page.header(name), value, "{path}");
        }
        assert!(page.header("x-request-id").starts_with("op_"), "{path}");
    }
    let style = ada.get("/accounts").await.attributes("link[rel=stylesheet]", "href").remove(0);
    assert_eq!(ada.get(&style).await.header("cache-control"), "public, max-age=31536000, immutable");
    let gone = ada.post("/logout", &[]).await;
    assert_eq!(gone.header("clear-site-data"), "\"cache\", \"storage\"");
    drop(house);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_ours_is_refused() {
    let (_house, ada) = House::with_ada().await;
    for host in ["evil.example", "localhost", "127.0.0.1:1", "evil.example:80@127.0.0.1"] {
        let page = ada.send(Method::GET, "/login", None, &[("host", host)]).await;
        assert!([StatusCode::MISDIRECTED_REQUEST, StatusCode::BAD_REQUEST].contains(&page.status), "{host}: {}", page.status);
        assert!(!page.body.contains("evil"), "{host}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_visit_is_light() {
    let (house, ada) = House::with_ada().await;
    let mut paths = vec!["/accounts/acme/events".to_owned()];
    let page = ada.get(&paths[0]).await;
    paths.extend(page.attributes("link[rel=stylesheet], link[rel=icon]", "href"));
    paths.extend(page.attributes("script", "src"));
    assert_eq!(paths.len(), 8);
    let mut bytes = 0;
    for path in paths {
        let request =
            ada.client.get(format!("{}{path}", ada.base)).header("accept-encoding", "gzip").header("cookie", ada.cookie().unwrap());
        let page = request.send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK, "{path}");
        bytes += page.bytes().await.unwrap().len();
    }
    println!("first visit: {bytes} bytes, headers left out");
    assert!(bytes < 60_000, "{bytes}");
    drop(house);
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_one_name_is_named() {
    let (house, _ada) = House::with_ada().await;
    let own = house.running.address.to_string();
    for hosts in [vec![own.as_str(), "evil.example"], vec!["evil.example", own.as_str()], vec![]] {
        let mut stream = std::net::TcpStream::connect(house.running.address).unwrap();
        let lines = hosts.iter().fold(String::new(), |lines, host| lines + "host: " + host + "\r\n");
        write!(stream, "GET /login HTTP/1.1\r\n{lines}connection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 421") || answer.starts_with("HTTP/1.1 400"), "{hosts:?}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_house_still_hears_that_it_is_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let url = new_database().await;
    let mut server = serve(program(folder.path()).env("DATABASE_URL", &url).args(["--listen", "127.0.0.1:0", "--max-connections", "2"]));
    let address = server.base.strip_prefix("http://").unwrap();
    let idle: Vec<_> = (0..4).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    terminate(&server);
    let began = std::time::Instant::now();
    assert!(server.child.wait().unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(30), "it stopped by itself and not with its visitors");
    drop(idle);
}
