//! Dead on the next request (SES-03, SES-04): somebody is shut out in one process while their change is under way in another.
//! The change comes in two halves, so that the end of what they may do falls before it, between its halves, beside it, and
//! into the middle of its transaction.

use std::hash::{BuildHasher, RandomState};

use frontdesk::{
    protocols::totp::Authenticator,
    rules::{members::Roles, time::Span},
};
use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Duration, sleep},
};

use crate::{
    kit::{Browser, House, PASSWORD, Page, READER, Raw, form, invitation_form, on_postgres, settings_form},
    mfa::{offered, set_up},
};

/// How many there are at least; which, the seed says.
const INTERLEAVINGS: usize = 200;

/// What somebody is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Rename,
    Invite,
    Role,
    Name,
    EndSession,
    /// No change, but on record: the first look into the account.
    Enter,
}

/// What ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Revocation {
    Disabled,
    Removed,
    EndedInAccount,
    Demoted,
    FactorReset,
    FactorSetUp,
    FactorRemoved,
    PasswordReset,
    PasswordChanged,
    Ended,
    OthersEnded,
    SignedOut,
}

/// Where the end falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Point {
    BeforeHead,
    BeforeBody,
    BeforeAnswer,
    AfterAnswer,
    /// Both at once.
    Together,
    /// Both wait for the same lock.
    InLine,
    /// The change has asked the gate in its transaction, and waits there for a row. Only PostgreSQL lets others write meanwhile.
    Inside,
}

use Change::{EndSession, Enter, Invite, Name, Rename, Role};
use Point::{AfterAnswer, BeforeAnswer, BeforeBody, BeforeHead, InLine, Inside, Together};
use Revocation::{
    Demoted, Disabled, Ended, EndedInAccount, FactorRemoved, FactorReset, FactorSetUp, OthersEnded, PasswordChanged, PasswordReset,
    Removed, SignedOut,
};

const CHANGES: [Change; 6] = [Rename, Invite, Role, Name, EndSession, Enter];
const REVOCATIONS: [Revocation; 12] = [
    Disabled,
    Removed,
    EndedInAccount,
    Demoted,
    FactorReset,
    FactorSetUp,
    FactorRemoved,
    PasswordReset,
    PasswordChanged,
    Ended,
    OthersEnded,
    SignedOut,
];
const POINTS: [Point; 7] = [BeforeHead, BeforeBody, BeforeAnswer, AfterAnswer, Together, InLine, Inside];

type Case = (Change, Revocation, Point);

impl Revocation {
    /// Whether it ends what somebody may do in the account alone.
    const fn is_of_account(self) -> bool {
        matches!(self, Disabled | Removed | EndedInAccount | Demoted)
    }
}

fn makes_sense((change, revocation, point): Case) -> bool {
    // What is somebody's own stays theirs.
    let is_own = matches!(change, Name | EndSession) && revocation.is_of_account();
    // Who is not in has no session to be ended there, and who may do less comes in as before.
    let comes_in = change == Enter && matches!(revocation, EndedInAccount | Demoted);
    let has_body = !matches!(change, Enter | EndSession);
    let can_wait_inside = matches!(change, Role | Invite) && on_postgres();
    !is_own && !comes_in && (has_body || point != BeforeBody) && (can_wait_inside || point != Inside)
}

/// A few numbers that look thrown, the same for the same seed.
struct Throws(u64);

impl Throws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    async fn wait(&mut self) {
        sleep(Duration::from_micros(self.below(4_000))).await;
    }

    /// The cases in which most can go wrong, and then the others in whatever order.
    fn cases(&mut self) -> Vec<Case> {
        let all = CHANGES
            .iter()
            .flat_map(|change| REVOCATIONS.iter().flat_map(|revocation| POINTS.iter().map(|point| (*change, *revocation, *point))));
        let (mut first, mut rest): (Vec<_>, Vec<_>) =
            all.filter(|case| makes_sense(*case)).partition(|(change, _, point)| *point == Inside || (*change, *point) == (Enter, InLine));
        for place in (1..rest.len()).rev() {
            let other = usize::try_from(self.below(place as u64 + 1)).unwrap();
            rest.swap(place, other);
        }
        first.extend(rest.into_iter().cycle().take(INTERLEAVINGS.saturating_sub(first.len())));
        first
    }
}

/// A request that arrives in two halves.
struct Slow {
    stream: TcpStream,
    rest: String,
}

