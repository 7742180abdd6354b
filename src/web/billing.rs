//! `…/billing`: contact and invoice details, the plan's name, and who changed what, for whoever has access to billing.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use super::{
    events::{page_from, paged},
    form::{Form, Query, faults_of},
    front::Front,
    page, problem,
    routes::Routes,
    shell::Shell,
};
use crate::{
    acts::{Permit, billing},
    rules::{
        billing::{Draft, label},
        events::{Kind, changes},
        faults::Faults,
        permissions::{May, may},
        time::Millis,
    },
    store::{EventFilter, EventRow, StoreError},
};

/// Changes on a page.
const PAGE: u16 = 10;

pub(super) fn routes() -> Routes {
    Routes::new().get("/accounts/{slug}/billing", show).post("/accounts/{slug}/billing", update)
}

/// One change: who, when, and each field with what it was and what it is.
struct Change {
    actor: String,
    at: Millis,
    fields: Vec<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "billing/details.html", blocks = ["title", "main"])]
struct Details {
    shell: Shell,
    slug: String,
    plan: String,
    /// What no choice of a currency means.
    currency_empty: String,
    draft: Draft,
    faults: Faults,
    history: Vec<Change>,
    newer: Option<String>,
    older: Option<String>,
    now: Millis,
}
page::page!(Details);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    before: String,
    after: String,
}

async fn page_of<M: May>(
    permit: &Permit<M>,
    front: &Front,
    asked: &Asked,
    typed: Option<Draft>,
    faults: Faults,
) -> Result<Details, StoreError> {
    let mut reader = permit.read();
    let (billing, version) = reader.billing().await?;
    let page = page_from(&asked.before, &asked.after);
    let filter = EventFilter { kind: Some(Kind::BillingUpdated), ..EventFilter::default() };
    let paged = paged(reader.events(&filter, page, i64::from(PAGE) + 1).await?, page, PAGE);
    let slug = permit.account().slug.clone();
    let link = |cursor: &str, seq: i64| format!("/accounts/{slug}/billing?{cursor}={seq}#history");
    Ok(Details {
        plan: billing::plan(permit).to_owned(),
        currency_empty: match reader.details().await?.0.currency.as_str() {
            "" => "None".to_owned(),
            code => format!("As the account: {code}"),
        },
        // Saving a second time replaces what somebody else saved meanwhile, now that it has been seen.
        draft: typed.map_or_else(|| Draft::of(billing, version), |draft| Draft { version: version.to_string(), ..draft }),
        faults,
        newer: paged.newer.map(|seq| link("after", seq)),
        older: paged.older.map(|seq| link("before", seq)),
        history: paged.rows.into_iter().map(change).collect(),
        now: permit.now(),
        shell: Shell::of_account(permit, front).await,
        slug,
    })
}

fn change(row: EventRow) -> Change {
    let json = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let fields = changes(json(&row.before).as_ref(), json(&row.after).as_ref());
    let called = |(field, before, after): (String, String, String)| (label(&field).map_or(field, str::to_owned), before, after);
    Change { fields: fields.into_iter().map(called).collect(), actor: row.principal_name, at: row.at }
}

async fn show(permit: Permit<may::ReadBilling>, front: Front, Query(asked): Query<Asked>, parts: Parts) -> Response {
    match page_of(&permit, &front, &asked, None, Faults::none()).await {
        Ok(page) => front.show(&page),
        Err(error) => problem::answer(error.into(), &parts),
    }
}

async fn update(permit: Permit<may::ManageBilling>, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let done = match draft.check() {
        Ok((new, version)) => billing::update(&permit, &new, version).await,
        Err(faults) => Err(faults.into()),
    };
    match done.map_err(faults_of) {
        Ok(()) => front.go(&front.path, "Saved.").await,
        Err(Ok(faults)) => {
            // What else is wrong does not pass over what somebody saved meanwhile.
            let version = draft.version.clone();
            let is_conflict = faults.at("version").is_some();
            match page_of(&permit, &front, &Asked::default(), Some(draft), faults).await {
                Ok(mut page) => {
                    if !is_conflict {
                        page.draft.version = version;
                    }
                    front.show_again(&page)
                }
                Err(error) => problem::answer(error.into(), &parts),
            }
        }
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}
