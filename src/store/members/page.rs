//! The list of members: found, narrowed, sorted, and cut into pages that stay put.

use sqlx::FromRow;

use super::{LEAST, MemberFacts};
use crate::{
    rules::{
        attention::{ACCESS_SOON, QUIET},
        ids::MemberId,
        members::Roles,
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

/// A member as the list shows one. No column more than that: every value is copied on its way here.
#[derive(Clone, Debug, FromRow)]
pub struct MemberLine {
    /// The id.
    #[sqlx(rename = "member_id")]
    pub id: MemberId,
    /// The person's name.
    pub name: String,
    /// The person's address, canonical.
    pub email: String,
    /// When they were last noted.
    pub last_seen_at: Option<Millis>,
    /// The name as it is sorted.
    pub search_name: String,
    /// The address, where nobody has confirmed that it is theirs.
    pub unconfirmed: Option<String>,
    /// Roles and state.
    #[sqlx(flatten)]
    pub facts: MemberFacts,
}

impl MemberLine {
    /// The roles. A row whose words this program does not know has the least.
    #[must_use]
    pub fn roles(&self) -> Roles {
        self.facts.roles().unwrap_or(LEAST)
    }
}

/// How many members a search finds, which decides how to look for them.
#[derive(Clone, Copy)]
enum Found {
    /// Few: looked up one by one, and sorted.
    Few,
    /// Many: the members gone through in order, each asked whether it is found, until a page is full.
    Many,
}

/// Up to how many are few; what is beyond is not counted. Among a hundred thousand, where a page of what so many are is full
/// after a few thousand, either way costs as much.
const FEW: i64 = 1_500;

/// One text for each order, each way of finding, and the first page and all others; what narrows is the same in all.
/// A condition that holds for the first page or for a place behind it would make the database count from the beginning. An
/// address is compared as a range of one, so that SQLite asks the small index of unconfirmed ones rather than that of all.
macro_rules! member_page {
    ($from:literal, $found:literal, $behind:literal, $order:literal) => {
        concat!(
            "SELECT m.name, m.search_email AS email, m.last_seen_at, m.search_name,
                    (SELECT e.canonical FROM user_emails e
                     WHERE e.user_id = m.user_id AND e.canonical >= m.search_email AND e.canonical <= m.search_email
                       AND e.verified_at IS NULL) AS unconfirmed,
                    m.id AS member_id, m.developer, m.team, m.billing, m.administrator_since, m.joined_at AS member_since,
                    m.disabled_at, m.access_until
             FROM ",
            $from,
            " WHERE m.account_id = $1 ",
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
    ($from:literal, $found:literal, $order:expr, $first:expr) => {
        match ($order, $first) {
            (MemberOrder::Name, true) => member_page!(
                $from,
                $found,
                "AND CAST($7 AS TEXT) IS NULL AND CAST($8 AS TEXT) IS NULL ",
                "ORDER BY m.search_name, m.id LIMIT CAST($9 AS BIGINT)"
            ),
            (MemberOrder::Name, false) => {
                member_page!(
                    $from,
                    $found,
                    "AND (m.search_name, m.id) > ($7, $8) ",
                    "ORDER BY m.search_name, m.id LIMIT CAST($9 AS BIGINT)"
                )
            }
            (MemberOrder::Email, true) => member_page!(
                $from,
                $found,
                "AND CAST($7 AS TEXT) IS NULL AND CAST($8 AS TEXT) IS NULL ",
                "ORDER BY m.search_email, m.id LIMIT CAST($9 AS BIGINT)"
            ),
            (MemberOrder::Email, false) => {
                member_page!(
                    $from,
                    $found,
                    "AND (m.search_email, m.id) > ($7, $8) ",
                    "ORDER BY m.search_email, m.id LIMIT CAST($9 AS BIGINT)"
                )
            }
            (MemberOrder::Joined, true) => member_page!(
                $from,
                $found,
                "AND CAST($7 AS TEXT) IS NULL AND CAST($8 AS TEXT) IS NULL ",
                "ORDER BY m.joined_at DESC, m.id DESC LIMIT CAST($9 AS BIGINT)"
            ),
            (MemberOrder::Joined, false) => member_page!(
                $from,
                $found,
                "AND (m.joined_at, m.id) < (CAST(CAST($7 AS TEXT) AS BIGINT), $8) ",
                "ORDER BY m.joined_at DESC, m.id DESC LIMIT CAST($9 AS BIGINT)"
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
    ) -> Result<Vec<MemberLine>> {
        let scope = self.scope.0.clone();
        let (found, lead, other) = self.look_up(&filter.terms).await?;
        let first = behind.is_none();
        let text = match found {
            None => member_pages!("members m", "AND CAST($2 AS TEXT) IS NULL AND CAST($3 AS TEXT) IS NULL", order, first),
            // A cross join is one that SQLite leaves in this order.
            Some(Found::Few) => member_pages!(
                "(SELECT DISTINCT w.member_id AS id FROM member_words w
                  WHERE w.account_id = $1 AND w.word >= $2 AND w.word < $2 || '\u{10FFFF}') f CROSS JOIN members m",
                "AND m.id = f.id AND (CAST($3 AS TEXT) IS NULL OR EXISTS (
                      SELECT 1 FROM member_words w WHERE w.member_id = m.id AND w.word >= $3 AND w.word < $3 || '\u{10FFFF}'))",
                order,
                first
            ),
            Some(Found::Many) => member_pages!(
                "members m",
                "AND EXISTS (SELECT 1 FROM member_words w WHERE w.member_id = m.id AND w.word >= $2 AND w.word < $2 || '\u{10FFFF}')
                 AND (CAST($3 AS TEXT) IS NULL OR EXISTS (
                      SELECT 1 FROM member_words w WHERE w.member_id = m.id AND w.word >= $3 AND w.word < $3 || '\u{10FFFF}'))",
                order,
                first
            ),
        };
        Ok(sql!(self, c => sqlx::query_as(text).bind(&scope).bind(lead).bind(other).bind(&filter.role).bind(&filter.status)
            .bind(&filter.source).bind(behind.map(|(value, _)| value)).bind(behind.map(|(_, id)| id)).bind(limit)
            .bind(now).bind(now.plus(ACCESS_SOON)).bind(now.minus(QUIET)).fetch_all(c)))
    }

    /// How many members the rarer of the two terms finds; the rarer, and the other one.
    async fn look_up<'a>(&mut self, terms: &'a [String]) -> Result<(Option<Found>, Option<&'a str>, Option<&'a str>)> {
        let (Some(one), other) = (terms.first(), terms.get(1)) else { return Ok((None, None, None)) };
        let mut rarer = (self.count_words(one).await?, one, other);
        if let Some(other) = other.filter(|_| rarer.0 > FEW) {
            // Of two that many have, either may lead.
            rarer = (self.count_words(other).await?, other, Some(one));
        }
        let (count, one, other) = rarer;
        let found = if count <= FEW { Found::Few } else { Found::Many };
        Ok((Some(found), Some(one.as_str()), other.map(String::as_str)))
    }

    /// How many words of members begin so, counted until they are many.
    async fn count_words(&mut self, beginning: &str) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT 1 FROM member_words w
             WHERE w.account_id = $1 AND w.word >= $2 AND w.word < $2 || '\u{10FFFF}' LIMIT CAST($3 AS BIGINT)) f")
            .bind(&scope).bind(beginning).bind(FEW + 1).fetch_one(c)))
    }
}
