//! Logs: one event is one line, whatever is in it, and no request ever waits for whoever reads them.
//!
//! Lines go through a queue to a thread of their own. Where nobody reads, or the disk is full, lines are dropped once the
//! queue is full, and counted.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    time::Duration,
};

use tracing_subscriber::{
    EnvFilter,
    field::MakeExt,
    fmt::{MakeWriter, format::debug_fn},
};

use crate::config::LogFormat;

/// How many lines wait at most; some megabytes.
const QUEUE: usize = 8_192;
/// How long the last lines may take once all else has ended.
const FAREWELL: Duration = Duration::from_secs(1);
/// For how long lines gather before they are written together: to be woken for each of many costs more than to write it.
const GATHER: Duration = Duration::from_millis(2);
/// The most lines that are written together.
const TOGETHER: usize = 256;
/// How often it is looked whether lines were dropped.
const LOOK_EVERY: Duration = Duration::from_secs(1);

enum Message {
    Line(Vec<u8>),
    /// Everything before this is to be written now; then somebody wants to know.
    Finish(SyncSender<()>),
}

/// Where log lines go.
pub struct Logs(Queue);

#[derive(Clone)]
struct Queue {
    sender: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
    is_json: bool,
}

/// Begins to write logs, also of panics. Whatever `filter` lets through becomes one line on `to` each.
///
/// Only the first call in a process has an effect on what is logged.
pub fn begin(format: LogFormat, filter: EnvFilter, to: impl Write + Send + 'static, in_colour: bool) -> Logs {
    let (sender, receiver) = sync_channel(QUEUE);
    let queue = Queue { sender, dropped: Arc::default(), is_json: format == LogFormat::Json };
    let dropped = queue.dropped.clone();
    std::thread::spawn(move || write(&receiver, to, &dropped));

    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(queue.clone());
    let begun = match format {
        LogFormat::Human => {
            let fields = debug_fn(|to, field, value| match field.name() {
                "message" => write!(to, "{}", one_line(&format!("{value:?}"))),
                // Where a line of the older kind comes from is said already.
                name if name.starts_with("log.") => Ok(()),
                name => write!(to, "{name}={}", one_line(&format!("{value:?}"))),
            });
            logs.with_ansi(in_colour).fmt_fields(fields.delimited(" ")).try_init()
        }
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
    if begun.is_ok() {
        // The usual way writes to the console, and waits there for whoever reads it.
        std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a panic")));
    }
    Logs(queue)
}

/// The thread's work.
fn write(lines: &Receiver<Message>, mut to: impl Write, dropped: &AtomicU64) {
    while let Ok(first) = lines.recv() {
        let (mut text, mut count, mut waiting) = (Vec::new(), 0, Vec::new());
        for message in std::iter::once(first).chain(lines.try_iter()).take(TOGETHER) {
            match message {
                Message::Line(line) => {
                    text.extend(line);
                    count += 1;
                }
                Message::Finish(told) => waiting.push(told),
            }
        }
        // A full disk is no reason to stop, and there is no place left to complain.
        if to.write_all(&text).is_err() {
            dropped.fetch_add(count, Ordering::Relaxed);
        }
        let _ = to.flush();
        for told in waiting {
            let _ = told.send(());
        }
        std::thread::sleep(GATHER);
    }
}

impl Logs {
    /// How many lines were dropped so far.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Tells of lines that were dropped, in the metrics and, once there is room, in the log. It never ends.
    pub async fn watch(&self) {
        metrics::describe_counter!("frontdesk_log_lines_dropped_total", "Log lines that nobody took.");
        let mut told = 0;
        loop {
            let dropped = self.dropped();
            metrics::counter!("frontdesk_log_lines_dropped_total").absolute(dropped);
            if dropped > told {
                tracing::warn!(dropped, "log lines were dropped: nobody took them");
                told = self.dropped();
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits a moment until what waits is written.
    pub fn finish(&self) {
        let (told, done) = sync_channel(1);
        if self.0.sender.try_send(Message::Finish(told)).is_ok() {
            let _ = done.recv_timeout(FAREWELL);
        }
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = &'a Self;
    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// Each event is written at once.
impl Write for &Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let text = if self.is_json { plain_json(&text).into_owned() } else { text.into_owned() };
        match self.sender.try_send(Message::Line(text.into_bytes())) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a character could end a line, speak to a terminal, or turn around what is read.
fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// A text in which no character is dangerous.
fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, |c, to| match c {
        '\n' => to.push_str("\\n"),
        '\r' => to.push_str("\\r"),
        '\t' => to.push_str("\\t"),
        c => to.extend(c.escape_unicode()),
    })
}

/// A line of JSON in which no character is dangerous but the one at its end. JSON itself knows control characters; those
/// that turn text around it lets stand.
fn plain_json(line: &str) -> Cow<'_, str> {
    let (inner, end) = line.strip_suffix('\n').map_or((line, ""), |inner| (inner, "\n"));
    match escaped(inner, |c, to| {
        let _ = write!(to, "\\u{:04x}", u32::from(c));
    }) {
        Cow::Borrowed(_) => Cow::Borrowed(line),
        Cow::Owned(inner) => Cow::Owned(inner + end),
    }
}

fn escaped(text: &str, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_dangerous(c) { escape(c, &mut safe) } else { safe.push(c) }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: &str = "a\r\nb\x1b[2Jc\u{202e}d\u{2028}e\u{9b}f";

    #[test]
    fn no_character_is_dangerous_afterwards() {
        assert_eq!(one_line(EVIL), "a\\r\\nb\\u{1b}[2Jc\\u{202e}d\\u{2028}e\\u{9b}f");
        assert_eq!(one_line("plain ü 👩‍🚀"), "plain ü 👩‍🚀");
        let json = serde_json::json!({ "text": EVIL }).to_string() + "\n";
        let line = plain_json(&json);
        assert!(!line.trim_end_matches('\n').contains(is_dangerous), "{line}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["text"], EVIL, "and says the same");
    }

    /// Takes nothing.
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_nobody_takes_is_counted() {
        let (sender, receiver) = sync_channel(4);
        let queue = Queue { sender, dropped: Arc::default(), is_json: false };
        // Nobody writes yet: four wait, three are dropped.
        for _ in 0..7 {
            (&queue).write_all(b"line\n").unwrap();
        }
        assert_eq!(queue.dropped.load(Ordering::Relaxed), 3);
        let dropped = queue.dropped.clone();
        drop(queue);
        write(&receiver, Full, &dropped);
        assert_eq!(dropped.load(Ordering::Relaxed), 7, "a full disk takes nothing either");
    }
}
