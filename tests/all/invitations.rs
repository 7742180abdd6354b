use frontdesk::rules::{
    members::{Billing, Developer, Roles, Team},
    time::Span,
};
use reqwest::StatusCode;

use crate::kit::{Browser, House, READER, START, invitation_form, sign_up_form};

const INVITER: Roles = Roles { developer: Developer::ReadWrite, team: Team::Invite, ..READER };
const MANAGER: Roles = Roles { team: Team::Manager, ..INVITER };

/// An account with an administrator, a manager and an inviter, each signed in.
async fn team() -> (House, Browser, Browser, Browser) {
    let (house, ada) = House::with_ada().await;
    let (max, ivy) = (house.member("acme", "max", MANAGER).await, house.member("acme", "ivy", INVITER).await);
    let (max, ivy) = (house.signed_in(&max).await, house.signed_in(&ivy).await);
    (house, ada, max, ivy)
}

async fn id_of(house: &House, email: &str) -> String {
    house.raw.texts(format!("SELECT id FROM invitations WHERE canonical = '{email}' ORDER BY created_at DESC, id DESC")).await.remove(0)
}

/// The events of the account that concern invitations.
async fn events(house: &House) -> Vec<String> {
    let account = house.account_id("acme").await;
    house.events(&account).await.into_iter().filter(|kind| kind.starts_with("invitation")).collect()
}

async fn letters(house: &House) -> i64 {
    house.raw.number("SELECT COUNT(*) FROM outbox").await
}

fn roles_form(roles: Roles, version: i64) -> Vec<(&'static str, String)> {
    let mut form: Vec<_> = invitation_form("", roles).into_iter().filter(|(name, _)| *name != "email").collect();
    form.push(("version", version.to_string()));
    form
}

