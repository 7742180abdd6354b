use frontdesk::{protocols::totp::Authenticator, rules::time::Span};
use reqwest::StatusCode;

use crate::kit::{Browser, House, PASSWORD, Page, READER, UNTOUCHED};

/// Somebody's authenticator and recovery codes.
pub struct Factor {
    pub authenticator: Authenticator,
    pub codes: Vec<String>,
}

impl Factor {
    /// The code of this moment.
    pub fn code(&self, house: &House) -> String {
        self.authenticator.code(house.now())
    }

    /// The code of a moment before or after.
    fn code_in(&self, house: &House, span: Span) -> String {
        self.authenticator.code(house.now().plus(span))
    }
}

/// The secret that is offered to somebody.
pub async fn offered(browser: &Browser) -> Authenticator {
    let page = browser.post("/me/security/factor", &[]).await;
    assert_eq!(page.location(), "/me/security/factor", "{}", page.text());
    let page = browser.get("/me/security/factor").await;
    assert!(page.body.contains("<svg viewBox"), "{}", page.text());
    Authenticator::read(&page.all("#secret").remove(0), "").unwrap()
}

async fn confirm(browser: &Browser, code: &str) -> Page {
    browser.post("/me/security/factor/confirm", &[("code", code.to_owned())]).await
}

/// Sets a second factor up, and waits until its next code can be given.
pub async fn set_up(house: &House, browser: &Browser) -> Factor {
    let authenticator = offered(browser).await;
    let page = confirm(browser, &authenticator.code(house.now())).await;
    let codes = page.all("#codes code");
    assert_eq!(codes.len(), 10, "{}", page.text());
    house.wait(Span::seconds(30));
    Factor { authenticator, codes }
}

async fn give(browser: &Browser, code: &str) -> Page {
    browser.post("/login/mfa", &[("code", code.to_owned()), ("next", "/me/sessions".into())]).await
}

/// Somebody who has given the right password.
async fn half(house: &House, email: &str) -> Browser {
    let browser = house.visitor();
    assert_eq!(browser.sign_in(email, PASSWORD).await.location(), "/login/mfa");
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_asked_for_once_it_is_confirmed() {
    let (house, ada) = House::with_ada().await;
    let elsewhere = house.signed_in("ada@example.com").await;
    let authenticator = offered(&ada).await;
    assert_eq!(house.visitor().sign_in("ada@example.com", PASSWORD).await.location(), "/accounts", "it does not count yet");
    for wrong in ["", "12345", "000000"] {
        let page = confirm(&ada, wrong).await;
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && !page.fault("code").is_empty(), "{wrong}: {}", page.text());
    }
    let before = ada.cookie();
    let page = confirm(&ada, &authenticator.code(house.now())).await;
    let codes = page.all("#codes code");
    assert_eq!(codes.len(), 10, "{}", page.text());
    assert!(codes.iter().all(|code| code.len() == 19 && page.attributes("a[download]", "href")[0].contains(&code.replace('-', "%2D"))));
    assert_ne!(ada.cookie(), before, "the session is worth more, and has a new cookie");
    let old = house.visitor();
    old.set_cookie(before);
    assert!(old.get("/me").await.location().starts_with("/login"), "the old cookie opens nothing");
    assert!(elsewhere.get("/me").await.location().starts_with("/login?why=factor_changed"));
    let page = ada.get("/me/security").await;
    assert!(page.text().contains("10 recovery codes left"), "{}", page.text());

    let visitor = half(&house, "ada@example.com").await;
    assert!(visitor.get("/accounts").await.location().starts_with("/login"), "half a sign-in is no session");
    assert_eq!(visitor.get("/login/mfa").await.attributes("#code", "autocomplete"), ["one-time-code"]);
    let page = give(&visitor, "000000").await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.fault("code").starts_with("This code is not right"), "{}", page.text());
    assert_eq!(give(&visitor, &authenticator.code(house.now())).await.status, StatusCode::UNPROCESSABLE_ENTITY, "it set the factor up");
    house.wait(Span::seconds(30));
    let half_cookie = visitor.cookie();
    assert_eq!(give(&visitor, &authenticator.code(house.now())).await.location(), "/me/sessions");
    assert_ne!(visitor.cookie(), half_cookie);
    assert_eq!(visitor.get("/accounts/acme").await.status, StatusCode::OK);

    let letters = house.letters_to("ada@example.com").await;
    assert!(letters.len() == 1 && letters[0].contains("A second factor was set up for ada@example.com"), "{letters:?}");
    let log = house.events(&house.user_id("ada@example.com").await).await;
    assert_eq!(
        log[3..],
        [
            "mfa_offered.v0",
            "user_login_succeeded.v0",
            "session_ended.v0",
            "session_ended.v0",
            "mfa_enabled.v0",
            "user_login_failed.v0",
            "user_login_failed.v0",
            "user_login_succeeded.v0"
        ]
    );
}

