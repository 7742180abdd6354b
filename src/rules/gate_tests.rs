use super::{super::time::Span, *};

/// What is asked for where it does not matter.
const ANY: Permission = Permission::ViewAccount;

const NOW: Millis = Millis(1_790_000_000_000);
const LIMITS: Limits = Limits { idle: Span::hours(1), lifetime: Span::hours(10) };
const POLICY: Policy = Policy { instance: LIMITS, limits: LIMITS, ip: Ip::Allowed, sso: Sso::Off, mfa: Mfa::Off };
const MEMBER: Member = Member { disabled_at: None, access_until: None, before_first_idp: false };

fn session(proofs: &[Proof]) -> Session {
    let times = Times { created_at: NOW, last_seen_at: NOW, ended: None };
    Session { times, proofs: proofs.to_vec(), has_factor: false, ended_here: None, seen_here: NOW }
}

fn idp(account: &str) -> Proof {
    Proof::Idp { account: account.to_owned(), idp: "idp_1".to_owned() }
}

fn rescued(account: &str, at: Millis) -> Proof {
    Proof::Rescue { account: account.to_owned(), at }
}

fn admitted(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Admit { .. })
}

#[test]
fn the_order_of_demands_is_the_specification() {
    // Everything is wrong at once; mending one thing at a time shows the next.
    let mut policy = Policy { ip: Ip::Refused, sso: Sso::Enforced, mfa: Mfa::Required, ..POLICY };
    let mut member = None;
    let mut session = session(&[Proof::Password]);
    session.times.ended = Some(End::SignedOut);
    session.ended_here = Some(End::EndedInAccount);
    let ask = |policy, member, session: &Session| account(NOW, "ac_1", policy, member, session, ANY);

    assert_eq!(ask(policy, member, &session), Verdict::Step(Step::SignIn(End::SignedOut)));
    session.times.ended = None;
    assert_eq!(ask(policy, member, &session), Verdict::Refuse(Refusal::NotAMember));
    member = Some(Member { disabled_at: Some(NOW), access_until: Some(NOW), before_first_idp: true });
    assert_eq!(ask(policy, member, &session), Verdict::Refuse(Refusal::Disabled));
    member = member.map(|m| Member { disabled_at: None, ..m });
    assert_eq!(ask(policy, member, &session), Verdict::Refuse(Refusal::AccessOver));
    member = member.map(|m| Member { access_until: None, ..m });
    assert_eq!(ask(policy, member, &session), Verdict::Step(Step::SignIn(End::EndedInAccount)));
    session.ended_here = None;
    assert_eq!(ask(policy, member, &session), Verdict::Refuse(Refusal::Ip));
    policy.ip = Ip::Warned;
    assert_eq!(ask(policy, member, &session), Verdict::Step(Step::Sso));
    session.proofs.push(idp("ac_1"));
    assert_eq!(ask(policy, member, &session), Verdict::Step(Step::MfaEnrolment));
    session.has_factor = true;
    assert_eq!(ask(policy, member, &session), Verdict::Step(Step::Mfa));
    session.proofs.push(Proof::Factor);
    assert_eq!(ask(policy, member, &session), Verdict::Admit { warnings: vec![Warning::IpWouldRefuse] });
}

#[test]
fn a_proof_by_one_accounts_provider_opens_that_account_alone() {
    let session = session(&[idp("ac_1")]);
    assert!(admitted(&account(NOW, "ac_1", POLICY, Some(MEMBER), &session, ANY)));
    assert_eq!(account(NOW, "ac_2", POLICY, Some(MEMBER), &session, ANY), Verdict::Step(Step::OwnProof));
    assert_eq!(person(NOW, POLICY.limits, &session), Verdict::Step(Step::OwnProof));
    let enforced = Policy { sso: Sso::Enforced, ..POLICY };
    assert_eq!(account(NOW, "ac_2", enforced, Some(MEMBER), &session, ANY), Verdict::Step(Step::Sso));
}

#[test]
fn mixed_mode_knows_members_from_before() {
    let mixed = Policy { sso: Sso::Mixed, ..POLICY };
    let by_password = session(&[Proof::Password]);
    let early = Member { before_first_idp: true, ..MEMBER };
    assert!(admitted(&account(NOW, "ac_1", mixed, Some(early), &by_password, ANY)));
    assert_eq!(account(NOW, "ac_1", mixed, Some(MEMBER), &by_password, ANY), Verdict::Step(Step::Sso));
}

