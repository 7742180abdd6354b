use frontdesk::rules::{
    chain,
    members::{Developer, Roles, Team},
    time::Span,
};
use reqwest::StatusCode;

use crate::kit::{House, READER, Raw};

/// An account with some history: two people, a rename a day, and refusals.
async fn history() -> (House, crate::kit::Browser) {
    let (house, ada) = House::with_ada().await;
    ada.get("/accounts/acme").await;
    for n in 0..3 {
        house.wait(Span::hours(8));
        let form = [("name", format!("Acme {n}")), ("slug", "acme".into()), ("version", n.to_string())];
        assert_eq!(ada.post("/accounts/acme/settings", &form).await.status, StatusCode::SEE_OTHER);
    }
    let bert = house.member("acme", "bert", READER).await;
    let bert = house.visitor_from("127.0.0.9".parse().unwrap()).with_session(&bert).await;
    bert.get("/accounts/acme/events").await;
    (house, ada)
}

impl crate::kit::Browser {
    async fn with_session(self, email: &str) -> Self {
        assert_eq!(self.sign_in(email, crate::kit::PASSWORD).await.status, StatusCode::SEE_OTHER);
        self
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_finds_its_events() {
    let (house, ada) = history().await;
    let user = house.user_id("bert@example.com").await;
    let account = house.account_id("acme").await;
    for (filter, count) in [
        ("", 8),
        ("type=account_updated.v0", 3),
        ("type=user_logged_out.v0", 0),
        ("actor=bert%40example.com", 2),
        ("actor=BERT%40Example.com", 2),
        (&format!("actor={user}"), 2),
        (&format!("target={user}"), 2),
        ("target=bert%40example.com", 2),
        (&format!("target={account}"), 4),
        ("address=127.0.0.9", 2),
        ("address=%3A%3Affff%3A127.0.0.9", 2),
        ("address=192.0.2.1", 0),
        ("from=2026-11-22", 4),
        ("until=2026-11-21", 4),
        ("from=2026-11-21&until=2026-11-21", 4),
        ("from=2026-11-21T20%3A00&until=2026-11-22T04%3A00", 1),
        ("type=permission_refused.v0&actor=bert%40example.com&address=127.0.0.9&from=2026-11-22", 1),
        ("type=permission_refused.v0&actor=ada%40example.com", 0),
        ("actor=%25", 0),
        ("target=%27%20OR%201%3D1%20--", 0),
    ] {
        let page = ada.get(&format!("/accounts/acme/events?{filter}")).await;
        assert_eq!(page.status, StatusCode::OK, "{filter}");
        assert_eq!(page.all("table.events tbody tr").len(), count, "{filter}: {:?}", page.all("table.events code.kind"));
        assert_eq!(page.all(".empty h2"), if count == 0 { vec!["Nothing matches"] } else { vec![] });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_filter_is_named_and_kept() {
    let (_house, ada) = House::with_ada().await;
    let page = ada.get("/accounts/acme/events?type=nonsense&actor=x%22%3E&address=10.0.0.0%2F8&from=soon&until=2026-13-41").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.all(".summary li").len(), 4);
    assert_eq!((page.value("actor").as_str(), page.value("address").as_str(), page.value("from").as_str()), ("x\">", "10.0.0.0/8", "soon"));
    for (query, status) in [
        ("before=9223372036854775807", StatusCode::OK),
        ("before=-9223372036854775808&after=x", StatusCode::OK),
        ("after=9223372036854775807", StatusCode::OK),
        ("before=99999999999999999999", StatusCode::OK),
        ("actor=%00", StatusCode::BAD_REQUEST),
        ("actor=%ff", StatusCode::BAD_REQUEST),
        ("target=a%00b", StatusCode::BAD_REQUEST),
        ("type=a&type=b", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(ada.get(&format!("/accounts/acme/events?{query}")).await.status, status, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_and_stay_put() {
    let (house, ada) = House::with_ada().await;
    for n in 0..120 {
        let form = [("name", format!("Acme {n}")), ("slug", "acme".into()), ("version", n.to_string())];
        ada.post("/accounts/acme/settings", &form).await;
    }
    let mut path = "/accounts/acme/events?type=account_updated.v0".to_owned();
    let (mut seen, mut sizes, mut newer) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let page = ada.get(&path).await;
        let rows = page.attributes("table.events tbody tr", "id");
        sizes.push(rows.len());
        seen.extend(rows);
        newer.push(page.attributes(".pager [rel=prev]", "href"));
        // Something new arrives while somebody reads: it must not move what they have not seen yet.
        let n = 119 + sizes.len();
        ada.post("/accounts/acme/settings", &[("name", format!("Late {n}")), ("slug", "acme".into()), ("version", n.to_string())]).await;
        match page.attributes(".pager [rel=next]", "href").first() {
            Some(next) => path.clone_from(next),
            None => break,
        }
    }
    assert_eq!(sizes, [50, 50, 20]);
    let mut unique = seen.clone();
    unique.sort();
    unique.dedup();
    assert_eq!((seen.len(), unique.len()), (120, 120));
    assert!(newer[0].is_empty());
    let back = ada.get(&newer[2][0]).await;
    assert_eq!(back.attributes("table.events tbody tr", "id"), seen[50..100], "newer leads back to the page before");
    let first = ada.get(&back.attributes(".pager [rel=prev]", "href")[0]).await;
    assert_eq!(first.attributes("table.events tbody tr", "id"), seen[0..50]);
    drop(house);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_has_a_page_for_good() {
    let (house, ada) = history().await;
    let list = ada.get("/accounts/acme/events?type=account_updated.v0").await;
    let link = list.attributes("table.events td.what a", "href").remove(0);
    let page = ada.get(&link).await;
    assert_eq!(page.all("h1"), ["ada@example.com changed the account"]);
    assert_eq!(page.all(".diff tbody tr"), ["name Acme 1 Acme 2"]);
    for part in ["account_updated.v0", "127.0.0.1", "dashboard", &house.user_id("ada@example.com").await] {
        assert!(page.text().contains(part), "{part}");
    }
    assert!(page.text().contains("op_") && page.text().contains("ses_"));

    // An event of the person's own log, and one of another account, are no events of this one.
    let own = house.raw.texts("SELECT id FROM events WHERE type = 'user_created.v0'").await.remove(0);
    house.account("other").await;
    let stranger = house.member("other", "stranger", Roles::ADMINISTRATOR).await;
    house.signed_in(&stranger).await.get("/accounts/other").await;
    let other = house.raw.texts(format!("SELECT id FROM events WHERE log = '{}'", house.account_id("other").await)).await.remove(0);
    let none = ada.get("/accounts/acme/events/ev_3MP92WggujNuFkwl8icLusxoDSO").await;
    for id in [own, other, "1".into(), "usr_3MP92WggujNuFkwl8icLusxoDSO".into()] {
        let page = ada.get(&format!("/accounts/acme/events/{id}")).await;
        assert_eq!((page.status, page.body), (StatusCode::NOT_FOUND, none.body.clone()), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn htmx_gets_the_main_part_and_everybody_else_the_whole() {
    let (_house, ada) = House::with_ada().await;
    let path = "/accounts/acme/events";
    let whole = ada.get(path).await;
    let part = ada.send(reqwest::Method::GET, path, None, &[("hx-request", "true"), ("hx-request-type", "partial")]).await;
    assert!(whole.body.contains("<!doctype html>") && !part.body.contains("<!doctype html>"));
    assert!(part.body.starts_with("<title>Events · Acme · Frontdesk</title>"), "{}", &part.body[..60]);
    assert!(whole.body.contains(part.body.split_once("</title>").unwrap().1));
    let restored = [("hx-request", "true"), ("hx-request-type", "partial"), ("hx-history-restore-request", "true")];
    assert!(ada.send(reqwest::Method::GET, path, None, &restored).await.body.contains("<!doctype html>"));
    assert!(whole.header("vary").contains("HX-Request"));
}

/// Recomputes every hash of every log from what stands in the table.
pub async fn broken_links(raw: &Raw) -> Vec<String> {
    const FIELDS: &str = "log, CAST(seq AS TEXT), id, CAST(at AS TEXT), type, source, principal, principal_name, credential_id, session_id, \
                          address, request_id, outcome, before, after, prev_hash, hash";
    type Row = Vec<Option<String>>;
    fn read<R: sqlx::Row>(row: &R) -> Row
    where
        usize: sqlx::ColumnIndex<R>,
        for<'a> Option<String>: sqlx::Decode<'a, R::Database> + sqlx::Type<R::Database>,
    {
        (0..row.len()).map(|n| row.get(n)).collect()
    }
    let text = format!("SELECT {FIELDS} FROM events ORDER BY events.log, events.seq");
    let subjects_of = "SELECT kind, subject_id, label FROM event_subjects WHERE event_id = $1 ORDER BY position";
    let (mut broken, mut previous) = (Vec::new(), (String::new(), String::new()));
    let rows: Vec<Row> = match raw {
        Raw::Sqlite(pool) => sqlx::query(sqlx::AssertSqlSafe(text)).fetch_all(pool).await.unwrap().iter().map(read).collect(),
        Raw::Postgres(pool) => sqlx::query(sqlx::AssertSqlSafe(text)).fetch_all(pool).await.unwrap().iter().map(read).collect(),
    };
    for row in rows {
        let id = row[2].clone().unwrap();
        let subjects: Vec<Row> = match raw {
            Raw::Sqlite(pool) => sqlx::query(subjects_of).bind(&id).fetch_all(pool).await.unwrap().iter().map(read).collect(),
            Raw::Postgres(pool) => sqlx::query(subjects_of).bind(&id).fetch_all(pool).await.unwrap().iter().map(read).collect(),
        };
        let fields: Vec<Option<&str>> = row[..15].iter().chain(subjects.iter().flatten()).map(Option::as_deref).collect();
        let log = row[0].clone().unwrap();
        let expected = if previous.0 == log { previous.1.clone() } else { chain::START.to_owned() };
        let stored = (row[15].clone().unwrap(), row[16].clone().unwrap());
        if stored.0 != expected || chain::link(&stored.0, &fields) != stored.1 {
            broken.push(id);
        }
        previous = (log, stored.1);
    }
    broken
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_holds_and_shows_what_was_tampered_with() {
    let (house, _ada) = history().await;
    assert_eq!(broken_links(&house.raw).await, Vec::<String>::new());
    let account = house.account_id("acme").await;
    for (change, back) in [
        (
            "UPDATE events SET after = '{\"name\":\"Evil\"}' WHERE log = 'LOG' AND seq = 5",
            "UPDATE events SET after = OLD WHERE log = 'LOG' AND seq = 5",
        ),
        ("UPDATE event_subjects SET label = 'x' WHERE log = 'LOG' AND seq = 5", ""),
    ] {
        let old = house.raw.texts(format!("SELECT after FROM events WHERE log = '{account}' AND seq = 5")).await.remove(0);
        house.raw.run(change.replace("LOG", &account)).await;
        assert_eq!(broken_links(&house.raw).await.len(), 1, "{change}");
        if !back.is_empty() {
            house.raw.run(back.replace("LOG", &account).replace("OLD", &format!("'{old}'"))).await;
        }
    }
    house.raw.run(format!("DELETE FROM event_subjects WHERE log = '{account}' AND seq = 3")).await;
    house.raw.run(format!("DELETE FROM events WHERE log = '{account}' AND seq = 3")).await;
    assert_eq!(broken_links(&house.raw).await.len(), 2, "a gap breaks the link behind it");
    let head = house.raw.texts(format!("SELECT event_hash FROM accounts WHERE id = '{account}'")).await;
    let last = house.raw.texts(format!("SELECT hash FROM events WHERE log = '{account}' ORDER BY seq DESC LIMIT 1")).await;
    assert_eq!(head, last);
}

/// Writers of one account queue, on one process and on two: no number twice, no link lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_make_one_chain() {
    let (house, _ada) = House::with_ada().await;
    let other = house.beside(|_| {}).await;
    let mut tasks = Vec::new();
    for n in 0..16 {
        let email =
            house.member("acme", &format!("person{n}"), Roles { team: Team::Manager, developer: Developer::ReadWrite, ..READER }).await;
        let browser = if n % 2 == 0 { house.signed_in(&email).await } else { other.signed_in(&email).await };
        tasks.push(tokio::spawn(async move {
            assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::OK);
            assert_eq!(browser.get("/accounts/acme/settings").await.status, StatusCode::FORBIDDEN);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let account = house.account_id("acme").await;
    assert_eq!(house.events(&account).await.len(), 2 + 16 * 2);
    assert_eq!(broken_links(&house.raw).await, Vec::<String>::new());
}
