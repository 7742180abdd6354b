//! Who is asking, and for which account: one statement, because every request of somebody signed in begins with it.

use sqlx::FromRow;

use super::{AccountFacts, Instance, MemberFacts, Reader, Result, SessionFacts, Tx, sql};
use crate::rules::{gate::Proof, ids::AccountId, security::Entry, sso::demand, time::Millis};

/// A session, what was proven in it, and the account that is asked for as it is to its person.
#[derive(Clone, Debug)]
pub struct AskingFacts {
    /// The session and its person.
    pub session: SessionFacts,
    /// What was proven, and when; by a provider, when it was made to ask anew, if it ever was.
    pub proofs: Vec<(Proof, Option<Millis>)>,
    /// The account; `None` where there is none of this slug.
    pub account: Option<AccountFacts>,
}

/// One row for each proof, and one where nothing was proven; the rest is the same in all of them.
#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    session: SessionFacts,
    proof_kind: Option<String>,
    proof_account: Option<String>,
    proof_idp: Option<String>,
    proven_at: Option<Millis>,
    forced_at: Option<Millis>,
    account: Option<AccountId>,
    account_name: Option<String>,
    slug: Option<String>,
    account_time_zone: Option<String>,
    rescued_at: Option<Millis>,
    rescued_for: Option<String>,
    mfa: Option<String>,
    session_idle: Option<String>,
    session_lifetime: Option<String>,
    session_limit: Option<String>,
    first_idp_at: Option<Millis>,
    sso: Option<String>,
    providers: Option<i64>,
    ip_version: Option<i64>,
    entered_at: Option<Millis>,
    entry_seen_at: Option<Millis>,
    entry_ended_at: Option<Millis>,
    entry_ended_why: Option<String>,
    #[sqlx(flatten)]
    member: MemberFacts,
}

impl Row {
    fn account(self) -> (SessionFacts, Option<AccountFacts>) {
        let Self {
            session,
            account,
            account_name,
            slug,
            account_time_zone,
            rescued_at,
            rescued_for,
            mfa,
            session_idle,
            session_lifetime,
            session_limit,
            first_idp_at,
            sso,
            providers,
            ip_version,
            entered_at,
            entry_seen_at,
            entry_ended_at,
            entry_ended_why,
            member,
            ..
        } = self;
        let account = account.zip(account_name).zip(slug);
        let account = account.map(|((account, name), slug)| AccountFacts {
            account,
            name,
            slug,
            time_zone: account_time_zone.unwrap_or_default(),
            rescued: rescued_at.zip(rescued_for),
            security: Entry { mfa, session_idle, session_lifetime, session_limit },
            first_idp_at,
            sso: demand(sso.as_deref(), providers.unwrap_or_default()),
            ip_version: ip_version.unwrap_or_default(),
            entered_at,
            entry_seen_at,
            entry_ended_at,
            entry_ended_why,
            member,
        });
        (session, account)
    }
}

/// Read before there is a scope, and again inside each transaction; a reader of one account or one user has no way to ask.
impl<S> Reader<S> {
    async fn asking_facts(&mut self, token_hash: &str, slug: &str) -> Result<Option<AskingFacts>> {
        let rows: Vec<Row> = sql!(self, c => sqlx::query_as(
            "SELECT s.id AS session, s.user_id AS user, s.created_at, s.last_seen_at, s.ended_why, u.name, u.theme, u.time_zone,
                    e.address AS email, e.canonical, e.verified_at AS email_verified_at, u.password_set_at, k.data AS carried,
                    f.confirmed_at AS factor_since, p.kind AS proof_kind, p.account_id AS proof_account, p.idp_id AS proof_idp, p.proven_at, p.forced_at,
                    a.id AS account, a.name AS account_name, a.slug, a.time_zone AS account_time_zone, a.rescued_at, a.rescued_for, a.first_idp_at, a.ip_version,
                    (SELECT COUNT(*) FROM idps i WHERE i.account_id = a.id AND i.disabled_at IS NULL) AS providers,
                    (SELECT g.value FROM account_settings g WHERE g.account_id = a.id AND g.name = 'sso') AS sso,
                    (SELECT g.value FROM account_settings g WHERE g.account_id = a.id AND g.name = 'mfa') AS mfa,
                    (SELECT g.value FROM account_settings g WHERE g.account_id = a.id AND g.name = 'session_idle') AS session_idle,
                    (SELECT g.value FROM account_settings g WHERE g.account_id = a.id AND g.name = 'session_lifetime') AS session_lifetime,
                    (SELECT g.value FROM account_settings g WHERE g.account_id = a.id AND g.name = 'session_limit') AS session_limit,
                    n.entered_at, n.last_seen_at AS entry_seen_at, n.ended_at AS entry_ended_at, n.ended_why AS entry_ended_why,
                    m.id AS member_id, m.developer, m.team, m.billing, m.administrator_since, m.joined_at AS member_since,
                    m.disabled_at, m.access_until
             FROM sessions s JOIN users u ON u.id = s.user_id
             JOIN user_emails e ON e.user_id = u.id AND e.canonical = COALESCE(
                  (SELECT MIN(v.canonical) FROM user_emails v WHERE v.user_id = u.id AND v.verified_at IS NOT NULL),
                  (SELECT MIN(v.canonical) FROM user_emails v WHERE v.user_id = u.id))
             LEFT JOIN cookies k ON k.token_hash = s.token_hash
             LEFT JOIN factors f ON f.user_id = u.id
             LEFT JOIN session_proofs p ON p.session_id = s.id
                  AND (p.idp_id = '' OR EXISTS (SELECT 1 FROM idps i WHERE i.id = p.idp_id AND i.disabled_at IS NULL))
             LEFT JOIN accounts a ON a.slug = $2 AND a.deleted_at IS NULL
             LEFT JOIN members m ON m.account_id = a.id AND m.user_id = s.user_id
             LEFT JOIN entries n ON n.account_id = a.id AND n.session_id = s.id
             WHERE s.token_hash = $1").bind(token_hash).bind(slug).fetch_all(c));
        // A kind that this program does not know proves nothing.
        let proof = |row: &Row| {
            let at = row.proven_at?;
            let proof =
                Proof::parse(row.proof_kind.as_deref()?, row.proof_account.clone(), row.proof_idp.as_deref().unwrap_or_default(), at)?;
            let fresh = if matches!(proof, Proof::Idp { .. }) { row.forced_at } else { Some(at) };
            Some((proof, fresh))
        };
        let proofs = rows.iter().filter_map(proof).collect();
        Ok(rows.into_iter().next().map(|row| {
            let (session, account) = row.account();
            AskingFacts { session, proofs, account }
        }))
    }
}

impl Reader<Instance> {
    /// The session whose cookie has this hash, and the account under this slug as it is to its person; an empty slug is no
    /// account's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn asking(&mut self, token_hash: &str, slug: &str) -> Result<Option<AskingFacts>> {
        self.asking_facts(token_hash, slug).await
    }
}

impl<S> Tx<S> {
    /// The same, as it is now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn asking(&mut self, token_hash: &str, slug: &str) -> Result<Option<AskingFacts>> {
        self.asking_facts(token_hash, slug).await
    }
}
