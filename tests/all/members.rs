use frontdesk::rules::{
    members::{Billing, Developer, Roles, Team},
    time::Span,
};
use reqwest::StatusCode;

use crate::kit::{Browser, House, PASSWORD, READER, START};

const MANAGER: Roles = Roles { developer: Developer::ReadWrite, team: Team::Manager, ..READER };

fn roles(developer: &str, team: &str, billing: &str, administrator: &str, version: i64) -> Vec<(&'static str, String)> {
    let mut form =
        vec![("developer", developer.into()), ("team", team.into()), ("billing", billing.into()), ("version", version.to_string())];
    if !administrator.is_empty() {
        form.push(("administrator", administrator.into()));
    }
    form
}

/// An account with an administrator, a manager and a reader, each signed in; and the ids of the members.
async fn team() -> (House, Browser, Browser, Browser, [String; 3]) {
    let (house, ada) = House::with_ada().await;
    ada.get("/accounts/acme").await;
    let (max, rita) = (house.member("acme", "max", MANAGER).await, house.member("acme", "rita", READER).await);
    let ids = [house.member_id("ada@example.com").await, house.member_id(&max).await, house.member_id(&rita).await];
    let (max, rita) = (house.signed_in(&max).await, house.signed_in(&rita).await);
    (house, ada, max, rita, ids)
}

