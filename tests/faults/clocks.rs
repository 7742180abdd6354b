//! Clocks that jump: nothing panics, what was seen to be over stays over, nobody is locked out for longer than is
//! configured, and letters do not wait for a moment that never comes.

use std::{
    io::Read,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use frontdesk::rules::time::Span;
use reqwest::StatusCode;

use crate::{
    child::{start, terminate},
    desk::{Desk, set_up},
    kit::{House, PASSWORD, READER, Raw, invitation_form, new_database},
    say,
};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const TEN_YEARS: i64 = 3_652 * DAY;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_over_stays_over() {
    let (mut ended, mut revived) = (0, 0);
    for jump in [HOUR, DAY, TEN_YEARS] {
        let (house, ada) = House::with_ada_and(|config| config.sessions.idle = Span(HOUR)).await;
        // Seen to be over: by the clock's jump, or because it was.
        house.wait(Span(jump));
        let refused = ada.get("/accounts/acme").await;
        assert!(refused.location().starts_with("/login?why="), "{}", refused.text());
        ended += 1;
        house.wait(Span(-jump));
        for path in ["/accounts/acme", "/accounts", "/me"] {
            revived += u32::from(ada.get(path).await.status == StatusCode::OK);
        }
        assert_eq!(house.raw.number("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await, 0);
        // Whoever signs in under a clock that is days ahead is not signed in for years.
        house.wait(Span(jump));
        let later = house.signed_in("ada@example.com").await;
        assert_eq!(later.get("/accounts/acme").await.status, StatusCode::OK);
        house.wait(Span(-jump));
        let goes_on = later.get("/accounts/acme").await.status == StatusCode::OK;
        assert_eq!(goes_on, jump <= DAY, "{jump}");
        // And the other way: a clock that is behind lets everybody in who was, and lets them sign in.
        house.wait(Span(-jump));
        let early = house.signed_in("ada@example.com").await;
        assert_eq!(early.get("/accounts/acme").await.status, StatusCode::OK);
        house.wait(Span(jump));
        assert_eq!(house.signed_in("ada@example.com").await.get("/accounts/acme").await.status, StatusCode::OK);
        assert!(house.running.chores().await.is_ok());
    }
    say(&format!("REL-08 jumps=±1h,±1d,±10y ended={ended} revived={revived}"));
    assert_eq!(revived, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_open_by_the_clock_and_is_used_once() {
    let (house, ada) = House::with_ada().await;
    let link = house.invite(&ada, "bob@example.com", READER).await;
    let form = crate::kit::sign_up_form("Bob");
    let path = format!("/invitations/{link}/sign-up");
    house.wait(Span(TEN_YEARS));
    assert_ne!(house.visitor().post(&path, &form).await.status, StatusCode::SEE_OTHER, "expired");
    house.wait(Span(-TEN_YEARS));
    let bob = house.visitor().post(&path, &form).await;
    assert_eq!(bob.status, StatusCode::SEE_OTHER, "a link says itself until when it holds: {}", bob.text());
    for jump in [-HOUR, -DAY, TEN_YEARS, -2 * TEN_YEARS] {
        house.wait(Span(jump));
        assert_ne!(house.visitor().post(&path, &form).await.status, StatusCode::SEE_OTHER, "used");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_locked_out_for_longer_than_configured() {
    let (mut longest, mut jumps) = (0, 0);
    for jump in [0, HOUR, -HOUR, DAY, -DAY, TEN_YEARS, -TEN_YEARS] {
        let (house, ada) = House::with_ada_and(|config| config.lockouts.wrong = 3).await;
        drop(ada);
        let eve = house.visitor();
        for _ in 0..5 {
            eve.sign_in("ada@example.com", "four wrong words here").await;
        }
        assert_eq!(eve.sign_in("ada@example.com", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        house.wait(Span(jump));
        let mut seconds = 0;
        while eve.sign_in("ada@example.com", PASSWORD).await.status != StatusCode::SEE_OTHER {
            house.wait(Span::seconds(60));
            seconds += 60;
            assert!(seconds <= 960, "{jump}");
        }
        longest = longest.max(seconds);
        jumps += 1;
    }
    say(&format!("REL-08 jumps={jumps} longest_lock_out_s={longest} configured_s=900"));
    assert!(longest <= 960);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_does_not_wait_for_a_moment_that_never_comes() {
    // While the mail server is away letters wait; then there is none, and they are files.
    let (house, ada) = House::with_ada_and(|config| config.smtp_url = "smtp://127.0.0.1:1".into()).await;
    for name in ["bob", "eve"] {
        let page = ada.post("/accounts/acme/invitations/new", &invitation_form(&format!("{name}@example.com"), READER)).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    }
    let now = house.now().0;
    let mut config = house.stop().await;
    config.smtp_url = String::new();
    let raw = Raw::open(&config).await;
    raw.run(format!("UPDATE outbox SET next_attempt_at = {} WHERE recipient = 'bob@example.com'", now + TEN_YEARS)).await;
    raw.run(format!("UPDATE outbox SET next_attempt_at = {} WHERE recipient = 'eve@example.com'", now + HOUR)).await;
    raw.close().await;
    let house = House::on(config).await;
    assert!(house.running.deliver().await.unwrap());
    let waits = house.raw.texts("SELECT recipient FROM outbox WHERE sent_at IS NULL").await;
    assert_eq!(waits, ["eve@example.com"], "an hour is waited for, ten years are not");
}

/// The real program under a real clock that jumps, by libfaketime.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_lives_through_jumps() {
    let library = ["/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1"];
    let library = library.iter().find(|path| Path::new(path).exists()).expect("libfaketime is installed");
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::new(&folder.path().join("data"), &new_database().await);
    let time = folder.path().join("time");
    let turn = |offset: &str| {
        // Replaced at once, so that nobody reads half of it.
        std::fs::write(folder.path().join("new"), offset).unwrap();
        std::fs::rename(folder.path().join("new"), &time).unwrap();
    };
    turn("+0");
    let mut command = desk.command();
    command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", &time);
    command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1").args(["--log-format", "json"]);
    let mut server = start(command.stderr(Stdio::piped())).expect("it starts");
    let mut stderr = server.child.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut log = String::new();
        stderr.read_to_string(&mut log).unwrap();
        log
    });
    let mut ada = set_up(&server).await;
    let (mut jumps, mut broken, mut slowest) = (0, Vec::new(), Duration::ZERO);
    for offset in ["+1h", "-1h", "+1d", "-1d", "+10y", "-10y", "+0"] {
        turn(offset);
        jumps += 1;
        let began = Instant::now();
        for path in ["/accounts/acme", "/accounts/acme/events", "/me", "/login", "/readyz"] {
            let page = ada.client.get(path).await;
            let status = page.map(|page| page.status.as_u16());
            if !matches!(status, Some(200 | 303)) {
                broken.push(format!("{offset} {path}: {status:?}"));
            }
        }
        let page = ada.client.post("/login", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
        if page.as_ref().is_none_or(|page| page.status != StatusCode::SEE_OTHER) {
            broken.push(format!("{offset}: signing in: {:?}", page.map(|page| page.text())));
        }
        if ada.client.get("/accounts/acme").await.is_none_or(|page| page.status != StatusCode::OK) {
            broken.push(format!("{offset}: nobody comes in"));
        }
        slowest = slowest.max(began.elapsed());
    }
    terminate(&server);
    assert!(server.child.wait().unwrap().success());
    let log = log.join().unwrap();
    let panics = log.lines().filter(|line| line.contains("panic")).count();
    let years: std::collections::BTreeSet<_> = log.lines().filter_map(|line| line.get(14..18)).collect();
    say(&format!("REL-08 real_clock_jumps={jumps} panics={panics} broken={} years_seen={}", broken.len(), years.len()));
    assert_eq!(broken, Vec::<String>::new());
    assert_eq!(panics, 0, "{log}");
    assert!(years.len() >= 3, "the clock did jump: {years:?}");
}
