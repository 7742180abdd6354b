//! Events: what can happen, in words that stay. Names follow facts/ngrok.md §1.17 (`object_verb.v0`).
//!
//! A transaction ends by naming one of these. [`Event::record`] says in one place in which log it belongs, whom it
//! concerns, and what it looked like before and after. Nothing here ever carries a secret.

mod addresses;
mod programs;
mod sso;

use serde_json::{Value, json};

pub use addresses::{IpEvent, IpThing};
pub use programs::{Bot, BotEvent, Credential, CredentialEvent};
pub use sso::{Idp, SsoEvent};

use super::{
    gate::Refusal,
    ids::{AccountId, InvitationId, LetterId, MemberId, SessionId, UserId},
    invitations::Closed,
    members::Roles,
    permissions::{Permission, Rights},
    sessions::End,
    sign_in::Failure,
    time::Millis,
    words::words,
};

/// Whose log an event belongs to. Each log is a hash chain of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Log {
    /// What concerns nobody in particular: set-up, attempts on addresses that nobody has.
    Instance,
    /// What people do to their own user.
    User(UserId),
    /// What happens in an account.
    Account(AccountId),
}

words! {
    /// Whether something was done or refused.
    Outcome {
        Done = "done", "It happened.";
        Refused = "refused", "It was tried and refused.";
    }
}

/// Something that an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// `account`, `user`, `member`, `session` …
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// What it was called at that moment.
    pub label: String,
}

/// An event as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its type.
    pub kind: Kind,
    /// Whose log.
    pub log: Log,
    /// Done or refused.
    pub outcome: Outcome,
    /// What it concerns, the main thing first.
    pub subjects: Vec<Subject>,
    /// The values before, where there were any.
    pub before: Option<Value>,
    /// The values after, where there are any.
    pub after: Option<Value>,
}

