// E0624: a handler begins a transaction past the acts.
use crate::{acts::{Permit, Stop}, rules::permissions::may};

pub(super) async fn write(permit: Permit<may::ManageAccount>) -> Result<(), Stop> {
    let _tx = permit.begin().await?;
    Ok(())
}
