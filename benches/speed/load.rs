//! The load: plain HTTP/1.1 on connections that stay open, with as little work for each request as there can be.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A request, written already but for the name of the server.
#[derive(Clone)]
pub struct Request {
    head: String,
    rest: String,
}

impl Request {
    pub fn get(path: &str, cookie: &str) -> Self {
        Self { head: format!("GET {path} HTTP/1.1\r\nhost: "), rest: format!("\r\n{}\r\n", headers(cookie)) }
    }

    pub fn post(path: &str, form: &str, cookie: &str) -> Self {
        let kind = "content-type: application/x-www-form-urlencoded";
        let rest = format!("\r\n{}{kind}\r\ncontent-length: {}\r\n\r\n{form}", headers(cookie), form.len());
        Self { head: format!("POST {path} HTTP/1.1\r\nhost: "), rest }
    }

    /// What a program with this key posts.
    pub fn json(path: &str, body: &str, key: &str) -> Self {
        let headers = format!("authorization: Bearer {key}\r\ncontent-type: application/json");
        let rest = format!("\r\n{headers}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        Self { head: format!("POST {path} HTTP/1.1\r\nhost: "), rest }
    }

    /// The same, taking the answer compressed.
    pub fn compressed(self) -> Self {
        Self { rest: format!("\r\naccept-encoding: gzip{}", self.rest), ..self }
    }
}

fn headers(cookie: &str) -> String {
    let cookie = if cookie.is_empty() { String::new() } else { format!("cookie: {cookie}\r\n") };
    format!("sec-fetch-site: same-origin\r\n{cookie}")
}

/// An answer, its body read and counted, and kept.
pub struct Answer {
    pub status: u16,
    pub cookie: Option<String>,
    pub body: Vec<u8>,
}

/// A connection that stays open.
pub struct Connection {
    stream: TcpStream,
    host: String,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(base: &str) -> Self {
        let host = base.strip_prefix("http://").unwrap().to_owned();
        let stream = TcpStream::connect(&host).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, host, buffer: Vec::with_capacity(128 * 1024) }
    }

    /// Asks, and reads the whole answer.
    pub async fn ask(&mut self, request: &Request) -> Answer {
        let (status, head, body) = self.round(request).await;
        let text = String::from_utf8_lossy(&self.buffer[..head]).into_owned();
        let cookie = header(&text, "set-cookie").map(|value| value.split(';').next().unwrap().to_owned());
        Answer { status, cookie, body: self.buffer[head..head + body].to_vec() }
    }

    /// The same, answering no more than the status and the lengths of head and body.
    async fn round(&mut self, request: &Request) -> (u16, usize, usize) {
        let text = format!("{}{}{}", request.head, self.host, request.rest);
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.buffer.clear();
        let head = loop {
            assert!(self.stream.read_buf(&mut self.buffer).await.unwrap() > 0, "the server hung up");
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head]).unwrap();
        let status = text[9..12].parse().unwrap();
        let length = header(text, "content-length").map(|length| length.parse::<usize>().unwrap());
        loop {
            let body = &self.buffer[head..];
            let whole = match length {
                Some(length) => body.len() >= length,
                None => body.ends_with(b"0\r\n\r\n"),
            };
            if whole {
                return (status, head, length.unwrap_or(body.len()));
            }
            assert!(self.stream.read_buf(&mut self.buffer).await.unwrap() > 0, "the server hung up");
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let line = head.lines().find(|line| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))?;
    Some(line.split_once(':')?.1.trim())
}

/// Loads a server with one request on some connections for some time; answers how many a second it answered.
pub async fn rate(base: &str, request: &Request, connections: usize, time: Duration) -> f64 {
    let mut clients = tokio::task::JoinSet::new();
    let began = Instant::now();
    for _ in 0..connections {
        let (base, request) = (base.to_owned(), request.clone());
        clients.spawn(async move {
            let mut connection = Connection::open(&base).await;
            let mut count = 0_u32;
            while began.elapsed() < time {
                assert_eq!(connection.round(&request).await.0, 200);
                count += 1;
            }
            count
        });
    }
    let mut count = 0;
    while let Some(answered) = clients.join_next().await {
        count += answered.unwrap();
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}

/// Asks one request again and again, with pauses; answers how many milliseconds each took.
pub async fn probe(base: &str, request: &Request, times: usize, pause: Duration) -> Vec<f64> {
    let mut connection = Connection::open(base).await;
    let mut took = Vec::with_capacity(times);
    for _ in 0..times {
        let began = Instant::now();
        assert_eq!(connection.round(request).await.0, 200);
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
        tokio::time::sleep(pause).await;
    }
    took
}

/// Deals requests out to so many connections, which send them again and again for some time, or once where no time is said; answers
/// how many milliseconds each took.
pub async fn times(base: &str, requests: &[Request], connections: usize, time: Option<Duration>) -> Vec<f64> {
    let mut clients = tokio::task::JoinSet::new();
    let until = time.map(|time| Instant::now() + time);
    for client in 0..connections {
        let (base, own) = (base.to_owned(), requests.iter().skip(client).step_by(connections).cloned().collect::<Vec<_>>());
        clients.spawn(async move {
            let (mut connection, mut took) = (Connection::open(&base).await, Vec::with_capacity(16 * 1_024));
            for request in std::iter::repeat_n(&own, until.map_or(1, |_| usize::MAX)).flatten() {
                let began = Instant::now();
                if until.is_some_and(|until| began >= until) {
                    break;
                }
                assert_eq!(connection.round(request).await.0, 200);
                took.push(began.elapsed().as_secs_f64() * 1_000.0);
            }
            took
        });
    }
    clients.join_all().await.concat()
}
