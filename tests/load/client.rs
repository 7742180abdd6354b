//! A client that sees what happens to its connection, which those that behave well hide.

use std::{
    io,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection.
pub struct Client {
    pub stream: TcpStream,
    host: String,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let named = |line: &&str| line.split_once(':').is_some_and(|(found, _)| found.eq_ignore_ascii_case(name));
        self.head.lines().find(named).map_or("", |line| line.split_once(':').unwrap().1.trim())
    }

    pub fn is_last(&self) -> bool {
        self.header("connection").eq_ignore_ascii_case("close")
    }
}

impl Client {
    pub async fn open(address: &str) -> io::Result<Self> {
        Ok(Self { stream: TcpStream::connect(address).await?, host: address.to_owned() })
    }

    pub async fn get(&mut self, path: &str) -> io::Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.host);
        self.ask(request.as_bytes()).await
    }

    pub async fn post(&mut self, path: &str, form: &str) -> io::Result<Answer> {
        let request = format!("{}{form}", self.post_head(path, form.len()));
        self.ask(request.as_bytes()).await
    }

    /// The head of a form of this length.
    pub fn post_head(&self, path: &str, length: usize) -> String {
        let kind = "content-type: application/x-www-form-urlencoded\r\nsec-fetch-site: same-origin";
        format!("POST {path} HTTP/1.1\r\nhost: {}\r\n{kind}\r\ncontent-length: {length}\r\n\r\n", self.host)
    }

    /// Sends bytes and reads one answer. What can no longer be sent because the answer is there already is no failure.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        let (mut reader, mut writer) = self.stream.split();
        let sending = async {
            let _ = writer.write_all(request).await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = sending => unreachable!(),
            answer = read(&mut reader) => answer,
        }
    }

    /// Waits until the server has hung up, reading what it says.
    pub async fn end(&mut self) -> Vec<u8> {
        let mut said = Vec::new();
        let _ = self.stream.read_to_end(&mut said).await;
        said
    }
}

async fn read(stream: &mut (impl AsyncReadExt + Unpin)) -> io::Result<Answer> {
    let mut read = Vec::new();
    let mut more = async |read: &mut Vec<u8>| match stream.read_buf(read).await {
        Ok(0) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        other => other,
    };
    let end = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        more(&mut read).await?;
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
    let mut answer = Answer { status, head, body: Vec::new() };
    let length: usize = answer.header("content-length").parse().unwrap_or(0);
    while read.len() < end + length {
        more(&mut read).await?;
    }
    answer.body = read[end..].to_vec();
    Ok(answer)
}

/// Asks for a page on a new connection again and again until told to stop; answers how long each took, in milliseconds.
/// Panics when one is not served.
pub async fn probe(address: &str, path: &str, pause: Duration, until: impl Future<Output = ()>) -> Vec<f64> {
    let mut until = std::pin::pin!(until);
    let mut took = Vec::new();
    loop {
        let began = Instant::now();
        let answer = Client::open(address).await.unwrap().get(path).await.unwrap();
        assert_eq!(answer.status, 200, "a probe");
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
        tokio::select! {
            () = &mut until => return took,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// The value below which this share, in hundredths, of all lies.
pub fn percentile(values: &[f64], share: usize) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[(values.len() * share).div_ceil(100).saturating_sub(1)]
}

/// Lets this process have as many connections as it may.
pub fn raise_own_limit() {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let all = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, all).unwrap();
}
