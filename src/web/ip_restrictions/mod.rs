//! `…/ip-restrictions`: from where the account is reached, surface by surface, what warning mode saw, and whether an address would pass.
//! Changing one stands in [`one`].

mod one;

use askama::Template;
use axum::{
    http::{Method, request::Parts},
    response::Response,
};
use serde::Deserialize;

use super::{
    form::{Form, Query},
    front::Front,
    page, problem,
    routes::Routes,
    shell::Shell,
};
use crate::{
    acts::{Permit, Stop, ip_restrictions},
    rules::{
        chart::{Chart, HEIGHT, WIDTH, chart},
        faults::Faults,
        gate::Ip,
        ids::IpPolicyId,
        ip_restrictions::{Gate, InForce, Surface, changes, since, tightens_at},
        network::canonical,
        permissions::{Permission, may},
        time::{Millis, Span},
        zones::Zone,
    },
    store::{IpRestrictionRow, VisitRow},
};

/// The most people and programs that are shown to have been warned.
const SHOWN: i64 = 100;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/accounts/{slug}/ip-restrictions", list)
        .post("/accounts/{slug}/ip-restrictions/confirm", confirm)
        .post("/accounts/{slug}/ip-restrictions/undo", undo)
        .get("/accounts/{slug}/ip-restrictions/{surface}", one::ask)
        .post("/accounts/{slug}/ip-restrictions/{surface}", one::change)
        .post("/accounts/{slug}/ip-restrictions/{surface}/delete", one::delete)
}

/// A surface, and what restricts it.
struct Card {
    surface: Surface,
    restriction: Option<IpRestrictionRow>,
    policies: Vec<(IpPolicyId, String)>,
    /// What it says to whoever looks.
    own: Ip,
    /// Whether no rule says which addresses alone pass.
    is_open: bool,
    /// How many visits it warned of.
    warned: i64,
}

/// What an address meets at a surface.
struct Passing {
    surface: Surface,
    ip: Ip,
    /// What decides; nothing where nothing restricts the surface.
    why: Option<String>,
}

/// A change that waits for somebody to confirm it.
struct Waiting {
    by: String,
    ends_at: Millis,
    version: i64,
    /// What it is.
    changes: Vec<String>,
    /// Whether it keeps people out of the dashboard who came in before, so that whoever looks proves that they still do.
    proves: bool,
}

#[derive(Template)]
#[template(path = "ip_restrictions/list.html", blocks = ["title", "main"])]
#[expect(clippy::struct_excessive_bools, reason = "what whoever looks may do, and what there is besides")]
struct List {
    shell: Shell,
    slug: String,
    path: String,
    cards: Vec<Card>,
    waiting: Option<Waiting>,
    address: String,
    asked: String,
    faults: Faults,
    passing: Vec<Passing>,
    warned: Vec<VisitRow>,
    /// Whether more were warned than are shown.
    has_more: bool,
    /// Whether whoever looks may see who was.
    may_see: bool,
    unseen: i64,
    chart: Chart,
    may_manage: bool,
    may_read_events: bool,
    now: Millis,
}
page::page!(List);

impl List {
    /// The days at the ends of the chart.
    fn labels(&self) -> Vec<&str> {
        [self.chart.bars.first(), self.chart.bars.last()].into_iter().flatten().map(|bar| bar.label.as_str()).collect()
    }
}

/// What is asked about, as it stands in the page's URL.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    address: String,
}

