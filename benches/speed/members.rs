//! The members page: beside the least that could answer it, and beside itself where there are few members.

use std::time::Duration;

use crate::{
    data,
    desk::{Desk, Open},
    load::{Connection, Request, rate},
    process,
    table::{Promise, Table, median},
};

const PAGE: &str = "/accounts/acme/members";
/// Connections that ask at the same time, and how long in each round.
const CONNECTIONS: usize = 16;
const ROUND: Duration = Duration::from_millis(1_500);
const ROUNDS: usize = 5;

pub async fn measure(large: &Desk, table: &mut Table) {
    let small = Desk::new(100).await;
    for desk in [&small, &Desk::new(10_000).await, large] {
        beside_reference(desk, table).await;
    }
    beside_few(&small, large, table).await;
}

/// The same for a hundred members alone, which is soon done.
pub async fn measure_few(table: &mut Table) {
    beside_reference(&Desk::new(100).await, table).await;
}

async fn beside_reference(desk: &Desk, table: &mut Table) {
    let open = desk.open();
    let cookie = open.sign_in("ada@example.com").await;
    let request = Request::get(PAGE, &cookie);
    // The second answer: the first notes that somebody has come in.
    let mut connection = Connection::open(&open.server.base).await;
    connection.ask(&request).await;
    let page = connection.ask(&request).await;
    assert_eq!(page.status, 200, "the members page");
    let file = desk.folder().join("page.html");
    std::fs::write(&file, &page.body).unwrap();
    let (database, file) = (desk.database(), file);
    let arguments = [crate::reference::WORD, database.to_str().unwrap(), file.to_str().unwrap()];
    let reference = process::serve(&mut process::reference(desk.folder(), &arguments), &desk.folder().join("reference.log"));
    let bare = Connection::open(&reference.base).await.ask(&request).await;
    assert_eq!(bare.status, 200, "the reference");
    let difference = page.body.len().abs_diff(bare.body.len());
    assert!(difference * 50 < page.body.len(), "the pages differ: {} and {} bytes", page.body.len(), bare.body.len());

    for (how, request, promise) in [("", request.clone(), Promise::AtLeast(0.5)), (", compressed", request.compressed(), Promise::Nothing)]
    {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            theirs.push(rate(&reference.base, &request, CONNECTIONS, ROUND).await);
            ours.push(rate(&open.server.base, &request, CONNECTIONS, ROUND).await);
        }
        let ratio = median(ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect());
        table.ratio(
            &format!("50 of {} members{how}", desk.members),
            &format!("reference: {:.0} pages/s", median(theirs)),
            &format!("{:.0} pages/s", median(ours)),
            ratio,
            promise,
        );
    }
    if desk.members == 100_000 {
        let memory = process::memory(&open.server);
        table.figure("resident memory after the load", "", memory, "MB", Promise::AtMost(120.0));
    }
    open.close();
}

/// How much slower the same is among many members than among few.
async fn beside_few(small: &Desk, large: &Desk, table: &mut Table) {
    let desks = [small, large];
    let open = desks.map(Desk::open);
    let mut cookies = Vec::new();
    for open in &open {
        cookies.push(open.sign_in("ada@example.com").await);
    }
    let mut pages = vec![("first page", Promise::AtMost(1.5), [PAGE.to_owned(), PAGE.to_owned()])];
    for (name, order) in [("deep page by name", "name"), ("deep page by joining", "joined")] {
        let places = [deep(small, order).await, deep(large, order).await];
        pages.push((name, Promise::AtMost(1.5), places.map(|place| format!("{PAGE}?order={order}&{place}"))));
    }
    let [few, many] = [Promise::AtMost(3.0), Promise::Nothing];
    // What finds a few is as quick as ever; what finds more the more members there are takes longer, and is printed to be known.
    for (name, promise, query) in [
        ("search for a name", few, desks.map(|desk| data::rare(desk.members / 2))),
        ("search for name and surname", few, desks.map(|desk| data::plain_name(desk.members / 2).replace(' ', "+"))),
        ("search for a surname of one in twelve", many, desks.map(|_| "zimmer".to_owned())),
        ("search that everybody fits", many, desks.map(|_| "e".to_owned())),
    ] {
        pages.push((name, promise, query.map(|query| format!("{PAGE}?q={query}"))));
    }
    for (name, promise, paths) in pages {
        let requests = [Request::get(&paths[0], &cookies[0]), Request::get(&paths[1], &cookies[1])];
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for at in [0, 1] {
                times[at].push(1_000_000.0 / rate(&open[at].server.base, &requests[at], CONNECTIONS, ROUND / 3).await);
            }
        }
        let ratio = median(times[0].iter().zip(&times[1]).map(|(small, large)| large / small).collect());
        let [few, many] = times.map(median);
        table.ratio(
            &format!("{name}, 100000 members"),
            &format!("100 members: {few:.0} µs a page"),
            &format!("{many:.0} µs"),
            ratio,
            promise,
        );
    }
    open.into_iter().for_each(Open::close);
}

/// The place nine tenths down a list, as a link names it.
async fn deep(desk: &Desk, order: &str) -> String {
    use sqlx::Connection as _;
    let mut db = sqlx::SqliteConnection::connect(&format!("sqlite:{}", desk.database().display())).await.unwrap();
    let text = match order {
        "name" => "SELECT search_name, id FROM members ORDER BY search_name, id LIMIT 1 OFFSET $1",
        _ => "SELECT CAST(joined_at AS TEXT), id FROM members ORDER BY joined_at DESC, id DESC LIMIT 1 OFFSET $1",
    };
    // A whole page is left behind it, so that both answers are as long.
    let offset = i64::try_from((desk.members * 9 / 10).min(desk.members - 52)).unwrap();
    let (value, id): (String, String) = sqlx::query_as(text).bind(offset).fetch_one(&mut db).await.unwrap();
    db.close().await.unwrap();
    form_urlencoded::Serializer::new(String::new()).append_pair("behind", &value).append_pair("id", &id).finish()
}