words! {
    /// The type of an event; its sentence is the end of "Ada …".
    Kind {
        InstanceSetUp       = "instance_set_up.v0",       "set up this Frontdesk";
        InstanceRestored    = "instance_restored.v0",     "restored this Frontdesk from a backup";
        UserCreated         = "user_created.v0",          "became a user";
        UserUpdated         = "user_updated.v0",          "changed their profile";
        UserEmailConfirmAsked = "user_email_confirmation_requested.v0", "asked for a link to confirm their address";
        UserEmailConfirmed  = "user_email_confirmed.v0",  "confirmed their address";
        UserEmailChangeAsked = "user_email_change_requested.v0", "asked to change their address";
        UserEmailChanged    = "user_email_changed.v0",    "changed their address";
        PasswordChanged     = "password_changed.v0",      "changed their password";
        PasswordResetAsked  = "password_reset_requested.v0", "asked for a new password";
        PasswordReset       = "password_reset.v0",        "chose a new password by a mailed link";
        MfaOffered          = "mfa_offered.v0",           "began to set up a second factor";
        MfaEnabled          = "mfa_enabled.v0",           "set up a second factor";
        MfaDisabled         = "mfa_disabled.v0",          "removed their second factor";
        RecoveryCodesRenewed = "mfa_recovery_codes_regenerated.v0", "got new recovery codes";
        RecoveryCodeUsed    = "mfa_recovery_code_used.v0", "used a recovery code";
        UserRescued         = "user_rescued.v0",          "made a rescue link in their name";
        UserIdentityLinked  = "user_identity_linked.v0",  "linked a login to their user";
        UserIdentityUnlinked = "user_identity_unlinked.v0", "took a login away from their user";
        UserProven          = "user_proven.v0",           "proved again who they are";
        SignUpAsked         = "sign_up_requested.v0",     "asked to sign up";
        UserLoginSucceeded  = "user_login_succeeded.v0",  "signed in";
        UserLoginFailed     = "user_login_failed.v0",     "failed to sign in";
        UserLockedOut       = "user_locked.v0",           "was locked out after wrong passwords";
        UserLetInAgain      = "user_unlocked.v0",         "may sign in again";
        UserLoggedOut       = "user_logged_out.v0",       "signed out";
        SessionEnded        = "session_ended.v0",         "ended a session";
        AccountCreated      = "account_created.v0",       "created the account";
        AccountUpdated      = "account_updated.v0",       "changed the account";
        SecurityUpdated     = "account_security_updated.v0", "changed what the account demands at sign-in";
        DomainsUpdated      = "account_email_domains_updated.v0", "changed which mail domains are let in";
        BillingUpdated      = "billing_updated.v0",       "changed the billing details";
        AccountRescued      = "account_rescued.v0",       "opened the account with `frontdesk rescue`";
        AccountDeleted      = "account_deleted.v0",       "deleted the account";
        AccountEntered      = "account_entered.v0",       "entered the account";
        AccountEntryRefused = "account_entry_refused.v0", "was refused entry to the account";
        PermissionRefused   = "permission_refused.v0",    "tried what their roles do not allow";
        MembershipUpdated   = "membership_updated.v0",    "changed a member";
        MembershipDisabled  = "membership_disabled.v0",   "disabled a member";
        MembershipEnabled   = "membership_enabled.v0",    "enabled a member";
        MembershipSessionsEnded = "membership_sessions_ended.v0", "ended the sessions of a member";
        MembershipFactorReset = "membership_mfa_reset.v0", "reset the second factor of a member";
        MembershipLetInAgain = "membership_unlocked.v0",  "let a member sign in again";
        MfaReset            = "mfa_reset.v0",             "took the second factor away";
        MembershipDeleted   = "membership_deleted.v0",    "took a member out of the account";
        MembershipCreated   = "membership_created.v0",    "became a member";
        InvitationCreated   = "invitation_created.v0",    "invited somebody";
        InvitationResent    = "invitation_resent.v0",     "sent an invitation again";
        InvitationUpdated   = "invitation_updated.v0",    "changed an invitation";
        InvitationRevoked   = "invitation_revoked.v0",    "took an invitation back";
        InvitationClosed    = "invitation_closed.v0",     "closed invitations with their sender";
        InvitationExpired   = "invitation_expired.v0",    "replaced an expired invitation";
        InvitationAccepted  = "invitation_accepted.v0",   "accepted an invitation";
        InvitationDeclined  = "invitation_declined.v0",   "declined an invitation";
        InvitationRefused   = "invitation_refused.v0",    "was refused an invitation";
        BotUserCreated      = "bot_user_created.v0",      "made a bot user";
        BotUserUpdated      = "bot_user_updated.v0",      "changed a bot user";
        BotUserDeleted      = "bot_user_deleted.v0",      "deleted a bot user";
        AuthtokenCreated    = "tunnel_credential_created.v0", "made an authtoken";
        AuthtokenUpdated    = "tunnel_credential_updated.v0", "changed an authtoken";
        AuthtokenDeleted    = "tunnel_credential_deleted.v0", "deleted an authtoken";
        AuthtokenShown      = "tunnel_credential_shown.v0", "looked at their authtoken";
        ApiKeyCreated       = "api_key_created.v0",       "made an API key";
        ApiKeyUpdated       = "api_key_updated.v0",       "changed an API key";
        ApiKeyDeleted       = "api_key_deleted.v0",       "deleted an API key";
        SshKeyCreated       = "ssh_public_key_created.v0", "added an SSH key";
        SshKeyUpdated       = "ssh_public_key_updated.v0", "changed an SSH key";
        SshKeyDeleted       = "ssh_public_key_deleted.v0", "deleted an SSH key";
        CredentialRefused   = "credential_refused.v0",    "used a credential that was refused";
        IpPolicyCreated     = "ip_policy_created.v0",     "made an IP policy";
        IpPolicyUpdated     = "ip_policy_updated.v0",     "changed an IP policy";
        IpPolicyDeleted     = "ip_policy_deleted.v0",     "deleted an IP policy";
        IpRuleCreated       = "ip_policy_rule_created.v0", "added rules to an IP policy";
        IpRuleUpdated       = "ip_policy_rule_updated.v0", "changed a rule of an IP policy";
        IpRuleDeleted       = "ip_policy_rule_deleted.v0", "deleted a rule of an IP policy";
        IpRestrictionCreated = "ip_restriction_created.v0", "restricted from where the account is reached";
        IpRestrictionUpdated = "ip_restriction_updated.v0", "changed an IP restriction";
        IpRestrictionDeleted = "ip_restriction_deleted.v0", "deleted an IP restriction";
        IpRestrictionsRelaxed = "ip_restrictions_relaxed.v0", "let all IP restrictions only warn";
        IpRestrictionWarned = "ip_restriction_warned.v0", "came from where an IP restriction will not let them in";
        IpChangeConfirmed   = "ip_restriction_change_confirmed.v0", "confirmed a change of IP restrictions";
        IpChangeUndone      = "ip_restriction_change_undone.v0", "undid a change of IP restrictions";
        IdpCreated          = "identity_provider_created.v0", "added an identity provider";
        IdpUpdated          = "identity_provider_updated.v0", "changed an identity provider";
        IdpDeleted          = "identity_provider_deleted.v0", "deleted an identity provider";
        IdpTested           = "identity_provider_tested.v0", "tested an identity provider";
        IdpRefused          = "identity_provider_refused.v0", "came from an identity provider and was refused";
        SsoUpdated          = "account_sso_updated.v0",   "changed who uses single sign-on";
        ProvisioningUpdated = "account_provisioning_updated.v0", "changed how people become members";
        IdentityLinked      = "membership_identity_linked.v0", "was linked to who they are at an identity provider";
        IdentityUnlinked    = "membership_identity_unlinked.v0", "took away who a member is at an identity provider";
        OwnDomainAdded      = "account_domain_added.v0",  "added a domain of the account's own";
        OwnDomainVerified   = "account_domain_verified.v0", "showed that a domain is the account's own";
        OwnDomainLost       = "account_domain_lost.v0",   "found that a domain is not the account's own any more";
        OwnDomainRemoved    = "account_domain_removed.v0", "took a domain of the account's own away";
        OwnDomainUpdated    = "account_domain_updated.v0", "changed who signs up with addresses of a domain";
        LetterFailed        = "letter_failed.v0",         "could not deliver a letter";
    }
}

