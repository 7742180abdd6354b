use frontdesk::rules::{letters::PATIENCE, time::Span};
use reqwest::{Method, StatusCode};

use crate::{
    kit::{Browser, House, READER, invitation_form, secret_in, sign_up_form},
    smtp::{Mode, Receiver},
};

/// A Frontdesk whose letters go to a receiver.
async fn posting() -> (House, Browser, Receiver) {
    let receiver = Receiver::start().await;
    let url = receiver.url();
    let (house, ada) = House::with_ada_and(|config| {
        config.smtp_url = url;
        config.mail_from = String::from("Acme desk <desk@acme.example>");
    })
    .await;
    (house, ada, receiver)
}

async fn invite(ada: &Browser, email: &str) {
    let page = ada.post("/accounts/acme/invitations/new", &invitation_form(email, READER)).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
}

async fn letter_state(ada: &Browser, email: &str) -> String {
    let one = ada.get(&format!("/accounts/acme/invitations?q={email}")).await.attributes("table.invitations a", "href").remove(0);
    ada.get(&one).await.all("#invitation div:nth-child(4) dd").join(" ")
}

async fn waiting(house: &House) -> i64 {
    house.raw.number("SELECT COUNT(*) FROM outbox WHERE sent_at IS NULL AND failed_at IS NULL").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_arrives_and_its_link_works() {
    let (house, ada, receiver) = posting().await;
    invite(&ada, "Bob.B@bücher.example").await;
    assert!(house.deliver().await);
    let letters = receiver.taken();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].from.as_str(), letters[0].to.as_str()), ("desk@acme.example", "Bob.B@xn--bcher-kva.example"));
    for part in
        ["From: \"Acme desk\" <desk@acme.example>", "Subject: Ada Lovelace invites you to join Acme", "Auto-Submitted: auto-generated"]
    {
        assert!(letters[0].text.contains(part), "{part}: {}", letters[0].text);
    }
    assert!(letters[0].text.contains(&format!("{}/invitations/", house.running.base_url)), "{}", letters[0].text);
    assert!(letter_state(&ada, "bob").await.starts_with("Handed to the mail server"));
    assert!(ada.get("/accounts/acme/invitations").await.text().contains("Handed to the mail server"), "the list says how far it is too");
    // What it said is forgotten, and what it said in secret was never readable in the database.
    assert_eq!(house.raw.texts("SELECT body FROM outbox").await, [""]);
    let bob = house.visitor();
    let page = bob.post(&format!("/invitations/{}/sign-up", secret_in(&letters[0].text)), &sign_up_form("Bob")).await;
    assert_eq!(page.location(), crate::kit::OFFER, "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_sealed() {
    let (house, ada, receiver) = posting().await;
    receiver.behave(Mode::Closed);
    invite(&ada, "bob@example.com").await;
    let body = house.raw.texts("SELECT body FROM outbox").await.remove(0);
    assert!(!body.contains("Acme") && !body.contains("token") && body.len() > 100, "{body}");
    // Sealed for its own row: moved to another one it says nothing, and the letter is given up rather than mixed up.
    invite(&ada, "eve@example.com").await;
    house.raw.run(format!("UPDATE outbox SET body = '{body}' WHERE recipient = 'eve@example.com'")).await;
    receiver.behave(Mode::Take);
    house.deliver().await;
    assert_eq!(receiver.taken().iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(), ["bob@example.com"]);
    assert!(letter_state(&ada, "eve").await.contains("cannot be read any more"));
}

