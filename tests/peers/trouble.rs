//! Mail servers in trouble: no letter is lost, none is sent twice but where nobody can know, and pages stay fast meanwhile.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{
    desk::{Desk, INVITATIONS},
    receiver::{Receiver, header, recipient},
};

/// Within this, everything is delivered after a server has come back.
const BACK: Duration = Duration::from_mins(2);

/// Every letter has come to whom it was for, each once.
fn assert_each_once(letters: &[Value], emails: &[String]) {
    let mut came: Vec<_> = letters.iter().map(recipient).collect();
    came.sort();
    let mut emails = emails.to_vec();
    emails.sort();
    assert_eq!(came, emails);
}

/// Invites so many; answers their addresses.
async fn invite(desk: &mut Desk, count: usize) -> Vec<String> {
    let emails: Vec<_> = (0..count).map(|n| format!("guest{n}@example.com")).collect();
    for email in &emails {
        desk.invite(email).await;
    }
    emails
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_gets_everything_once_it_is_back() {
    let mut receiver = Receiver::new(None);
    let mut desk = Desk::open(&receiver.url(None)).await;
    let emails = invite(&mut desk, 12).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    receiver.start();
    let (letters, took) = receiver.wait_for(emails.len(), BACK).await;
    println!("down for five seconds: everything delivered {took:?} after its return");
    assert_each_once(&letters, &emails);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_slows_no_page_and_gets_everything_later() {
    let receiver = Receiver::running("hang");
    let mut desk = Desk::open(&receiver.url(None)).await;
    let emails = invite(&mut desk, 6).await;
    let began = Instant::now();
    let mut times = Vec::new();
    while began.elapsed() < Duration::from_secs(12) {
        for path in ["/accounts/acme", INVITATIONS, "/accounts/acme/members"] {
            let asked = Instant::now();
            assert_eq!(desk.ada.get(path).await.unwrap().status, 200);
            times.push(asked.elapsed());
        }
    }
    times.sort();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    println!("hanging: {} pages, p50 {:?}, p99 {:?}, longest {:?}", times.len(), at(50), at(99), at(100));
    assert!(at(99) < Duration::from_secs(2));
    assert!(receiver.letters().is_empty());
    receiver.mode("accept");
    let (letters, took) = receiver.wait_for(emails.len(), BACK).await;
    println!("hanging: everything delivered {took:?} after its return");
    assert_each_once(&letters, &emails);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_patience_is_asked_again() {
    let receiver = Receiver::running("tempfail");
    let mut desk = Desk::open(&receiver.url(None)).await;
    let emails = invite(&mut desk, 3).await;
    desk.list_that_says("come back later", Duration::from_secs(20)).await;
    receiver.mode("accept");
    let (letters, took) = receiver.wait_for(emails.len(), BACK).await;
    println!("put off: everything delivered {took:?} after its return");
    assert_each_once(&letters, &emails);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_refuses_for_good_is_shown_to_whoever_may_help() {
    let receiver = Receiver::running("accept");
    let mut desk = Desk::open(&receiver.url(None)).await;
    desk.invite("refused@example.com").await;
    desk.invite("taken@example.com").await;
    let (letters, _) = receiver.wait_for(1, Duration::from_secs(20)).await;
    assert_each_once(&letters, &["taken@example.com".to_owned()]);
    desk.list_that_says("There is no such mailbox here", Duration::from_secs(20)).await;
    let events = desk.ada.get("/accounts/acme/events?type=letter_failed.v0").await.unwrap().text();
    assert!(events.contains("refused@example.com"), "{events}");
}

/// Nobody can know whether a letter was taken by who hangs up instead of saying so: it is sent again, as the same letter.
#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_instead_of_thanking_gets_the_same_letter_again() {
    let receiver = Receiver::running("drop");
    let mut desk = Desk::open(&receiver.url(None)).await;
    desk.invite("grace@example.com").await;
    let (letters, took) = receiver.wait_for(2, BACK).await;
    println!("dropped: delivered again after {took:?}");
    for name in ["message-id", "date", "subject", "to", "from"] {
        assert_eq!(header(&letters[0], name), header(&letters[1], name), "{name}");
    }
    assert_eq!(letters[0]["text"], letters[1]["text"]);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(receiver.letters().len(), 2);
}

/// A wrong password is no fault of the letters.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_loses_nothing() {
    let mut receiver = Receiver::new(Some(["desk", "right"]));
    receiver.start();
    let mut desk = Desk::open(&receiver.url(Some(["desk", "wrong"]))).await;
    desk.invite("grace@example.com").await;
    desk.list_that_says("535", Duration::from_secs(20)).await;
    let events = desk.ada.get("/accounts/acme/events?type=letter_failed.v0").await.unwrap().text();
    assert!(!events.contains("grace@example.com"), "{events}");
    assert!(receiver.letters().is_empty());
}

/// A server with room for one connection at a time turns others away: they come back, and nothing is given up.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowded_server_gets_everything_in_turn() {
    in_turn("crowded").await;
}

/// The same for one that says so as if for good. It says so of itself, and not of a letter.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_turns_connections_away_for_good_gets_everything_in_turn() {
    in_turn("closed").await;
}

async fn in_turn(mode: &str) {
    let mut receiver = Receiver::new(None);
    let mut desk = Desk::open(&receiver.url(None)).await;
    let emails = invite(&mut desk, 8).await;
    receiver.mode(mode);
    receiver.start();
    let began = Instant::now();
    while receiver.letters().len() < emails.len() {
        let list = desk.ada.get(INVITATIONS).await.unwrap();
        let letters = list.all("table.invitations td:last-child").join("; ");
        assert!(!letters.contains("Not delivered"), "{mode}: given up after {:?}: {letters}", began.elapsed());
        assert!(began.elapsed() < BACK, "{mode}: after {BACK:?}: {letters}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("{mode}: everything delivered in {:?}", began.elapsed());
    assert_each_once(&receiver.letters(), &emails);
}
