//! `/events`: what happened in the account, newest first. Nobody changes or deletes any of it.

use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answers::{Base, Errors, Found},
    body::{Id, NoBody},
    error::{Answer, ApiError},
    lists::{Asked, ListQuery, fields, no_place, shown, text},
};
use crate::{
    acts::{Key, Permit},
    rules::{
        events,
        filter::{Filter, Value},
        ids::EventId,
        permissions::{Rights, may},
        time::Span,
    },
    store::{EventFilter, EventPage, EventRow, SubjectRow},
    web::Site,
};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
struct Event {
    #[schema(example = "ev_2ZkQ8dqRDzc6vVhXBJjWbGjnA5F")]
    id: String,
    uri: String,
    /// What it was.
    #[schema(example = "api_key_created.v0")]
    r#type: String,
    occurred_at: String,
    /// `done` or `refused`.
    outcome: String,
    /// Where it was asked for: `dashboard`, `api` and so on.
    source: String,
    /// The id of the user or bot user who acted; `visitor`, `system` or `console` where it was nobody with one.
    principal_id: String,
    /// What they were called then.
    principal_name: String,
    /// The credential that they used, if they used one.
    #[schema(required = true)]
    credential_id: Option<String>,
    /// The network address that it came from.
    address: String,
    /// The operation that it was a part of.
    operation_id: String,
    /// The id of what it is about, if it is about one thing above others.
    #[schema(required = true)]
    subject_id: Option<String>,
    /// What that was called then.
    #[schema(required = true)]
    subject_name: Option<String>,
    /// What stood before, of what changed; null also for whoever may not see it.
    #[schema(required = true, value_type = Option<Object>)]
    before: Option<Json>,
    /// What stood afterwards.
    #[schema(required = true, value_type = Option<Object>)]
    after: Option<Json>,
    /// The hash of the event before it in the account.
    previous_hash: String,
    /// Its own, over all that it says and the one before.
    hash: String,
}

/// The same with all that it is about.
#[derive(Serialize, ToSchema)]
struct EventInFull {
    #[serde(flatten)]
    event: Event,
    subjects: Vec<Subject>,
}

/// Something that an event is about.
#[derive(Serialize, ToSchema)]
struct Subject {
    #[schema(example = "api_key")]
    kind: String,
    id: String,
    /// What it was called then.
    name: String,
}

fields!(pub(super) FIELDS, value(row: EventRow) {
    "id": Id = Value::Text(row.id.as_str()),
    "occurred_at": Time = shown(row.at),
    "type": Text = Value::Text(&row.kind),
    "outcome": Text = Value::Text(&row.outcome),
    "source": Text = Value::Text(&row.source),
    "principal_id": Id = Value::Text(&row.principal),
    "principal_name": Text = Value::Text(&row.principal_name),
    "credential_id": Id = text(row.credential_id.as_deref()),
    "subject_id": Id = text(row.subject_id.as_deref()),
    "subject_name": Text = text(row.subject_label.as_deref()),
    "address": Text = Value::Text(&row.address),
    "operation_id": Id = Value::Text(&row.request_id),
});

fn shows(base: &Base, rights: &Rights, row: EventRow) -> Event {
    let hides = events::hides(&row.kind, rights).is_some();
    // What was written is JSON; what is not, a later version has written.
    let read = |text: Option<String>| text.filter(|_| !hides).and_then(|text| serde_json::from_str(&text).ok());
    Event {
        uri: base.uri(&format!("/events/{}", row.id)),
        id: row.id.to_string(),
        r#type: row.kind,
        occurred_at: row.at.rfc3339(),
        outcome: row.outcome,
        source: row.source,
        principal_id: row.principal,
        principal_name: row.principal_name,
        credential_id: row.credential_id,
        address: row.address,
        operation_id: row.request_id,
        subject_id: row.subject_id,
        subject_name: row.subject_label,
        before: read(row.before),
        after: read(row.after),
        previous_hash: row.prev_hash,
        hash: row.hash,
    }
}

/// A page of them, newest first.
#[derive(Serialize, ToSchema)]
struct EventList {
    events: Vec<Event>,
    /// The address of the list.
    uri: String,
    /// The address of the next page, if one follows.
    #[schema(required = true)]
    next_page_uri: Option<String>,
}

/// The numbers between which the events lie that the filter may let through, where it says something about their moment. Between the
/// two there is none where there is no such event.
async fn within(permit: &Permit<may::ReadEvents, Key>, filter: &Filter) -> Answer<Option<(i64, i64)>> {
    let (from, until) = (filter.not_before("occurred_at"), filter.not_after("occurred_at"));
    if from.is_none() && until.is_none() {
        return Ok(None);
    }
    // What is shown is cut to the second.
    let until = until.map(|until| until.plus(Span::seconds(1)));
    Ok(Some(permit.read().events_between(from, until).await?.unwrap_or((0, -1))))
}

#[utoipa::path(get, path = "/events", tag = "Events", params(ListQuery), responses((status = 200, body = EventList), Errors), summary = "List them")]
async fn list(permit: Permit<may::ReadEvents, Key>, base: Base, asked: Asked, _: NoBody) -> Answer<Found<EventList>> {
    let filter = asked.filter(FIELDS, permit.now())?;
    let keep = |row: &EventRow| filter.admits(|field| value(field, row));
    let demanded = |field: &str| filter.demanded(field).map(str::to_owned);
    let narrow = EventFilter {
        kind: demanded("type").and_then(|word| events::Kind::parse(&word)),
        actor: demanded("principal_id"),
        target: demanded("subject_id"),
        address: demanded("address"),
        credential: demanded("credential_id"),
        ..EventFilter::default()
    };
    let asked_for = match asked.before(EventId::parse)? {
        None => None,
        Some(id) => Some(permit.read().event(&id).await?.ok_or_else(no_place)?.0.seq),
    };
    let (first, begin) = match within(&permit, &filter).await? {
        Some((first, last)) => (first, Some(asked_for.map_or(last + 1, |seq| seq.min(last + 1)))),
        None => (0, asked_for),
    };
    let begin = begin.map(|seq| (seq, None));
    let fetch = |before: Option<(i64, Option<EventId>)>, most| {
        let (mut reader, narrow) = (permit.read(), &narrow);
        async move { reader.events(narrow, before.map_or(EventPage::Newest, |(seq, _)| EventPage::Before(seq)), most).await }
    };
    // Pages follow each other by the number in the log, and programs name it by the id.
    let page = asked.page_from(begin, fetch, |row| (row.seq, Some(row.id.clone())), keep, |row| row.seq <= first).await?;
    let next_page_uri = asked.next(&base, "/events", page.next.and_then(|(_, id)| id).map(|id| id.to_string()));
    Ok(Found(EventList {
        events: page.rows.into_iter().map(|row| shows(&base, permit.rights(), row)).collect(),
        uri: base.uri("/events"),
        next_page_uri,
    }))
}

#[utoipa::path(get, path = "/events/{id}", tag = "Events", params(("id" = String, Path)), responses((status = 200, body = EventInFull), Errors), summary = "Look at one")]
async fn get(permit: Permit<may::ReadEvents, Key>, base: Base, Id(id): Id<EventId>, _: NoBody) -> Answer<Found<EventInFull>> {
    let (row, subjects) = permit.read().event(&id).await?.ok_or_else(ApiError::not_found)?;
    let named = |subject: SubjectRow| Subject { kind: subject.kind, id: subject.subject_id, name: subject.label };
    Ok(Found(EventInFull { event: shows(&base, permit.rights(), row), subjects: subjects.into_iter().map(named).collect() }))
}
