//! Domains of an account's own, shown by a record at a real name server on this machine.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use frontdesk::{
    protocols::{
        dns::{Dns, Unanswered},
        outside::Private,
    },
    rules::time::Span,
};
use hickory_server::{
    Server,
    net::runtime::TokioRuntimeProvider,
    proto::rr::{
        Name, RData, Record, RecordType, RrKey,
        rdata::{SOA, TXT},
    },
    store::in_memory::InMemoryZoneHandler,
    zone_handler::{AxfrPolicy, Catalog, ZoneType},
};
use reqwest::StatusCode;

use crate::{
    kit::{Browser, House, PASSWORD, Page},
    sso::{add, choose, through, with_idp_and},
};

const PAGE: &str = "/accounts/acme/settings/domains";

/// A name server for `example.`, and what it says.
struct NameServer {
    address: SocketAddr,
    zone: Arc<InMemoryZoneHandler<TokioRuntimeProvider>>,
    server: Server<Catalog>,
}

impl NameServer {
    async fn start() -> Self {
        let origin = Name::from_ascii("example.").unwrap();
        let zone = Arc::new(InMemoryZoneHandler::empty(origin.clone(), ZoneType::Primary, AxfrPolicy::Deny));
        let soa = SOA::new(origin.clone(), origin.clone(), 1, 60, 60, 60, 60);
        zone.upsert(Record::from_rdata(origin.clone(), 60, RData::SOA(soa)), 1).await;
        let mut catalog = Catalog::new();
        catalog.upsert(origin.into(), vec![zone.clone()]);
        let mut server = Server::new(catalog);
        let (socket, listener) = both().await;
        let address = socket.local_addr().unwrap();
        server.register_socket(socket);
        server.register_listener(listener, Duration::from_secs(5), 4096);
        Self { address, zone, server }
    }

    async fn say(&self, name: &str, parts: &[&str]) {
        let data = RData::TXT(TXT::new(parts.iter().map(|part| (*part).to_owned()).collect()));
        self.zone.upsert(Record::from_rdata(Name::from_ascii(format!("{name}.")).unwrap(), 60, data), 2).await;
    }

    async fn forget(&self, name: &str) {
        let key = RrKey::new(Name::from_ascii(format!("{name}.")).unwrap().into(), RecordType::TXT);
        self.zone.records_mut().await.remove(&key);
    }

    async fn stop(mut self) {
        self.server.shutdown_gracefully().await.unwrap();
    }
}

/// The same port by UDP and by TCP. Which one is free for both, only trying tells: other tests take ports meanwhile.
async fn both() -> (tokio::net::UdpSocket, tokio::net::TcpListener) {
    for _ in 0..100 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        if let Ok(socket) = tokio::net::UdpSocket::bind(listener.local_addr().unwrap()).await {
            return (socket, listener);
        }
    }
    panic!("no port is free for both");
}

async fn send(browser: &Browser, verb: &str, domain: &str) -> Page {
    browser.post(&format!("{PAGE}{verb}"), &[("domain", domain.to_owned())]).await
}

