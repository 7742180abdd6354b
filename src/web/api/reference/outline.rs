//! The document, read for people: rooms, their operations, and the objects that they speak of.

use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;

use super::curl::command;

/// All of it.
pub(super) struct Outline {
    /// In the order of their paths.
    pub(super) rooms: Vec<Room>,
    /// Objects in answers, by name.
    pub(super) objects: Vec<Object>,
    /// Where the version header is demanded.
    pub(super) versioned: Vec<String>,
}

/// What is about one thing.
pub(super) struct Room {
    pub(super) name: String,
    pub(super) anchor: String,
    pub(super) operations: Vec<Operation>,
}

/// A method of a path.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) parameters: Vec<Field>,
    pub(super) body: Option<Body>,
    /// How it answers where all is well.
    pub(super) answers: Vec<Answer>,
    pub(super) refusals: Vec<Answer>,
    /// What to type behind the address of the API.
    pub(super) curl: String,
}

/// What is sent.
pub(super) struct Body {
    schema: String,
    pub(super) says: String,
    pub(super) content: String,
    pub(super) fields: Vec<Field>,
}

/// A status, what it means, and the object that comes with it.
pub(super) struct Answer {
    pub(super) status: String,
    pub(super) says: String,
    pub(super) object: Option<String>,
}

/// A parameter, or a field of an object.
pub(super) struct Field {
    pub(super) name: String,
    /// What it holds.
    pub(super) kind: String,
    /// The object that it holds, or that it is a list of.
    pub(super) object: Option<String>,
    pub(super) is_required: bool,
    pub(super) says: Vec<Part>,
    pub(super) example: Option<String>,
}

/// A piece of a text.
pub(super) struct Part {
    pub(super) text: String,
    /// Whether it is to be read letter by letter.
    pub(super) is_code: bool,
}

/// An object in answers.
pub(super) struct Object {
    pub(super) name: String,
    pub(super) says: String,
    pub(super) fields: Vec<Field>,
}

impl Outline {
    /// Reads the document. `versioned` are the paths that demand the version header.
    pub(super) fn of(document: &OpenApi, versioned: &[String]) -> Self {
        // What a document is made of can be written as JSON.
        let document = serde_json::to_value(document).unwrap_or_default();
        let schemas = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
        let mut rooms: Vec<Room> = Vec::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (key, method) in [("get", "GET"), ("post", "POST"), ("patch", "PATCH"), ("delete", "DELETE")] {
                let Some(described) = item.get(key) else { continue };
                let name = text(&described["tags"][0]);
                let operation = operation(method, path, described, &schemas);
                match rooms.iter_mut().find(|room| room.name == name) {
                    Some(room) => room.operations.push(operation),
                    None => rooms.push(Room { anchor: anchor(&name), name, operations: vec![operation] }),
                }
            }
        }
        // What is sent stands with the operation that takes it.
        let operations = || rooms.iter().flat_map(|room| &room.operations);
        let is_sent = |name: &str| operations().any(|operation| operation.body.as_ref().is_some_and(|body| body.schema == name));
        let objects = schemas.iter().filter(|(name, _)| !is_sent(name));
        let objects = objects.map(|(name, schema)| Object {
            name: name.clone(),
            says: text(&schema["description"]),
            fields: fields(schema, &schemas),
        });
        Self { objects: objects.collect(), versioned: versioned.to_vec(), rooms }
    }
}

