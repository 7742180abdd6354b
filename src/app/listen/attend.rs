//! One connection, from its first byte to its last. Between requests it is let go of almost all that serving it takes, so that
//! thousands of idle ones cost little.

use std::{
    future::poll_fn,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    task::{Poll, ready},
    time::Duration,
};

use axum::{body::Bytes, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, watch},
    time::{Instant, sleep_until, timeout},
};
use tower::ServiceExt;

use super::{
    House, LINGER,
    pace::{FIRST, IDLE, LAST, Pace, Watched},
    told,
};

/// Waits for requests and answers them, until the connection has been idle for too long, or is to end.
pub(super) async fn attend(house: Arc<House>, mut stream: TcpStream, peer: SocketAddr, seat: OwnedSemaphorePermit) {
    let mut stopped = house.stopped.clone();
    let (mut begun, mut idle_since, mut last) = (Bytes::new(), Instant::now(), FIRST);
    while !begun.is_empty() || is_asked(&stream, idle_since, last, &mut stopped).await {
        // Boxed, so that it takes up no room while nothing is asked.
        match Box::pin(serve(&house, stream, begun, peer, &mut stopped)).await {
            Some(rested) => ((stream, begun, idle_since), last) = (rested, LAST),
            None => break,
        }
    }
    drop(seat);
}

/// Waits until something comes, and for so long once everything is to end; answers whether it did.
async fn is_asked(stream: &TcpStream, idle_since: Instant, last: Duration, stopped: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        ready = stream.readable() => ready.is_ok(),
        () = sleep_until(idle_since + IDLE) => false,
        // What is on its way when everything is to end arrives.
        () = told(stopped) => timeout(last, stream.readable()).await.is_ok(),
    }
}

/// How a connection is left.
enum Over {
    /// Client or server has said the last word.
    Done,
    /// The client took too much time.
    Late,
    /// Nothing has been asked for a while.
    Resting,
}

/// Serves a connection for as long as it keeps its pace, beginning with what has been read of it already. Where there is nothing
/// to do, gives it back, with what has been read of the next request, and since when it is idle.
async fn serve(
    house: &House,
    stream: TcpStream,
    begun: Bytes,
    peer: SocketAddr,
    stopped: &mut watch::Receiver<bool>,
) -> Option<(TcpStream, Bytes, Instant)> {
    let pace = Pace::new();
    let (watching, router) = (pace.clone(), house.router.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(|body| watching.request(body));
        request.extensions_mut().insert(ConnectInfo(peer));
        let (answer, watching) = (router.clone().oneshot(request), watching.clone());
        Box::pin(async move { answer.await.map(|answer| answer.map(|body| watching.answer(body))) })
    });
    let mut connection = house.http.serve_connection(TokioIo::new(Watched::new(stream, begun, pace.clone())), service);
    let mut timer = pin!(sleep_until(pace.deadline()));
    let mut asked_to_end = pin!(told(stopped));
    let mut ending = false;
    let over = poll_fn(|cx| {
        if !ending && asked_to_end.as_mut().poll(cx).is_ready() {
            ending = true;
            pace.end();
        }
        // A visitor who hangs up is no event.
        if connection.poll_without_shutdown(cx).is_ready() {
            return Poll::Ready(Over::Done);
        }
        pace.settle();
        // Whatever happened, the deadline may be another one now. One that has moved away is looked at when the old one comes.
        loop {
            let deadline = pace.deadline();
            if deadline < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(deadline);
            }
            ready!(timer.as_mut().poll(cx));
            if pace.deadline() <= Instant::now() {
                return Poll::Ready(if pace.is_resting() { Over::Resting } else { Over::Late });
            }
        }
    });
    match over.await {
        Over::Done => {
            let _ = timeout(LINGER, part(connection.into_parts().io.into_inner().into_inner())).await;
            None
        }
        Over::Late => None,
        Over::Resting => {
            let parts = connection.into_parts();
            Some((parts.io.into_inner().into_inner(), parts.read_buf, pace.idle_since()))
        }
    }
}

/// Hangs up, once the client has. What it has sent and nobody read would make the kernel take the last answer back.
pub(super) async fn part(mut stream: TcpStream) -> std::io::Result<()> {
    stream.shutdown().await?;
    // Not a part of every connection's memory for the sake of its last moment.
    let mut rest = vec![0; 4096];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}
