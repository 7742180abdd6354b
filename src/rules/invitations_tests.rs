use super::*;
use crate::rules::members::{Billing, Developer, Team};

const NOW: Millis = Millis(1_795_262_400_000);
const INVITER: Roles = Roles { developer: Developer::ReadWrite, team: Team::Invite, billing: Billing::None, administrator: false };
const MANAGER: Roles = Roles { team: Team::Manager, ..INVITER };

fn link() -> Link {
    let inviter = Some(Inviter { roles: MANAGER, is_disabled: false, access_until: None });
    Link {
        is_replaced: false,
        closed: None,
        expires_at: NOW.plus(LIVES),
        offered: INVITER,
        inviter,
        has_seat: true,
        is_domain_let_in: true,
        is_refused_here: false,
    }
}

#[test]
fn an_open_link_gives_what_was_offered() {
    assert_eq!(offer(NOW, &link()), Ok(Offer { roles: INVITER, is_lowered: false, access_until: None }));
}

#[test]
fn it_ends_at_the_millisecond() {
    let link = link();
    assert!(offer(Millis(link.expires_at.0 - 1), &link).is_ok());
    assert_eq!(offer(link.expires_at, &link), Err(Ended::Expired));
    assert_eq!(state(link.expires_at, None, link.expires_at), State::Expired);
}

#[test]
fn every_end_has_its_reason() {
    let inviter = |change: fn(&mut Inviter)| {
        let mut inviter = link().inviter.unwrap();
        change(&mut inviter);
        Link { inviter: Some(inviter), ..link() }
    };
    for (link, why) in [
        (Link { closed: Some(Closed::Accepted), ..link() }, Ended::Used),
        (Link { closed: Some(Closed::Declined), ..link() }, Ended::Declined),
        (Link { closed: Some(Closed::Revoked), is_replaced: true, ..link() }, Ended::Revoked),
        (Link { closed: Some(Closed::Expired), ..link() }, Ended::Expired),
        (Link { closed: Some(Closed::InviterGone), ..link() }, Ended::InviterGone),
        (Link { closed: Some(Closed::AccountDeleted), ..link() }, Ended::AccountDeleted),
        (Link { is_replaced: true, ..link() }, Ended::Replaced),
        (Link { inviter: None, ..link() }, Ended::InviterGone),
        (inviter(|inviter| inviter.is_disabled = true), Ended::InviterGone),
        (inviter(|inviter| inviter.access_until = Some(NOW)), Ended::InviterGone),
        (inviter(|inviter| inviter.roles.team = Team::ReadOnly), Ended::InviterMayNot),
        (Link { has_seat: false, ..link() }, Ended::Full),
        (Link { is_refused_here: true, ..link() }, Ended::Elsewhere),
        (Link { is_domain_let_in: false, ..link() }, Ended::Domain),
    ] {
        assert_eq!(offer(NOW, &link), Err(why), "{link:?}");
    }
}

#[test]
fn nobody_gets_more_than_the_inviter_has_now() {
    let offered = Roles { billing: Billing::Access, ..Roles::ADMINISTRATOR };
    let inviter = Some(Inviter { roles: INVITER, is_disabled: false, access_until: Some(NOW.plus(Span(1))) });
    let offer = offer(NOW, &Link { offered, inviter, ..link() }).unwrap();
    assert_eq!(offer, Offer { roles: INVITER, is_lowered: true, access_until: Some(NOW.plus(Span(1))) }, "nor for longer");
}

#[test]
fn only_a_mailed_link_proves_an_address() {
    for (own, mail, copy) in [
        (None, Holder::Visitor, Holder::Visitor),
        (Some(Address::Proven), Holder::Invited, Holder::Invited),
        (Some(Address::UnprovenHere), Holder::Invited, Holder::Invited),
        (Some(Address::Unproven), Holder::Invited, Holder::Unproven),
        (Some(Address::Foreign), Holder::SomebodyElse, Holder::SomebodyElse),
    ] {
        assert_eq!((holder(Purpose::Mail, own), holder(Purpose::Copy, own)), (mail, copy));
    }
}

#[test]
fn zero_seats_are_any_number() {
    assert!(has_seat(1_000_000, 0) && has_seat(4, 5) && !has_seat(5, 5));
}

#[test]
fn a_form_names_every_fault() {
    let faults = Draft { team: "manager".into(), ..Draft::blank() }.check().unwrap_err();
    assert_eq!(faults.iter().map(|fault| fault.field).collect::<Vec<_>>(), ["email", "team"]);
    let faults = Draft::default().check().unwrap_err();
    assert_eq!(faults.iter().map(|fault| fault.field).collect::<Vec<_>>(), ["email", "developer", "team", "billing"]);
}