/// What the record has to say, as the page has it.
async fn wanted(browser: &Browser) -> String {
    browser.get(PAGE).await.all("dd code").pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_asked_for_and_no_answer_is_not_no() {
    let names = NameServer::start().await;
    let dns = Dns::new(Some(names.address));
    assert_eq!(dns.texts("nothing.example").await, Ok(vec![]));
    names.say("some.example", &["one ", "text"]).await;
    names.say("some.example", &["another"]).await;
    let mut found = dns.texts("some.example").await.unwrap();
    found.sort();
    assert_eq!(found, ["another", "one text"]);
    assert_eq!(dns.texts("elsewhere.test").await, Err(Unanswered::Away), "it is refused, which says nothing");
    names.stop().await;
    assert_eq!(dns.texts("some.example").await, Err(Unanswered::Away));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_the_accounts_while_its_record_stands() {
    let names = NameServer::start().await;
    let address = names.address;
    let (house, ada, idp) = with_idp_and(move |config| config.dns_server = Some(address)).await;
    let id = add(&ada, &idp).await;
    choose(&ada, "mixed", "just_in_time").await;
    for wrong in ["", "x", "a@b.example", "*.b.example"] {
        assert!(!send(&ada, "", wrong).await.fault("domain").is_empty(), "{wrong}");
    }
    assert_eq!(send(&ada, "", "Navy.Example").await.location(), PAGE);
    assert!(send(&ada, "", "navy.example").await.fault("domain").contains("there already"));
    let early = send(&ada, "/check", "navy.example").await;
    assert!(early.text().contains("There is no TXT record at _frontdesk.navy.example"), "{}", early.text());
    names.say("_frontdesk.navy.example", &["frontdesk-domain-verification=another"]).await;
    assert_eq!(send(&ada, "/check", "navy.example").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!house.visitor().get("/login").await.text().contains("depends on your company"));
    names.say("_frontdesk.navy.example", &[&wanted(&ada).await]).await;
    assert_eq!(send(&ada, "/check", "navy.example").await.location(), PAGE);

    // The address is asked for first, and its domain alone decides what is offered.
    let visitor = house.visitor();
    let first = visitor.get("/login?next=/accounts/acme/members").await;
    assert!(
        first.all("input[type=password]").is_empty() && first.attributes("form[action='/login']", "method") == ["get"],
        "{}",
        first.text()
    );
    for known in ["ada", "nobody"] {
        let of_domain = visitor.get(&format!("/login?email={known}%40navy.example&next=/accounts/acme/members")).await;
        assert_eq!(of_domain.attributes("ul.providers a", "href"), [format!("/login/sso/{id}?next=/accounts/acme/members")]);
        assert_eq!(of_domain.attributes("input[type=password]", "name"), ["password"]);
        let other = visitor.get(&format!("/login?email={known}%40example.com")).await;
        assert!(other.attributes("ul.providers a", "href").is_empty());
    }
    assert_eq!(visitor.sign_in("ada@example.com", PASSWORD).await.status, StatusCode::SEE_OTHER);
    // Nobody of it needs a letter to join.
    idp.who(serde_json::json!({ "sub": "g-1", "email": "grace@navy.example", "name": "Grace" }));
    let grace = house.visitor();
    let welcome = through(&grace, &idp, &id, "").await.location().to_owned();
    assert_eq!(grace.post(&format!("{welcome}/join"), &[("name", "Grace".to_owned())]).await.location(), "/accounts/acme");

    // Without a provider that is switched on there is nothing to ask the address for.
    ada.post(&format!("/accounts/acme/settings/sso/{id}/disable"), &[]).await;
    assert_eq!(house.visitor().get("/login").await.attributes("input[type=password]", "name"), ["password"]);
    ada.post(&format!("/accounts/acme/settings/sso/{id}/enable"), &[]).await;

    // Sign-up may be closed for it.
    let open = house.beside(|config| config.sign_up = frontdesk::rules::sign_up::Policy::Open).await;
    let ask = async |email: &str| open.visitor().post("/signup", &[("email", email.to_owned())]).await;
    assert_eq!(ask("new@navy.example").await.status, StatusCode::OK);
    assert_eq!(send(&ada, "/close", "navy.example").await.location(), PAGE);
    assert!(ask("newer@navy.example").await.fault("email").contains("company's identity provider"));
    assert_eq!(ask("newer@example.com").await.status, StatusCode::OK);
    send(&ada, "/open", "navy.example").await;
    assert_eq!(ask("newest@navy.example").await.status, StatusCode::OK);

    // It is looked at again every day: that nobody answers says nothing, that it is gone for days does.
    let still = async || house.raw.number("SELECT COUNT(*) FROM account_domains WHERE verified_at IS NOT NULL").await;
    names.forget("_frontdesk.navy.example").await;
    for days in 1..=3 {
        house.wait(Span::hours(25));
        house.running.chores().await.unwrap();
        assert_eq!(still().await, 1, "day {days}");
    }
    names
        .say(
            "_frontdesk.navy.example",
            &[&house.raw.texts("SELECT 'frontdesk-domain-verification=' || token FROM account_domains").await[0]],
        )
        .await;
    house.wait(Span::hours(25));
    house.running.chores().await.unwrap();
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM account_domains WHERE missing_since IS NULL").await, 1, "it is back");
    names.forget("_frontdesk.navy.example").await;
    for _ in 0..4 {
        house.wait(Span::hours(25));
        house.running.chores().await.unwrap();
    }
    assert_eq!(still().await, 0);
    let account = house.account_id("acme").await;
    let events: Vec<_> = house.events(&account).await.into_iter().filter(|event| event.starts_with("account_domain")).collect();
    assert_eq!(
        events,
        [
            "account_domain_added.v0",
            "account_domain_verified.v0",
            "account_domain_updated.v0",
            "account_domain_updated.v0",
            "account_domain_lost.v0"
        ]
    );
    names.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_one_accounts_at_a_time() {
    let names = NameServer::start().await;
    let address = names.address;
    let (house, ada) = House::with_ada_and(move |config| {
        config.dns_server = Some(address);
        config.private_idps = Private::Allowed;
    })
    .await;
    send(&ada, "", "navy.example").await;
    names.say("_frontdesk.navy.example", &[&wanted(&ada).await]).await;
    let other = house.account("other").await;
    house
        .raw
        .run(format!(
            "INSERT INTO account_domains (account_id, domain, token, asked_at, verified_at) VALUES ('{other}', 'navy.example', 't', 1, 1)"
        ))
        .await;
    let taken = send(&ada, "/check", "navy.example").await;
    assert!(taken.text().contains("Another account has shown"), "{}", taken.text());
    house.raw.run(format!("UPDATE account_domains SET verified_at = NULL WHERE account_id = '{other}'")).await;
    assert_eq!(send(&ada, "/check", "navy.example").await.location(), PAGE);
    assert_eq!(send(&ada, "/remove", "navy.example").await.location(), PAGE);
    assert_eq!(send(&ada, "/remove", "navy.example").await.status, StatusCode::NOT_FOUND);
    assert_eq!(send(&ada, "/check", "other.example").await.status, StatusCode::NOT_FOUND);
    names.stop().await;
}
