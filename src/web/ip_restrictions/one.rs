//! `…/ip-restrictions/{surface}`: restricting one surface, changing that, and lifting it.

use std::collections::BTreeMap;

use askama::Template;
use axum::{extract::FromRequestParts, http::request::Parts, response::Response};
use serde::{Deserialize, Serialize};

use crate::{
    acts::{
        Permit, Stop,
        ip_restrictions::{self, Changed, Changes, How},
    },
    rules::{
        faults::Faults,
        ids::IpPolicyId,
        ip_policies::{MOST_POLICIES, Pasted},
        ip_restrictions::{Draft, Surface},
        permissions::may,
    },
    store::IpRestrictionRow,
    web::{
        Site,
        form::{Form, faults_of},
        front::Front,
        page,
        permit::parameter,
        problem,
        review::{self, Deed, Reviewed, said},
        shell::Shell,
    },
};

/// The surface that the path names.
pub(super) struct OfPath(Surface);

impl FromRequestParts<Site> for OfPath {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let word = parameter(parts, site, "surface").await.unwrap_or_default();
        Surface::parse(&word).map(Self).ok_or_else(|| problem::answer(Stop::Unknown, parts))
    }
}

/// What is typed: a policy applies whose id is the name of a box that is ticked.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Typed {
    mode: String,
    description: String,
    reviewed: String,
    days: String,
    #[serde(flatten)]
    boxes: BTreeMap<String, String>,
}

impl Typed {
    fn of(row: &IpRestrictionRow, policies: &[IpPolicyId]) -> Self {
        Self {
            mode: if row.enforced_at.is_some() { "enforced" } else { "warning" }.to_owned(),
            description: row.description.clone(),
            boxes: policies.iter().map(|id| (id.to_string(), "on".to_owned())).collect(),
            ..Self::default()
        }
    }

    fn draft(&self) -> Result<Draft, Faults> {
        let enforced = match self.mode.as_str() {
            "warning" => false,
            "enforced" => true,
            _ => return Err(Faults::one("mode", "Choose what happens to other addresses.")),
        };
        Ok(Draft {
            enforced,
            description: self.description.clone(),
            metadata: String::new(),
            policies: self.boxes.keys().cloned().collect(),
        })
    }

    fn reviewed(&self) -> Reviewed {
        Reviewed { reviewed: self.reviewed.clone(), days: self.days.clone() }
    }

    fn fields(&self) -> Vec<(String, String)> {
        let own = [("mode".to_owned(), self.mode.clone()), ("description".to_owned(), self.description.clone())];
        own.into_iter().chain(self.boxes.clone()).collect()
    }
}

#[derive(Template)]
#[template(path = "ip_restrictions/one.html", blocks = ["title", "main"])]
struct Page {
    shell: Shell,
    slug: String,
    surface: Surface,
    restriction: Option<IpRestrictionRow>,
    typed: Typed,
    /// All policies: id, what it is called, how many rules, and whether its box is ticked.
    policies: Vec<(IpPolicyId, String, i64, bool)>,
    faults: Faults,
    address: String,
}
page::page!(Page);

/// What restricts the surface now, and by which policies.
async fn now(permit: &Permit<may::ManageIpRestrictions>, surface: Surface) -> Result<Option<(IpRestrictionRow, Vec<IpPolicyId>)>, Stop> {
    ip_restrictions::settle(permit).await?;
    let mut reader = permit.read();
    let Some(row) = reader.ip_restrictions().await?.into_iter().find(|row| row.surface() == surface) else { return Ok(None) };
    let uses = reader.ip_uses().await?.into_iter().filter(|(id, ..)| *id == row.id).map(|(_, policy, _)| policy).collect();
    Ok(Some((row, uses)))
}

