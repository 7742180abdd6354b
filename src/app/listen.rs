//! The listener: hyper, with a deadline for everything that a client may take its time with, a cap on connections, and an
//! end at which nothing begun is lost.

mod attend;
mod pace;
mod room;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use attend::{attend, part};
use axum::{Router, routing::get};
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use metrics_exporter_prometheus::PrometheusBuilder;
use pace::LAST;
pub(super) use room::Room;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Semaphore, watch},
    time::{Instant, sleep, timeout, timeout_at},
};

use crate::acts::App;

/// The longest head of a request, in bytes, and the most that waits to be written.
const HEAD: usize = 16 * 1024;
/// How long requests under way may take to finish once the process is told to stop.
const FAREWELL: Duration = Duration::from_secs(9);
/// How much of its answers a client may leave with the kernel, in bytes, of which Linux takes twice as many: room for any page,
/// and not the megabytes that it would otherwise keep for a client that asks and does not read.
const UNTAKEN: u32 = 128 * 1024;
/// How many may wait until they are taken, as far as the system lets them: as many as come at once when a machine beside this
/// one has gone.
const QUEUE: u32 = 4096;
/// How long a client may take to hang up once everything is said.
const LINGER: Duration = Duration::from_secs(1);
/// What is said where there is no room.
const NO_ROOM: &str = "Too many connections are open at this moment. Try again in a few seconds.\n";

/// Listens on an address.
///
/// # Errors
/// When it cannot be had.
pub(super) fn open(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A process that starts anew need not wait until the connections of the one before are forgotten.
    socket.set_reuseaddr(true)?;
    // Connections inherit it.
    socket.set_send_buffer_size(UNTAKEN)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
}

/// Serves until told to stop, then finishes what has begun.
pub(super) async fn serve(listener: TcpListener, router: Router, room: Room, mut stopped: watch::Receiver<bool>) {
    // HTTP/1 alone: browsers speak HTTP/2 under TLS only, which ends in front of this, and an idle connection then ends too.
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(HEAD);
    let (seats, refusals) = (Arc::new(Semaphore::new(room.seats)), Arc::new(Semaphore::new(room.refusals)));
    let house = Arc::new(House { http, router, seats, refusals, stopped: stopped.clone() });

    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Usually out of file descriptors: a pause instead of a busy loop.
                    tracing::warn!(%error, "a connection could not be taken");
                    sleep(Duration::from_millis(200)).await;
                    continue;
                }
            },
            () = told(&mut stopped) => break,
        };
        house.receive(stream, peer);
    }
    close_the_door(&listener);
    let until = Instant::now() + LAST;
    while let Ok(Ok((stream, peer))) = timeout_at(until, listener.accept()).await {
        house.receive(stream, peer);
    }
    house.receive_the_last(listener);
    let all = u32::try_from(room.seats).unwrap_or(u32::MAX);
    if timeout(FAREWELL, house.seats.acquire_many(all)).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// Resolves once the process is told to stop.
pub(super) async fn told(stopped: &mut watch::Receiver<bool>) {
    // An error means that whoever could tell is gone, which says the same.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Where connections come in.
struct House {
    http: http1::Builder,
    router: Router,
    /// One for each connection that there is room for.
    seats: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

impl House {
    /// Who has connected by now has begun: they wait in the kernel's queue, and would be cut off with the listener. Asked of
    /// the kernel itself, until it has no more, and in the same breath the listener is gone.
    fn receive_the_last(self: &Arc<Self>, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else { return };
        while let Ok((stream, peer)) = listener.accept() {
            if stream.set_nonblocking(true).is_ok()
                && let Ok(stream) = TcpStream::from_std(stream)
            {
                self.receive(stream, peer);
            }
        }
    }

    /// Gives a connection a seat, or says that there is none.
    fn receive(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        if let Ok(seat) = self.seats.clone().try_acquire_owned() {
            let _ = stream.set_nodelay(true);
            tokio::spawn(attend(self.clone(), stream, peer, seat));
        } else if let Ok(turn) = self.refusals.clone().try_acquire_owned() {
            tokio::spawn(async move {
                let _ = timeout(LINGER, refuse(stream)).await;
                drop(turn);
            });
        }
    }
}

/// Lets nobody begin to connect any more, while those who have begun are still received: whoever comes between the last look into
/// the queue and the end of the listener would be cut off. They knock once more, and are told that nobody is there.
#[cfg(target_os = "linux")]
fn close_the_door(listener: &TcpListener) {
    // Of every packet that arrives for the listener itself, seen from its TCP header (RFC 9293 §3.1): the first of a handshake is
    // dropped, and the last, which the client thinks has been heard, is not.
    const NO_SYN: [socket2::SockFilter; 4] = [
        // The byte with the flags;
        socket2::SockFilter::new(0x30, 0, 0, 13),
        // where SYN is among them, on with the next line, else with the one after it:
        socket2::SockFilter::new(0x45, 0, 1, 0x02),
        // keep nothing;
        socket2::SockFilter::new(0x06, 0, 0, 0),
        // keep everything.
        socket2::SockFilter::new(0x06, 0, 0, u32::MAX),
    ];
    if let Err(error) = socket2::SockRef::from(listener).attach_filter(&NO_SYN) {
        tracing::debug!(%error, "the listener takes connections until its end");
    }
}

#[cfg(not(target_os = "linux"))]
fn close_the_door(_: &TcpListener) {}

/// Says that there is no room.
async fn refuse(mut stream: TcpStream) -> std::io::Result<()> {
    let length = NO_ROOM.len();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n\
         retry-after: 5\r\nconnection: close\r\ncache-control: no-store\r\n\r\n{NO_ROOM}"
    );
    stream.write_all(answer.as_bytes()).await?;
    part(stream).await
}

/// The metrics of this process, in the text form of Prometheus.
pub(super) fn metrics(app: App) -> Router {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    // A second instance in one process, in a test, shares the recorder of the first.
    let _ = metrics::set_global_recorder(recorder);
    metrics::describe_counter!("frontdesk_requests_total", "Requests by method, route and status.");
    metrics::describe_histogram!("frontdesk_request_seconds", "How long requests took, by route.");
    metrics::describe_counter!("frontdesk_statements_total", "Statements sent to the database.");
    metrics::describe_counter!("frontdesk_password_hashes_total", "Passwords hashed or compared.");
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(30)).await;
            upkeep.run_upkeep();
        }
    });
    let render = move || {
        let (statements, hashes) = app.costs();
        metrics::counter!("frontdesk_statements_total").absolute(statements);
        metrics::counter!("frontdesk_password_hashes_total").absolute(hashes);
        std::future::ready(handle.render())
    };
    Router::new().route("/metrics", get(render))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn behind_a_closed_door_nobody_begins_and_who_has_begun_is_heard() {
        let listener = open("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let mut early = TcpStream::connect(address).await.unwrap();
        close_the_door(&listener);
        let late = timeout(Duration::from_millis(300), TcpStream::connect(address)).await;
        assert!(late.is_err(), "somebody new gets no answer: {late:?}");
        early.write_all(b"still here").await.unwrap();
        let (mut taken, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, early.local_addr().unwrap());
        let mut said = [0; 10];
        tokio::io::AsyncReadExt::read_exact(&mut taken, &mut said).await.unwrap();
        assert_eq!(&said, b"still here");
        drop(listener);
        let refused = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    }
}