async fn account_events(house: &House) -> Vec<String> {
    house
        .events(&house.account_id("acme").await)
        .await
        .into_iter()
        .filter(|kind| kind.starts_with("membership") && kind != "membership_created.v0")
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_change_and_act_on_the_next_request() {
    let (house, ada, _max, rita, [_, _, id]) = team().await;
    assert_eq!(rita.get("/accounts/acme/events").await.status, StatusCode::FORBIDDEN);
    let page = ada.post(&format!("/accounts/acme/members/{id}/roles"), &roles("read_write", "manager", "none", "", 0)).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, format!("/accounts/acme/members/{id}").as_str()));
    assert_eq!(rita.get("/accounts/acme/events").await.status, StatusCode::OK);
    let page = ada.get(&format!("/accounts/acme/members/{id}")).await;
    assert!(page.text().contains("Developer read-write, Team manager"));
    assert!(page.all(".rights li").iter().any(|right| right == "read the account's events Team manager"), "{:?}", page.all(".rights li"));
    assert_eq!(account_events(&house).await, ["membership_updated.v0"]);
    let both = house.raw.texts("SELECT before || after FROM events WHERE type = 'membership_updated.v0'").await;
    assert!(both[0].contains(r#""team":"read_only""#) && both[0].contains(r#""team":"manager""#), "{both:?}");
    // The same again is no change; an old version is one that somebody else has made.
    ada.post(&format!("/accounts/acme/members/{id}/roles"), &roles("read_write", "manager", "none", "", 1)).await;
    assert_eq!(account_events(&house).await.len(), 1);
    let page = ada.post(&format!("/accounts/acme/members/{id}/roles"), &roles("read_only", "read_only", "none", "", 0)).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.all(".summary li")[0].contains("the roles are now Developer read-write, Team manager"), "{:?}", page.all(".summary li"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_grants_above_themselves_and_only_administrators_touch_administrators() {
    let (house, _ada, max, rita, [ada_id, max_id, rita_id]) = team().await;
    for (target, form, says) in [
        (&rita_id, roles("read_write", "manager", "access", "", 0), "You do not have Billing access yourself"),
        (&rita_id, roles("read_write", "manager", "none", "yes", 0), "Only administrators can make somebody an administrator."),
        (&max_id, roles("read_write", "manager", "none", "yes", 0), "Only administrators can make somebody an administrator."),
        (&max_id, roles("read_write", "manager", "access", "", 0), "You do not have Billing access yourself"),
        (&ada_id, roles("read_write", "manager", "access", "", 0), "Only administrators can change administrators."),
        (&rita_id, roles("read_only", "invite", "none", "", 0), "Team invite and manager need Developer read-write."),
        (&rita_id, roles("owner", "", "none", "maybe", 0), "Choose one: read_only, read_write."),
    ] {
        let page = max.post(&format!("/accounts/acme/members/{target}/roles"), &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{form:?}");
        assert!(page.all(".summary li").join(" ").contains(says), "{says}: {:?}", page.all(".summary li"));
    }
    for deed in ["disable", "enable", "end-sessions", "remove"] {
        let page = max.post(&format!("/accounts/acme/members/{ada_id}/{deed}"), &[]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{deed}");
        let page = rita.post(&format!("/accounts/acme/members/{max_id}/{deed}"), &[]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{deed}");
    }
    assert_eq!(
        max.post(&format!("/accounts/acme/members/{ada_id}/access"), &[("until", "2027-01-01".into())]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert!(max.get(&format!("/accounts/acme/members/{ada_id}")).await.attributes("main form", "action").is_empty());
    assert_eq!(account_events(&house).await, Vec::<String>::new());
    // A manager may lower, and raise to what they have themselves.
    assert_eq!(
        max.post(&format!("/accounts/acme/members/{rita_id}/roles"), &roles("read_write", "invite", "none", "", 0)).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        max.post(&format!("/accounts/acme/members/{rita_id}/roles"), &roles("read_only", "read_only", "none", "", 1)).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn disabled_is_out_at_once_and_enabled_signs_in_again() {
    let (house, _ada, max, rita, [_, max_id, rita_id]) = team().await;
    assert_eq!(rita.get("/accounts/acme").await.status, StatusCode::OK);
    max.post(&format!("/accounts/acme/members/{rita_id}/disable"), &[]).await;
    assert_eq!(rita.get("/accounts/acme").await.status, StatusCode::FORBIDDEN);
    assert_eq!(rita.get("/accounts").await.status, StatusCode::OK, "the person is not touched");
    max.post(&format!("/accounts/acme/members/{rita_id}/enable"), &[]).await;
    let page = rita.get("/accounts/acme").await;
    assert_eq!(page.location(), "/login?why=ended_in_account&next=%2Faccounts%2Facme");
    let form = rita.get(page.location()).await;
    assert!(form.all(".note")[0].starts_with("Your sessions in that account were ended."), "a form, and no way round in a circle");
    rita.sign_in("rita@example.com", PASSWORD).await;
    assert_eq!(rita.get("/accounts/acme").await.status, StatusCode::OK);
    let page = max.post(&format!("/accounts/acme/members/{max_id}/disable"), &[]).await;
    assert!(page.all(".summary li")[0].starts_with("You cannot disable yourself."));
    assert_eq!(account_events(&house).await, ["membership_disabled.v0", "membership_enabled.v0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_in_this_account_alone() {
    let (house, ada, _max, rita, [_, _, id]) = team().await;
    house.account("other").await;
    house.member("other", "rita", READER).await;
    for account in ["acme", "other"] {
        assert_eq!(rita.get(&format!("/accounts/{account}")).await.status, StatusCode::OK);
    }
    let page = ada.post(&format!("/accounts/acme/members/{id}/end-sessions"), &[]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert!(rita.get("/accounts/acme").await.location().starts_with("/login?why=ended_in_account"));
    assert_eq!(rita.get("/accounts/other").await.status, StatusCode::OK);
    ada.post(&format!("/accounts/acme/members/{id}/end-sessions"), &[]).await;
    assert_eq!(account_events(&house).await, ["membership_sessions_ended.v0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_is_gone_with_what_they_owned_and_stays_a_user() {
    let (house, ada, _max, rita, [_, _, id]) = team().await;
    let (user, account) = (house.user_id("rita@example.com").await, house.account_id("acme").await);
    house.raw.run(format!("INSERT INTO credentials (id, account_id, kind, user_id, secret_hash, created_at, created_by) VALUES ('ak_1', '{account}', 'api_key', '{user}', 'hash', {START}, '{user}')")).await;
    let ask = ada.get(&format!("/accounts/acme/members/{id}/remove")).await;
    assert!(ask.text().contains("rita keeps their user, but loses this account and 1 credential in it"), "{}", ask.text());
    assert_eq!(ada.post(&format!("/accounts/acme/members/{id}/remove"), &[]).await.location(), "/accounts/acme/members");
    assert_eq!(rita.get("/accounts/acme").await.status, StatusCode::NOT_FOUND);
    assert_eq!(rita.get("/accounts").await.all(".empty h2"), ["You are in no account"]);
    assert_eq!(ada.get(&format!("/accounts/acme/members/{id}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM credentials WHERE secret_hash IS NULL AND revoked_at IS NOT NULL").await, 1);
    assert_eq!(house.raw.number(format!("SELECT COUNT(*) FROM users WHERE id = '{user}'")).await, 1);
    assert_eq!(account_events(&house).await, ["membership_deleted.v0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_has_a_last_day() {
    let (house, ada, _max, rita, [ada_id, _, id]) = team().await;
    let path = format!("/accounts/acme/members/{id}/access");
    for (day, says) in [("2026-11-20", "It has to lie in the future."), ("soon", "Enter a day"), ("2026-02-30", "Enter a day")] {
        let page = ada.post(&path, &[("until", day.into())]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.fault("until").starts_with(says), "{day}: {}", page.text());
        assert_eq!(page.value("until"), day);
    }
    assert_eq!(ada.post(&path, &[("until", "2026-11-21".into())]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(ada.get(&format!("/accounts/acme/members/{id}")).await.value("until"), "2026-11-21");
    house.wait(Span(Span::hours(12).0 - 1));
    assert_ne!(rita.get("/accounts/acme").await.status, StatusCode::FORBIDDEN);
    house.wait(Span(1));
    let rita = house.signed_in("rita@example.com").await;
    assert_eq!(rita.get("/accounts/acme").await.status, StatusCode::FORBIDDEN, "that day is over");
    let ada = house.signed_in("ada@example.com").await;
    assert_eq!(ada.post(&path, &[("until", String::new())]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(rita.get("/accounts/acme").await.status, StatusCode::OK);
    let own = ada.post(&format!("/accounts/acme/members/{ada_id}/access"), &[("until", "2027-01-01".into())]).await;
    assert_eq!(own.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(account_events(&house).await, ["membership_updated.v0", "membership_updated.v0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays_by_every_path() {
    let (house, ada, max, _rita, [ada_id, _, _]) = team().await;
    let bea = house.member("acme", "bea", Roles::ADMINISTRATOR).await;
    let bea_id = house.member_id(&bea).await;
    // A second administrator who cannot come in is none.
    for state in [format!("disabled_at = {START}"), format!("access_until = {}", START + Span::days(9).0)] {
        house.raw.run(format!("UPDATE members SET {state} WHERE id = '{bea_id}'")).await;
        let demote = ada.post(&format!("/accounts/acme/members/{ada_id}/roles"), &roles("read_write", "manager", "access", "", 0)).await;
        let leave = ada.post("/accounts/acme/leave", &[]).await;
        for page in [demote, leave] {
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(
                page.all(".summary li")[0].starts_with("Ada Lovelace is the only administrator here."),
                "{:?}",
                page.all(".summary li")
            );
        }
        house.raw.run(format!("UPDATE members SET disabled_at = NULL, access_until = NULL WHERE id = '{bea_id}'")).await;
    }
    let bea = house.signed_in(&bea).await;
    assert_eq!(ada.post("/accounts/acme/leave", &[]).await.location(), "/accounts");
    assert_eq!(ada.get("/accounts/acme").await.status, StatusCode::NOT_FOUND);
    for (deed, form) in [
        ("disable", vec![]),
        ("remove", vec![]),
        ("access", vec![("until", "2027-01-01".to_owned())]),
        ("roles", roles("read_write", "manager", "access", "", 0)),
    ] {
        for who in [&bea, &max] {
            let page = who.post(&format!("/accounts/acme/members/{bea_id}/{deed}"), &form).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{deed}");
        }
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM members WHERE administrator_since IS NOT NULL").await, 1);
}

/// Two administrators against each other, at once and on two processes: never none is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_demote_each_other_one_stays() {
    let (house, _ada) = House::with_ada_and(|config| config.sqlite_durability = frontdesk::store::SqliteDurability::Normal).await;
    let other = house.beside(|_| {}).await;
    let bea = house.member("acme", "bea", Roles::ADMINISTRATOR).await;
    let ids = [house.member_id("ada@example.com").await, house.member_id(&bea).await];
    let browsers = [house.signed_in("ada@example.com").await, other.signed_in(&bea).await];
    for browser in &browsers {
        browser.get("/accounts/acme").await;
    }
    let mut none = 0;
    for round in 0_u8..200 {
        let forms = [0, 1].map(|n: usize| {
            let path = format!("/accounts/acme/members/{}", ids[1 - n]);
            match (usize::from(round) + n) % 3 {
                0 => (format!("{path}/disable"), vec![]),
                1 => (format!("{path}/remove"), vec![]),
                _ => (format!("{path}/roles"), roles("read_write", "manager", "access", "", i64::from(round))),
            }
        });
        let _ = tokio::join!(browsers[0].post(&forms[0].0, &forms[0].1), browsers[1].post(&forms[1].0, &forms[1].1));
        let left = house.raw.number("SELECT COUNT(*) FROM members WHERE administrator_since IS NOT NULL AND disabled_at IS NULL").await;
        none += i32::from(left == 0);
        // Everybody back for the next round, with the version that its form will name.
        house
            .raw
            .run(format!("UPDATE members SET administrator_since = {START}, disabled_at = NULL, version = {}", i64::from(round) + 1))
            .await;
        house.raw.run("UPDATE entries SET ended_at = NULL").await;
        if house.raw.number("SELECT COUNT(*) FROM members").await < 2 {
            for (name, id) in [("ada", &ids[0]), ("bea", &ids[1])] {
                let user = house.user_id(&format!("{name}@example.com")).await;
                let account = house.account_id("acme").await;
                house.raw.run(format!("INSERT INTO members (id, account_id, user_id, developer, team, billing, administrator_since, source, joined_at, name, search_name, search_email, version) VALUES ('{id}', '{account}', '{user}', 'read_write', 'manager', 'access', {START}, 'setup', {START}, '{name}', '{name}', '{name}@example.com', {}) ON CONFLICT DO NOTHING", round + 1)).await;
            }
        }
    }
    assert_eq!(none, 0, "of 200 rounds");
    let changed = account_events(&house).await.len();
    assert!(changed >= 190, "{changed} of 200 rounds changed something: fewer would prove little");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_found_filtered_sorted_and_paged() {
    let (house, ada) = House::with_ada().await;
    for n in 0..110 {
        let roles =
            if n % 10 == 0 { MANAGER } else { Roles { billing: if n % 2 == 0 { Billing::Access } else { Billing::None }, ..READER } };
        house.member("acme", &format!("person{n:03}"), roles).await;
    }
    let names = |page: &crate::kit::Page| page.all("table.members tbody td:first-child");
    for (query, count) in [
        ("q=ADA", 1),
        ("q=love", 1),
        ("q=ada+love", 1),
        ("q=ada+person", 0),
        ("q=person00", 10),
        ("q=person007%40", 1),
        ("q=ovelace", 0),
        ("q=%25", 0),
        ("q=exam", 50),
        ("role=administrator", 1),
        ("role=manager", 11),
        ("role=billing&q=person00", 4),
        ("status=guest", 0),
        ("status=disabled", 0),
        ("source=scim", 0),
        ("role=nonsense", 0),
    ] {
        let page = ada.get(&format!("/accounts/acme/members?{query}")).await;
        assert_eq!((page.status, names(&page).len()), (StatusCode::OK, count), "{query}");
    }
    for order in ["name", "email", "joined"] {
        let (mut path, mut seen) = (format!("/accounts/acme/members?order={order}"), Vec::new());
        loop {
            let page = ada.get(&path).await;
            seen.extend(names(&page));
            // Whoever joins meanwhile moves nobody.
            house.member("acme", &format!("aaa-late-{order}-{}", seen.len()), READER).await;
            match page.attributes("[rel=next]", "href").first() {
                Some(next) => path.clone_from(next),
                None => break,
            }
        }
        let mut unique = seen.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), seen.len(), "{order}: nobody twice");
        assert!((0..110).all(|n| seen.contains(&format!("person{n:03}"))), "{order}: nobody missed");
        if order == "name" {
            assert!(seen.windows(2).all(|pair| pair[0].to_lowercase() <= pair[1].to_lowercase()), "{seen:?}");
        }
    }
    for query in ["behind=x&id=y", "order=joined&behind=x&id=mem_3MP92WggujNuFkwl8icLusxoDSO", "order=nonsense", "q=%00", "q=a+b+c+d+e+f+g"]
    {
        let page = ada.get(&format!("/accounts/acme/members?{query}")).await;
        assert!(!page.status.is_server_error(), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_other_accounts_do_not_exist() {
    let (house, ada, ..) = team().await;
    house.account("other").await;
    let stranger = house.member("other", "stranger", READER).await;
    let stranger = house.member_id(&stranger).await;
    let none = ada.get("/accounts/acme/members/mem_3MP92WggujNuFkwl8icLusxoDSO").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert_eq!(ada.get(&format!("/accounts/acme/members/{stranger}")).await.body, none.body);
    for (deed, form) in [
        ("disable", vec![]),
        ("enable", vec![]),
        ("end-sessions", vec![]),
        ("remove", vec![]),
        ("access", vec![("until", "2027-01-01".to_owned())]),
        ("roles", roles("read_write", "manager", "access", "", 0)),
    ] {
        let page = ada.post(&format!("/accounts/acme/members/{stranger}/{deed}"), &form).await;
        assert_eq!((page.status, &page.body), (StatusCode::NOT_FOUND, &none.body), "{deed}");
    }
    assert!(ada.get("/accounts/acme/members?q=stranger").await.all("table.members tbody tr").is_empty());
    assert_eq!(
        house.raw.number(format!("SELECT COUNT(*) FROM members WHERE id = '{stranger}' AND disabled_at IS NULL AND version = 0")).await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_is_found_in_every_account() {
    let (house, ada) = House::with_ada().await;
    ada.post("/me", &[("name", "Augusta King".into()), ("theme", "auto".into())]).await;
    for (query, count) in [("augu", 1), ("king", 1), ("lovelace", 0), ("ada", 1)] {
        assert_eq!(ada.get(&format!("/accounts/acme/members?q={query}")).await.all("table.members tbody tr").len(), count, "{query}");
    }
    drop(house);
}

/// Noting that somebody is here and taking them out touch the same rows: neither waits for the other in a circle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicking_while_being_disabled_never_jams() {
    let (house, _ada, max, rita, [_, _, id]) = team().await;
    rita.get("/accounts/acme").await;
    for _ in 0..60 {
        house.wait(Span::minutes(1));
        let (disable, enable) = (format!("/accounts/acme/members/{id}/disable"), format!("/accounts/acme/members/{id}/enable"));
        let (clicked, disabled) = tokio::join!(rita.get("/accounts/acme"), max.post(&disable, &[]));
        assert!(!clicked.status.is_server_error() && !disabled.status.is_server_error(), "{} {}", clicked.status, disabled.status);
        assert_eq!(max.post(&enable, &[]).await.status, StatusCode::SEE_OTHER);
        house.raw.run("UPDATE entries SET ended_at = NULL, ended_why = NULL").await;
    }
}
