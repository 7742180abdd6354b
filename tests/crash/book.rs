//! What clients remember: every change that an answer has called done, and what came of all others.

use crate::kit::Page;

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    Rename,
    OwnName,
    Roles,
    Disable,
    Enable,
    SignIn,
    Invite,
    Resend,
    OfferedRoles,
    Revoke,
    SignUp,
    Accept,
    Decline,
    Leave,
}

impl Deed {
    pub const ALL: &[Self] = &[
        Self::Rename,
        Self::OwnName,
        Self::Roles,
        Self::Disable,
        Self::Enable,
        Self::SignIn,
        Self::Invite,
        Self::Resend,
        Self::OfferedRoles,
        Self::Revoke,
        Self::SignUp,
        Self::Accept,
        Self::Decline,
        Self::Leave,
    ];

    /// The events that its request leaves.
    pub fn events(self) -> &'static [&'static str] {
        match self {
            Self::Rename => &["account_updated.v0"],
            Self::OwnName => &["user_updated.v0"],
            Self::Roles => &["membership_updated.v0"],
            Self::Disable => &["membership_disabled.v0"],
            Self::Enable => &["membership_enabled.v0"],
            Self::SignIn => &["user_login_succeeded.v0"],
            Self::Invite => &["invitation_created.v0"],
            Self::Resend => &["invitation_resent.v0"],
            Self::OfferedRoles => &["invitation_updated.v0"],
            Self::Revoke => &["invitation_revoked.v0"],
            Self::SignUp => &["user_created.v0", "user_login_succeeded.v0", "membership_created.v0", "invitation_accepted.v0"],
            Self::Accept => &["membership_created.v0", "invitation_accepted.v0"],
            Self::Decline => &["invitation_declined.v0"],
            Self::Leave => &["membership_deleted.v0"],
        }
    }
}

/// A change that somebody was told is done.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    pub deed: Deed,
    /// The id of the request, which its events carry.
    pub request: String,
    /// A name or an address that its events tell of.
    pub about: String,
}

/// All that clients remember.
#[derive(Default)]
pub struct Book {
    pub acknowledged: Vec<Acknowledged>,
    /// Changes refused because somebody else was faster.
    pub refused: u64,
    /// Changes whose answer never came, or said that something is wrong at present: done or not, nobody was told.
    pub open: u64,
    /// Answers that should not be.
    pub surprises: Vec<String>,
}

impl Book {
    /// Writes down what the answer to a change says; true where it says that the change is done. Done is what leads on to
    /// `to`, or shows right away what has the id `to`.
    pub fn note(&mut self, deed: Deed, answer: Option<&Page>, to: &str, about: &str) -> bool {
        let Some(page) = answer else {
            self.open += 1;
            return false;
        };
        match page.status.as_u16() {
            303 if page.location() == to => {}
            200 if to.starts_with('#') && !page.attributes(to, "id").is_empty() => {}
            409 | 422 => {
                self.refused += 1;
                return false;
            }
            500..=599 => {
                self.open += 1;
                return false;
            }
            status => {
                self.surprises.push(format!("{deed:?} of {about} was answered by {status} {} {}", page.location(), page.text()));
                return false;
            }
        }
        let request = page.header("x-request-id").to_owned();
        self.acknowledged.push(Acknowledged { deed, request, about: about.to_owned() });
        true
    }

    /// Adds what another book remembers.
    pub fn take(&mut self, other: &mut Self) {
        self.acknowledged.append(&mut other.acknowledged);
        self.surprises.append(&mut other.surprises);
        self.refused += std::mem::take(&mut other.refused);
        self.open += std::mem::take(&mut other.open);
    }

    /// How often each kind of change was acknowledged.
    pub fn by_deed(&self) -> Vec<(Deed, usize)> {
        let count = |deed: Deed| self.acknowledged.iter().filter(|done| done.deed == deed).count();
        Deed::ALL.iter().map(|deed| (*deed, count(*deed))).collect()
    }
}
