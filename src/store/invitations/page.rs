//! The list of invitations, newest first.

use super::{InvitationRow, invitation_columns};
use crate::{
    rules::{attention::SOON, ids::InvitationId, time::Millis},
    store::{InAccount, Reader, Result, sql},
};

/// Which invitations are looked for. Everything missing matches everything.
#[derive(Clone, Debug, Default)]
pub struct InvitationFilter {
    /// The beginning of the address, as compared.
    pub beginning: Option<String>,
    /// `open`, `ending`, `undelivered`, `expired`, or why it is closed.
    pub state: Option<String>,
}

/// The place behind which a page begins: when that invitation was made, and its id.
pub type InvitationCursor = (Millis, InvitationId);

impl Reader<InAccount> {
    /// The newest invitations, or those before one; of them those to an address, if one is given.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_invitations(&mut self, to: Option<&str>, before: Option<&InvitationId>, limit: i64) -> Result<Vec<InvitationRow>> {
        let scope = self.scope.0.clone();
        // A condition that may be missing would not be looked up.
        let text = match to {
            Some(_) => concat!(
                invitation_columns!(),
                "AND i.canonical = $2 AND i.id < COALESCE(CAST($3 AS TEXT), '~') ORDER BY i.id DESC LIMIT CAST($4 AS BIGINT)"
            ),
            None => concat!(
                invitation_columns!(),
                "AND CAST($2 AS TEXT) IS NULL AND i.id < COALESCE(CAST($3 AS TEXT), '~') ORDER BY i.id DESC LIMIT CAST($4 AS BIGINT)"
            ),
        };
        Ok(sql!(self, c => sqlx::query_as(text).bind(&scope).bind(to).bind(before).bind(limit).fetch_all(c)))
    }

    /// A page of invitations behind a cursor.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invitations(
        &mut self,
        filter: &InvitationFilter,
        now: Millis,
        behind: Option<&InvitationCursor>,
        limit: i64,
    ) -> Result<Vec<InvitationRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(concat!(invitation_columns!(),
            "AND (CAST($2 AS TEXT) IS NULL OR (i.canonical >= $2 AND i.canonical < $2 || '\u{10FFFF}'))
             AND (CAST($3 AS TEXT) IS NULL
                  OR ($3 = 'open' AND i.closed_at IS NULL AND i.expires_at > $4)
                  OR ($3 = 'expired' AND (i.closed_why = 'expired' OR (i.closed_at IS NULL AND i.expires_at <= $4)))
                  OR ($3 = 'ending' AND i.closed_at IS NULL AND i.expires_at > $4 AND i.expires_at <= $8)
                  OR ($3 = 'undelivered' AND i.closed_at IS NULL AND o.failed_at IS NOT NULL)
                  OR (i.closed_why = $3))
             AND (CAST($5 AS BIGINT) IS NULL OR (i.created_at, i.id) < ($5, $6))
             ORDER BY i.created_at DESC, i.id DESC LIMIT CAST($7 AS BIGINT)"))
            .bind(&scope).bind(&filter.beginning).bind(&filter.state).bind(now).bind(behind.map(|(at, _)| *at))
            .bind(behind.map(|(_, id)| id)).bind(limit).bind(now.plus(SOON)).fetch_all(c)))
    }
}
