//! A request's body that can be read once more: what a handler has not read of it, because it was refused before, is read then.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};

use crate::web::form::MAX_FORM;

/// What has been read so far, and the rest.
struct Parts {
    read: Vec<u8>,
    rest: Body,
    /// Whether something of it was not kept.
    is_cut: bool,
}

/// One hand on a body; the other one is the handler's.
pub(super) struct Tee(Arc<Mutex<Parts>>);

impl Tee {
    /// The body for the handler, and the hand that can read it as well.
    pub(super) fn new(body: Body) -> (Body, Self) {
        let parts = Arc::new(Mutex::new(Parts { read: Vec::new(), rest: body, is_cut: false }));
        (Body::new(Self(parts.clone())), Self(parts))
    }

    /// All of it, once the handler is done; `None` where it is more than a form may be, or does not arrive.
    pub(super) async fn whole(self) -> Option<Vec<u8>> {
        let (mut read, rest, is_cut) = {
            let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            (std::mem::take(&mut parts.read), std::mem::replace(&mut parts.rest, Body::empty()), parts.is_cut)
        };
        let left = MAX_FORM.checked_sub(read.len()).filter(|_| !is_cut)?;
        read.extend_from_slice(&axum::body::to_bytes(rest, left).await.ok()?);
        Some(read)
    }
}

impl HttpBody for Tee {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let polled = Pin::new(&mut parts.rest).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            if parts.read.len() + data.len() > MAX_FORM {
                parts.is_cut = true;
            } else {
                parts.read.extend_from_slice(data);
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rest.size_hint()
    }
}
