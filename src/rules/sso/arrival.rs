//! Where it leads when somebody arrives whom a provider knows and this account does not: one pure decision (product §2.7, §2.10, §2.11).
//!
//! An address that a provider says proves nothing by itself: it makes nobody who they are, and links nobody to a user who is there. Who
//! has a user proves that in a session; whose address is not of a domain that the account has verified confirms it by a letter.

use crate::rules::{provisioning::Provisioning, words::words};

/// Who sits at the browser besides, by a proof of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Nobody,
    /// A member of the account whom this provider does not know yet.
    Member,
    /// A member of the account whom this provider knows as somebody else.
    LinkedOtherwise,
    /// A user who is no member.
    Stranger,
    /// Nobody; but the provider knows a user by it who is no member.
    KnownStranger,
}

/// What is known of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct Mailbox {
    /// Whether the account has verified its domain.
    pub is_of_account: bool,
    /// Whether they have confirmed it by a letter.
    pub is_confirmed: bool,
    /// Whether the account lets its domain in.
    pub is_let_in: bool,
    /// Whether a user has proven that it is theirs.
    pub is_taken: bool,
}

/// Everything that the decision rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// How people become members.
    pub provisioning: Provisioning,
    /// The address: of a stranger's user, or that the provider says; `None` where that is none.
    pub mailbox: Option<Mailbox>,
    /// Whether the account has room.
    pub has_seat: bool,
    /// Whether the account's IP restriction refuses where they come from.
    pub is_refused_here: bool,
    /// Who sits at the browser.
    pub holder: Holder,
    /// Whether they hold the link of an invitation to the address that the provider says, which is open to them.
    pub is_invited: bool,
}

words! {
    /// Why there is no way in.
    Closed {
        Elsewhere = "ip", "This account does not allow access from your network address.";
        LinkedOtherwise = "linked_otherwise", "The provider knows your user as somebody else already. An administrator can take that link away.";
        Invitation = "invitation", "Nobody of this account is known by this sign-in, and people join it by invitation. Ask an administrator for one.";
        NoAddress = "no_address", "The provider says no email address of yours, and nobody joins without one. Whoever runs the provider can add it.";
        Unproven = "unproven", "Nobody has checked that your own address is yours. Confirm it on your security page first.";
        Domain = "domain", "This account does not let in addresses of this domain.";
        Seats = "seats", "This account has no free seat. An administrator can make room.";
    }
}

/// Where it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The member who sits there is linked, once they say so.
    Link,
    /// They become a member as somebody new, once they say so.
    Join,
    /// They become a member as the user who they are, once they say so.
    JoinAsThemselves,
    /// They confirm their address by a letter first.
    Confirm,
    /// There is a user with this address: they sign in as that first.
    SignIn,
    /// Nowhere.
    Closed(Closed),
}

/// The decision; the most severe first.
#[must_use]
pub fn way(facts: Facts) -> Way {
    if facts.is_refused_here {
        return Way::Closed(Closed::Elsewhere);
    }
    match facts.holder {
        Holder::Member => return Way::Link,
        Holder::LinkedOtherwise => return Way::Closed(Closed::LinkedOtherwise),
        Holder::Nobody | Holder::Stranger | Holder::KnownStranger => {}
    }
    // Whoever holds the link that was mailed to the address reads its letters.
    if facts.is_invited && facts.holder == Holder::Nobody {
        return if facts.mailbox.is_some_and(|mailbox| mailbox.is_taken && (mailbox.is_confirmed || mailbox.is_of_account)) {
            Way::SignIn
        } else {
            Way::Join
        };
    }
    if facts.provisioning == Provisioning::Invitation {
        return Way::Closed(Closed::Invitation);
    }
    // They were here, and come back as whom they are, by a proof of their own.
    if facts.holder == Holder::KnownStranger {
        return Way::SignIn;
    }
    let Some(mailbox) = facts.mailbox else { return Way::Closed(Closed::NoAddress) };
    if !mailbox.is_let_in {
        return Way::Closed(Closed::Domain);
    }
    if !facts.has_seat {
        return Way::Closed(Closed::Seats);
    }
    if facts.holder == Holder::Stranger {
        return if mailbox.is_confirmed { Way::JoinAsThemselves } else { Way::Closed(Closed::Unproven) };
    }
    // Before it is said whether anybody has the address: whoever asks may not read its letters.
    if !mailbox.is_of_account && !mailbox.is_confirmed {
        return Way::Confirm;
    }
    if mailbox.is_taken { Way::SignIn } else { Way::Join }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn anything() -> impl Strategy<Value = Facts> {
        let holder = prop_oneof![
            Just(Holder::Nobody),
            Just(Holder::Member),
            Just(Holder::LinkedOtherwise),
            Just(Holder::Stranger),
            Just(Holder::KnownStranger)
        ];
        let mailbox = proptest::option::of(any::<[bool; 4]>());
        (any::<[bool; 4]>(), mailbox, holder).prop_map(|([jit, has_seat, is_refused_here, is_invited], mailbox, holder)| Facts {
            is_invited,
            provisioning: if jit { Provisioning::JustInTime } else { Provisioning::Invitation },
            mailbox: mailbox.map(|[is_of_account, is_confirmed, is_let_in, is_taken]| Mailbox {
                is_of_account,
                is_confirmed,
                is_let_in,
                is_taken,
            }),
            has_seat,
            is_refused_here,
            holder,
        })
    }

    proptest! {
        #[test]
        fn nobody_is_linked_who_does_not_sit_there(facts in anything()) {
            prop_assert!(way(facts) != Way::Link || facts.holder == Holder::Member);
            let is_proven = facts.mailbox.is_some_and(|mailbox| mailbox.is_confirmed);
            prop_assert!(way(facts) != Way::JoinAsThemselves || (facts.holder == Holder::Stranger && is_proven));
        }

        #[test]
        fn somebody_new_has_a_seat_and_an_address_that_is_shown_to_be_theirs_and_nobodys(facts in anything()) {
            if way(facts) == Way::Join && !facts.is_invited {
                let mailbox = facts.mailbox.unwrap();
                prop_assert!(facts.has_seat && mailbox.is_let_in && !mailbox.is_taken);
                prop_assert!(mailbox.is_of_account || mailbox.is_confirmed);
                prop_assert_eq!(facts.provisioning, Provisioning::JustInTime);
            }
        }

        #[test]
        fn whether_an_address_is_taken_is_told_to_its_owner_alone(facts in anything()) {
            let other = Facts { mailbox: facts.mailbox.map(|mailbox| Mailbox { is_taken: !mailbox.is_taken, ..mailbox }), ..facts };
            let is_shown = facts.mailbox.is_some_and(|mailbox| mailbox.is_of_account || mailbox.is_confirmed);
            prop_assert!(way(facts) == way(other) || is_shown);
        }

        #[test]
        fn where_people_join_by_invitation_nobody_joins(facts in anything()) {
            let facts = Facts { provisioning: Provisioning::Invitation, is_invited: false, ..facts };
            prop_assert!(matches!(way(facts), Way::Link | Way::Closed(_)));
        }
    }
}
