//! Trying a change of IP rules out on the visits of the last days: the page that shows it, beside a plain scan of the same rows.

use std::{fmt::Write, path::Path, time::Instant};

use frontdesk::{app, rules::time::Span};
use sqlx::{ConnectOptions, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    desk::Desk,
    load::{Connection, Request},
    table::{Promise, Table, median},
};

/// Who came, from how many addresses each, on how many days, and how often on each: a million uses in 200 000 rows.
const PEOPLE: usize = 2_000;
const ADDRESSES: usize = 4;
const DAYS: usize = 25;
const TIMES: usize = 5;
const ROUNDS: usize = 9;

/// A row as it is kept.
#[derive(sqlx::FromRow)]
#[expect(dead_code, reason = "what is scanned is read")]
struct Visit {
    principal: String,
    credential_id: String,
    surface: String,
    address: String,
    count: i64,
    last_at: i64,
}

pub async fn measure(table: &mut Table) {
    let desk = Desk::of_visits().await;
    let open = desk.open();
    let cookie = open.sign_in("ada@example.com").await;
    let mut connection = Connection::open(&open.server.base).await;
    let made = connection.ask(&Request::post("/accounts/acme/ip-policies/new", "description=Offices", &cookie)).await;
    assert_eq!(made.status, 303);
    let mut db = SqliteConnectOptions::new().filename(desk.database()).read_only(true).connect().await.unwrap();
    let policy: String = sqlx::query_scalar("SELECT id FROM ip_policies").fetch_one(&mut db).await.unwrap();
    let added = connection
        .ask(&Request::post(&format!("/accounts/acme/ip-policies/{policy}/rules"), "networks=10.0.0.0%2F9&action=allow", &cookie))
        .await;
    assert_eq!(added.status, 303);
    let review = Request::post("/accounts/acme/ip-restrictions/dashboard", &format!("{policy}=on&mode=warning"), &cookie);
    let (mut scans, mut replays) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        assert_eq!(scan(&mut db).await, PEOPLE * ADDRESSES * DAYS);
        scans.push(began.elapsed().as_secs_f64() * 1_000.0);
        let began = Instant::now();
        let answer = connection.ask(&review).await;
        replays.push(began.elapsed().as_secs_f64() * 1_000.0);
        assert!(answer.status == 200 && String::from_utf8_lossy(&answer.body).contains("Nothing is changed yet"), "{}", answer.status);
    }
    let ratio = median(replays.iter().zip(&scans).map(|(replay, scan)| replay / scan).collect());
    let baseline = format!("plain scan: {:.0} ms", median(scans));
    let name = format!("replay of {} visits", PEOPLE * ADDRESSES * DAYS);
    table.ratio(&name, &baseline, &format!("{:.0} ms", median(replays)), ratio, Promise::AtMost(2.0));
    db.close().await.unwrap();
    open.close();
}

async fn scan(db: &mut SqliteConnection) -> usize {
    let text = "SELECT principal, credential_id, surface, address, count, last_at FROM visits WHERE principal <> ''";
    sqlx::query_as::<_, Visit>(text).fetch_all(db).await.unwrap().iter().filter(|visit| visit.principal.starts_with("usr_b")).count()
}

/// Fills the account `acme` with visits.
pub async fn fill(database: &Path) {
    let options = SqliteConnectOptions::new().filename(database).foreign_keys(false);
    let mut db = options.connect().await.unwrap();
    let account: String = sqlx::query_scalar("SELECT id FROM accounts WHERE slug = 'acme'").fetch_one(&mut db).await.unwrap();
    let now = app::clock()();
    let mut tx = db.begin().await.unwrap();
    for person in 0..PEOPLE {
        let mut rows = String::new();
        for (day, address) in (0..DAYS).flat_map(|day| (0..ADDRESSES).map(move |address| (day, address))) {
            let at = now.minus(Span::days(i64::try_from(day).unwrap()));
            let number = person * ADDRESSES + address;
            let address = format!("10.{}.{}.{address}", number % 251, number / 251 % 251);
            let (comma, day, at) = (if rows.is_empty() { "" } else { "," }, at.day(), at.0);
            write!(rows, "{comma}('{account}','usr_b{person}','','dashboard','{address}',{day},{TIMES},{at},{at})").unwrap();
        }
        let columns = "account_id, principal, credential_id, surface, address, day, count, first_at, last_at";
        let text = format!("INSERT INTO visits ({columns}) VALUES {rows}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    db.close().await.unwrap();
}