async fn page_of(
    permit: &Permit<may::ManageIpRestrictions>,
    front: &Front,
    surface: Surface,
    typed: Option<Typed>,
    faults: Faults,
) -> Result<Page, Stop> {
    let now = now(permit, surface).await?;
    let typed = typed.unwrap_or_else(|| now.as_ref().map(|(row, policies)| Typed::of(row, policies)).unwrap_or_default());
    let policies = permit.read().ip_policies("", None, MOST_POLICIES).await?.into_iter().map(|policy| {
        let is_ticked = typed.boxes.contains_key(policy.id.as_str());
        (policy.id.clone(), policy.title().to_owned(), policy.rules, is_ticked)
    });
    Ok(Page {
        policies: policies.collect(),
        shell: Shell::of_account(permit, front).await,
        slug: permit.account().slug.clone(),
        surface,
        restriction: now.map(|(row, _)| row),
        typed,
        faults,
        address: permit.address().to_string(),
    })
}

async fn show(
    permit: &Permit<may::ManageIpRestrictions>,
    (front, parts): (&Front, &Parts),
    surface: Surface,
    (typed, faults): (Option<Typed>, Faults),
) -> Response {
    let is_again = !faults.is_empty();
    match page_of(permit, front, surface, typed, faults).await {
        Ok(page) if is_again => front.show_again(&page),
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, parts),
    }
}

pub(super) async fn ask(permit: Permit<may::ManageIpRestrictions>, front: Front, OfPath(surface): OfPath, parts: Parts) -> Response {
    show(&permit, (&front, &parts), surface, (None, Faults::none())).await
}

pub(super) async fn change(
    permit: Permit<may::ManageIpRestrictions>,
    front: Front,
    OfPath(surface): OfPath,
    parts: Parts,
    Form(typed): Form<Typed>,
) -> Response {
    let reviewed = typed.reviewed();
    let done = async {
        let how = How::Look(reviewed.seen());
        match now(&permit, surface).await? {
            Some((row, _)) => {
                let Draft { enforced, description, policies, .. } = typed.draft()?;
                let changes =
                    Changes { enforced: Some(enforced), description: Some(description), policies: Some(policies), metadata: None };
                ip_restrictions::update(&permit, &row.id, &changes, how).await
            }
            None => ip_restrictions::create(&permit, surface, &typed.draft()?, how).await,
        }
    };
    let path = format!("/accounts/{}/ip-restrictions", permit.account().slug);
    match done.await.map_err(faults_of) {
        Ok(Changed::Done(_, provisional)) => {
            let what = if typed.mode == "enforced" { "refused" } else { "warned" };
            front.go(&path, &said(&format!("{}: other addresses are {what} from now on.", surface.label()), provisional)).await
        }
        Ok(Changed::Tried(gates)) => {
            let title = format!(
                "{}: {}?",
                surface.label(),
                if typed.mode == "enforced" { "refuse other addresses" } else { "warn other addresses" }
            );
            let action = format!("{path}/{}", surface.word());
            let deed = Deed { title, button: "Do it", back: action.clone(), action, fields: typed.fields(), pasted: Pasted::default() };
            review::show(&permit, &front, &parts, &reviewed, (&gates.0, &gates.1), deed).await
        }
        Err(Ok(faults)) => show(&permit, (&front, &parts), surface, (Some(typed), faults)).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

pub(super) async fn delete(
    permit: Permit<may::ManageIpRestrictions>,
    front: Front,
    OfPath(surface): OfPath,
    parts: Parts,
    Form(reviewed): Form<Reviewed>,
) -> Response {
    let done = async {
        let (row, _) = now(&permit, surface).await?.ok_or(Stop::Unknown)?;
        ip_restrictions::delete(&permit, &row.id, How::Look(reviewed.seen())).await
    };
    let path = format!("/accounts/{}/ip-restrictions", permit.account().slug);
    match done.await.map_err(faults_of) {
        Ok(Changed::Done((), provisional)) => front.go(&path, &said("Nothing restricts it any more.", provisional)).await,
        Ok(Changed::Tried(gates)) => {
            let title = format!("Let everybody reach {}?", surface.label());
            let (action, back) = (format!("{path}/{}/delete", surface.word()), format!("{path}/{}", surface.word()));
            let deed = Deed { title, button: "Lift the restriction", action, back, fields: vec![], pasted: Pasted::default() };
            review::show(&permit, &front, &parts, &reviewed, (&gates.0, &gates.1), deed).await
        }
        Err(Ok(faults)) => show(&permit, (&front, &parts), surface, (None, faults)).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}