impl Kind {
    /// What it takes to see the values of an event of this type, besides reading the log: what a page keeps from somebody, its
    /// history keeps too.
    #[must_use]
    pub const fn needs(self) -> Option<Permission> {
        match self {
            Self::BillingUpdated => Some(Permission::ReadBilling),
            Self::AccountUpdated
            | Self::SecurityUpdated
            | Self::DomainsUpdated
            | Self::SsoUpdated
            | Self::ProvisioningUpdated
            | Self::IdpCreated
            | Self::IdpUpdated
            | Self::IdpDeleted => Some(Permission::ReadSettings),
            _ => None,
        }
    }

    /// The types that an account's log can hold.
    pub fn of_accounts() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|kind| {
            const OBJECTS: [&str; 13] = [
                "account_",
                "api_key_",
                "billing_",
                "bot_user_",
                "credential_",
                "identity_provider_",
                "invitation_",
                "ip_",
                "letter_",
                "membership_",
                "permission_",
                "ssh_public_key_",
                "tunnel_credential_",
            ];
            OBJECTS.iter().any(|object| kind.word().starts_with(object))
        })
    }
}

/// A user as events name one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The id.
    pub user: UserId,
    /// The address, as written.
    pub email: String,
}

impl Who {
    fn subject(&self) -> Subject {
        Subject { kind: "user", id: self.user.to_string(), label: self.email.clone() }
    }
}

/// Who acts in an account: a person, or a bot user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Person(Who),
    /// A bot user.
    Bot(Bot),
}

impl Actor {
    fn subject(&self) -> Subject {
        match self {
            Self::Person(who) => who.subject(),
            Self::Bot(bot) => bot.subject(),
        }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Person(who) => who.user.as_str(),
            Self::Bot(bot) => bot.id.as_str(),
        }
    }

    /// What they are called; for people the address.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Person(who) => &who.email,
            Self::Bot(bot) => &bot.name,
        }
    }
}

/// What somebody with these rights lacks to see the values of an event of this type, if anything. Of a type that this version does not
/// know nobody knows what it takes, and so it is what administrators may.
#[must_use]
pub fn hides(kind: &str, rights: &Rights) -> Option<Permission> {
    let needs = match Kind::parse(kind) {
        Some(kind) => kind.needs(),
        None => Some(Permission::ReadSettings),
    };
    needs.filter(|permission| !rights.allow(*permission))
}