#[test]
fn a_factor_is_asked_of_who_has_one_and_demanded_by_policy() {
    let mut by_password = session(&[Proof::Password]);
    assert!(admitted(&account(NOW, "ac_1", POLICY, Some(MEMBER), &by_password, ANY)));
    by_password.has_factor = true;
    assert_eq!(account(NOW, "ac_1", POLICY, Some(MEMBER), &by_password, ANY), Verdict::Step(Step::Mfa));
    assert_eq!(person(NOW, POLICY.limits, &by_password), Verdict::Step(Step::Mfa));
    let except = Policy { mfa: Mfa::RequiredExceptSso, ..POLICY };
    assert!(admitted(&account(NOW, "ac_1", except, Some(MEMBER), &session(&[idp("ac_1")]), ANY)));
    assert_eq!(account(NOW, "ac_1", except, Some(MEMBER), &session(&[Proof::Password]), ANY), Verdict::Step(Step::MfaEnrolment));
    assert!(admitted(&account(NOW, "ac_1", except, Some(MEMBER), &session(&[Proof::Passkey]), ANY)));
}

#[test]
fn access_periods_end_at_the_moment() {
    let guest = Member { access_until: Some(NOW), ..MEMBER };
    let by_password = session(&[Proof::Password]);
    let before = NOW.minus(Span(1));
    assert_eq!(
        account(before, "ac_1", POLICY, Some(guest), &by_password, ANY),
        Verdict::Admit { warnings: vec![Warning::AccessEnds(NOW)] }
    );
    assert_eq!(account(NOW, "ac_1", POLICY, Some(guest), &by_password, ANY), Verdict::Refuse(Refusal::AccessOver));
}

#[test]
fn a_session_without_proofs_opens_nothing() {
    let bare = session(&[]);
    assert_eq!(person(NOW, POLICY.limits, &bare), Verdict::Step(Step::OwnProof));
    assert_eq!(account(NOW, "ac_1", POLICY, Some(MEMBER), &bare, ANY), Verdict::Step(Step::OwnProof));
    assert_eq!(account(NOW, "ac_1", POLICY, Some(MEMBER), &session(&[Proof::Factor]), ANY), Verdict::Step(Step::OwnProof));
}

#[test]
fn words_of_proofs_are_read_back() {
    for proof in [Proof::Password, Proof::Factor, Proof::Passkey, Proof::Social, idp("ac_1"), rescued("ac_1", NOW)] {
        assert_eq!(Proof::parse(proof.word(), proof.account().map(str::to_owned), proof.idp(), NOW), Some(proof));
    }
    for word in ["idp", "rescue", ""] {
        assert_eq!(Proof::parse(word, None, "", NOW), None, "{word}");
    }
}

/// How severe a demand is: the specification's order, written down once more, for the test below.
fn severity(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Step(Step::SignIn(End::SignedOut | End::TooOld)) => 0,
        Verdict::Refuse(Refusal::NotAMember) => 1,
        Verdict::Refuse(Refusal::Disabled) => 2,
        Verdict::Refuse(Refusal::AccessOver) => 3,
        Verdict::Step(Step::SignIn(_)) => 4,
        Verdict::Refuse(Refusal::Ip) => 5,
        Verdict::Step(Step::Sso) => 6,
        Verdict::Step(Step::OwnProof | Step::BeyondRescue) => 7,
        Verdict::Step(Step::Mfa) => 8,
        Verdict::Step(Step::MfaEnrolment) => 9,
        Verdict::Step(Step::FreshProof) => panic!("the gate of an account does not ask for it"),
        Verdict::Admit { .. } => 10,
    }
}

type Trouble = fn(&mut Policy, &mut Option<Member>, &mut Session);

/// What can be the matter, and how severe it is.
const TROUBLES: [(u8, Trouble); 9] = [
    (0, |_, _, session| session.times.ended = Some(End::SignedOut)),
    (0, |policy, _, _| policy.instance.lifetime = Span(0)),
    (1, |_, member, _| *member = None),
    (2, |_, member, _| *member = member.map(|member| Member { disabled_at: Some(NOW), ..member })),
    (3, |_, member, _| *member = member.map(|member| Member { access_until: Some(NOW), ..member })),
    (4, |_, _, session| session.ended_here = Some(End::EndedInAccount)),
    (4, |_, _, session| session.seen_here = NOW.minus(Span::hours(2))),
    (5, |policy, _, _| policy.ip = Ip::Refused),
    (6, |policy, _, _| policy.sso = Sso::Mixed),
];

