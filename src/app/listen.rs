//! The listener: hyper with deadlines for headers, a cap on connections, and an end at which nothing begun is lost.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request, routing::get};
use futures_util::FutureExt;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulConnection, GracefulShutdown},
    service::TowerToHyperService,
};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};
use tower::ServiceExt;

use crate::acts::App;

/// How long a client may take to send the headers of a request.
const HEADERS: Duration = Duration::from_secs(10);
/// How long requests under way may take to finish once the process is told to stop.
const FAREWELL: Duration = Duration::from_secs(10);

/// Serves until told to stop, then finishes what has begun.
pub(super) async fn serve(listener: TcpListener, router: Router, max_connections: usize, mut stopped: watch::Receiver<bool>) {
    // HTTP/1 alone: browsers speak HTTP/2 under TLS only, which ends in front of this, and an idle connection then ends too.
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(64 * 1024);
    let farewell = GracefulShutdown::new();
    let seats = Arc::new(Semaphore::new(max_connections));

    loop {
        // Wait for a seat before taking a connection: who is too many waits in the kernel's queue.
        let next = async {
            let seat = seats.clone().acquire_owned().await;
            (listener.accept().await, seat)
        };
        let ((stream, peer), seat) = tokio::select! {
            (accepted, seat) = next => match accepted {
                Ok(accepted) => (accepted, seat),
                Err(error) => {
                    // Usually out of file descriptors: a pause instead of a busy loop.
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    continue;
                }
            },
            () = told(&mut stopped) => break,
        };
        let connection = connection(&builder, stream, peer, router.clone());
        let connection = farewell.watch(connection);
        tokio::spawn(async move {
            // A visitor who hangs up is no event.
            let _ = connection.await;
            drop(seat);
        });
    }
    // Who has connected by now has begun: they wait in the kernel's queue, and would be cut off with the listener.
    while let Ok(Ok((stream, peer))) = tokio::time::timeout(Duration::from_millis(20), listener.accept()).await {
        tokio::spawn(farewell.watch(connection(&builder, stream, peer, router.clone())).map(drop));
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, farewell.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// Resolves once the process is told to stop.
pub(super) async fn told(stopped: &mut watch::Receiver<bool>) {
    // An error means that whoever could tell is gone, which says the same.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

fn connection(
    builder: &http1::Builder,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
) -> impl GracefulConnection<Error = hyper::Error> + Send + 'static {
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
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