/// One thing that happened, with everything its record needs.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the things that the variants are about")]
pub enum Event {
    /// The first user and account exist.
    InstanceSetUp { who: Who, account: AccountId, name: String },
    /// A backup was put back: every session ended, and every link that was open.
    InstanceRestored { sessions: u64, links: u64 },
    /// A user came into being.
    UserCreated { who: Who, name: String, terms: Option<String> },
    /// A person changed the own profile.
    UserUpdated { who: Who, before: Value, after: Value },
    /// A person did something about how they sign in.
    Person { who: Who, what: PersonEvent },
    /// Somebody asked for a new password. Without a user, the address is nobody's.
    PasswordResetAsked { user: Option<UserId>, email: String },
    /// Somebody asked to sign up with an address, which has got a letter.
    SignUpAsked { email: String },
    /// A session began.
    UserLoginSucceeded { who: Who, session: SessionId, method: &'static str },
    /// A sign-in was refused. Without a user, the address is nobody's.
    UserLoginFailed { user: Option<UserId>, email: String, why: Failure },
    /// Passwords for an address are not compared for a while, from one place or from everywhere. Without a user, the address is
    /// nobody's.
    UserLockedOut { user: Option<UserId>, email: String, everywhere: bool, until: Millis },
    /// A person ended the session they are in.
    UserLoggedOut { who: Who, session: SessionId },
    /// A session was ended from elsewhere.
    SessionEnded { who: Who, session: SessionId, why: End },
    /// An account came into being.
    AccountCreated { account: AccountId, name: String, slug: String },
    /// The account's details changed.
    AccountUpdated { account: AccountId, name: String, before: Value, after: Value },
    /// What the account demands of who comes in changed.
    SecurityUpdated { account: AccountId, name: String, before: Value, after: Value },
    /// Which mail domains the account lets in changed.
    DomainsUpdated { account: AccountId, name: String, before: Value, after: Value },
    /// People become members in another way.
    ProvisioningUpdated { account: AccountId, name: String, before: Value, after: Value },
    /// The account's billing details changed.
    BillingUpdated { account: AccountId, name: String, before: Value, after: Value },
    /// An account is gone, with what belonged to it; in its own log, and in the instance's.
    AccountDeleted { log: Log, account: AccountId, name: String, before: Value },
    /// A way into the account's security pages was made from the host for one of its administrators, and what else was done.
    AccountRescued { account: AccountId, name: String, who: Who, rescue: Rescue },
    /// A session came into an account for the first time.
    AccountEntered { account: AccountId, who: Who },
    /// A member stood before a closed gate.
    AccountEntryRefused { account: AccountId, who: Who, why: Refusal },
    /// Somebody in the account asked for what needs another role.
    PermissionRefused { account: AccountId, who: Actor, permission: Permission },
    /// The roles or the access period of a member changed.
    MembershipUpdated { account: AccountId, member: MemberId, who: Who, before: Value, after: Value },
    /// A member is kept out.
    MembershipDisabled { account: AccountId, member: MemberId, who: Who },
    /// A member may come in again.
    MembershipEnabled { account: AccountId, member: MemberId, who: Who },
    /// A member has to sign in again to come in.
    MembershipSessionsEnded { account: AccountId, member: MemberId, who: Who, sessions: u64 },
    /// A member who was locked out may sign in again.
    MembershipLetInAgain { account: AccountId, member: MemberId, who: Who },
    /// A member's second factor was taken away, for this reason.
    MembershipFactorReset { account: AccountId, member: MemberId, who: Who, reason: String },
    /// Somebody is no member any more; `left` where they went by themselves.
    MembershipDeleted { account: AccountId, member: MemberId, who: Who, roles: Roles, left: bool, credentials: u64 },
    /// A user joined an account.
    MembershipCreated { account: AccountId, member: MemberId, who: Who, roles: Roles, source: &'static str, access_until: Option<Millis> },
    /// Something happened to an invitation.
    Invitation { account: AccountId, invitation: Invited, what: InvitationEvent },
    /// The open invitations of somebody who goes were closed, or taken over by whoever sends them away.
    InvitationsSettled { account: AccountId, who: Who, invitations: Vec<Invited>, heir: Option<String> },
    /// Something happened to a bot user.
    BotUser { account: AccountId, bot: Bot, what: BotEvent },
    /// Something happened to a credential.
    Credential { account: AccountId, credential: Credential, what: CredentialEvent },
    /// Something happened about from where the account is reached.
    Ip { account: AccountId, what: IpEvent },
    /// Something happened about single sign-on.
    Sso { account: AccountId, what: SsoEvent },
    /// A letter was given up.
    LetterFailed { log: Log, letter: LetterId, recipient: String, why: String },
}

/// What was made from the host for somebody, and why.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that is done or not")]
pub struct Rescue {
    /// The reason that was given.
    pub reason: String,
    /// Whether their second factor was taken away.
    pub factor: bool,
    /// Whether they got a link to choose a new password.
    pub password: bool,
    /// Whether the account's IP restrictions only warn since then.
    pub relaxed: bool,
    /// Whether members from before may do without single sign-on since then.
    pub mixed: bool,
}

impl Rescue {
    fn value(self) -> Value {
        json!({ "reason": self.reason, "second_factor_reset": self.factor, "password_link": self.password, "ip_restrictions_relaxed": self.relaxed, "sso_mixed": self.mixed })
    }
}

/// What a person did about how they sign in.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the things that the variants are about")]
pub enum PersonEvent {
    /// They want to prove that their address is theirs, which has got a letter.
    EmailConfirmAsked,
    /// They have proven that their address is theirs.
    EmailConfirmed,
    /// They want another address, which has got a letter.
    EmailChangeAsked { new: String },
    /// They have another address.
    EmailChanged { before: String },
    /// They changed their password; so many of their other sessions ended.
    PasswordChanged { sessions: usize },
    /// They chose a new password by a mailed link; so many of their sessions ended.
    PasswordReset { sessions: usize },
    /// They were shown a secret for an authenticator.
    FactorOffered,
    /// Their authenticator counts; so many of their other sessions ended.
    FactorSetUp { sessions: usize },
    /// They do without a second factor again; so many of their other sessions ended.
    FactorRemoved { sessions: usize },
    /// An administrator took their factor away.
    FactorReset,
    /// They have new recovery codes.
    RecoveryCodesRenewed,
    /// They used a recovery code; so many are left.
    RecoveryCodeUsed { left: i64 },
    /// They may sign in again after too many wrong passwords: by a `letter`, or by an `administrator`.
    LetInAgain { by: &'static str },
    /// They sign in by a login elsewhere as well from now on.
    IdentityLinked { provider: &'static str, subject: String },
    /// They do not any more.
    IdentityUnlinked { provider: &'static str, subject: String },
    /// They proved again who they are.
    Proven { method: &'static str },
    /// A way into an account that they administer was made from the host in their name.
    Rescued { account: String, rescue: Rescue },
}

impl PersonEvent {
    fn record(self, who: &Who) -> Record {
        let (kind, before, after) = match self {
            Self::EmailConfirmAsked => (Kind::UserEmailConfirmAsked, None, None),
            Self::EmailConfirmed => (Kind::UserEmailConfirmed, None, None),
            Self::EmailChangeAsked { new } => {
                (Kind::UserEmailChangeAsked, Some(json!({ "email": who.email })), Some(json!({ "email": new })))
            }
            Self::EmailChanged { before } => {
                (Kind::UserEmailChanged, Some(json!({ "email": before })), Some(json!({ "email": who.email })))
            }
            Self::PasswordChanged { sessions } => (Kind::PasswordChanged, None, Some(json!({ "ended_sessions": sessions }))),
            Self::PasswordReset { sessions } => (Kind::PasswordReset, None, Some(json!({ "ended_sessions": sessions }))),
            Self::FactorOffered => (Kind::MfaOffered, None, None),
            Self::FactorSetUp { sessions } => (Kind::MfaEnabled, None, Some(json!({ "ended_sessions": sessions }))),
            Self::FactorRemoved { sessions } => (Kind::MfaDisabled, None, Some(json!({ "ended_sessions": sessions }))),
            Self::FactorReset => (Kind::MfaReset, None, None),
            Self::RecoveryCodesRenewed => (Kind::RecoveryCodesRenewed, None, None),
            Self::RecoveryCodeUsed { left } => (Kind::RecoveryCodeUsed, None, Some(json!({ "codes_left": left }))),
            Self::LetInAgain { by } => (Kind::UserLetInAgain, None, Some(json!({ "by": by }))),
            Self::IdentityLinked { provider, subject } => {
                (Kind::UserIdentityLinked, None, Some(json!({ "provider": provider, "subject": subject })))
            }
            Self::IdentityUnlinked { provider, subject } => {
                (Kind::UserIdentityUnlinked, Some(json!({ "provider": provider, "subject": subject })), None)
            }
            Self::Proven { method } => (Kind::UserProven, None, Some(json!({ "method": method }))),
            Self::Rescued { account, rescue } => {
                let mut after = rescue.value();
                after["account"] = account.into();
                (Kind::UserRescued, None, Some(after))
            }
        };
        done(kind, Log::User(who.user.clone()), vec![who.subject()], before, after)
    }
}

/// An invitation as events name one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The id.
    pub id: InvitationId,
    /// To whom, canonical.
    pub email: String,
}

/// What happened to an invitation.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the things that the variants are about")]
pub enum InvitationEvent {
    /// Somebody is invited.
    Created { roles: Roles },
    /// It was sent again: its link is a new one, and whoever sent it answers for it.
    Resent { before: Value, after: Value },
    /// The roles that it offers, or who answers for it, changed.
    Updated { before: Value, after: Value },
    /// It was taken back.
    Revoked,
    /// Expired, it made room for a new one.
    Expired,
    /// Somebody joined by it.
    Accepted { who: Who },
    /// The invited person does not want to join.
    Declined { who: Who },
    /// Somebody tried to join by a link that does not let them.
    Refused { why: &'static str },
}

impl InvitationEvent {
    fn record(self, account: AccountId, invitation: &Invited) -> Record {
        let log = Log::Account(account);
        let mut subjects = vec![subject("invitation", invitation.id.as_str(), &invitation.email)];
        match self {
            Self::Created { roles } => {
                let after = json!({ "email": invitation.email, "roles": roles_value(roles) });
                done(Kind::InvitationCreated, log, subjects, None, Some(after))
            }
            Self::Resent { before, after } => done(Kind::InvitationResent, log, subjects, Some(before), Some(after)),
            Self::Updated { before, after } => done(Kind::InvitationUpdated, log, subjects, Some(before), Some(after)),
            Self::Revoked => done(Kind::InvitationRevoked, log, subjects, None, None),
            Self::Expired => done(Kind::InvitationExpired, log, subjects, None, None),
            Self::Accepted { who } => {
                subjects.push(who.subject());
                done(Kind::InvitationAccepted, log, subjects, None, None)
            }
            Self::Declined { who } => {
                subjects.push(who.subject());
                done(Kind::InvitationDeclined, log, subjects, None, None)
            }
            Self::Refused { why } => refused(Kind::InvitationRefused, log, subjects, json!({ "why": why })),
        }
    }
}

impl Event {
    /// How it is written down.
    #[must_use]
    pub fn record(self) -> Record {
        match self {
            Self::InstanceSetUp { who, account, name } => {
                let subjects = vec![subject("account", account.as_str(), &name), who.subject()];
                done(Kind::InstanceSetUp, Log::Instance, subjects, None, Some(json!({ "account": name, "email": who.email })))
            }
            Self::InstanceRestored { sessions, links } => {
                let after = json!({ "sessions": sessions, "links": links });
                done(Kind::InstanceRestored, Log::Instance, vec![subject("instance", "instance", "")], None, Some(after))
            }
            Self::UserCreated { who, name, terms } => user_created(&who, &name, terms),
            Self::UserUpdated { who, before, after } => {
                done(Kind::UserUpdated, Log::User(who.user.clone()), vec![who.subject()], Some(before), Some(after))
            }
            Self::Person { who, what } => what.record(&who),
            Self::PasswordResetAsked { user, email } => {
                let log = user.clone().map_or(Log::Instance, Log::User);
                done(Kind::PasswordResetAsked, log, vec![somebody(user.as_ref(), &email)], None, None)
            }
            Self::SignUpAsked { email } => done(Kind::SignUpAsked, Log::Instance, vec![somebody(None, &email)], None, None),
            Self::UserLoginSucceeded { who, session, method } => {
                let subjects = vec![who.subject(), subject("session", session.as_str(), "")];
                done(Kind::UserLoginSucceeded, Log::User(who.user), subjects, None, Some(json!({ "method": method })))
            }
            Self::UserLoginFailed { user, email, why } => {
                tried(Kind::UserLoginFailed, user, &email, json!({ "email": email, "why": why.word() }))
            }
            Self::UserLockedOut { user, email, everywhere, until } => {
                let after = json!({ "email": email, "everywhere": everywhere, "until": until.rfc3339() });
                tried(Kind::UserLockedOut, user, &email, after)
            }
            Self::UserLoggedOut { who, session } => {
                let subjects = vec![subject("session", session.as_str(), ""), who.subject()];
                done(Kind::UserLoggedOut, Log::User(who.user), subjects, None, None)
            }
            Self::SessionEnded { who, session, why } => {
                let subjects = vec![subject("session", session.as_str(), ""), who.subject()];
                done(Kind::SessionEnded, Log::User(who.user), subjects, None, Some(json!({ "why": why.word() })))
            }
            Self::AccountCreated { account, name, slug } => {
                let subjects = vec![subject("account", account.as_str(), &name)];
                done(Kind::AccountCreated, Log::Account(account), subjects, None, Some(json!({ "name": name, "slug": slug })))
            }
            Self::AccountUpdated { account, name, before, after } => changed(Kind::AccountUpdated, account, &name, before, after),
            Self::SecurityUpdated { account, name, before, after } => changed(Kind::SecurityUpdated, account, &name, before, after),
            Self::DomainsUpdated { account, name, before, after } => changed(Kind::DomainsUpdated, account, &name, before, after),
            Self::ProvisioningUpdated { account, name, before, after } => changed(Kind::ProvisioningUpdated, account, &name, before, after),
            Self::BillingUpdated { account, name, before, after } => changed(Kind::BillingUpdated, account, &name, before, after),
            Self::AccountDeleted { log, account, name, before } => {
                done(Kind::AccountDeleted, log, vec![subject("account", account.as_str(), &name)], Some(before), None)
            }
            Self::AccountRescued { account, name, who, rescue } => {
                let subjects = vec![subject("account", account.as_str(), &name), who.subject()];
                done(Kind::AccountRescued, Log::Account(account), subjects, None, Some(rescue.value()))
            }
            Self::AccountEntered { account, who } => done(Kind::AccountEntered, Log::Account(account), vec![who.subject()], None, None),
            Self::AccountEntryRefused { account, who, why } => {
                refused(Kind::AccountEntryRefused, Log::Account(account), vec![who.subject()], json!({ "why": why.word() }))
            }
            Self::PermissionRefused { account, who, permission } => {
                let after = json!({ "permission": permission.name() });
                refused(Kind::PermissionRefused, Log::Account(account), vec![who.subject()], after)
            }
            Self::MembershipUpdated { account, member, who, before, after } => {
                done(Kind::MembershipUpdated, Log::Account(account), membership(&member, &who), Some(before), Some(after))
            }
            Self::MembershipDisabled { account, member, who } => about_member(Kind::MembershipDisabled, account, &member, &who),
            Self::MembershipEnabled { account, member, who } => about_member(Kind::MembershipEnabled, account, &member, &who),
            Self::MembershipSessionsEnded { account, member, who, sessions } => {
                let after = json!({ "sessions": sessions });
                done(Kind::MembershipSessionsEnded, Log::Account(account), membership(&member, &who), None, Some(after))
            }
            Self::MembershipLetInAgain { account, member, who } => about_member(Kind::MembershipLetInAgain, account, &member, &who),
            Self::MembershipFactorReset { account, member, who, reason } => {
                let after = json!({ "reason": reason });
                done(Kind::MembershipFactorReset, Log::Account(account), membership(&member, &who), None, Some(after))
            }
            Self::MembershipDeleted { account, member, who, roles, left, credentials } => {
                let before = json!({ "roles": roles_value(roles) });
                let after = json!({ "left": left, "revoked_credentials": credentials });
                done(Kind::MembershipDeleted, Log::Account(account), membership(&member, &who), Some(before), Some(after))
            }
            Self::MembershipCreated { account, member, who, roles, source, access_until } => {
                let until = access_until.map(Millis::rfc3339);
                let after = json!({ "roles": roles_value(roles), "source": source, "access_until": until });
                done(Kind::MembershipCreated, Log::Account(account), membership(&member, &who), None, Some(after))
            }
            Self::Invitation { account, invitation, what } => what.record(account, &invitation),
            Self::InvitationsSettled { account, who, invitations, heir } => settled(account, &who, &invitations, heir.as_deref()),
            Self::BotUser { account, bot, what } => what.record(account, &bot),
            Self::Credential { account, credential, what } => what.record(account, &credential),
            Self::Ip { account, what } => what.record(account),
            Self::Sso { account, what } => what.record(&account),
            Self::LetterFailed { log, letter, recipient, why } => {
                let subjects = vec![subject("letter", letter.as_str(), &recipient)];
                refused(Kind::LetterFailed, log, subjects, json!({ "recipient": recipient, "why": why }))
            }
        }
    }
}

/// The most things that one event names; how many there were it says in any case.
const MOST_SUBJECTS: usize = 100;

fn settled(account: AccountId, who: &Who, invitations: &[Invited], heir: Option<&str>) -> Record {
    let named = invitations.iter().take(MOST_SUBJECTS).map(|invitation| subject("invitation", invitation.id.as_str(), &invitation.email));
    let subjects = named.chain([who.subject()]).collect();
    let count = invitations.len();
    let log = Log::Account(account);
    if let Some(heir) = heir {
        let after = json!({ "sent_by": heir, "invitations": count });
        return done(Kind::InvitationUpdated, log, subjects, Some(json!({ "sent_by": who.email })), Some(after));
    }
    let after = json!({ "why": Closed::InviterGone.word(), "invitations": count });
    done(Kind::InvitationClosed, log, subjects, None, Some(after))
}

/// Something about an account is another than before.
fn changed(kind: Kind, account: AccountId, name: &str, before: Value, after: Value) -> Record {
    let subjects = vec![subject("account", account.as_str(), name)];
    done(kind, Log::Account(account), subjects, Some(before), Some(after))
}

fn subject(kind: &'static str, id: &str, label: &str) -> Subject {
    Subject { kind, id: id.to_owned(), label: label.to_owned() }
}

/// What was tried with an address, and refused.
fn tried(kind: Kind, user: Option<UserId>, email: &str, after: Value) -> Record {
    let subjects = vec![somebody(user.as_ref(), email)];
    refused(kind, user.map_or(Log::Instance, Log::User), subjects, after)
}

/// One subject either way, so that recording costs the same whether or not somebody has the address.
fn somebody(user: Option<&UserId>, email: &str) -> Subject {
    user.map_or_else(|| subject("address", email, email), |user| subject("user", user.as_str(), email))
}

fn membership(member: &MemberId, who: &Who) -> Vec<Subject> {
    vec![subject("member", member.as_str(), &who.email), who.subject()]
}

fn about_member(kind: Kind, account: AccountId, member: &MemberId, who: &Who) -> Record {
    done(kind, Log::Account(account), membership(member, who), None, None)
}

fn user_created(who: &Who, name: &str, terms: Option<String>) -> Record {
    let mut after = json!({ "name": name, "email": who.email });
    if let Some(terms) = terms {
        after["terms"] = terms.into();
    }
    done(Kind::UserCreated, Log::User(who.user.clone()), vec![who.subject()], None, Some(after))
}

fn done(kind: Kind, log: Log, subjects: Vec<Subject>, before: Option<Value>, after: Option<Value>) -> Record {
    Record { kind, log, outcome: Outcome::Done, subjects, before, after }
}

fn refused(kind: Kind, log: Log, subjects: Vec<Subject>, after: Value) -> Record {
    Record { kind, log, outcome: Outcome::Refused, subjects, before: None, after: Some(after) }
}

/// Roles as events show them.
#[must_use]
pub fn roles_value(roles: Roles) -> Value {
    json!({
        "developer": roles.developer.word(),
        "team": roles.team.word(),
        "billing": roles.billing.word(),
        "administrator": roles.administrator,
    })
}

/// What changed between two bodies of an event: field, before, after. Fields that stayed are left out.
#[must_use]
pub fn changes(before: Option<&Value>, after: Option<&Value>) -> Vec<(String, String, String)> {
    let mut all = std::collections::BTreeMap::<String, (String, String)>::new();
    if let Some(value) = before {
        flatten("", value, &mut |name, text| all.entry(name).or_default().0 = text);
    }
    if let Some(value) = after {
        flatten("", value, &mut |name, text| all.entry(name).or_default().1 = text);
    }
    all.into_iter().filter(|(_, (old, new))| old != new).map(|(name, (old, new))| (name, old, new)).collect()
}

fn flatten(path: &str, value: &Value, each: &mut impl FnMut(String, String)) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, inner, each);
            }
        }
        Value::String(text) => each(path.to_owned(), text.clone()),
        Value::Null => {}
        other => each(path.to_owned(), other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_an_object_a_verb_and_a_version() {
        for kind in Kind::ALL {
            let stem = kind.word().strip_suffix(".v0").unwrap();
            assert!(stem.contains('_') && stem.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{stem}");
        }
    }

    #[test]
    fn changes_show_what_changed_only() {
        let before = json!({ "name": "Ada", "roles": { "team": "invite", "billing": "none" } });
        let after = json!({ "name": "Ada", "roles": { "team": "manager", "billing": "none" }, "new": true });
        let expected = [("new", "", "true"), ("roles.team", "invite", "manager")];
        let found = changes(Some(&before), Some(&after));
        assert_eq!(found.iter().map(|(n, b, a)| (n.as_str(), b.as_str(), a.as_str())).collect::<Vec<_>>(), expected);
    }
}
