use super::{super::time::Span, *};

const NOW: Millis = Millis(1_790_000_000_000);
const LIMITS: Limits = Limits { idle: Span::hours(1), lifetime: Span::hours(10) };
const POLICY: Policy = Policy { instance: LIMITS, limits: LIMITS, ip: Ip::Allowed, sso: Sso::Off, mfa: Mfa::Off };
const MEMBER: Member = Member { disabled_at: None, access_until: None, before_first_idp: false };

fn session(proofs: &[Proof]) -> Session {
    let times = Times { created_at: NOW, last_seen_at: NOW, ended: None };
    Session { times, proofs: proofs.to_vec(), has_factor: false, ended_here: None, seen_here: NOW }
}

fn idp(account: &str) -> Proof {
    Proof::Idp { account: account.to_owned() }
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
    let ask = |policy, member, session: &Session| account(NOW, "ac_1", policy, member, session);

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
    assert!(admitted(&account(NOW, "ac_1", POLICY, Some(MEMBER), &session)));
    assert_eq!(account(NOW, "ac_2", POLICY, Some(MEMBER), &session), Verdict::Step(Step::OwnProof));
    assert_eq!(person(NOW, POLICY.limits, &session), Verdict::Step(Step::OwnProof));
    let enforced = Policy { sso: Sso::Enforced, ..POLICY };
    assert_eq!(account(NOW, "ac_2", enforced, Some(MEMBER), &session), Verdict::Step(Step::Sso));
}

#[test]
fn mixed_mode_knows_members_from_before() {
    let mixed = Policy { sso: Sso::Mixed, ..POLICY };
    let by_password = session(&[Proof::Password]);
    let early = Member { before_first_idp: true, ..MEMBER };
    assert!(admitted(&account(NOW, "ac_1", mixed, Some(early), &by_password)));
    assert_eq!(account(NOW, "ac_1", mixed, Some(MEMBER), &by_password), Verdict::Step(Step::Sso));
}

#[test]
fn a_factor_is_asked_of_who_has_one_and_demanded_by_policy() {
    let mut by_password = session(&[Proof::Password]);
    assert!(admitted(&account(NOW, "ac_1", POLICY, Some(MEMBER), &by_password)));
    by_password.has_factor = true;
    assert_eq!(account(NOW, "ac_1", POLICY, Some(MEMBER), &by_password), Verdict::Step(Step::Mfa));
    assert_eq!(person(NOW, POLICY.limits, &by_password), Verdict::Step(Step::Mfa));
    let except = Policy { mfa: Mfa::RequiredExceptSso, ..POLICY };
    assert!(admitted(&account(NOW, "ac_1", except, Some(MEMBER), &session(&[idp("ac_1")]))));
    assert_eq!(account(NOW, "ac_1", except, Some(MEMBER), &session(&[Proof::Password])), Verdict::Step(Step::MfaEnrolment));
    assert!(admitted(&account(NOW, "ac_1", except, Some(MEMBER), &session(&[Proof::Passkey]))));
}

#[test]
fn access_periods_end_at_the_moment() {
    let guest = Member { access_until: Some(NOW), ..MEMBER };
    let by_password = session(&[Proof::Password]);
    let before = NOW.minus(Span(1));
    assert_eq!(account(before, "ac_1", POLICY, Some(guest), &by_password), Verdict::Admit { warnings: vec![Warning::AccessEnds(NOW)] });
    assert_eq!(account(NOW, "ac_1", POLICY, Some(guest), &by_password), Verdict::Refuse(Refusal::AccessOver));
}

#[test]
fn a_session_without_proofs_opens_nothing() {
    let bare = session(&[]);
    assert_eq!(person(NOW, POLICY.limits, &bare), Verdict::Step(Step::OwnProof));
    assert_eq!(account(NOW, "ac_1", POLICY, Some(MEMBER), &bare), Verdict::Step(Step::OwnProof));
    assert_eq!(account(NOW, "ac_1", POLICY, Some(MEMBER), &session(&[Proof::Factor])), Verdict::Step(Step::OwnProof));
}

#[test]
fn words_of_proofs_are_read_back() {
    for proof in [Proof::Password, Proof::Factor, Proof::Passkey, Proof::Social, idp("ac_1")] {
        let account = matches!(proof, Proof::Idp { .. }).then(|| "ac_1".to_owned());
        assert_eq!(Proof::parse(proof.word(), account), Some(proof));
    }
    assert_eq!(Proof::parse("idp", None), None);
    assert_eq!(Proof::parse("", None), None);
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
        Verdict::Step(Step::OwnProof) => 7,
        Verdict::Step(Step::Mfa) => 8,
        Verdict::Step(Step::MfaEnrolment) => 9,
        Verdict::Step(Step::FreshProof) => panic!("the gate of an account does not ask for it"),
        Verdict::Admit { .. } => 10,
    }
}

/// Everything that can be the matter, in every combination: there is one answer to each, it is never milder than that to one of
/// its parts alone, and nobody is admitted where anything is the matter.
#[test]
fn no_weaker_demand_hides_a_stronger_one() {
    type Trouble = fn(&mut Policy, &mut Option<Member>, &mut Session);
    let troubles: [(u8, Trouble); 9] = [
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
    let proofs: [&[Proof]; 6] =
        [&[], &[Proof::Password], &[Proof::Password, Proof::Factor], &[Proof::Passkey], &[idp("ac_1")], &[idp("ac_2")]];
    let mut asked = 0;
    for combination in 0..1_u32 << troubles.len() {
        for proofs in proofs {
            for mfa in Mfa::ALL {
                for has_factor in [false, true] {
                    let (mut policy, mut member) = (Policy { mfa: *mfa, ..POLICY }, Some(MEMBER));
                    let mut session = Session { has_factor, ..session(proofs) };
                    let mut worst = severity(&account(NOW, "ac_1", policy, member, &session));
                    for (bit, (severity, trouble)) in troubles.iter().enumerate() {
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
                    let verdict = account(NOW, "ac_1", policy, member, &session);
                    assert_eq!(severity(&verdict), worst, "{combination:09b} {proofs:?} {mfa:?} {has_factor}: {verdict:?}");
                    asked += 1;
                }
            }
        }
    }
    assert_eq!(asked, 512 * 6 * 3 * 2);
}
