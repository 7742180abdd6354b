//! A receiver of letters that behaves as it is told to.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// How the receiver behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Takes letters; refuses recipients whose address begins with `reject` for good, with `later` for now.
    Take,
    /// Greets with a refusal.
    Closed,
    /// Says nothing once a letter has been sent.
    Hang,
    /// Takes the letter and hangs up without saying so.
    Drop,
}

/// A letter that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub from: String,
    pub to: String,
    pub text: String,
}

#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    mode: Arc<Mutex<Mode>>,
    taken: Arc<Mutex<Vec<Taken>>>,
    connections: Arc<Mutex<u32>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            mode: Arc::new(Mutex::new(Mode::Take)),
            taken: Arc::default(),
            connections: Arc::default(),
        };
        let (all, connections) = (receiver.clone(), receiver.connections.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *connections.lock().unwrap() += 1;
                let one = all.clone();
                tokio::spawn(async move {
                    // A client that hangs up has its reasons.
                    let _ = one.talk(stream).await;
                });
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub fn behave(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    pub fn connections(&self) -> u32 {
        *self.connections.lock().unwrap()
    }

    fn mode(&self) -> Mode {
        *self.mode.lock().unwrap()
    }

    async fn talk(&self, stream: TcpStream) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        if self.mode() == Mode::Closed {
            return write.write_all(b"421 4.3.2 closed for today\r\n").await;
        }
        write.write_all(b"220 receiver.example ready\r\n").await?;
        let (mut from, mut to) = (String::new(), String::new());
        while let Some(line) = lines.next_line().await? {
            let upper = line.to_uppercase();
            let address = |line: &str| line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(a, _)| a).to_owned();
            let answer = if upper.starts_with("EHLO") {
                "250-receiver.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
            } else if upper.starts_with("MAIL") {
                from = address(&line);
                "250 2.1.0 ok\r\n"
            } else if upper.starts_with("RCPT") {
                to = address(&line);
                match to.as_str() {
                    to if to.starts_with("reject") => "550 5.1.1 there is nobody of that name\r\n",
                    to if to.starts_with("later") => "451 4.7.1 come back later\r\n",
                    _ => "250 2.1.5 ok\r\n",
                }
            } else if upper.starts_with("DATA") {
                write.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    text.push_str("\r\n");
                }
                if self.mode() == Mode::Hang {
                    std::future::pending::<()>().await;
                }
                self.taken.lock().unwrap().push(Taken { from: from.clone(), to: to.clone(), text });
                if self.mode() == Mode::Drop {
                    return Ok(());
                }
                "250 2.0.0 taken\r\n"
            } else if upper.starts_with("QUIT") {
                write.write_all(b"221 2.0.0 bye\r\n").await?;
                return Ok(());
            } else {
                "250 2.0.0 ok\r\n"
            };
            write.write_all(answer.as_bytes()).await?;
        }
        Ok(())
    }
}