fn operation(method: &'static str, path: &str, described: &Value, schemas: &Map<String, Value>) -> Operation {
    let parameters = described["parameters"].as_array().into_iter().flatten();
    let parameters = parameters.map(|parameter| Field {
        kind: kind(&parameter["schema"]).0,
        object: None,
        is_required: parameter["required"] == true,
        ..field(&text(&parameter["name"]), parameter)
    });
    let content = described["requestBody"]["content"].as_object().and_then(|content| content.iter().next());
    let (answers, refusals) = described["responses"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(status, answer)| Answer {
            status: status.clone(),
            says: text(&answer["description"]),
            object: kind(&answer["content"]["application/json"]["schema"]).1,
        })
        .partition(|answer| answer.status.starts_with('2'));
    Operation {
        id: text(&described["operationId"]),
        method,
        path: path.to_owned(),
        summary: text(&described["summary"]),
        parameters: parameters.collect(),
        body: content.map(|(content, body)| {
            let name = kind(&body["schema"]).1.unwrap_or_default();
            let schema = schemas.get(&name).unwrap_or(&Value::Null);
            Body { schema: name, says: text(&schema["description"]), content: content.clone(), fields: fields(schema, schemas) }
        }),
        answers,
        refusals,
        curl: command(method, path, content.map(|(content, body)| (content.as_str(), &body["example"]))),
    }
}

/// The fields of an object, those that have to be there first.
fn fields(schema: &Value, schemas: &Map<String, Value>) -> Vec<Field> {
    let mut fields = own_fields(schema, schemas);
    fields.sort_by_key(|field| !field.is_required);
    fields
}

/// Its own, and those of all that it is put together from.
fn own_fields(schema: &Value, schemas: &Map<String, Value>) -> Vec<Field> {
    let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut fields: Vec<Field> = properties.map(|(name, value)| Field { is_required: required(name), ..field(name, value) }).collect();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let named = part["$ref"].as_str().and_then(|name| schemas.get(name.rsplit('/').next()?));
        fields.extend(own_fields(named.unwrap_or(part), schemas));
    }
    fields
}

fn field(name: &str, described: &Value) -> Field {
    let (kind, object) = kind(described);
    let example = &described["example"];
    let example = (!example.is_null()).then(|| example.as_str().map_or_else(|| example.to_string(), str::to_owned));
    Field { name: name.to_owned(), kind, object, is_required: false, says: parts(&text(&described["description"])), example }
}

/// What a schema lets through, in words, and the object that it names.
fn kind(schema: &Value) -> (String, Option<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        return (String::new(), name.rsplit('/').next().map(str::to_owned));
    }
    // An object that may be missing, or that has more said about it.
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(one) = schema[several].as_array().into_iter().flatten().find(|one| one["type"] != "null") {
            return kind(one);
        }
    }
    let types: Vec<String> =
        schema["type"].as_array().map_or_else(|| vec![text(&schema["type"])], |types| types.iter().map(text).collect());
    let mut object = None;
    let mut words: Vec<String> = types
        .iter()
        .map(|one| match (one.as_str(), schema["format"].as_str()) {
            ("string", Some("date-time")) => "a moment, RFC 3339".to_owned(),
            ("string", Some("ip")) => "an IP address".to_owned(),
            ("string", _) => "text".to_owned(),
            ("integer" | "number", _) => "a number".to_owned(),
            ("boolean", _) => "true or false".to_owned(),
            ("array", _) => {
                let (of, named) = kind(&schema["items"]);
                object = named;
                format!("a list of {of}").trim_end().to_owned()
            }
            ("object", _) => "an object".to_owned(),
            (other, _) => other.to_owned(),
        })
        .collect();
    words.sort_by_key(|word| word == "null");
    let mut says = words.join(" or ");
    match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
        (Some(least), Some(most)) => says.push_str(&format!(" from {least} to {most}")),
        (None, Some(most)) => says.push_str(&format!(", at most {most}")),
        _ => {}
    }
    if let Some(most) = schema["maxLength"].as_i64() {
        says.push_str(&format!(", at most {most} bytes"));
    }
    if !schema["default"].is_null() {
        says.push_str(&format!(", {} if nothing is said", schema["default"]));
    }
    (says, object)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A name as an anchor.
fn anchor(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

/// A text, cut where something in it stands between backquotes.
fn parts(text: &str) -> Vec<Part> {
    let pieces = text.split('`').enumerate().map(|(n, piece)| Part { text: piece.to_owned(), is_code: n % 2 == 1 });
    pieces.filter(|part| !part.text.is_empty()).collect()
}