#[tokio::test(flavor = "multi_thread")]
async fn inviting_makes_an_invitation_its_event_and_its_letter() {
    let (house, ada, _, _) = team().await;
    let page = ada.get("/accounts/acme/invitations/new").await;
    assert_eq!(page.all("fieldset .option").len(), 8, "whole sentences for each value");
    let page = ada.post("/accounts/acme/invitations/new", &invitation_form(" Bob@Example.com ", INVITER)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let link = page.attributes("#link", "value").remove(0);
    assert!(link.starts_with(&format!("{}/invitations/", house.running.base_url)), "{link}");
    assert_eq!(page.attributes("form[action='/me/theme'] [name=next]", "value"), ["/accounts"], "no page that only takes changes");
    assert_eq!((events(&house).await, letters(&house).await), (vec!["invitation_created.v0".to_owned()], 1));
    let list = ada.get("/accounts/acme/invitations").await;
    let row = list.all("table.invitations tbody tr").remove(0);
    for part in ["Bob@Example.com", "Open", "Developer read-write, Team invite", "by Ada Lovelace", "in 7 days"] {
        assert!(row.contains(part), "{part}: {row}");
    }
    // The secret is in no page, no event, and not in the database.
    let secret = link.rsplit_once('/').unwrap().1;
    let one = ada.get(&format!("/accounts/acme/invitations/{}", id_of(&house, "bob@example.com").await)).await;
    assert!(!list.body.contains(secret) && !one.body.contains(secret));
    let kept = house.raw.texts("SELECT hash FROM invitation_tokens").await.join(" ")
        + &house.raw.texts("SELECT COALESCE(after, '') FROM events").await.join(" ")
        + &house.raw.texts("SELECT data FROM cookies").await.join(" ");
    assert!(!kept.contains(secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_input_is_named_and_kept() {
    let (house, ada, _, _) = team().await;
    house.invite(&ada, "bob@example.com", READER).await;
    let too_weak = Roles { team: Team::Invite, ..READER };
    for (email, roles, field, says) in [
        ("", READER, "email", "Enter an email address."),
        ("nobody", READER, "email", "This is not an email address."),
        ("a@example.com,b@example.com", READER, "email", "This is not an email address."),
        ("a@example.com\r\nBcc: b@example.com", READER, "email", "This is not an email address."),
        ("BOB@example.com", READER, "email", "This address has an open invitation."),
        ("max@example.com", READER, "email", "Somebody with this address is a member already."),
        ("eve@example.com", too_weak, "team", "Team invite and manager need Developer read-write."),
    ] {
        let page = ada.post("/accounts/acme/invitations/new", &invitation_form(email, roles)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
        let summary = page.all(".summary li").join(" ");
        assert!(summary.contains(says), "{email}: {summary}");
        assert_eq!(page.attributes(".summary a", "href"), [format!("#{field}")]);
        if !email.contains('\n') {
            assert_eq!(page.value("email"), email, "what was typed is kept");
        }
    }
    assert_eq!((events(&house).await.len(), letters(&house).await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_invites_above_their_own_rights() {
    let (house, ada, max, ivy) = team().await;
    let billing = Roles { billing: Billing::Access, ..INVITER };
    for (who, roles, says) in [
        (&ivy, MANAGER, "You do not have Team manager yourself"),
        (&ivy, billing, "You do not have Billing access yourself"),
        (&ivy, Roles::ADMINISTRATOR, "Only administrators can make somebody an administrator."),
        (&max, Roles::ADMINISTRATOR, "Only administrators can make somebody an administrator."),
        (&max, billing, "You do not have Billing access yourself"),
    ] {
        let page = who.post("/accounts/acme/invitations/new", &invitation_form("bob@example.com", roles)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.all(".summary li").join(" ").contains(says), "{says}: {:?}", page.all(".summary li"));
    }
    let form = ivy.get("/accounts/acme/invitations/new").await;
    assert_eq!(form.attributes("input[disabled]", "value"), ["manager", "access", "yes"], "what one cannot give is muted");
    assert_eq!((events(&house).await.len(), letters(&house).await), (0, 0));

    // Nor by way of what somebody else has offered.
    house.invite(&ada, "boss@example.com", Roles::ADMINISTRATOR).await;
    let boss = id_of(&house, "boss@example.com").await;
    for who in [&max, &ivy] {
        let page = who.post(&format!("/accounts/acme/invitations/{boss}/resend"), &[]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.attributes("#link", "value").is_empty());
    }
    let page = max.post(&format!("/accounts/acme/invitations/{boss}/revoke"), &[]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "only administrators touch administrators, to be or not");
    let page = max.post(&format!("/accounts/acme/invitations/{boss}/roles"), &roles_form(READER, 0)).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    house.invite(&max, "bob@example.com", INVITER).await;
    let bob = id_of(&house, "bob@example.com").await;
    let page = max.post(&format!("/accounts/acme/invitations/{bob}/roles"), &roles_form(Roles::ADMINISTRATOR, 0)).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for deed in ["roles", "revoke"] {
        assert_eq!(
            ivy.post(&format!("/accounts/acme/invitations/{bob}/{deed}"), &roles_form(READER, 0)).await.status,
            StatusCode::FORBIDDEN
        );
    }
    assert_eq!(events(&house).await, ["invitation_created.v0", "invitation_created.v0"]);
    // What one has sent oneself, one may take back.
    house.invite(&ivy, "carl@example.com", INVITER).await;
    let carl = id_of(&house, "carl@example.com").await;
    assert_eq!(ivy.post(&format!("/accounts/acme/invitations/{carl}/revoke"), &[]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn sent_again_it_has_a_new_link_and_seven_days() {
    let (house, ada, _, ivy) = team().await;
    let first = house.invite(&ada, "bob@example.com", READER).await;
    let mailed = house.mailed("bob@example.com").await;
    house.wait(Span::days(5));
    let ada = house.signed_in("ada@example.com").await;
    let id = id_of(&house, "bob@example.com").await;
    let page = ada.post(&format!("/accounts/acme/invitations/{id}/resend"), &[]).await;
    let second = page.attributes("#link", "value").remove(0).rsplit_once('/').unwrap().1.to_owned();
    let visitor = house.visitor();
    for old in [&first, &mailed] {
        let page = visitor.get(&format!("/invitations/{old}")).await;
        assert_eq!((page.status, page.all("h1")), (StatusCode::GONE, vec!["There is a newer link".to_owned()]));
        let page = visitor.post(&format!("/invitations/{old}/sign-up"), &sign_up_form("Bob")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "old links are dead");
    }
    assert_eq!(visitor.get(&format!("/invitations/{second}")).await.status, StatusCode::OK);
    assert_eq!((letters(&house).await, house.raw.number("SELECT COUNT(*) FROM invitations").await), (2, 1));
    // The page of a new link can be loaded anew without making another: told which version was looked at, it is done once.
    let page = ada.post(&format!("/accounts/acme/invitations/{id}/resend"), &[("version", "0".into())]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.all(".summary li")[0].starts_with("This was done already"), "{:?}", page.all(".summary li"));
    let version = ada.get(&format!("/accounts/acme/invitations/{id}")).await.attributes("form[action$='/resend'] [name=version]", "value");
    assert_eq!(version, ["1"]);
    let mailed = house.mailed("bob@example.com").await;
    for good in [&second, &mailed] {
        assert_eq!(visitor.get(&format!("/invitations/{good}")).await.status, StatusCode::OK);
    }
    house.wait(Span::days(7));
    for late in [&second, &mailed] {
        let page = visitor.get(&format!("/invitations/{late}")).await;
        assert_eq!((page.status, page.all("h1")), (StatusCode::GONE, vec!["This invitation has expired".to_owned()]));
    }
    // Expired, it can be sent once more, by whoever may; they answer for it then.
    drop(ivy);
    let ivy = house.signed_in("ivy@example.com").await;
    let page = ivy.post(&format!("/accounts/acme/invitations/{id}/resend"), &[]).await;
    let fourth = page.attributes("#link", "value").remove(0).rsplit_once('/').unwrap().1.to_owned();
    assert!(visitor.get(&format!("/invitations/{fourth}")).await.text().contains("ivy (ivy@example.com) invites"));
    let mut kinds = events(&house).await;
    kinds.retain(|kind| kind != "invitation_refused.v0");
    assert_eq!(kinds, ["created", "resent", "resent"].map(|kind| format!("invitation_{kind}.v0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn taken_back_is_dead_and_makes_room() {
    let (house, ada, max, _) = team().await;
    let link = house.invite(&ada, "bob@example.com", READER).await;
    let id = id_of(&house, "bob@example.com").await;
    assert_eq!(max.post(&format!("/accounts/acme/invitations/{id}/revoke"), &[]).await.status, StatusCode::SEE_OTHER);
    let page = house.visitor().get(&format!("/invitations/{link}")).await;
    assert_eq!((page.status, page.all("h1")), (StatusCode::GONE, vec!["This invitation was taken back".to_owned()]));
    for deed in ["revoke", "resend"] {
        let page = max.post(&format!("/accounts/acme/invitations/{id}/{deed}"), &[]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{deed}");
    }
    let page = max.post(&format!("/accounts/acme/invitations/{id}/roles"), &roles_form(INVITER, 1)).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    house.invite(&ada, "bob@example.com", READER).await;
    assert_eq!(ada.get("/accounts/acme/invitations?state=revoked").await.all("table.invitations tbody tr").len(), 1);
    assert_eq!(events(&house).await, ["created", "revoked", "created"].map(|kind| format!("invitation_{kind}.v0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_one_makes_room_for_another() {
    let (house, ada, _, _) = team().await;
    house.invite(&ada, "bob@example.com", READER).await;
    house.wait(Span::days(7));
    let ada = house.signed_in("ada@example.com").await;
    assert_eq!(ada.get("/accounts/acme/invitations?state=expired").await.all("table.invitations tbody tr").len(), 1);
    house.invite(&ada, "bob@example.com", INVITER).await;
    assert_eq!(ada.get("/accounts/acme/invitations?state=expired").await.all("table.invitations tbody tr").len(), 1);
    assert_eq!(ada.get("/accounts/acme/invitations?state=open").await.all("table.invitations tbody tr").len(), 1);
    assert_eq!(events(&house).await, ["created", "expired", "created"].map(|kind| format!("invitation_{kind}.v0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_change_while_it_is_open() {
    let (house, ada, max, ivy) = team().await;
    let link = house.invite(&ivy, "bob@example.com", READER).await;
    let id = id_of(&house, "bob@example.com").await;
    let path = format!("/accounts/acme/invitations/{id}/roles");
    assert_eq!(max.post(&path, &roles_form(MANAGER, 0)).await.status, StatusCode::SEE_OTHER);
    let page = ada.post(&path, &roles_form(READER, 0)).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.all(".summary li")[0].contains("it now offers Developer read-write, Team manager"), "{:?}", page.all(".summary li"));
    // Whoever changed it answers for it: what ivy could not give, max can.
    let bob = house.visitor();
    assert_eq!(bob.post(&format!("/invitations/{link}/sign-up"), &sign_up_form("Bob")).await.location(), crate::kit::OFFER);
    assert_eq!(house.raw.texts("SELECT team FROM members WHERE search_email = 'bob@example.com'").await, ["manager"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_go_with_whoever_answers_for_them_or_are_taken_over() {
    let (house, ada, max, ivy) = team().await;
    house.invite(&ivy, "one@example.com", READER).await;
    house.invite(&max, "two@example.com", READER).await;
    let three = house.invite(&max, "three@example.com", MANAGER).await;
    let (ivy_id, max_id) = (house.member_id("ivy@example.com").await, house.member_id("max@example.com").await);
    // Disabled: closed.
    let page = ada.get(&format!("/accounts/acme/members/{ivy_id}/disable")).await;
    assert!(page.all("legend").contains(&"Their open invitation".to_owned()), "{}", page.text());
    assert_eq!(ada.post(&format!("/accounts/acme/members/{ivy_id}/disable"), &[]).await.status, StatusCode::SEE_OTHER);
    // Removed: taken over, and what they offered stays good.
    let page = ada.get(&format!("/accounts/acme/members/{max_id}/remove")).await;
    assert!(page.all("legend").contains(&"Their 2 open invitations".to_owned()), "{}", page.text());
    let page = ada.post(&format!("/accounts/acme/members/{max_id}/remove"), &[("take_over", "yes".into())]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let state = |email: &str| format!("SELECT COALESCE(closed_why, 'open') FROM invitations WHERE canonical = '{email}@example.com'");
    assert_eq!(house.raw.texts(state("one")).await, ["inviter_gone"]);
    assert_eq!([house.raw.texts(state("two")).await, house.raw.texts(state("three")).await], [["open"], ["open"]]);
    let page = house.visitor().post(&format!("/invitations/{three}/sign-up"), &sign_up_form("Three")).await;
    assert_eq!(page.location(), crate::kit::OFFER);
    let kinds = events(&house).await;
    let expected = ["created", "created", "created", "closed", "updated", "accepted"];
    assert_eq!(kinds, expected.map(|kind| format!("invitation_{kind}.v0")), "one event for all that were taken over");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_over_takes_what_they_may() {
    let (house, ada, max, _) = team().await;
    let boss = house.member("acme", "boss", Roles { billing: Billing::Access, ..MANAGER }).await;
    let boss = house.signed_in(&boss).await;
    house.invite(&boss, "one@example.com", Roles { billing: Billing::Access, ..READER }).await;
    house.invite(&boss, "two@example.com", READER).await;
    let id = house.member_id("boss@example.com").await;
    let page = max.post(&format!("/accounts/acme/members/{id}/disable"), &[("take_over", "yes".into())]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    let state = |email: &str| format!("SELECT COALESCE(closed_why, 'open') FROM invitations WHERE canonical = '{email}@example.com'");
    assert_eq!([house.raw.texts(state("one")).await, house.raw.texts(state("two")).await], [["inviter_gone"], ["open"]]);
    drop(ada);
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_count_members_and_open_invitations() {
    let (house, ada) = House::with_ada_and(|config| config.seats = 3).await;
    house.member("acme", "max", MANAGER).await;
    house.invite(&ada, "bob@example.com", READER).await;
    let page = ada.post("/accounts/acme/invitations/new", &invitation_form("eve@example.com", READER)).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.fault("email").starts_with("All 3 seats are taken"), "{}", page.text());
    let id = id_of(&house, "bob@example.com").await;
    ada.post(&format!("/accounts/acme/invitations/{id}/revoke"), &[]).await;
    let link = house.invite(&ada, "eve@example.com", READER).await;
    // Taken meanwhile by another road: the link says so and stays good.
    house.member("acme", "zoe", READER).await;
    let eve = house.visitor();
    let page = eve.get(&format!("/invitations/{link}")).await;
    assert_eq!((page.status, page.all("h1")), (StatusCode::CONFLICT, vec!["There is no seat left".to_owned()]));
    assert_eq!(eve.post(&format!("/invitations/{link}/sign-up"), &sign_up_form("Eve")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let zoe = house.member_id("zoe@example.com").await;
    ada.post(&format!("/accounts/acme/members/{zoe}/remove"), &[]).await;
    assert_eq!(eve.post(&format!("/invitations/{link}/sign-up"), &sign_up_form("Eve")).await.location(), crate::kit::OFFER);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobodys_mailbox_is_filled() {
    let (house, ada, _, _) = team().await;
    house.invite(&ada, "bob@example.com", READER).await;
    let id = id_of(&house, "bob@example.com").await;
    for _ in 0..9 {
        assert_eq!(ada.post(&format!("/accounts/acme/invitations/{id}/resend"), &[]).await.status, StatusCode::OK);
    }
    let page = ada.post(&format!("/accounts/acme/invitations/{id}/resend"), &[]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.all(".summary li")[0].contains("no more letters within this hour"), "{:?}", page.all(".summary li"));
    assert_eq!(letters(&house).await, 10);
    house.wait(Span::hours(1));
    assert_eq!(ada.post(&format!("/accounts/acme/invitations/{id}/resend"), &[]).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_of_other_accounts_do_not_exist() {
    let (house, ada, _, _) = team().await;
    house.invite(&ada, "bob@example.com", READER).await;
    let id = id_of(&house, "bob@example.com").await;
    house.account("other").await;
    let stranger = house.member("other", "stranger", Roles::ADMINISTRATOR).await;
    let stranger = house.signed_in(&stranger).await;
    assert_eq!(stranger.get(&format!("/accounts/other/invitations/{id}")).await.status, StatusCode::NOT_FOUND);
    for (deed, form) in [("resend", vec![]), ("link", vec![]), ("revoke", vec![]), ("roles", roles_form(READER, 0))] {
        let page = stranger.post(&format!("/accounts/other/invitations/{id}/{deed}"), &form).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{deed}");
    }
    assert!(stranger.get("/accounts/other/invitations").await.all("table.invitations").is_empty());
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM invitations WHERE version = 0 AND closed_at IS NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_pages_that_stay_put() {
    let (house, ada, _, _) = team().await;
    for n in 0..53 {
        house.invite(&ada, &format!("p{n:02}@example.com"), READER).await;
        house.wait(Span(1));
    }
    let mut seen = Vec::new();
    let mut path = "/accounts/acme/invitations".to_owned();
    loop {
        let page = ada.get(&path).await;
        seen.extend(page.all("table.invitations tbody td:first-child"));
        match page.attributes("[rel=next]", "href").into_iter().next() {
            Some(next) => path = next,
            None => break,
        }
    }
    let expected: Vec<_> = (0..53).rev().map(|n| format!("p{n:02}@example.com")).collect();
    assert_eq!(seen, expected);
    assert_eq!(ada.get("/accounts/acme/invitations?q=P1").await.all("table.invitations tbody tr").len(), 10);
}

/// However many invitations somebody answers for, they go as quickly, and with as few statements.
#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_invitations_go_at_once() {
    let (house, ada, _, ivy) = team().await;
    let ivy_user = house.user_id("ivy@example.com").await;
    let account = house.account_id("acme").await;
    let mut costs = Vec::new();
    for round in 0..2 {
        for n in 0..if round == 0 { 1 } else { 2_000 } {
            let id = frontdesk::rules::ids::InvitationId::new(house.now(), frontdesk::app::dice()());
            house
                .raw
                .run(format!(
                    "INSERT INTO invitations (id, account_id, kind, address, canonical, developer, team, billing, invited_by, created_at, expires_at)
                     VALUES ('{id}', '{account}', 'email', 'p{round}-{n}@x.example', 'p{round}-{n}@x.example', 'read_only', 'read_only', 'none', '{ivy_user}', {START}, {})",
                    START + Span::days(7).0
                ))
                .await;
        }
        let id = house.member_id("ivy@example.com").await;
        ada.get("/accounts/acme").await;
        let before = house.costs().0;
        let page = ada.post(&format!("/accounts/acme/members/{id}/disable"), &[]).await;
        costs.push(house.costs().0 - before);
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        ada.post(&format!("/accounts/acme/members/{id}/enable"), &[]).await;
    }
    // Each event names a hundred at most, with a statement for each.
    assert!(costs[1] < costs[0] + 120, "{costs:?}");
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM invitations WHERE closed_why = 'inviter_gone'").await, 2_001);
    let after = house.raw.texts("SELECT after FROM events WHERE type = 'invitation_closed.v0' ORDER BY seq DESC").await.remove(0);
    assert!(after.contains(r#""invitations":2000"#), "{after}");
    drop(ivy);
}

/// Many at once: one open invitation for each address, a letter for each invitation, and other pages go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_invitations_at_once() {
    let (house, ada) = House::with_ada_and(|config| config.sqlite_durability = frontdesk::store::SqliteDurability::Normal).await;
    let ada = std::sync::Arc::new(ada);
    let mut tasks = Vec::new();
    for worker in 0..50 {
        let ada = ada.clone();
        tasks.push(tokio::spawn(async move {
            let mut made = 0;
            for n in 0..10 {
                // Each address is invited from two sides.
                let email = format!("p{}-{n}@example.com", worker / 2);
                let page = ada.post("/accounts/acme/invitations/new", &invitation_form(&email, READER)).await;
                assert!([StatusCode::OK, StatusCode::UNPROCESSABLE_ENTITY, StatusCode::SERVICE_UNAVAILABLE].contains(&page.status));
                made += i64::from(page.status == StatusCode::OK);
            }
            made
        }));
    }
    let mut slowest = std::time::Duration::ZERO;
    for _ in 0..20 {
        let began = std::time::Instant::now();
        assert_eq!(ada.get("/accounts/acme/members").await.status, StatusCode::OK);
        slowest = slowest.max(began.elapsed());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let mut made = 0;
    for task in tasks {
        made += task.await.unwrap();
    }
    println!("invitations at once: {made} made, slowest page meanwhile {slowest:?}");
    let open = house.raw.number("SELECT COUNT(*) FROM invitations WHERE closed_at IS NULL").await;
    let addresses = house.raw.number("SELECT COUNT(DISTINCT canonical) FROM invitations WHERE closed_at IS NULL").await;
    assert_eq!(
        (made, open, letters(&house).await, events(&house).await.len()),
        (addresses, addresses, addresses, usize::try_from(addresses).unwrap())
    );
    assert!(addresses >= 200, "{addresses}");
}