/// Down, refusing at the door, refusing for now: nothing is lost, and everything arrives once the server is back.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_while_the_server_is_away() {
    let (house, ada, receiver) = posting().await;
    receiver.behave(Mode::Closed);
    for n in 0..20 {
        invite(&ada, &format!("p{n}@example.com")).await;
    }
    assert!(!house.deliver().await);
    assert_eq!((waiting(&house).await, receiver.taken().len()), (20, 0));
    let says = letter_state(&ada, "p7@").await;
    assert!(says.starts_with("Waiting The mail server cannot be reached") && says.contains("closed for today"), "{says}");
    assert_eq!(ada.get("/accounts/acme/invitations").await.text().matches("Waiting").count(), 20);
    assert_eq!(house.raw.number("SELECT MAX(attempts) FROM outbox").await, 0, "no letter is to blame for it");
    house.wait(Span::hours(1));
    receiver.behave(Mode::Take);
    assert!(house.deliver().await);
    let mut to: Vec<_> = receiver.taken().into_iter().map(|letter| letter.to).collect();
    to.sort();
    to.dedup();
    assert_eq!((waiting(&house).await, to.len(), receiver.taken().len()), (0, 20, 20), "each of them once");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_for_now_is_tried_again_and_for_good_is_seen() {
    let (house, ada, receiver) = posting().await;
    for email in ["later@example.com", "reject@example.com", "bob@example.com"] {
        invite(&ada, email).await;
    }
    house.deliver().await;
    assert_eq!(receiver.taken().len(), 1, "one letter's trouble is not another's");
    assert!(letter_state(&ada, "later").await.contains("come back later"));
    let lost = letter_state(&ada, "reject").await;
    assert!(lost.starts_with("Not delivered") && lost.contains("nobody of that name"), "{lost}");
    let account = house.account_id("acme").await;
    let events = house.events(&account).await;
    assert_eq!(events.iter().filter(|event| *event == "letter_failed.v0").count(), 1);
    house.deliver().await;
    assert_eq!(house.raw.number("SELECT attempts FROM outbox WHERE recipient = 'later@example.com'").await, 1, "not before its time");
    house.wait(Span::seconds(30));
    house.deliver().await;
    assert_eq!(house.raw.number("SELECT attempts FROM outbox WHERE recipient = 'later@example.com'").await, 2);
    house.wait(PATIENCE);
    house.deliver().await;
    assert!(letter_state(&house.signed_in("ada@example.com").await, "later").await.starts_with("Not delivered"));
    assert_eq!(waiting(&house).await, 0);
}

/// Taken, but not acknowledged: the letter goes out once more, as the same letter, so that mailboxes can tell.
#[tokio::test(flavor = "multi_thread")]
async fn taken_without_a_word_is_sent_again_as_the_same_letter() {
    let (house, ada, receiver) = posting().await;
    receiver.behave(Mode::Drop);
    invite(&ada, "bob@example.com").await;
    house.deliver().await;
    assert_eq!(waiting(&house).await, 1);
    receiver.behave(Mode::Take);
    house.wait(Span::minutes(1));
    assert!(house.deliver().await);
    let line = |text: &str, name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let letters = receiver.taken();
    assert_eq!(letters.len(), 2);
    for name in ["Message-ID: ", "Date: ", "Subject: "] {
        assert_eq!(line(&letters[0].text, name), line(&letters[1].text, name));
    }
    assert_eq!(secret_in(&letters[0].text), secret_in(&letters[1].text));
}

/// What is no longer true when the server is back does not go out.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_stays_here() {
    let (house, ada, receiver) = posting().await;
    receiver.behave(Mode::Closed);
    invite(&ada, "bob@example.com").await;
    house.deliver().await;
    house.wait(Span::days(8));
    receiver.behave(Mode::Take);
    let ada = house.signed_in("ada@example.com").await;
    invite(&ada, "carl@example.com").await;
    assert!(house.deliver().await);
    assert_eq!(receiver.taken().iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(), ["carl@example.com"]);
    assert!(letter_state(&ada, "bob").await.contains("could not be delivered in time"));
}

