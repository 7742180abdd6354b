//! The room for connections: as many as are configured, and as the system gives file descriptors for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// Descriptors for everything that is neither a visitor nor the database: standard streams, listeners, letters, files.
const OURS: u64 = 32;
/// For each connection to the database; on SQLite three files.
const PER_DATABASE_CONNECTION: u64 = 3;

/// How many connections there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) struct Room {
    /// That are served.
    pub(super) seats: usize,
    /// That are told, at the same time, that all seats are taken. Who comes on top of those is hung up on.
    pub(super) refusals: usize,
}

impl Room {
    /// Room for so many, and one refusal for sixteen.
    pub(in crate::app) fn of(seats: usize) -> Self {
        Self { seats, refusals: (seats / 16).clamp(4, 128) }
    }

    /// Room for as many as are configured, or as this process may have descriptors for beside its connections to the database.
    /// Takes the most that the system offers: many give 1024 and let whoever asks have more.
    pub(in crate::app) fn for_visitors(config: &Config) -> Self {
        let (wanted, database) = (config.max_connections, config.database_connections);
        let limit = getrlimit(Resource::Nofile);
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
        let Some(limit) = getrlimit(Resource::Nofile).current else { return Self::of(wanted) };
        let room = Self::within(wanted, limit, database);
        if room.seats < wanted {
            tracing::warn!(limit, wanted, connections = room.seats, "the limit on open files leaves room for fewer connections");
        }
        room
    }

    /// Room for programs that come to a listener of their own, beside all visitors.
    pub(in crate::app) fn for_programs(config: &Config) -> Self {
        Self::of((Self::for_visitors(config).seats / 8).max(1))
    }

    fn within(wanted: usize, limit: u64, database: u32) -> Self {
        let free = limit.saturating_sub(OURS + PER_DATABASE_CONNECTION * u64::from(database));
        let free = usize::try_from(free).unwrap_or(usize::MAX);
        // Whatever is left over after the database, somebody is served.
        let seats = free.saturating_sub(Self::of(free.min(wanted)).refusals).max(1);
        Self::of(seats.min(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_what_descriptors_leave() {
        for (wanted, limit, database, seats, refusals) in [
            (12_000, 20_000, 8, 12_000, 128),
            (12_000, 1_024, 8, 908, 56),
            (12_000, 128, 8, 68, 4),
            (2, 20_000, 8, 2, 4),
            (12_000, 16, 8, 1, 4),
        ] {
            let room = Room::within(wanted, limit, database);
            assert_eq!(room, Room { seats, refusals }, "{wanted} wanted, {limit} descriptors");
        }
    }
}