/// MFA-01/02: once per step, one step to either side, nobody else's.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_taken_once_and_in_its_time() {
    let (house, ada) = House::with_ada().await;
    let factor = set_up(&house, &ada).await;
    house.wait(Span::minutes(5));
    for away in [-60, 60, 90] {
        let visitor = half(&house, "ada@example.com").await;
        let page = give(&visitor, &factor.code_in(&house, Span::seconds(away))).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{away}");
    }
    let spaced = |code: String| format!(" {} {} ", &code[..3], &code[3..]);
    let visitor = half(&house, "ada@example.com").await;
    assert_eq!(give(&visitor, &spaced(factor.code_in(&house, Span::seconds(-30)))).await.location(), "/me/sessions");
    let again = half(&house, "ada@example.com").await;
    assert_eq!(give(&again, &factor.code_in(&house, Span::seconds(-30))).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(give(&again, &factor.code_in(&house, Span::seconds(30))).await.location(), "/me/sessions");
    let late = half(&house, "ada@example.com").await;
    assert_eq!(give(&late, &factor.code(&house)).await.status, StatusCode::UNPROCESSABLE_ENTITY, "a later one was taken");

    house.wait(Span::minutes(1));
    let bob = house.member("acme", "bob", READER).await;
    let other = set_up(&house, &house.signed_in(&bob).await).await;
    let visitor = half(&house, &bob).await;
    assert_eq!(give(&visitor, &factor.code(&house)).await.status, StatusCode::UNPROCESSABLE_ENTITY, "somebody else's");
    assert_eq!(give(&visitor, &factor.codes[0]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "somebody else's");
    assert_eq!(give(&visitor, &other.code(&house)).await.location(), "/me/sessions");
}

/// MFA-03.
#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_works_once_however_it_is_typed() {
    let (house, ada) = House::with_ada().await;
    let factor = set_up(&house, &ada).await;
    let visitor = half(&house, "ada@example.com").await;
    assert_eq!(give(&visitor, &factor.codes[0].to_lowercase().replace('-', " ")).await.location(), "/me/sessions");
    let again = half(&house, "ada@example.com").await;
    assert_eq!(give(&again, &factor.codes[0]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(visitor.get("/me/security").await.text().contains("9 recovery codes left"));

    let page = visitor.post("/me/security/recovery-codes", &[]).await;
    let new = page.all("#codes code");
    assert!(new.len() == 10 && new.iter().all(|code| !factor.codes.contains(code)));
    assert_eq!(give(&again, &factor.codes[1]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "the old set is dead");
    assert_eq!(give(&again, &new[1]).await.location(), "/me/sessions");
    let log = house.events(&house.user_id("ada@example.com").await).await;
    for kind in ["mfa_recovery_code_used.v0", "mfa_recovery_codes_regenerated.v0"] {
        assert!(log.iter().any(|event| event == kind), "{kind} in {log:?}");
    }
}

/// MFA-04.
#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_at_once_one_gets_in() {
    let (house, ada) = House::with_ada_and(|config| {
        config.codes.user = 1_000;
        (config.lockouts.wrong, config.lockouts.everywhere, config.lockouts.day) = (1_000, 1_000, 1_000);
        config.attempts.address = 1_000;
        config.attempts.network = 1_000;
    })
    .await;
    let factor = set_up(&house, &ada).await;
    for code in [factor.code(&house), factor.codes[0].clone()] {
        let mut browsers = Vec::new();
        for _ in 0..50 {
            browsers.push(half(&house, "ada@example.com").await);
        }
        let answers = futures_util::future::join_all(browsers.iter().map(|browser| give(browser, &code))).await;
        let mut seen: Vec<_> = answers.iter().map(|page| page.status.as_u16()).collect();
        seen.sort_unstable();
        assert_eq!((seen[0], seen[1], seen[49]), (303, 422, 422), "{seen:?}");
    }
}

/// MFA-05: one budget on all screens and in all sessions, whatever passwords are given in between.
#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_counted_together() {
    let (house, ada) = House::with_ada_and(|config| (config.lockouts.wrong, config.lockouts.everywhere) = (1_000, 1_000)).await;
    let factor = set_up(&house, &ada).await;
    for guess in 0..10 {
        let page = if guess % 2 == 0 {
            give(&half(&house, "ada@example.com").await, "000000").await
        } else {
            ada.post("/prove", &[("code", "000000".into())]).await
        };
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{guess}: {}", page.text());
    }
    let visitor = half(&house, "ada@example.com").await;
    for code in [factor.code(&house), factor.codes[0].clone()] {
        let page = give(&visitor, &code).await;
        assert!(page.status == StatusCode::TOO_MANY_REQUESTS && page.text().contains("Try again in"), "{}", page.text());
        assert_eq!(ada.post("/prove", &[("code", code)]).await.status, StatusCode::TOO_MANY_REQUESTS);
    }
    let letters = house.letters_to("ada@example.com").await;
    assert_eq!(letters.iter().filter(|letter| letter.contains("Too many wrong codes were typed")).count(), 1, "{letters:?}");
    house.wait(Span::minutes(15));
    let visitor = half(&house, "ada@example.com").await;
    assert_eq!(give(&visitor, &factor.code(&house)).await.location(), "/me/sessions");
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_sign_in_does_not_wait_for_ever() {
    let (house, ada) = House::with_ada().await;
    let factor = set_up(&house, &ada).await;
    let late = half(&house, "ada@example.com").await;
    house.wait(Span::minutes(10));
    assert_eq!(late.get("/login/mfa").await.location(), "/login");
    assert_eq!(give(&late, &factor.code(&house)).await.location(), "/login?next=%2Fme%2Fsessions");
    assert_eq!(house.visitor().get("/login/mfa?next=/me").await.location(), "/login?next=%2Fme");

    // Another password in between ends it.
    let visitor = half(&house, "ada@example.com").await;
    house.visitor().post("/password/forgot", &[("email", "ada@example.com".into())]).await;
    let link = house.link_to("ada@example.com").await;
    house.visitor().post(&link, &[("password", "four entirely new words".into())]).await;
    assert_eq!(give(&visitor, &factor.code(&house)).await.location(), "/login?next=%2Fme%2Fsessions");
    // And a reset password does not do without the code (MFA-08).
    assert_eq!(house.visitor().sign_in("ada@example.com", "four entirely new words").await.location(), "/login/mfa");
}

/// SES-05, MFA-12/14: what changes how one signs in asks for a proof that is fresh.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_proof_does_not_open_what_is_worth_asking_again() {
    let (house, ada) = House::with_ada().await;
    house.wait(Span::minutes(10));
    assert_eq!(ada.post("/me/security/factor", &[]).await.location(), "/prove?next=%2Fme%2Fsecurity%2Ffactor");
    let page = ada.get("/prove?next=/me/security").await;
    assert!(page.attributes("#password", "autocomplete") == ["current-password"] && page.attributes("#code", "id").is_empty());
    let page = ada.post("/prove", &[("password", "not my password".into()), ("next", "/me/security".into())]).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.fault("password") == "This is not your password.", "{}", page.text());
    let before = ada.cookie();
    let page = ada.post("/prove", &[("password", PASSWORD.into()), ("next", "/me/security".into())]).await;
    assert_eq!(page.location(), "/me/security");
    assert_ne!(ada.cookie(), before, "a proof gives a new cookie");
    let factor = set_up(&house, &ada).await;

    // From now on it is the factor that proves, and the password alone is not enough.
    house.wait(Span::minutes(10));
    for path in ["/me/security/factor/remove", "/me/security/recovery-codes"] {
        assert!(ada.post(path, &[]).await.location().starts_with("/prove"), "{path}");
        assert_eq!(ada.get(path).await.location(), format!("/prove?next={}", path.replace('/', "%2F")));
    }
    let new = [("current", PASSWORD.to_owned()), ("password", "four entirely new words".to_owned())];
    assert!(ada.post("/me/security/password", &new).await.location().starts_with("/prove"));
    assert!(
        ada.post("/me/email", &[("email", "new@example.com".into()), ("password", PASSWORD.into())]).await.location().starts_with("/prove")
    );
    assert_eq!(ada.post("/prove", &[("password", PASSWORD.into())]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(ada.post("/prove", &[("code", factor.code(&house))]).await.location(), "/accounts");
    assert_eq!(ada.get("/me/security/factor/remove").await.status, StatusCode::OK);
    assert_eq!(ada.post("/me/security/factor/remove", &[]).await.location(), "/me/security");
    assert_eq!(house.visitor().sign_in("ada@example.com", PASSWORD).await.location(), "/accounts");
    assert!(house.letters_to("ada@example.com").await.last().unwrap().contains("was removed on"));
    let left = house.raw.number("SELECT (SELECT COUNT(*) FROM factors) + (SELECT COUNT(*) FROM recovery_codes)").await;
    assert_eq!(left, 0);
}

/// MFA-12: two tabs that set up at once end in one consistent state.
#[tokio::test(flavor = "multi_thread")]
async fn the_secret_that_was_shown_last_is_the_one() {
    let (house, ada) = House::with_ada().await;
    let first = offered(&ada).await;
    let second = offered(&ada).await;
    assert_ne!(first.secret(), second.secret());
    assert_eq!(confirm(&ada, &first.code(house.now())).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    house.wait(Span::minutes(30));
    ada.post("/prove", &[("password", PASSWORD.into())]).await;
    assert!(ada.get("/me/security/factor").await.all("button").contains(&"Begin".to_owned()), "it took too long");
    let page = confirm(&ada, &second.code(house.now())).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.all("button").contains(&"Begin".to_owned()), "{}", page.text());
    let factor = set_up(&house, &ada).await;
    assert_eq!(ada.post("/me/security/factor", &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "there is one already");
    assert_eq!(ada.get("/me/security/factor").await.location(), "/me/security");
    // Nothing secret is in the database as it is.
    let sealed = house.raw.texts("SELECT sealed FROM factors").await.remove(0);
    assert!(!sealed.contains(&factor.authenticator.secret()));
    let hashes = house.raw.texts("SELECT hash FROM recovery_codes").await;
    assert!(hashes.len() == 10 && hashes.iter().all(|hash| hash.len() == 64));
}

/// A second session may be somebody else's who knows the password: what was offered to one is not shown to another, and one
/// cannot plant a secret for the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_for_the_session_that_asked_for_it() {
    let (house, ada) = House::with_ada().await;
    let thief = house.signed_in("ada@example.com").await;
    let planted = offered(&thief).await;
    let page = ada.get("/me/security/factor").await;
    assert!(page.all("#secret").is_empty() && page.all("button").contains(&"Begin".to_owned()), "{}", page.text());
    assert_eq!(confirm(&ada, &planted.code(house.now())).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let own = offered(&ada).await;
    assert!(thief.get("/me/security/factor").await.all("#secret").is_empty());
    assert_eq!(confirm(&thief, &own.code(house.now())).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(confirm(&ada, &own.code(house.now())).await.all("#codes code").len(), 10);
}

/// Whoever only knows a password moves neither the address that the mailed code goes to, nor the factor that is demanded.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_demanded_comes_first_and_stays() {
    let (house, ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", READER).await;
    let browser = house.signed_in(&bob).await;
    let change = [("email", "bob@evil.example".to_owned()), ("password", PASSWORD.to_owned())];
    assert_eq!(browser.post("/me/email", &change).await.status, StatusCode::SEE_OTHER);
    let link = house.link_to("bob@evil.example").await;
    set_up(&house, &ada).await;
    let form = [("mfa", "required".to_owned()), ("seen", UNTOUCHED.to_owned())];
    assert_eq!(ada.post("/accounts/acme/settings/security", &form).await.status, StatusCode::SEE_OTHER);
    assert!(browser.post("/me/email", &change).await.location().starts_with("/me/security/factor"));
    assert!(browser.post(&link, &[]).await.location().starts_with("/me/security/factor"), "nor by an older link");
    let factor = set_up(&house, &browser).await;
    assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::OK);
    let page = browser.post("/me/security/factor/remove", &[]).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text().contains("demands a second factor"), "{}", page.text());

    // Once nothing demands it, it may go; what it has proven goes with it.
    let form = [("mfa", String::new()), ("seen", "required - - - - -".to_owned())];
    assert_eq!(ada.post("/accounts/acme/settings/security", &form).await.status, StatusCode::SEE_OTHER);
    browser.post("/prove", &[("code", factor.code(&house))]).await;
    assert_eq!(browser.post("/me/security/factor/remove", &[]).await.location(), "/me/security");
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM session_proofs WHERE kind = 'factor'").await, 1, "hers alone");
}
