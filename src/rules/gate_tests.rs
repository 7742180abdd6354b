use super::{super::time::Span, *};

const NOW: Millis = Millis(1_790_000_000_000);
const LIMITS: Limits = Limits { idle: Span::hours(1), lifetime: Span::hours(10) };
const POLICY: Policy = Policy { instance: LIMITS, limits: LIMITS, ip: Ip::Allowed, sso: Sso::Off, mfa: Mfa::Off };
const MEMBER: Member = Member { disabled_at: None, access_until: None, before_first_idp: false };

fn session(proofs: &[Proof]) -> Session {
    let times = Times { created_at: NOW, last_seen_at: NOW, ended: None };
    Session { times, proofs: proofs.to_vec(), has_factor: false, ended_here: false, seen_here: NOW }
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
    session.ended_here = true;
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
    session.ended_here = false;
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
