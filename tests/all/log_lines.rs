//! What strangers send stands in the logs as they sent it, and is one line all the same, in both formats.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Stdio,
};

use crate::{
    child::{program, serve, terminate},
    kit::{PASSWORD, form, new_database},
};

/// What ends lines, speaks to terminals, turns text around, or ends a text in JSON.
const EVIL: &str = "a\u{1b}[31mred\u{1b}]0;title\u{7}\u{202e}evil\u{2066}\u{2028}\u{9b}31m\"},{\"level\":\"ERROR";

/// The same as far as a header may hold it: a request with the rest is none.
fn in_headers() -> String {
    EVIL.chars().filter(|c| !c.is_ascii_control()).collect()
}

/// Sends bytes as they are; answers the status.
fn send(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

fn is_dangerous(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_sent_one_event_is_one_line() {
    for format in ["human", "json"] {
        let folder = tempfile::tempdir().unwrap();
        let url = new_database().await;
        // Everything that any part of the program has to say.
        let mut command = program(folder.path());
        command.env("DATABASE_URL", &url).args(["--listen", "127.0.0.1:0", "--log-format", format, "--log-level", "trace"]);
        command.env("FRONTDESK_TRUSTED_PROXIES", "127.0.0.1").args(["--password-memory-kib", "64", "--password-iterations", "1"]);
        let mut server = serve(command.stderr(Stdio::piped()));
        let mut stderr = server.child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut log = Vec::new();
            stderr.read_to_end(&mut log).unwrap();
            String::from_utf8(log).expect("the log is text")
        });
        let address = server.base.strip_prefix("http://").unwrap().to_owned();
        let host = format!("host: {address}\r\nconnection: close\r\n");
        let agent = in_headers();
        // In a path, a query, headers, a method, and where a proxy says who it was.
        for request in [
            format!("GET /accounts/{EVIL} HTTP/1.1\r\n{host}\r\n"),
            format!("GET /accounts/a%0d%0aERROR%20forged%1b[31m%e2%80%ae HTTP/1.1\r\n{host}\r\n"),
            format!("GET /login?next=%0d%0aforged%1b%5b31m HTTP/1.1\r\n{host}\r\n"),
            format!("GET /login HTTP/1.1\r\n{host}user-agent: {EVIL}\r\n\r\n"),
            format!("GET /login HTTP/1.1\r\n{host}user-agent: {agent}\r\n\r\n"),
            format!("GET /login HTTP/1.1\r\n{host}cookie: frontdesk={agent}; {agent}\r\n\r\n"),
            format!("GET /login HTTP/1.1\r\n{host}referer: http://x/{agent}\r\n\r\n"),
            format!("GET /login HTTP/1.1\r\n{host}x-forwarded-for: {agent}\r\n\r\n"),
            format!("GET /login HTTP/1.1\r\n{host}user-agent: x\r\n folded: forged\r\n\r\n"),
            format!("GET /login HTTP/1.1\r\n{host}cookie: frontdesk={EVIL}\r\n\r\n"),
            format!("GET /login HTTP/1.1\r\n{host}referer: http://x/{EVIL}\r\n\r\n"),
            format!("GET /login HTTP/1.1\r\n{host}x-forwarded-for: {EVIL}\r\n\r\n"),
            format!("FO'RGED!#$%&*+-.^_`|~ /login HTTP/1.1\r\n{host}\r\n"),
            format!("GET /login HTTP/1.1\r\nhost: {EVIL}\r\nconnection: close\r\n\r\n"),
        ] {
            send(&address, request.as_bytes());
        }
        // And in what is typed.
        let fields: Vec<(&'static str, String)> = vec![
            ("token", server.token()),
            ("account", EVIL.into()),
            ("name", EVIL.into()),
            ("email", format!("{EVIL}@example.com")),
            ("password", PASSWORD.into()),
        ];
        for fields in
            [fields.clone(), vec![("email", format!("x\r\nforged{EVIL}")), ("password", EVIL.into())], vec![("\r\nforged", EVIL.into())]]
        {
            let body = form(&fields);
            for path in ["/setup", "/login"] {
                let request = format!(
                    "POST {path} HTTP/1.1\r\n{host}content-type: application/x-www-form-urlencoded\r\nsec-fetch-site: same-origin\r\nuser-agent: {agent}\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                send(&address, request.as_bytes());
            }
        }
        terminate(&server);
        assert!(server.child.wait().unwrap().success());
        let log = log.join().unwrap();
        let whole = log.rfind('\n').map_or("", |end| &log[..end]);
        let requests = whole.lines().filter(|line| line.contains("web::door")).count();
        assert!(requests >= 12, "{requests} requests came through:\n{log}");
        for line in whole.split('\n') {
            assert!(!line.contains(is_dangerous), "{format}: {line:?}");
            if format == "json" {
                let event: serde_json::Value = serde_json::from_str(line).expect(line);
                assert!(event["timestamp"].is_string() && event["target"].is_string(), "{line}");
            } else {
                // A moment, a level, and where it comes from: no line begins with what somebody sent.
                assert!(line.starts_with("20") && line.get(10..11) == Some("T") && line.contains('Z'), "{line:?}");
            }
        }
        assert!(!whole.lines().any(|line| line.starts_with("ERROR") || line.starts_with("forged")), "{format}");
    }
}
