//! What is asked of a credential before it opens anything: one statement, as every request of a program begins with it.

use sqlx::FromRow;

use crate::{
    rules::{
        credentials::{CredentialId, Kind, Owner},
        ids::{AccountId, BotId, UserId},
        security::Entry,
        sso::demand,
        time::Millis,
    },
    store::{AccountFacts, Instance, MemberFacts, Reader, Result, Tx, sql},
};

/// A credential, its owner, and the account, as they are now.
#[derive(Clone, Debug)]
pub struct KeyFacts {
    /// The credential.
    pub credential: CredentialId,
    /// What it is.
    pub kind: Kind,
    /// Whose it is.
    pub owner: Owner,
    /// What the owner is called.
    pub owner_name: String,
    /// The owner's address; empty for bot users.
    pub owner_email: String,
    /// Since when the bot user that owns it is inactive, if so.
    pub inactive_at: Option<Millis>,
    /// Since when the person who owns it has a second factor, if they have one.
    pub factor_since: Option<Millis>,
    /// What may be bound with it, as it is kept.
    pub acl: String,
    /// What it is for.
    pub description: String,
    /// From when on it is worth nothing, if ever.
    pub expires_at: Option<Millis>,
    /// When it was last noted that it was used.
    pub last_used_at: Option<Millis>,
    /// When it was last noted that it was refused.
    pub refused_at: Option<Millis>,
    /// Whether the person who owns it is known by a provider of the account that is switched on.
    pub has_idp: bool,
    /// Its account, and its owner as a member of it.
    pub account: AccountFacts,
}

#[derive(FromRow)]
struct Row {
    credential: CredentialId,
    kind: String,
    user_id: Option<UserId>,
    bot_id: Option<BotId>,
    owner_name: Option<String>,
    owner_email: Option<String>,
    inactive_at: Option<Millis>,
    factor_since: Option<Millis>,
    acl: String,
    description: String,
    expires_at: Option<Millis>,
    last_used_at: Option<Millis>,
    refused_at: Option<Millis>,
    account: AccountId,
    account_name: String,
    slug: String,
    time_zone: String,
    mfa: Option<String>,
    first_idp_at: Option<Millis>,
    sso: Option<String>,
    providers: i64,
    linked: i64,
    ip_version: i64,
    #[sqlx(flatten)]
    member: MemberFacts,
}

impl Row {
    /// `None` where there is something that this program does not know.
    fn facts(self) -> Option<KeyFacts> {
        let owner = self.user_id.map(Owner::User).or_else(|| self.bot_id.map(Owner::Bot))?;
        Some(KeyFacts {
            credential: self.credential,
            kind: Kind::parse(&self.kind)?,
            owner,
            owner_name: self.owner_name.unwrap_or_default(),
            owner_email: self.owner_email.unwrap_or_default(),
            inactive_at: self.inactive_at,
            factor_since: self.factor_since,
            acl: self.acl,
            description: self.description,
            expires_at: self.expires_at,
            last_used_at: self.last_used_at,
            refused_at: self.refused_at,
            has_idp: self.linked > 0,
            account: AccountFacts {
                account: self.account,
                name: self.account_name,
                slug: self.slug,
                time_zone: self.time_zone,
                rescued: None,
                security: Entry { mfa: self.mfa, ..Entry::default() },
                first_idp_at: self.first_idp_at,
                sso: demand(self.sso.as_deref(), self.providers),
                ip_version: self.ip_version,
                entered_at: None,
                entry_seen_at: None,
                entry_ended_at: None,
                entry_ended_why: None,
                member: self.member,
            },
        })
    }
}

