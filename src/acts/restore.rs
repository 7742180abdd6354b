//! Restoring: what comes with putting a backup back.

use super::{Stop, permit::system};
use crate::{
    rules::{events::Event, ids::OperationId, sessions::End},
    store::{Context, Hands, Source, backup::Restore},
};

/// What was ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Sessions.
    pub sessions: u64,
    /// Links and half-done sign-ins.
    pub links: u64,
}

/// Ends every session and every open link in a backup that is being put back: what has ended since it was made must not
/// come to life again.
///
/// # Errors
/// When the database fails; then nothing was restored.
pub async fn restored(restore: &mut Restore, hands: &Hands) -> Result<Ended, Stop> {
    let request = OperationId::new((hands.clock)(), (hands.dice)());
    let context = Context { source: Source::Console, ..system(request) };
    let mut tx = restore.transaction(context, hands).await?;
    let sessions = tx.end_all_sessions(End::Restored).await?;
    let links = tx.end_all_flows().await?;
    tx.commit(Event::InstanceRestored { sessions, links }).await?;
    Ok(Ended { sessions, links })
}
