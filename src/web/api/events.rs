//! `/events`: what happened in the account, newest first. Nobody changes or deletes any of it.

use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answers::{Base, Errors, Found},
    body::{Id, NoBody},
    error::{Answer, ApiError},
    lists::{Asked, ListQuery, no_place, shown},
};
use crate::{
    acts::{Key, Permit},
    rules::{
        events,
        filter::{Kind, Value},
        ids::{BotId, EventId},
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
struct Happened {
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
struct HappenedInFull {
    #[serde(flatten)]
    event: Happened,
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

pub(super) const FIELDS: &[(&str, Kind)] = &[
    ("id", Kind::Id),
    ("occurred_at", Kind::Time),
    ("type", Kind::Text),
    ("outcome", Kind::Text),
    ("source", Kind::Text),
    ("principal_id", Kind::Id),
    ("principal_name", Kind::Text),
    ("credential_id", Kind::Id),
    ("subject_id", Kind::Id),
    ("subject_name", Kind::Text),
    ("address", Kind::Text),
    ("operation_id", Kind::Id),
];

fn shows(base: &Base, rights: &Rights, row: EventRow) -> Happened {
    let hides = events::hides(&row.kind, rights).is_some();
    // What was written is JSON; what is not, a later version has written.
    let read = |text: Option<String>| text.filter(|_| !hides).and_then(|text| serde_json::from_str(&text).ok());
    Happened {
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
struct HappenedList {
    events: Vec<Happened>,
    /// The address of the list.
    uri: String,
    /// The address of the next page, if one follows.
    #[schema(required = true)]
    next_page_uri: Option<String>,
}

/// The place of an event: its number in the log, by which pages follow each other, and its id, by which programs name it.
type Place = (i64, Option<EventId>);

#[utoipa::path(get, path = "/events", tag = "Events", params(ListQuery), responses((status = 200, body = HappenedList), Errors), summary = "List them")]
async fn list(permit: Permit<may::ReadEvents, Key>, base: Base, asked: Asked, _: NoBody) -> Answer<Found<HappenedList>> {
    let filter = asked.filter(FIELDS, permit.now(), (BotId::SERVICE, BotId::PREFIX))?;
    let keep = |row: &EventRow| {
        filter.as_ref().is_none_or(|filter| {
            filter.admits(|field| match field {
                "id" => Value::Text(row.id.as_str()),
                "occurred_at" => shown(row.at),
                "type" => Value::Text(&row.kind),
                "outcome" => Value::Text(&row.outcome),
                "source" => Value::Text(&row.source),
                "principal_id" => Value::Text(&row.principal),
                "principal_name" => Value::Text(&row.principal_name),
                "credential_id" => row.credential_id.as_deref().map_or(Value::Null, Value::Text),
                "subject_id" => row.subject_id.as_deref().map_or(Value::Null, Value::Text),
                "subject_name" => row.subject_label.as_deref().map_or(Value::Null, Value::Text),
                "address" => Value::Text(&row.address),
                "operation_id" => Value::Text(&row.request_id),
                _ => Value::Null,
            })
        })
    };
    let demanded = |field: &str| filter.as_ref().and_then(|filter| filter.demanded(field)).map(str::to_owned);
    let narrow = EventFilter {
        kind: demanded("type").and_then(|word| events::Kind::parse(&word)),
        actor: demanded("principal_id"),
        target: demanded("subject_id"),
        address: demanded("address"),
        credential: demanded("credential_id"),
        ..EventFilter::default()
    };
    let since = filter.as_ref().and_then(|filter| filter.not_before("occurred_at"));
    let mut begin: Option<Place> = match asked.before(EventId::parse)? {
        None => None,
        Some(id) => Some((permit.read().event(&id).await?.ok_or_else(no_place)?.0.seq, Some(id))),
    };
    if let Some(at) = filter.as_ref().and_then(|filter| filter.not_after("occurred_at")) {
        // What is shown is cut to the second.
        let last = permit.read().last_event_before(at.plus(Span::seconds(1))).await?.map_or(0, |seq| seq + 1);
        if begin.as_ref().is_none_or(|(seq, _)| last < *seq) {
            begin = Some((last, None));
        }
    }
    let fetch = |before: Option<Place>, most| {
        let (mut reader, narrow) = (permit.read(), &narrow);
        async move { reader.events(narrow, before.map_or(EventPage::Newest, |(seq, _)| EventPage::Before(seq)), most).await }
    };
    let page =
        asked.page_from(begin, fetch, |row| (row.seq, Some(row.id.clone())), keep, |row| since.is_some_and(|since| row.at < since)).await?;
    let next_page_uri = asked.next(&base, "/events", page.next.and_then(|(_, id)| id).map(|id| id.to_string()));
    Ok(Found(HappenedList {
        events: page.rows.into_iter().map(|row| shows(&base, permit.rights(), row)).collect(),
        uri: base.uri("/events"),
        next_page_uri,
    }))
}

#[utoipa::path(get, path = "/events/{id}", tag = "Events", params(("id" = String, Path)), responses((status = 200, body = HappenedInFull), Errors), summary = "Look at one")]
async fn get(permit: Permit<may::ReadEvents, Key>, base: Base, Id(id): Id<EventId>, _: NoBody) -> Answer<Found<HappenedInFull>> {
    let (row, subjects) = permit.read().event(&id).await?.ok_or_else(ApiError::not_found)?;
    let named = |subject: SubjectRow| Subject { kind: subject.kind, id: subject.subject_id, name: subject.label };
    Ok(Found(HappenedInFull { event: shows(&base, permit.rights(), row), subjects: subjects.into_iter().map(named).collect() }))
}