impl Slow {
    async fn begin(house: &House, cookie: &str, path: &str, body: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(house.running.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let host = house.running.base_url.trim_start_matches("http://");
        let method = if body.is_some() { "POST" } else { "GET" };
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nsec-fetch-site: same-origin\r\n");
        let body = body.unwrap_or_default();
        // Without its last line a head is none: what has no body is asked by that line.
        let (half, rest) = if body.is_empty() { ("", "\r\n") } else { body.split_at(body.len() / 2) };
        if method == "POST" {
            head.push_str(&format!("content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n", body.len()));
        }
        if !body.is_empty() {
            head.push_str("\r\n");
        }
        head.push_str(half);
        stream.write_all(head.as_bytes()).await.unwrap();
        Self { stream, rest: rest.to_owned() }
    }

    /// Sends the other half. Whoever was refused by the first may have been hung up on.
    async fn send_rest(&mut self) {
        let _ = self.stream.write_all(self.rest.as_bytes()).await;
    }

    /// Whether the answer says that it was done.
    async fn was_done(mut self) -> bool {
        let mut answer = Vec::new();
        let mut buffer = [0; 4096];
        while !answer.windows(4).any(|window| window == b"\r\n\r\n") {
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(read) => answer.extend(&buffer[..read]),
            }
        }
        let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
        let status = answer.split(' ').nth(1).unwrap_or_default();
        status == "200" || (status == "303" && !answer.contains("\r\nlocation: /login"))
    }

    async fn finish(mut self) -> bool {
        self.send_rest().await;
        self.was_done().await
    }
}

