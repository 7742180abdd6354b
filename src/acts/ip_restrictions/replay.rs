//! What a change would have meant: everybody who came in the last days, judged before it and after it.

use crate::{
    acts::{Bearer, Permit, Stop},
    rules::{
        gate::Ip,
        ip_restrictions::{Gate, Outcome, Replay, Surface},
        permissions::May,
        time::Span,
    },
    store::VisitRow,
};

/// Somebody who came from an address, and what they meet there.
#[derive(Debug)]
pub struct Seen {
    /// Who, from where, by what, how often and when last.
    pub visit: VisitRow,
    /// Before and after.
    pub outcome: Outcome,
}

/// A change as it would have been felt.
#[derive(Debug)]
pub struct Replayed {
    /// For whom something would be another than it is, worst first and then whoever came most lately.
    pub changed: Vec<Seen>,
    /// For how many who came there it would be as it is: people and programs, each with each address.
    pub same: usize,
    /// Where something is another than it is. Who came elsewhere says nothing of it.
    pub surfaces: Vec<Surface>,
    /// Since which day visits were looked at, by its number.
    pub since: i64,
    /// Whether that is later than was asked for: older ones are not kept, or nobody came.
    pub is_short: bool,
}

/// Replays the last days.
///
/// # Errors
/// When the database fails.
pub async fn replay<M: May, B: Bearer>(permit: &Permit<M, B>, before: &Gate, after: &Gate, days: i64) -> Result<Replayed, Stop> {
    let mut reader = permit.read();
    let asked = permit.now().minus(Span::days(days)).day();
    let first = reader.first_visit_day().await?.unwrap_or_else(|| permit.now().day());
    let surfaces: Vec<Surface> = Surface::ALL.iter().copied().filter(|surface| before.of(*surface) != after.of(*surface)).collect();
    // What changes nobody's way in asks nobody where they came from.
    let mut visits = if surfaces.is_empty() { Vec::new() } else { reader.visits_since(asked).await? };
    visits.retain(|visit| surfaces.contains(&visit.surface()));
    let outcomes: Vec<Outcome> = {
        let mut replay = Replay::new(before, after);
        visits.iter().map(|visit| replay.of(visit.surface(), &visit.address).clone()).collect()
    };
    let all = visits.len();
    let mut changed: Vec<Seen> = visits
        .into_iter()
        .zip(outcomes)
        .filter(|(_, outcome)| outcome.is_changed())
        .map(|(visit, outcome)| Seen { visit, outcome })
        .collect();
    let severity = |ip: Ip| match ip {
        Ip::Refused => 0,
        Ip::Warned => 1,
        Ip::Allowed => 2,
    };
    changed.sort_by_key(|seen| severity(seen.outcome.after));
    Ok(Replayed { same: all - changed.len(), changed, surfaces, since: asked.max(first), is_short: first > asked })
}
