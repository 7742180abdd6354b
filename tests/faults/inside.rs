//! Something that breaks inside a request: one answer says so, with an id to ask about, and nobody else notices.

use reqwest::StatusCode;

use crate::{
    kit::{House, READER, invitation_form},
    say,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_breaks_in_one_request_stays_there() {
    let (house, ada) = House::with_ada().await;
    let other = house.signed_in("ada@example.com").await;
    house.raw.run("ALTER TABLE invitations RENAME TO hidden").await;
    let (mut broken, mut fine) = (0, 0);
    for n in 0..30 {
        // At the same moment somebody wants what is broken, and somebody else what is not.
        let form = invitation_form(&format!("person{n}@example.com"), READER);
        let (reading, writing, looking) = tokio::join!(
            ada.get("/accounts/acme/invitations"),
            ada.post("/accounts/acme/invitations/new", &form),
            other.get("/accounts/acme/events")
        );
        for page in [reading, writing] {
            assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
            let id = page.header("x-request-id").to_owned();
            assert!(id.starts_with("op_") && page.text().contains(&id), "{}", page.text());
            assert!(!page.body.contains("invitations ") && !page.body.contains("no such table"), "nothing of what broke: {}", page.text());
            broken += 1;
        }
        assert_eq!(looking.status, StatusCode::OK);
        fine += 1;
    }
    let events = house.raw.number("SELECT COUNT(*) FROM events WHERE type = 'invitation_created.v0'").await;
    house.raw.run("ALTER TABLE hidden RENAME TO invitations").await;
    // No session, lock or connection was left behind.
    assert_eq!(ada.get("/accounts/acme/invitations").await.status, StatusCode::OK);
    let page = ada.post("/accounts/acme/invitations/new", &invitation_form("later@example.com", READER)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    say(&format!("REL-15 broken={broken} beside_them_fine={fine} events_of_nothing={events}"));
    assert_eq!(events, 0);
}
