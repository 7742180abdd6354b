use frontdesk::rules::time::Span;
use reqwest::{Method, StatusCode};

use crate::kit::{Browser, House, READER, UNTOUCHED};

async fn left(browser: &Browser, account: &str) -> i64 {
    let page = browser.get(&format!("/me/idle?account={account}")).await;
    assert_eq!(page.status, StatusCode::OK);
    page.body.split(' ').next().unwrap().parse().unwrap()
}

async fn shorten(ada: &Browser, minutes: &str) {
    let form = [("session_idle", minutes.to_owned()), ("seen", UNTOUCHED.to_owned())];
    let page = ada.post("/accounts/acme/settings/security", &form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
}

/// SES-09: what pages ask by themselves keeps no session alive; whoever says that they are there does.
#[tokio::test(flavor = "multi_thread")]
async fn only_people_keep_their_sessions_alive() {
    let (house, ada) = House::with_ada().await;
    shorten(&ada, "5").await;
    assert_eq!(
        ada.get("/accounts/acme").await.attributes("#idle", "data-idle"),
        ["285"],
        "what is noted lags behind by at most 15 seconds"
    );
    assert_eq!(ada.get("/me").await.attributes("#idle", "data-idle"), [(12 * 3_600 - 60).to_string()]);
    for minute in 1..5 {
        house.wait(Span::minutes(1));
        assert_eq!(left(&ada, "acme").await, 300 - 60 * minute);
        assert_eq!(left(&ada, "").await, 12 * 3_600 - 60 * minute);
        let polled = ada.send(Method::GET, "/accounts/acme/members", None, &[("x-frontdesk-background", "yes")]).await;
        assert_eq!(polled.status, StatusCode::OK);
        assert_eq!(left(&ada, "acme").await, 300 - 60 * minute, "nobody was there");
    }
    let stayed = ada.post("/me/idle?account=acme", &[]).await;
    assert_eq!((stayed.status, stayed.body.as_str()), (StatusCode::OK, "300"));
    house.wait(Span::minutes(4));
    assert_eq!(ada.get("/accounts/acme").await.status, StatusCode::OK, "she said that she was there");
    house.wait(Span::minutes(5));
    assert_eq!(left(&ada, "acme").await, 0);
    assert_eq!(ada.post("/me/idle?account=acme", &[]).await.body, "0 idle", "too late for this account");
    assert!(ada.get("/accounts/acme").await.location().starts_with("/login?why=idle"));
    assert_eq!(ada.get("/me").await.status, StatusCode::OK, "and not elsewhere");

    house.wait(house.config.sessions.idle);
    assert_eq!(left(&ada, "").await, 0);
    assert_eq!(ada.post("/me/idle", &[]).await.body, "0 idle", "what is over stays over");
    assert!(ada.get("/me").await.location().starts_with("/login"));
    assert_eq!(house.visitor().get("/me/idle?account=acme").await.body, "0 ended");
}

/// What is left is asked for one's own session, and tells nothing of accounts that one is not in.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_tells_nothing_of_others() {
    let (house, ada) = House::with_ada().await;
    shorten(&ada, "5").await;
    house.account("other").await;
    let bob = house.signed_in(&house.member("other", "bob", READER).await).await;
    house.wait(Span::minutes(1));
    for slug in ["acme", "nowhere", "%2e%2e", "other&account=acme"] {
        let page = bob.get(&format!("/me/idle?account={slug}")).await;
        assert!(page.status == StatusCode::BAD_REQUEST || page.body == (12 * 3_600 - 60).to_string(), "{slug}: {}", page.body);
    }
}
