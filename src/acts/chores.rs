//! What Frontdesk does by itself. Each chore may run in several processes at once.

use super::{App, Stop, ip_restrictions, letters, own_domains, permit::system};
use crate::store::{Instance, Why};

/// How often chores are done.
pub const EVERY: std::time::Duration = std::time::Duration::from_mins(15);

/// Clears out what has expired or is older than the settings keep it; answers how many rows went.
///
/// # Errors
/// When the database fails.
pub async fn clear(app: &App) -> Result<u64, Stop> {
    ip_restrictions::undo_all_overdue(app).await?;
    let now = app.now();
    let terms = &app.0.terms;
    let attempts_before = now.minus(terms.attempts_kept);
    let visits_before = now.minus(terms.visits_kept).day();
    let mut tx = app.0.db.begin(Instance, vec![], system(app.operation()), &app.0.hands).await?;
    // Never a session that could still be alive.
    let sessions_before = now.minus(terms.sessions_kept.max(terms.sessions.lifetime));
    let gone = tx.clear_expired(attempts_before, visits_before, sessions_before).await?;
    tx.commit_unrecorded(Why::Clearing).await?;
    let gone = gone + letters::clear(app, now.minus(terms.letters_kept)).await?;
    // Last, as it waits for others.
    own_domains::look_again(app).await?;
    Ok(gone)
}
