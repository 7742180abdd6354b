//! `…/events`: what happened in an account, filtered, page by page, and one event for itself.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use super::{
    form::{Id, Query},
    front::Front,
    page, problem,
    routes::Routes,
    shell::Shell,
};
use crate::{
    acts::{Permit, Stop},
    rules::{
        addresses::Email,
        events::{Kind, changes, hides},
        faults::Faults,
        ids::EventId,
        permissions::may,
        time::Millis,
        zones::Zone,
    },
    store::{EventFilter, EventPage, EventRow, SubjectRow},
};

/// Events on a page.
const PAGE: u16 = 50;

pub(super) fn routes() -> Routes {
    Routes::new().get("/accounts/{slug}/events", list).get("/accounts/{slug}/events/{id}", one)
}

/// The filter as typed; the same fields stand in the page's URL.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    r#type: String,
    actor: String,
    target: String,
    address: String,
    from: String,
    until: String,
    before: String,
    after: String,
}

impl Asked {
    fn check(&self, zone: &Zone) -> Result<EventFilter, Faults> {
        let mut faults = Faults::none();
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        // People are found by address however it is written; everything else by its id.
        let name = |field: &str| text(field).map(|name| Email::parse(&name).map_or(name, |email| email.canonical().to_owned()));
        let kind = text(&self.r#type)
            .and_then(|name| faults.keep("type", Kind::parse(&name).ok_or_else(|| "There is no such type of event.".to_owned())));
        let address = text(&self.address).and_then(|address| {
            let parsed = address.parse().map_err(|_| "Enter one network address, such as 192.0.2.7.".to_owned());
            faults.keep("address", parsed).map(|ip| crate::rules::network::canonical(ip).to_string())
        });
        let mut moment = |field: &'static str, value: &str| {
            text(value)
                .and_then(|value| faults.keep(field, zone.moment(&value).ok_or_else(|| "Enter a date, such as 2026-11-21.".to_owned())))
        };
        let (from, until) = (moment("from", &self.from), moment("until", &self.until));
        // A day's date as the end includes that day.
        let until = until.map(|at| zone.end_of_day(self.until.trim()).unwrap_or(at));
        if from.zip(until).is_some_and(|(from, until)| from >= until) {
            faults.add("until", "The end lies before the beginning.");
        }
        let filter =
            EventFilter { kind, actor: name(&self.actor), target: name(&self.target), address, from, until, ..EventFilter::default() };
        if faults.is_empty() { Ok(filter) } else { Err(faults) }
    }

    /// What kind of field shows a moment as it was typed: the browser's own where it can.
    fn kind_of(moment: &str) -> &'static str {
        match (moment.trim().len(), Zone::utc().moment(moment.trim())) {
            (0, _) | (10, Some(_)) => "date",
            (16, Some(_)) => "datetime-local",
            _ => "text",
        }
    }

    fn is_filtered(&self) -> bool {
        [&self.r#type, &self.actor, &self.target, &self.address, &self.from, &self.until].iter().any(|field| !field.trim().is_empty())
    }

    /// The link to another page of the same filter.
    fn link(&self, path: &str, cursor: &str, seq: i64) -> String {
        let query = [
            ("type", self.r#type.trim()),
            ("actor", self.actor.trim()),
            ("target", self.target.trim()),
            ("address", self.address.trim()),
            ("from", self.from.trim()),
            ("until", self.until.trim()),
            (cursor, &seq.to_string()),
        ];
        page::link(path, &query)
    }
}

/// An event as a row of a list.
pub(super) struct Line {
    pub(super) id: String,
    pub(super) href: String,
    pub(super) kind: String,
    pub(super) sentence: &'static str,
    pub(super) actor: String,
    pub(super) about: String,
    pub(super) address: String,
    pub(super) refused: bool,
    pub(super) at: Millis,
}

/// Rows for a list whose permalinks begin with `root`.
pub(super) fn lines(rows: Vec<EventRow>, root: &str) -> Vec<Line> {
    let line = |row: EventRow| Line {
        href: format!("{root}/{}", row.id),
        id: row.id.to_string(),
        sentence: sentence(&row),
        actor: actor(&row),
        about: match row.subject_label {
            Some(_) if row.subject_id.as_deref() == Some(row.principal.as_str()) => "themselves".to_owned(),
            Some(label) if !label.is_empty() => label,
            _ => "–".to_owned(),
        },
        kind: row.kind,
        address: row.address,
        refused: row.outcome == "refused",
        at: row.at,
    };
    rows.into_iter().map(line).collect()
}

/// What happened, as the end of "Ada …".
fn sentence(row: &EventRow) -> &'static str {
    match Kind::parse(&row.kind) {
        // Who takes themselves out has not been thrown out.
        Some(Kind::MembershipDeleted) if row.subject_label.as_deref() == Some(row.principal_name.as_str()) => "left the account",
        Some(kind) => kind.sentence(),
        None => "did something that this version does not know",
    }
}

