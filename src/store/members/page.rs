//! The list of members: found, narrowed, sorted, and cut into pages that stay put.

use super::{MemberRow, member_columns};
use crate::{
    rules::{
        attention::{ACCESS_SOON, QUIET},
        ids::MemberId,
        time::Millis,
    },
    store::{InAccount, Reader, Result, sql},
};

/// What members are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberOrder {
    /// Name, A first.
    Name,
    /// Address, a first.
    Email,
    /// Newest first.
    Joined,
}

/// Which members are looked for. Everything missing matches everything.
#[derive(Clone, Debug, Default)]
pub struct MemberFilter {
    /// Words, each the beginning of some word of name or address.
    pub terms: Vec<String>,
    /// `administrator`, `manager`, `invite`, `read_write` or `billing`.
    pub role: Option<String>,
    /// `active`, `disabled`, `guest`, `over`, `ending`, `quiet` or `unconfirmed`.
    pub status: Option<String>,
    /// How they came in.
    pub source: Option<String>,
}

/// The place behind which a page begins: the value that is sorted by, as text, and the id.
pub type MemberCursor = (String, MemberId);

/// One text for each order and each way of finding; what narrows is the same in all.
macro_rules! member_page {
    ($found:literal, $behind:literal, $order:literal) => {
        concat!(
            member_columns!(),
            $found,
            " AND (CAST($4 AS TEXT) IS NULL
                   OR ($4 = 'administrator' AND m.administrator_since IS NOT NULL)
                   OR ($4 = 'manager' AND m.administrator_since IS NULL AND m.team = 'manager')
                   OR ($4 = 'invite' AND m.administrator_since IS NULL AND m.team = 'invite')
                   OR ($4 = 'read_write' AND m.administrator_since IS NULL AND m.developer = 'read_write')
                   OR ($4 = 'billing' AND m.administrator_since IS NULL AND m.billing = 'access'))
              AND (CAST($5 AS TEXT) IS NULL
                   OR ($5 = 'active' AND m.disabled_at IS NULL)
                   OR ($5 = 'disabled' AND m.disabled_at IS NOT NULL)
                   OR ($5 = 'guest' AND m.access_until IS NOT NULL)
                   OR ($5 = 'over' AND m.access_until <= $10)
                   OR ($5 = 'ending' AND m.access_until > $10 AND m.access_until <= $11 AND m.disabled_at IS NULL)
                   OR ($5 = 'quiet' AND COALESCE(m.last_seen_at, m.joined_at) < $12 AND m.disabled_at IS NULL)
                   OR ($5 = 'unconfirmed' AND EXISTS (SELECT x.user_id FROM user_emails x
                        WHERE x.user_id = m.user_id AND x.canonical = m.search_email AND x.verified_at IS NULL)))
              AND (CAST($6 AS TEXT) IS NULL OR m.source = $6) ",
            $behind,
            $order
        )
    };
}

macro_rules! member_pages {
    ($found:literal, $order:expr) => {
        match $order {
            MemberOrder::Name => member_page!(
                $found,
                "AND (CAST($7 AS TEXT) IS NULL OR (m.search_name, m.id) > ($7, $8)) ",
                "ORDER BY m.search_name, m.id LIMIT $9"
            ),
            MemberOrder::Email => member_page!(
                $found,
                "AND (CAST($7 AS TEXT) IS NULL OR (m.search_email, m.id) > ($7, $8)) ",
                "ORDER BY m.search_email, m.id LIMIT $9"
            ),
            MemberOrder::Joined => member_page!(
                $found,
                "AND (CAST($7 AS TEXT) IS NULL OR (m.joined_at, m.id) < (CAST($7 AS BIGINT), $8)) ",
                "ORDER BY m.joined_at DESC, m.id DESC LIMIT $9"
            ),
        }
    };
}

impl Reader<InAccount> {
    /// A page of members behind a cursor.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn members(
        &mut self,
        filter: &MemberFilter,
        order: MemberOrder,
        behind: Option<&MemberCursor>,
        (limit, now): (i64, Millis),
    ) -> Result<Vec<MemberRow>> {
        let scope = self.scope.0.clone();
        // The first term leads through the index; the others narrow what it finds, and are checked here with it.
        let text = match filter.terms.len() {
            0 => member_pages!("AND CAST($2 AS TEXT) IS NULL AND CAST($3 AS TEXT) IS NULL", order),
            1 => member_pages!("AND CAST($3 AS TEXT) IS NULL AND m.id IN (SELECT w.member_id FROM member_words w WHERE w.account_id = $1 AND w.word >= $2 AND w.word < $2 || '\u{10FFFF}')", order),
            _ => member_pages!(
                "AND m.id IN (SELECT w.member_id FROM member_words w WHERE w.account_id = $1 AND w.word >= $2 AND w.word < $2 || '\u{10FFFF}')
                 AND m.id IN (SELECT w.member_id FROM member_words w WHERE w.account_id = $1 AND w.word >= $3 AND w.word < $3 || '\u{10FFFF}')",
                order
            ),
        };
        let (first, second) = (filter.terms.first(), filter.terms.get(1));
        Ok(sql!(self, c => sqlx::query_as(text).bind(&scope).bind(first).bind(second).bind(&filter.role).bind(&filter.status)
            .bind(&filter.source).bind(behind.map(|(value, _)| value)).bind(behind.map(|(_, id)| id)).bind(limit)
            .bind(now).bind(now.plus(ACCESS_SOON)).bind(now.minus(QUIET)).fetch_all(c)))
    }
}