/// Everything that can be the matter, in every combination: there is one answer to each, it is never milder than that to one of
/// its parts alone, and nobody is admitted where anything is the matter.
#[test]
fn no_weaker_demand_hides_a_stronger_one() {
    let proofs: [&[Proof]; 6] =
        [&[], &[Proof::Password], &[Proof::Password, Proof::Factor], &[Proof::Passkey], &[idp("ac_1")], &[idp("ac_2")]];
    let mut asked = 0;
    for combination in 0..1_u32 << TROUBLES.len() {
        for proofs in proofs {
            for mfa in Mfa::ALL {
                for has_factor in [false, true] {
                    let (mut policy, mut member) = (Policy { mfa: *mfa, ..POLICY }, Some(MEMBER));
                    let mut session = Session { has_factor, ..session(proofs) };
                    let mut worst = severity(&account(NOW, "ac_1", policy, member, &session, ANY));
                    for (bit, (severity, trouble)) in TROUBLES.iter().enumerate() {
                        if combination >> bit & 1 == 1 {
                            trouble(&mut policy, &mut member, &mut session);
                            // Through the account's own provider nothing is owed to it.
                            if *severity != 6 || !proofs.contains(&idp("ac_1")) {
                                worst = worst.min(*severity);
                            }
                        }
                    }
                    // Where nobody is a member, nothing of the member is the matter.
                    if member.is_none() {
                        worst = worst.min(1);
                    }
                    let verdict = account(NOW, "ac_1", policy, member, &session, ANY);
                    assert_eq!(severity(&verdict), worst, "{combination:09b} {proofs:?} {mfa:?} {has_factor}: {verdict:?}");
                    for wants in Permission::ALL {
                        assert_eq!(account(NOW, "ac_1", policy, member, &session, *wants), verdict, "{wants:?}");
                    }
                    asked += 1;
                }
            }
        }
    }
    assert_eq!(asked, 512 * 6 * 3 * 2);
}

/// The same for sessions that came by a rescue link: it passes over what one may be locked out by, in its own account, on the
/// security pages, within its hour; and it never admits anywhere else, whatever stands beside it.
#[test]
fn a_rescue_link_opens_the_security_pages_of_one_account_and_nothing_else() {
    let hour_ago = NOW.minus(rescue::LASTS);
    let links = [
        ("ac_1", NOW),
        ("ac_1", Millis(hour_ago.0 + 1)),
        ("ac_1", hour_ago),
        ("ac_1", NOW.plus(rescue::LASTS)),
        ("ac_2", NOW),
        ("ac_2", hour_ago),
    ];
    let mut admissions = 0;
    for combination in 0..1_u32 << TROUBLES.len() {
        for (where_to, at) in links {
            for mfa in Mfa::ALL {
                for has_factor in [false, true] {
                    let (mut policy, mut member) = (Policy { mfa: *mfa, ..POLICY }, Some(MEMBER));
                    let mut session = Session { has_factor, ..session(&[rescued(where_to, at)]) };
                    let mut worst = 10;
                    for (bit, (severity, trouble)) in TROUBLES.iter().enumerate() {
                        if combination >> bit & 1 == 1 {
                            trouble(&mut policy, &mut member, &mut session);
                            worst = worst.min(*severity);
                        }
                    }
                    let is_open = rescue::open_until(at, NOW).is_some();
                    let told = if is_open { Step::BeyondRescue } else { Step::SignIn(End::RescueOver) };
                    assert!(!admitted(&person(NOW, policy.instance, &session)));
                    for wants in Permission::ALL {
                        let verdict = account(NOW, "ac_1", policy, member, &session, *wants);
                        let says = format!("{combination:09b} {where_to} {at:?} {mfa:?} {has_factor} {wants:?}: {verdict:?}");
                        match (worst, where_to) {
                            (0..=4, _) | (5 | 6, "ac_2") => assert_eq!(severity(&verdict), worst, "{says}"),
                            (_, "ac_1") if is_open && wants.is_of_security() => {
                                assert_eq!(verdict, Verdict::Admit { warnings: vec![Warning::Rescued(at.plus(rescue::LASTS))] }, "{says}");
                                admissions += 1;
                            }
                            _ => assert_eq!(verdict, Verdict::Step(told), "{says}"),
                        }
                        if ![ANY, Permission::ManageSecurity].contains(wants) {
                            continue;
                        }
                        // Whatever else the session may come to prove, the link adds nothing to it.
                        for more in [Proof::Password, Proof::Factor, Proof::Passkey, idp("ac_1"), idp("ac_2")] {
                            let alone = Session { proofs: vec![more.clone()], ..session.clone() };
                            let both = Session { proofs: vec![rescued(where_to, at), more], ..session.clone() };
                            let ask = |session: &Session| account(NOW, "ac_1", policy, member, session, *wants);
                            assert_eq!(ask(&both), ask(&alone), "{says}");
                            assert_eq!(person(NOW, policy.instance, &both), person(NOW, policy.instance, &alone));
                        }
                    }
                }
            }
        }
    }
    // With each or none of the two troubles that it passes over, in two moments of its hour, with and without a factor.
    let of_security = Permission::ALL.iter().filter(|permission| permission.is_of_security()).count();
    assert_eq!(admissions, 4 * 2 * Mfa::ALL.len() * 2 * of_security);
}