/// Holds what others wait for, until it is dropped.
enum Latch {
    Sqlite { _tx: sqlx::Transaction<'static, sqlx::Sqlite> },
    Postgres { _tx: sqlx::Transaction<'static, sqlx::Postgres> },
}

impl Latch {
    /// On SQLite, whatever they want to write.
    async fn close(raw: &Raw, statements: &[String]) -> Self {
        match raw {
            Raw::Sqlite(pool) => Self::Sqlite { _tx: pool.begin_with("BEGIN IMMEDIATE").await.unwrap() },
            Raw::Postgres(pool) => {
                let mut tx = pool.begin().await.unwrap();
                for statement in statements {
                    sqlx::query(sqlx::AssertSqlSafe(statement.clone())).execute(&mut *tx).await.unwrap();
                }
                Self::Postgres { _tx: tx }
            }
        }
    }

    async fn open(self) {
        match self {
            Self::Sqlite { _tx: tx } => tx.rollback().await.unwrap(),
            Self::Postgres { _tx: tx } => tx.rollback().await.unwrap(),
        }
    }
}

/// Waits until so many wait in PostgreSQL; answers whether they ever did.
async fn until_waiting(house: &House, count: i64) -> bool {
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    for _ in 0..400 {
        if house.raw.number(waiting).await >= count {
            return true;
        }
        sleep(Duration::from_millis(1)).await;
    }
    false
}

/// Two processes and whoever administers.
struct Stage {
    here: House,
    there: House,
    ada: Browser,
    account: String,
    /// A browser at each process, for whoever needs one for a moment: making them takes longer than asking.
    hands: [Browser; 2],
}

/// Somebody who is about to be shut out.
struct Victim {
    number: usize,
    email: String,
    user: String,
    member: String,
    /// The session in question.
    session: String,
    cookie: String,
}

/// A POST that somebody with this cookie is about to send.
struct Deed {
    by: Option<String>,
    path: String,
    fields: Vec<(&'static str, String)>,
}

impl Deed {
    /// Does it; answers with how much of the victim's was on record right after it was acknowledged.
    async fn run(&self, stage: &Stage, victim: &Victim) -> (Page, i64) {
        stage.hands[1].set_cookie(self.by.clone());
        let page = stage.hands[1].post(&self.path, &self.fields).await;
        (page, stage.recorded(victim).await)
    }
}

impl Stage {
    async fn new() -> Self {
        let (here, _) = House::with_ada_and(|config| {
            config.fresh_proof = Span::days(1);
            (config.lockouts.wrong, config.lockouts.everywhere, config.lockouts.day) = (100_000, 100_000, 100_000);
            config.attempts.address = 100_000;
            config.attempts.network = 100_000;
        })
        .await;
        let there = here.beside(|_| {}).await;
        let ada = there.signed_in("ada@example.com").await;
        assert_eq!(ada.get("/accounts/acme").await.status, StatusCode::OK);
        let account = here.account_id("acme").await;
        let hands = [here.visitor(), there.visitor()];
        Self { here, there, ada, account, hands }
    }

    /// How much is on record that was done in the victim's session.
    async fn recorded(&self, victim: &Victim) -> i64 {
        self.here.raw.number(format!("SELECT COUNT(*) FROM events WHERE session_id = '{}' AND outcome = 'done'", victim.session)).await
    }

    async fn victim(&self, number: usize, (change, revocation, _): Case) -> (Victim, Deed) {
        let email = self.here.member("acme", &format!("v{number}"), Roles::ADMINISTRATOR).await;
        let (user, member) = (self.here.user_id(&email).await, self.here.member_id(&email).await);
        let browser = &self.hands[0];
        browser.set_cookie(None);
        assert_eq!(browser.sign_in(&email, PASSWORD).await.location(), "/accounts");
        let session = self.here.raw.texts(format!("SELECT id FROM sessions WHERE user_id = '{user}'")).await.remove(0);
        let has_factor = matches!(revocation, FactorReset | FactorRemoved);
        let factor = if has_factor { Some(set_up(&self.here, browser).await) } else { None };
        if change != Enter {
            assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::OK);
        }
        let victim = Victim { number, email, user, member, session, cookie: browser.cookie().unwrap() };
        let path = format!("/accounts/acme/members/{}", victim.member);
        let by_ada = |verb: &str, fields| Deed { by: self.ada.cookie(), path: format!("{path}/{verb}"), fields };
        let deed = match revocation {
            Disabled => by_ada("disable", vec![]),
            Removed => by_ada("remove", vec![]),
            EndedInAccount => by_ada("end-sessions", vec![]),
            Demoted => by_ada("roles", self.roles(&victim.member, "none").await),
            FactorReset => by_ada("reset-factor", vec![("reason", "They called".to_owned())]),
            PasswordReset => {
                // Nobody asks for so many from one place.
                let by = self.there.visitor_from(format!("127.9.{number}.1").parse().unwrap());
                by.post("/password/forgot", &[("email", victim.email.clone())]).await;
                let path = self.there.link_to(&victim.email).await;
                Deed { by: None, path, fields: vec![("password", "four entirely new words".to_owned())] }
            }
            SignedOut => Deed { by: Some(victim.cookie.clone()), path: "/logout".to_owned(), fields: vec![] },
            FactorSetUp | FactorRemoved | PasswordChanged | Ended | OthersEnded => {
                let by = &self.hands[1];
                by.set_cookie(None);
                by.sign_in(&victim.email, PASSWORD).await;
                if let Some(factor) = &factor {
                    assert_eq!(by.post("/login/mfa", &[("code", factor.code(&self.here))]).await.location(), "/accounts");
                }
                let (path, fields) = match revocation {
                    FactorSetUp => {
                        let authenticator: Authenticator = offered(by).await;
                        ("/me/security/factor/confirm".to_owned(), vec![("code", authenticator.code(self.here.now()))])
                    }
                    FactorRemoved => ("/me/security/factor/remove".to_owned(), vec![]),
                    PasswordChanged => {
                        let fields = vec![("current", PASSWORD.to_owned()), ("password", "four entirely new words".to_owned())];
                        ("/me/security/password".to_owned(), fields)
                    }
                    Ended => (format!("/me/sessions/{}/end", victim.session), vec![]),
                    _ => ("/me/sessions/end-others".to_owned(), vec![]),
                };
                Deed { by: by.cookie(), path, fields }
            }
        };
        (victim, deed)
    }

    async fn roles(&self, member: &str, billing: &str) -> Vec<(&'static str, String)> {
        let version = self.here.raw.number(format!("SELECT version FROM members WHERE id = '{member}'")).await;
        let word = |text: &str| text.to_owned();
        let fields = [("developer", word("read_only")), ("team", word("read_only")), ("billing", word(billing))];
        fields.into_iter().chain([("version", version.to_string())]).collect()
    }

    async fn rename(&self, name: &str) -> Vec<(&'static str, String)> {
        settings_form(name, self.here.raw.number(format!("SELECT details_version FROM accounts WHERE id = '{}'", self.account)).await)
    }

    /// What the victim does: where, with what, what there is once it is done, what the log calls it, and what it waits for.
    async fn change(&self, victim: &Victim, change: Change) -> (String, Option<String>, String, &'static str, String) {
        let number = victim.number;
        match change {
            Rename => {
                let name = format!("Acme {number}");
                let there = format!("SELECT COUNT(*) FROM accounts WHERE name = '{name}'");
                ("/accounts/acme/settings".to_owned(), Some(form(&self.rename(&name).await)), there, "account_updated.v0", String::new())
            }
            Invite => {
                let email = format!("i{number}@example.com");
                let there = format!("SELECT COUNT(*) FROM invitations WHERE canonical = '{email}'");
                let body = form(&invitation_form(&email, READER));
                let lock = "LOCK TABLE invitations IN SHARE MODE".to_owned();
                ("/accounts/acme/invitations/new".to_owned(), Some(body), there, "invitation_created.v0", lock)
            }
            Role => {
                let target = self.here.member("acme", &format!("t{number}"), READER).await;
                let target = self.here.member_id(&target).await;
                let there = format!("SELECT COUNT(*) FROM members WHERE id = '{target}' AND billing = 'access'");
                let body = form(&self.roles(&target, "access").await);
                let lock = format!("SELECT id FROM members WHERE id = '{target}' FOR NO KEY UPDATE");
                (format!("/accounts/acme/members/{target}/roles"), Some(body), there, "membership_updated.v0", lock)
            }
            Name => {
                let there = format!("SELECT COUNT(*) FROM users WHERE name = 'Named {number}'");
                let body = form(&[("name", format!("Named {number}")), ("theme", "dark".to_owned())]);
                ("/me".to_owned(), Some(body), there, "user_updated.v0", String::new())
            }
            EndSession => {
                // Whoever shuts the victim out may end this one as well, for the same reason: what counts is on whose account.
                let end = self.here.raw.texts(format!("SELECT id FROM sessions WHERE user_id = '{}' AND agent = 'third'", victim.user));
                let path = format!("/me/sessions/{}/end", end.await.remove(0));
                let there = format!("SELECT COUNT(*) FROM events WHERE session_id = '{}' AND type = 'session_ended.v0'", victim.session);
                (path, Some(String::new()), there, "session_ended.v0", String::new())
            }
            Enter => {
                let there = format!("SELECT COUNT(*) FROM entries WHERE session_id = '{}'", victim.session);
                ("/accounts/acme".to_owned(), None, there, "account_entered.v0", String::new())
            }
        }
    }

    async fn play(&self, number: usize, case: Case, throws: &mut Throws) {
        let (change, revocation, point) = case;
        let (victim, deed) = self.victim(number, case).await;
        if change == EndSession {
            let id = format!("ses_{number:027}");
            self.here
                .raw
                .run(format!(
                    "INSERT INTO sessions (id, token_hash, user_id, address, agent, created_at, last_seen_at)
                 VALUES ('{id}', '{id}', '{}', '127.0.0.1', 'third', {now}, {now})",
                    victim.user,
                    now = self.here.now().0
                ))
                .await;
        }
        let (path, body, there, kind, lock) = self.change(&victim, change).await;
        let begin = || Slow::begin(&self.here, &victim.cookie, &path, body.as_deref());
        let (done, (page, recorded)) = match point {
            BeforeHead => {
                let ended = deed.run(self, &victim).await;
                (begin().await.finish().await, ended)
            }
            BeforeBody => {
                let slow = begin().await;
                throws.wait().await;
                let ended = deed.run(self, &victim).await;
                (slow.finish().await, ended)
            }
            BeforeAnswer => {
                let mut slow = begin().await;
                throws.wait().await;
                slow.send_rest().await;
                let ended = deed.run(self, &victim).await;
                (slow.was_done().await, ended)
            }
            AfterAnswer => (begin().await.finish().await, deed.run(self, &victim).await),
            Together => {
                let slow = begin().await;
                let (one, other) = (throws.below(8_000), throws.below(8_000));
                let after = |micros| sleep(Duration::from_micros(micros));
                tokio::join!(
                    async {
                        after(one).await;
                        slow.finish().await
                    },
                    async {
                        after(other).await;
                        deed.run(self, &victim).await
                    }
                )
            }
            InLine => {
                let locks = [
                    format!("SELECT id FROM users WHERE id = '{}' FOR NO KEY UPDATE", victim.user),
                    format!("SELECT id FROM accounts WHERE id = '{}' FOR NO KEY UPDATE", self.account),
                ];
                let slow = begin().await;
                let latch = Latch::close(&self.here.raw, &locks).await;
                // Whoever comes in is to find the gate open, and the end before them in the line.
                let first = change == Enter || throws.below(2) == 0;
                let (one, other) = if first { (4, 0) } else { (0, 4) };
                let after = |millis| sleep(Duration::from_millis(millis));
                let (done, ended, ()) = tokio::join!(
                    async {
                        after(one).await;
                        slow.finish().await
                    },
                    async {
                        after(other).await;
                        deed.run(self, &victim).await
                    },
                    async {
                        after(12).await;
                        latch.open().await;
                    }
                );
                (done, ended)
            }
            Inside => {
                let latch = Latch::close(&self.here.raw, &[lock]).await;
                let slow = begin().await;
                let (done, ended) = tokio::join!(slow.finish(), async {
                    assert!(until_waiting(&self.here, 1).await, "the change never came to where it is to wait");
                    let mut deed = std::pin::pin!(deed.run(self, &victim));
                    let early = tokio::select! {
                        ended = &mut deed => Some(ended),
                        _ = until_waiting(&self.here, 2) => None,
                    };
                    latch.open().await;
                    match early {
                        Some(ended) => ended,
                        None => deed.await,
                    }
                });
                (done, ended)
            }
        };
        let says = format!("{number}: {case:?}");
        let acknowledged = matches!(page.status, StatusCode::OK | StatusCode::SEE_OTHER)
            && (!page.location().starts_with("/login") || page.location().starts_with("/login?why="));
        assert!(acknowledged, "{says}: {} {} {}", page.status, page.location(), page.text());
        match point {
            BeforeHead | BeforeBody => assert!(!done, "{says}: done after the end"),
            AfterAnswer => assert!(done, "{says}: this change is no change"),
            BeforeAnswer | Together | InLine | Inside => {}
        }
        self.agree(&victim, done, &there, kind, &says).await;
        assert_eq!(self.recorded(&victim).await, recorded, "{says}: something was done after the end was acknowledged");
        let late = self.here.raw.texts(format!(
            "SELECT e.type FROM events e JOIN events r ON r.log = e.log AND r.request_id = '{request}'
             WHERE e.session_id = '{}' AND e.outcome = 'done' AND e.request_id <> '{request}' AND e.seq > r.seq",
            victim.session,
            request = page.header("x-request-id")
        ));
        assert_eq!(late.await, [] as [String; 0], "{says}: after the end in the same log");
        self.refused(&victim, revocation, &says).await;
        assert_eq!(self.recorded(&victim).await, recorded, "{says}");
    }

    /// What was answered, what is there and what is on record are one.
    async fn agree(&self, victim: &Victim, done: bool, there: &str, kind: &str, says: &str) {
        let events =
            format!("SELECT COUNT(*) FROM events WHERE session_id = '{}' AND outcome = 'done' AND type = '{kind}'", victim.session);
        let (state, events) = (self.here.raw.number(there).await, self.here.raw.number(events).await);
        assert_eq!((state, events), (i64::from(done), i64::from(done)), "{says}: there, and on record, of what was answered {done}");
    }

    /// Whatever the victim asks for next, in either process.
    async fn refused(&self, victim: &Victim, revocation: Revocation, says: &str) {
        let name = format!("Late {}", victim.number);
        for browser in &self.hands {
            let asks = async |path: &str, fields: Option<Vec<(&str, String)>>| {
                browser.set_cookie(Some(victim.cookie.clone()));
                match fields {
                    Some(fields) => browser.post(path, &fields).await,
                    None => browser.get(path).await,
                }
            };
            let account = "/accounts/acme/settings";
            let mut pages = vec![asks(account, None).await, asks(account, Some(self.rename(&name).await)).await];
            if !revocation.is_of_account() {
                let fields = vec![("name", name.clone()), ("theme", "dark".to_owned())];
                pages.extend([asks("/me", None).await, asks("/me", Some(fields)).await]);
            }
            for page in pages {
                let (status, location) = match revocation {
                    Disabled | Demoted => (StatusCode::FORBIDDEN, ""),
                    Removed => (StatusCode::NOT_FOUND, ""),
                    _ => (StatusCode::SEE_OTHER, "/login"),
                };
                assert!(
                    page.status == status && page.location().starts_with(location),
                    "{says}: {} {} {}",
                    page.status,
                    page.location(),
                    page.text()
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_shut_out_finishes_nothing() {
    let seed = std::env::var("FRONTDESK_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut throws = Throws(seed.unwrap_or_else(|| RandomState::new().hash_one(0) | 1));
    println!("FRONTDESK_TEST_SEED={}", throws.0);
    let cases = throws.cases();
    assert!(cases.len() >= INTERLEAVINGS);
    // Two at a time, each on a stage of its own.
    let (one, other) = cases.split_at(cases.len() / 2);
    let seed = throws.below(u64::MAX);
    tokio::join!(play(one, throws), play(other, Throws(seed | 1)));
}

async fn play(cases: &[Case], mut throws: Throws) {
    let stage = Stage::new().await;
    for (number, case) in cases.iter().enumerate() {
        stage.play(number, *case, &mut throws).await;
    }
    assert_eq!(crate::events::broken_links(&stage.here.raw).await, [] as [String; 0]);
}
