//! The pace of a connection: what it is doing, since when, and how long it may go on so. Three eyes watch it: one on the
//! bytes, one on the body of the request, one on that of the answer.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};

/// How long a connection may stay without a request.
pub(super) const IDLE: Duration = Duration::from_secs(75);
/// After how long without one it rests.
const LULL: Duration = Duration::from_secs(1);
/// How long the head of a request may take, from its first byte.
const HEAD: Duration = Duration::from_secs(10);
/// How long its body may take, from the end of the head.
const BODY: Duration = Duration::from_secs(30);
/// How long it may take all in all, from its first byte until its answer has been taken.
const WHOLE: Duration = Duration::from_mins(1);
/// How long a client that takes an answer may take none of it.
const STALL: Duration = Duration::from_secs(20);
/// How long a connection without a request is still listened to once it is to end: what is on its way arrives.
pub(super) const LAST: Duration = Duration::from_millis(50);
/// And one that has never asked: its client has connected in order to.
pub(super) const FIRST: Duration = Duration::from_secs(1);

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// Nothing.
    Nothing,
    /// Its client says what it wants.
    Asking,
    /// It is answered.
    Answering,
}

struct State {
    doing: Doing,
    /// Since when it is idle, or since the first byte of the request.
    since: Instant,
    /// Since when the client takes nothing of what is written.
    stalled: Option<Instant>,
    /// The last byte of the answer has been made; it may not have been taken.
    answered: bool,
    /// Since when it is to end as soon as it can.
    ending: Option<Instant>,
}

/// The pace of one connection, shared by those who watch it.
#[derive(Clone)]
pub(super) struct Pace(Arc<Mutex<State>>);

impl Pace {
    pub(super) fn new() -> Self {
        let state = State { doing: Doing::Nothing, since: Instant::now(), stalled: None, answered: false, ending: None };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When its patience is over, if nothing changes.
    pub(super) fn deadline(&self) -> Instant {
        let state = self.state();
        let whole = state.since + WHOLE;
        match (state.doing, state.ending, state.stalled) {
            (Doing::Nothing, Some(ending), _) => ending + LAST,
            (Doing::Nothing, None, _) => state.since + LULL,
            (Doing::Asking, _, _) => state.since + HEAD,
            (Doing::Answering, _, Some(stalled)) => whole.min(stalled + STALL),
            (Doing::Answering, _, None) => whole,
        }
    }

    /// Whether there is nothing to do, and it need not end for that.
    pub(super) fn is_resting(&self) -> bool {
        let state = self.state();
        state.doing == Doing::Nothing && state.ending.is_none()
    }

    /// Since when there is nothing to do.
    pub(super) fn idle_since(&self) -> Instant {
        self.state().since
    }

    /// It is to end once it has nothing to do.
    pub(super) fn end(&self) {
        self.state().ending = Some(Instant::now());
    }

    /// Everything that could be done has been done: where the answer has been made and nothing of it waits to be taken, there
    /// is nothing to do.
    pub(super) fn settle(&self) {
        let mut state = self.state();
        if state.doing == Doing::Answering && state.answered && state.stalled.is_none() {
            (state.doing, state.since) = (Doing::Nothing, Instant::now());
        }
    }

    /// The head of a request has been read.
    fn asked(&self) {
        let mut state = self.state();
        // A request that was sent together with the one before brings no bytes of its own.
        if state.doing == Doing::Nothing {
            state.since = Instant::now();
        }
        (state.doing, state.answered) = (Doing::Answering, false);
    }

    /// A request with a body to be watched.
    pub(super) fn request(&self, body: Incoming) -> Body {
        self.asked();
        if body.is_end_stream() {
            return Body::empty();
        }
        Body::new(Asked { body, until: Instant::now() + BODY, timer: None })
    }

    /// An answer with a body to be watched.
    pub(super) fn answer(&self, body: Body) -> Answer {
        Answer { body, pace: self.clone() }
    }
}

/// The bytes of a connection.
pub(super) struct Watched {
    stream: TcpStream,
    /// What has been read before, and comes first.
    begun: Bytes,
    pace: Pace,
}

impl Watched {
    pub(super) const fn new(stream: TcpStream, begun: Bytes, pace: Pace) -> Self {
        Self { stream, begun, pace }
    }

    pub(super) fn into_inner(self) -> TcpStream {
        self.stream
    }

    fn written(&self, progress: &Poll<io::Result<usize>>) {
        let mut state = self.pace.state();
        match progress {
            Poll::Pending => {
                let now = Instant::now();
                state.stalled.get_or_insert(now);
            }
            Poll::Ready(_) => state.stalled = None,
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if self.begun.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        } else {
            let fits = self.begun.len().min(buf.remaining());
            buf.put_slice(&self.begun.split_to(fits));
        }
        let mut state = self.pace.state();
        if buf.filled().len() > before && state.doing == Doing::Nothing {
            (state.doing, state.since) = (Doing::Asking, Instant::now());
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.written(&progress);
        progress
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.written(&progress);
        progress
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The body of a request, which has to come in time.
struct Asked {
    body: Incoming,
    until: Instant,
    /// Made once something has to be waited for.
    timer: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl HttpBody for Asked {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let until = self.until;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Some(Err("the body took too long".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer, which says when it has been made.
pub(super) struct Answer {
    body: Body,
    pace: Pace,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.pace.state().answered = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn everything_has_its_time() {
        let began = Instant::now();
        let pace = Pace::new();
        assert_eq!(pace.deadline(), began + LULL, "nothing asked yet");
        pace.state().doing = Doing::Asking;
        assert_eq!(pace.deadline(), began + HEAD, "a head that does not end");
        pace.asked();
        pace.settle();
        assert_eq!(pace.deadline(), began + WHOLE, "an answer that does not come, from the first byte of the request");
        tokio::time::advance(Duration::from_secs(5)).await;
        pace.state().stalled = Some(Instant::now());
        drop(pace.answer(Body::empty()));
        pace.settle();
        assert_eq!(pace.deadline(), Instant::now() + STALL, "an answer that is not taken");
        pace.state().stalled = None;
        pace.settle();
        assert_eq!(pace.deadline(), Instant::now() + LULL, "nothing asked any more");
        assert!(pace.is_resting());
        pace.end();
        assert!(!pace.is_resting());
        assert_eq!(pace.deadline(), Instant::now() + LAST, "what is on its way may arrive");
        pace.asked();
        assert_eq!(pace.deadline(), Instant::now() + WHOLE, "and is answered");
    }
}
