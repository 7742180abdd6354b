use reqwest::StatusCode;

use crate::{
    kit::{Browser, Page},
    sso::{add, with_idp},
};

const JOINING: &str = "/accounts/acme/settings/provisioning";

async fn choose(ada: &Browser, how: &str, seen: &str) -> Page {
    ada.post(JOINING, &[("provisioning", how.to_owned()), ("seen", seen.to_owned())]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn people_join_by_invitation_until_it_is_chosen_otherwise() {
    let (house, ada, idp) = with_idp().await;
    let page = ada.get(JOINING).await;
    assert_eq!(page.attributes("input[name=provisioning][checked]", "value"), ["invitation"]);
    assert_eq!(page.attributes("input[name=provisioning][disabled]", "value"), ["just_in_time", "scim"], "there is no provider");
    assert_eq!(choose(&ada, "just_in_time", "invitation").await.fault("provisioning"), "Add an identity provider first, and switch it on.");
    let id = add(&ada, &idp).await;
    for wrong in ["", "scim", "everybody"] {
        assert_eq!(choose(&ada, wrong, "invitation").await.fault("provisioning"), "Choose one of these.", "{wrong}");
    }
    assert_eq!(ada.get(JOINING).await.attributes("input[name=provisioning][disabled]", "value"), ["scim"]);
    assert_eq!(choose(&ada, "just_in_time", "invitation").await.location(), JOINING);
    // Whoever looked before it was changed looks again, and keeps what they chose.
    let late = choose(&ada, "invitation", "invitation").await;
    assert_eq!((late.status, late.value("seen").as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "just_in_time"));
    assert!(late.text().contains("Somebody changed this meanwhile"), "{}", late.text());
    assert_eq!(late.attributes("input[name=provisioning][checked]", "value"), ["invitation"]);
    // It stays chosen while there is nobody to bring people, and it can be taken back then.
    ada.post(&format!("/accounts/acme/settings/sso/{id}/disable"), &[]).await;
    let chosen = ada.get(JOINING).await.attributes("input[name=provisioning][checked]:not([disabled])", "value");
    assert_eq!(chosen, ["just_in_time"], "a browser sends what is chosen");
    assert_eq!(choose(&ada, &chosen[0], "just_in_time").await.location(), JOINING, "nothing changes");
    assert_eq!(choose(&ada, "invitation", "just_in_time").await.location(), JOINING);
    let account = house.account_id("acme").await;
    let events = house
        .raw
        .texts(format!(
            "SELECT before || ' ' || after FROM events WHERE log = '{account}' AND type = 'account_provisioning_updated.v0' ORDER BY seq"
        ))
        .await;
    let value = |word: &str| format!("{{\"provisioning\":\"{word}\"}}");
    let change = |from: &str, to: &str| format!("{} {}", value(from), value(to));
    assert_eq!(events, [change("invitation", "just_in_time"), change("just_in_time", "invitation")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_reached_by_a_room_is_in_it() {
    let (_house, ada, _idp) = with_idp().await;
    for (page, room) in [("email-domains", "provisioning"), ("domains", "sso"), ("provisioning", "provisioning"), ("security", "security")]
    {
        let shown = ada.get(&format!("/accounts/acme/settings/{page}")).await;
        assert_eq!(shown.attributes(".nav-item[aria-current]", "href"), [format!("/accounts/acme/settings/{room}")], "{page}");
    }
}