impl<S> Reader<S> {
    async fn key_facts(&mut self, hash: &str) -> Result<Option<KeyFacts>> {
        let row: Option<Row> = sql!(self, c => sqlx::query_as(
            "SELECT k.id AS credential, k.kind, k.user_id, k.bot_id, COALESCE(m.name, b.name) AS owner_name, m.search_email AS owner_email,
                    b.inactive_at, f.confirmed_at AS factor_since, k.acl, k.description, k.expires_at, k.last_used_at,
                    k.refused_at, a.id AS account, a.name AS account_name, a.slug, a.time_zone, a.first_idp_at, a.ip_version,
                    (SELECT COUNT(*) FROM idps i WHERE i.account_id = a.id AND i.disabled_at IS NULL) AS providers,
                    (SELECT COUNT(*) FROM idps i JOIN identities x ON x.provider = i.id
                     WHERE i.account_id = a.id AND i.disabled_at IS NULL AND x.user_id = k.user_id) AS linked,
                    (SELECT g.value FROM account_settings g WHERE g.account_id = a.id AND g.name = 'sso') AS sso,
                    (SELECT g.value FROM account_settings g WHERE g.account_id = a.id AND g.name = 'mfa') AS mfa,
                    m.id AS member_id, m.developer, m.team, m.billing, m.administrator_since, m.joined_at AS member_since,
                    m.disabled_at, m.access_until
             FROM credentials k JOIN accounts a ON a.id = k.account_id
             LEFT JOIN members m ON m.account_id = k.account_id AND m.user_id = k.user_id
             LEFT JOIN factors f ON f.user_id = k.user_id
             LEFT JOIN bot_users b ON b.account_id = k.account_id AND b.id = k.bot_id
             WHERE k.secret_hash = $1 AND k.revoked_at IS NULL AND a.deleted_at IS NULL").bind(hash).fetch_optional(c));
        Ok(row.and_then(Row::facts))
    }
}

/// A revoked credential, as far as there is anything left to say of it.
#[derive(Clone, Debug, FromRow)]
pub struct RevokedRow {
    /// Which.
    pub id: CredentialId,
    kind: String,
    /// Its account, which is not deleted.
    #[sqlx(rename = "account_id")]
    pub account: AccountId,
    user_id: Option<UserId>,
    bot_id: Option<BotId>,
    /// What it was for.
    pub description: String,
    /// What its owner was called when the account last had to do with them: it is told nothing of where they are now.
    pub owner_name: Option<String>,
}

impl RevokedRow {
    /// What it was. A word that this program does not know is the kind that opens least.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind::parse(&self.kind).unwrap_or(Kind::SshKey)
    }

    /// Whose it was.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.user_id.as_ref().map(UserId::as_str).or_else(|| self.bot_id.as_ref().map(BotId::as_str)).unwrap_or_default()
    }
}

impl Reader<Instance> {
    /// The credential that is found by this hash, unless it is revoked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn key(&mut self, hash: &str) -> Result<Option<KeyFacts>> {
        self.key_facts(hash).await
    }

    /// The revoked credential with a secret whose row has this KSUID.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoked_credential(&mut self, ksuid: &str) -> Result<Option<RevokedRow>> {
        let [one, other] = [Kind::ApiKey, Kind::Authtoken].map(|kind| format!("{}_{ksuid}", kind.prefix()));
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT k.id, k.kind, k.account_id, k.user_id, k.bot_id, k.description,
                    COALESCE(b.name, (SELECT s.label FROM event_subjects s WHERE s.log = k.account_id AND s.subject_id = k.user_id
                                      ORDER BY s.seq DESC LIMIT 1)) AS owner_name
             FROM credentials k JOIN accounts a ON a.id = k.account_id LEFT JOIN bot_users b ON b.id = k.bot_id
             WHERE k.id IN ($1, $2) AND k.revoked_at IS NOT NULL AND a.deleted_at IS NULL")
            .bind(&one).bind(&other).fetch_optional(c)))
    }
}

impl<S> Tx<S> {
    /// The same, as it is now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn key(&mut self, hash: &str) -> Result<Option<KeyFacts>> {
        self.key_facts(hash).await
    }
}