async fn page_of(permit: &Permit<may::ReadIpPolicies>, front: &Front, asked: Asked) -> Result<List, Stop> {
    let mut faults = Faults::none();
    ip_restrictions::settle(permit).await?;
    let mut reader = permit.read();
    let state = reader.ip_state(&permit.account().account).await?;
    let InForce { now: gate, before } = state.in_force();
    let (restrictions, uses) = (reader.ip_restrictions().await?, reader.ip_uses().await?);
    let since = since(permit.now());
    let by_day = reader.warned_by_day(since).await?;
    let card = |surface: &Surface| {
        let restriction = restrictions.iter().find(|row| row.surface() == *surface).cloned();
        let applied = restriction.iter().flat_map(|row| uses.iter().filter(|(id, ..)| *id == row.id));
        let policies = applied.map(|(_, policy, description)| (policy.clone(), title(policy, description))).collect();
        let warned = by_day.iter().filter(|(word, ..)| word == surface.word()).map(|(.., count)| count).sum();
        Card { surface: *surface, restriction, policies, own: gate.ip(*surface, permit.address()), is_open: gate.is_open(*surface), warned }
    };
    let days = (since..=permit.now().day()).map(|day| {
        let count = by_day.iter().filter(|(_, other, _)| *other == day).map(|(.., count)| count).sum();
        (Millis(day * Span::days(1).0).date(&Zone::utc()), count)
    });
    let written = asked.address.trim();
    let passing = match written.parse() {
        Ok(address) => passing(&gate, canonical(address)),
        Err(_) if written.is_empty() => Vec::new(),
        Err(_) => {
            faults.add("address", "This is not an IP address, such as 192.0.2.1 or 2001:db8::1.");
            Vec::new()
        }
    };
    let provisional = state.provisional;
    let warned = reader.warned_since(since, SHOWN + 1).await?;
    Ok(List {
        slug: permit.account().slug.clone(),
        path: front.path.clone(),
        cards: Surface::ALL.iter().map(card).collect(),
        waiting: provisional.map(|waiting| Waiting {
            changes: before.as_ref().map(|(_, before)| changes(before, &gate)).unwrap_or_default(),
            proves: before.as_ref().is_some_and(|(_, before)| tightens_at(before, &gate, Surface::Dashboard)),
            by: waiting.by,
            ends_at: waiting.ends_at,
            version: state.version,
        }),
        address: permit.address().to_string(),
        faults,
        passing,
        may_see: [Permission::ManageIpRestrictions, Permission::ReadEvents].iter().any(|permission| permit.rights().allow(*permission)),
        has_more: i64::try_from(warned.len()).unwrap_or(0) > SHOWN,
        warned: warned.into_iter().take(usize::try_from(SHOWN).unwrap_or(0)).collect(),
        unseen: reader.warned_unseen(since).await?,
        chart: chart(days.collect()),
        may_manage: permit.rights().allow(Permission::ManageIpRestrictions),
        may_read_events: permit.rights().allow(Permission::ReadEvents),
        now: permit.now(),
        asked: asked.address,
        shell: Shell::of_account(permit, front).await,
    })
}

/// What pages call a policy.
fn title(id: &IpPolicyId, description: &str) -> String {
    if description.is_empty() { id.to_string() } else { description.to_owned() }
}

fn passing(gate: &Gate, address: std::net::IpAddr) -> Vec<Passing> {
    let at = |surface: &Surface| {
        let (ip, why) = gate.judge(*surface, address);
        Passing { surface: *surface, ip, why: why.map(|why| why.sentence()) }
    };
    Surface::ALL.iter().map(at).collect()
}

async fn list(permit: Permit<may::ReadIpPolicies>, front: Front, Query(asked): Query<Asked>, parts: Parts) -> Response {
    match page_of(&permit, &front, asked).await {
        Ok(page) if !page.faults.is_empty() => front.show_again(&page),
        Ok(page) => {
            // Whoever may do something about it has looked at it now; no other site looks in their name.
            let is_looked_at = parts.method == Method::GET && parts.headers.get("sec-fetch-site").is_none_or(|site| site != "cross-site");
            let is_news = page.unseen > 0 && is_looked_at;
            if is_news && let Err(stop) = ip_restrictions::see_warned(&permit).await {
                tracing::warn!(?stop, "that somebody has looked could not be noted");
            }
            front.show(&page)
        }
        Err(stop) => problem::answer(stop, &parts),
    }
}

/// Which state was looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    version: i64,
}

async fn confirm(permit: Permit<may::ManageIpRestrictions>, front: Front, parts: Parts, Form(seen): Form<Version>) -> Response {
    answer(&permit, &front, &parts, ip_restrictions::confirm(&permit, seen.version).await, "Confirmed: it stands.").await
}

async fn undo(permit: Permit<may::ManageIpRestrictions>, front: Front, parts: Parts, Form(seen): Form<Version>) -> Response {
    answer(&permit, &front, &parts, ip_restrictions::undo(&permit, seen.version).await, "Undone: everything is as it was before.").await
}

async fn answer(permit: &Permit<may::ManageIpRestrictions>, front: &Front, parts: &Parts, done: Result<(), Stop>, says: &str) -> Response {
    let path = format!("/accounts/{}/ip-restrictions", permit.account().slug);
    match done {
        Ok(()) => front.go(&path, says).await,
        Err(stop) => problem::answer(stop, parts),
    }
}