fn actor(row: &EventRow) -> String {
    match row.principal.as_str() {
        "visitor" => "Somebody".to_owned(),
        "system" => "Frontdesk".to_owned(),
        "console" => "The host".to_owned(),
        _ if row.principal_name.is_empty() => row.principal.clone(),
        _ => row.principal_name.clone(),
    }
}

/// Where in the log, from what stands in the URL. What is no number is no cursor: the newest page.
pub(super) fn page_from(before: &str, after: &str) -> EventPage {
    match (before.parse(), after.parse()) {
        (Ok(seq), _) => EventPage::Before(seq),
        (_, Ok(seq)) => EventPage::After(seq),
        _ => EventPage::Newest,
    }
}

/// A page of rows, and the cursors of its neighbours.
pub(super) struct Paged {
    pub(super) rows: Vec<EventRow>,
    pub(super) newer: Option<i64>,
    pub(super) older: Option<i64>,
}

/// Cuts what was read with one row to spare down to a page.
pub(super) fn paged(mut rows: Vec<EventRow>, page: EventPage, size: u16) -> Paged {
    let size = usize::from(size);
    let more = rows.len() > size;
    if more && matches!(page, EventPage::After(_)) {
        rows.remove(0);
    }
    rows.truncate(size);
    let (first, last) = (rows.first().map(|row| row.seq), rows.last().map(|row| row.seq));
    let (newer, older) = match page {
        EventPage::Newest => (None, last.filter(|_| more)),
        EventPage::Before(_) => (first, last.filter(|_| more)),
        EventPage::After(_) => (first.filter(|_| more), last),
    };
    Paged { rows, newer, older }
}

#[derive(Template)]
#[template(path = "events/list.html", blocks = ["title", "main"])]
struct List {
    shell: Shell,
    path: String,
    asked: Asked,
    faults: Faults,
    kinds: Vec<Kind>,
    events: Vec<Line>,
    now: Millis,
    newer: Option<String>,
    older: Option<String>,
}
page::page!(List);

async fn list(permit: Permit<may::ReadEvents>, front: Front, Query(asked): Query<Asked>, parts: Parts) -> Response {
    let page = page_from(&asked.before, &asked.after);
    let (filter, faults) = match asked.check(&permit.zone()) {
        Ok(filter) => (Some(filter), Faults::none()),
        Err(faults) => (None, faults),
    };
    let found = match &filter {
        Some(filter) => match permit.read().events(filter, page, i64::from(PAGE) + 1).await {
            Ok(found) => found,
            Err(error) => return problem::answer(error.into(), &parts),
        },
        None => Vec::new(),
    };
    let paged = paged(found, page, PAGE);
    let path = front.path.clone();
    let view = List {
        shell: Shell::of_account(&permit, &front).await,
        newer: paged.newer.map(|seq| asked.link(&path, "after", seq)),
        older: paged.older.map(|seq| asked.link(&path, "before", seq)),
        events: lines(paged.rows, &path),
        now: permit.now(),
        path,
        asked,
        faults,
        kinds: Kind::of_accounts().collect(),
    };
    if filter.is_some() { front.show(&view) } else { front.show_again(&view) }
}

#[derive(Template)]
#[template(path = "events/one.html", blocks = ["title", "main"])]
struct One {
    shell: Shell,
    slug: String,
    line: Line,
    event: EventRow,
    subjects: Vec<SubjectRow>,
    changes: Vec<(String, String, String)>,
    /// Why the values are not shown, where they are not.
    hidden: Option<String>,
}
page::page!(One);

async fn one(permit: Permit<may::ReadEvents>, front: Front, Id(id): Id<EventId>, parts: Parts) -> Response {
    match permit.read().event(&id).await {
        Ok(Some((event, subjects))) => {
            let slug = permit.account().slug.clone();
            let json = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str(text).ok());
            let hidden = hides(&event.kind, permit.rights());
            let changes = match hidden {
                Some(_) => Vec::new(),
                None => changes(json(&event.before).as_ref(), json(&event.after).as_ref()),
            };
            let hidden = hidden.map(|permission| format!("To see what changed you need {}.", permission.carrier().needed()));
            let Some(line) = lines(vec![event.clone()], &format!("/accounts/{slug}/events")).pop() else {
                return problem::answer(Stop::Unknown, &parts);
            };
            front.show(&One { shell: Shell::of_account(&permit, &front).await, slug, line, event, subjects, changes, hidden })
        }
        Ok(None) => problem::answer(Stop::Unknown, &parts),
        Err(error) => problem::answer(error.into(), &parts),
    }
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
