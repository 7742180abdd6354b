// E0308: a permit to read is handed to an act that changes.
use crate::{acts::{Permit, Stop, accounts}, rules::{details::Details, permissions::may}};

pub(super) async fn rename(permit: Permit<may::ReadSettings>, details: Details) -> Result<(), Stop> {
    accounts::update(&permit, details, 0).await.map(|_| ())
}
