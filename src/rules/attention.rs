//! What in an account needs somebody's attention, and what to do about it.

use super::{
    permissions::{Permission, Rights},
    time::Span,
};

/// How soon an end is worth saying.
pub const SOON: Span = Span::days(2);
/// How soon the end of a guest's access is worth saying.
pub const ACCESS_SOON: Span = Span::days(7);
/// After how long without a visit somebody may not need their access any more.
pub const QUIET: Span = Span::days(90);
/// How long it is said that an invitation expired: after that it is history.
pub const LATELY: Span = Span::days(30);

/// What is counted in an account.
#[derive(Clone, Copy, Debug, Default)]
#[expect(missing_docs, reason = "each says what it counts")]
pub struct Counts {
    pub members: i64,
    pub administrators: i64,
    pub unconfirmed: i64,
    pub quiet: i64,
    pub guests_ending: i64,
    pub guests_over: i64,
    pub invitations_ending: i64,
    pub invitations_expired: i64,
    pub letters_failed: i64,
    pub letters_waiting: i64,
    pub warned: i64,
}

/// One thing that needs attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attention {
    /// What it is, in a sentence.
    pub sentence: String,
    /// How bad it is: whether something is broken, or only to be looked at.
    pub is_urgent: bool,
    /// What to do.
    pub step: &'static str,
    /// The path behind the account's where it is done.
    pub path: &'static str,
}

/// What needs the attention of somebody with these rights, the worst first. What they can do nothing about is not theirs.
#[must_use]
pub fn attention(counts: Counts, rights: &Rights) -> Vec<Attention> {
    let mut found = Vec::new();
    let mut say = |is_urgent: bool, sentence: String, label: &'static str, path: &'static str, permission: Permission| {
        if rights.allow(permission) {
            found.push(Attention { sentence, is_urgent, step: label, path });
        }
    };
    let Counts { administrators, unconfirmed, quiet, guests_ending, guests_over, .. } = counts;
    if counts.letters_failed > 0 {
        let sentence = counted(
            counts.letters_failed,
            "letter about an invitation was",
            "letters about invitations were",
            "given up: the mail server did not take it.",
        );
        say(true, sentence, "See which, and send again", "/invitations?state=undelivered", Permission::ReadInvitations);
    }
    if counts.letters_waiting > 0 {
        let sentence = "Letters wait, because the mail server cannot be talked to.".to_owned();
        say(true, sentence, "See what it says", "/invitations?state=open", Permission::ReadInvitations);
    }
    if administrators <= 1 {
        let sentence = "There is one administrator only. If they lose their access, nobody can give it back to them from here.".to_owned();
        // Only administrators make administrators.
        let (step, path) = if counts.members > 1 {
            ("Make somebody else an administrator", "/members")
        } else {
            ("Invite somebody as an administrator", "/invitations/new")
        };
        say(true, sentence, step, path, Permission::ManageAccount);
    }
    if counts.warned > 0 {
        let sentence =
            counted(counts.warned, "visit came", "visits came", "from where an IP restriction will refuse it once it is enforced.");
        say(false, sentence, "Look who it was", "/ip-restrictions", Permission::ManageIpRestrictions);
    }
    if counts.invitations_ending > 0 {
        let sentence = counted(counts.invitations_ending, "invitation expires", "invitations expire", "within two days.");
        say(false, sentence, "Look, and send again", "/invitations?state=ending", Permission::ResendInvitations);
    }
    if counts.invitations_expired > 0 {
        let sentence = counted(counts.invitations_expired, "invitation has", "invitations have", "expired unanswered.");
        say(false, sentence, "Send again or take back", "/invitations?state=expired", Permission::ResendInvitations);
    }
    if guests_over > 0 {
        let sentence = counted(guests_over, "guest's access is", "guests' access is", "over; they are still listed.");
        say(false, sentence, "Remove them, or let them in longer", "/members?status=over", Permission::SetAccessPeriods);
    }
    if guests_ending > 0 {
        let sentence = counted(guests_ending, "guest's access ends", "guests' access ends", "within seven days.");
        say(false, sentence, "Look who", "/members?status=ending", Permission::SetAccessPeriods);
    }
    if unconfirmed > 0 {
        let sentence = counted(unconfirmed, "member has", "members have", "an address that nobody has confirmed.");
        say(false, sentence, "Look who, and ask them to confirm it", "/members?status=unconfirmed", Permission::InviteMembers);
    }
    if quiet > 0 {
        let sentence = counted(quiet, "member has", "members have", "not been here for 90 days.");
        say(false, sentence, "Ask whether they still need access", "/members?status=quiet", Permission::RemoveMembers);
    }
    found
}

fn counted(count: i64, one: &str, many: &str, rest: &str) -> String {
    format!("{count} {} {rest}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{
        members::{Billing, Developer, Roles, Team},
        permissions::rights,
    };

    #[test]
    fn each_is_said_to_who_may_do_something_about_it() {
        let all = Counts {
            members: 9,
            administrators: 1,
            unconfirmed: 1,
            quiet: 2,
            guests_ending: 1,
            guests_over: 1,
            invitations_ending: 1,
            invitations_expired: 3,
            letters_failed: 1,
            letters_waiting: 1,
            warned: 2,
        };
        let found = attention(all, &rights(Roles::ADMINISTRATOR));
        assert_eq!(found.len(), 10);
        assert!(found[..3].iter().all(|one| one.is_urgent) && !found[3..].iter().any(|one| one.is_urgent));
        assert_eq!(found[5].sentence, "3 invitations have expired unanswered.");
        let alone = attention(Counts { members: 1, ..all }, &rights(Roles::ADMINISTRATOR));
        assert_eq!(alone[2].path, "/invitations/new");
        let reader = Roles { developer: Developer::ReadOnly, team: Team::ReadOnly, billing: Billing::None, administrator: false };
        assert_eq!(attention(all, &rights(reader)), []);
        let manager = rights(Roles { team: Team::Manager, ..reader });
        assert!(attention(all, &manager).iter().all(|one| !one.sentence.contains("one administrator")));
    }
}
