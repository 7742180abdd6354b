//! Answers that go wrong.

use std::{sync::atomic::Ordering, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;

use super::{Idp, Trouble};

impl Idp {
    pub(super) async fn trouble(&self, trouble: Trouble, path: &str) -> Response {
        match trouble {
            Trouble::Slow => {
                tokio::time::sleep(Duration::from_secs(30)).await;
                StatusCode::OK.into_response()
            }
            Trouble::Drips => {
                let drops = stream::unfold((), |()| async {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
                });
                ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(drops)).into_response()
            }
            Trouble::Status500 => (StatusCode::INTERNAL_SERVER_ERROR, "{\"error\":\"a secret that nobody may see\"}").into_response(),
            Trouble::Huge | Trouble::HugeAnnounced => {
                let (sent, block) = (self.sent.clone(), Bytes::from(vec![b' '; 1 << 16]));
                let blocks = (0..1600).map(move |_| {
                    sent.fetch_add(1 << 16, Ordering::Relaxed);
                    Ok::<_, std::io::Error>(block.clone())
                });
                let body = Body::from_stream(stream::iter(blocks));
                if trouble == Trouble::Huge {
                    return ([(header::CONTENT_TYPE, "application/json")], body).into_response();
                }
                ([(header::CONTENT_LENGTH, (1600_u64 << 16).to_string())], body).into_response()
            }
            Trouble::BadJson => ([(header::CONTENT_TYPE, "application/json")], "{\"issuer\": a secret").into_response(),
            Trouble::JsonText => ([(header::CONTENT_TYPE, "application/json")], "\"a secret\"").into_response(),
            Trouble::RedirectsElsewhere => {
                // 307, so that a POST with its secrets would be repeated.
                (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, format!("{}/elsewhere{path}", self.issuer))]).into_response()
            }
        }
    }
}