/// Letters that cannot be delivered, however many, keep no other waiting.
#[tokio::test(flavor = "multi_thread")]
async fn hopeless_letters_keep_no_other_waiting() {
    let (house, ada, receiver) = posting().await;
    for n in 0..10 {
        invite(&ada, &format!("reject{n}@example.com")).await;
    }
    invite(&ada, "bob@example.com").await;
    assert!(house.deliver().await);
    assert_eq!(receiver.taken().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_send_each_letter_once() {
    let (house, ada, receiver) = posting().await;
    receiver.behave(Mode::Closed);
    let other = house.beside(|_| {}).await;
    for n in 0..60 {
        invite(&ada, &format!("p{n}@example.com")).await;
    }
    receiver.behave(Mode::Take);
    let (one, two) = tokio::join!(house.running.deliver(), other.running.deliver());
    assert!(one.is_ok() && two.is_ok());
    // What the one has taken and the other has not seen any more may still be on its way.
    for _ in 0..100 {
        if waiting(&house).await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let mut to: Vec<_> = receiver.taken().into_iter().map(|letter| letter.to).collect();
    assert_eq!((to.len(), waiting(&house).await), (60, 0));
    to.sort();
    to.dedup();
    assert_eq!(to.len(), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_before_it_leaves_stays_here() {
    let (house, ada, receiver) = posting().await;
    receiver.behave(Mode::Closed);
    invite(&ada, "bob@example.com").await;
    invite(&ada, "carl@example.com").await;
    let id = house.raw.texts("SELECT id FROM invitations WHERE canonical = 'bob@example.com'").await.remove(0);
    assert_eq!(ada.post(&format!("/accounts/acme/invitations/{id}/revoke"), &[]).await.status, StatusCode::SEE_OTHER);
    receiver.behave(Mode::Take);
    assert!(house.deliver().await);
    assert_eq!(receiver.taken().iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(), ["carl@example.com"]);
}

/// Whatever a request says of hosts, links lead to the configured one; where it is another host's, nothing is done.
#[tokio::test(flavor = "multi_thread")]
async fn links_lead_to_the_configured_place() {
    let receiver = Receiver::start().await;
    let url = receiver.url();
    let (house, ada) = House::with_ada_and(|config| config.smtp_url = url).await;
    let form = crate::kit::form(&invitation_form("bob@example.com", READER));
    let own = house.running.address.to_string();
    for headers in [
        vec![("host", "evil.example")],
        vec![("host", "evil.example"), ("x-forwarded-host", own.as_str())],
        vec![("host", own.as_str()), ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example;proto=https")],
    ] {
        let mut headers = headers;
        headers.push(("sec-fetch-site", "same-origin"));
        let page = ada.send(Method::POST, "/accounts/acme/invitations/new", Some(form.clone()), &headers).await;
        let expected = if headers[0].1 == own { StatusCode::SEE_OTHER } else { StatusCode::MISDIRECTED_REQUEST };
        assert_eq!(page.status, expected, "{headers:?}");
    }
    assert!(house.deliver().await);
    let letters = receiver.taken();
    assert_eq!(letters.len(), 1);
    let text = letters[0].text.replace("=\r\n", "");
    assert!(!text.contains("evil"), "{text}");
    let links = text.matches("http").count();
    assert!(links >= 3 && links == text.matches(&house.running.base_url).count(), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_letters_are_files_and_go_in_time() {
    let (house, ada) = House::with_ada().await;
    house.invite(&ada, "bob@example.com", READER).await;
    assert!(house.deliver().await);
    let folder = house.config.data_dir.join("mail");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    assert!(letter_state(&ada, "bob").await.starts_with("No mail: hand over the link"));
    // By then they are old by the house's clock and by that of the folder.
    house.wait(Span::days(3_650));
    house.running.chores().await.unwrap();
    assert_eq!((std::fs::read_dir(&folder).unwrap().count(), house.raw.number("SELECT COUNT(*) FROM outbox").await), (0, 0));
}

/// A server that hangs keeps letters waiting, and nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_keeps_nobody_waiting() {
    let (house, ada, receiver) = posting().await;
    receiver.behave(Mode::Hang);
    invite(&ada, "bob@example.com").await;
    for _ in 0..200 {
        if receiver.connections() > 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    // The letter is under way and hangs; inviting, reading and writing go on.
    for n in 0..10 {
        invite(&ada, &format!("p{n}@example.com")).await;
        assert_eq!(ada.get("/accounts/acme/invitations").await.status, StatusCode::OK);
    }
    assert_eq!((waiting(&house).await, receiver.taken().len()), (11, 0));
}
