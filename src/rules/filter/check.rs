//! The types: whether what the grammar read makes sense, and what it means.

use super::{
    Kind, fault, moments,
    tree::{Comparison, Constant, Node, Search},
};
use crate::rules::ids::BotId;

/// A part of a filter, and the character it begins at. Only `null` has no kind.
pub struct Part {
    /// The number of the first character.
    pub at: usize,
    /// What its value is.
    pub kind: Option<Kind>,
    /// What it means.
    pub node: Node,
}

impl Part {
    /// A value that is written out.
    pub const fn constant(at: usize, constant: Constant) -> Self {
        let kind = match &constant {
            Constant::Null => None,
            Constant::Text(_) => Some(Kind::Text),
            Constant::Time(_) => Some(Kind::Time),
            Constant::Truth(_) => Some(Kind::Truth),
            Constant::Number(_) => Some(Kind::Number),
        };
        Self { at, kind, node: Node::Constant(constant) }
    }

    /// For sentences.
    const fn noun(&self) -> &'static str {
        match self.kind {
            None => "null",
            Some(Kind::Text) => "a text",
            Some(Kind::Id) => "an id",
            Some(Kind::Time) => "a time",
            Some(Kind::List) => "a list",
            Some(Kind::Truth) => "true or false",
            Some(Kind::Number) => "a number",
        }
    }

    /// The kind by which order is kept: ids are texts.
    fn order(&self) -> Option<Kind> {
        if self.kind == Some(Kind::Id) { Some(Kind::Text) } else { self.kind }
    }
}

/// What is true or false.
///
/// # Errors
/// Anything else.
pub fn truth(part: Part) -> Result<Node, String> {
    if part.kind == Some(Kind::Truth) {
        return Ok(part.node);
    }
    Err(fault(part.at, &format!("this is {}, where something true or false is needed", part.noun())))
}

/// A comparison. Anything can be equal; only what is of one kind has an order.
///
/// # Errors
/// What has no order.
pub fn compare(at: usize, mut left: Part, comparison: Comparison, mut right: Part) -> Result<Part, String> {
    let equality = matches!(comparison, Comparison::Equal | Comparison::Unequal);
    if !equality {
        match (left.order(), right.order()) {
            (None | Some(Kind::List), _) => return Err(fault(left.at, &format!("{} has no order", left.noun()))),
            (_, None | Some(Kind::List)) => return Err(fault(right.at, &format!("{} has no order", right.noun()))),
            (Some(Kind::Time), Some(Kind::Text)) | (Some(Kind::Text), Some(Kind::Time)) => {
                return Err(fault(at, r#"a time and a text have no order, write timestamp("…") around the text"#));
            }
            (one, other) if one != other => {
                return Err(fault(at, &format!("{} and {} have no order", left.noun(), right.noun())));
            }
            _ => {}
        }
    }
    let is_id = [&left, &right].map(|part| part.kind == Some(Kind::Id));
    for (is_id, other) in is_id.into_iter().zip([&mut right.node, &mut left.node]) {
        if let (true, Node::Constant(constant)) = (is_id, other) {
            name_first(constant);
        }
    }
    Ok(Part { at: left.at, kind: Some(Kind::Truth), node: Node::Compare(comparison, Box::new([left.node, right.node])) })
}

/// Whether a value is one of those written out.
///
/// # Errors
/// A list at the left.
pub fn among(left: Part, mut constants: Vec<Constant>) -> Result<Part, String> {
    no_list(&left)?;
    if left.kind == Some(Kind::Id) {
        constants.iter_mut().for_each(name_first);
    }
    Ok(Part { at: left.at, kind: Some(Kind::Truth), node: Node::Among(Box::new(left.node), constants) })
}

/// Whether a value is in the list of a field.
///
/// # Errors
/// A list at the left, or none at the right.
pub fn within(left: Part, right: Part) -> Result<Part, String> {
    no_list(&left)?;
    if right.kind != Some(Kind::List) {
        return Err(fault(right.at, &format!("this is {}, but after in stands a list", right.noun())));
    }
    Ok(Part { at: left.at, kind: Some(Kind::Truth), node: Node::Within(Box::new([left.node, right.node])) })
}

/// The id of a bot user by the first of its two names, as objects have it.
fn name_first(constant: &mut Constant) {
    if let Constant::Text(text) = constant
        && let Some(bot) = BotId::parse_any(text)
    {
        *text = bot.to_string();
    }
}

fn no_list(left: &Part) -> Result<(), String> {
    if left.kind == Some(Kind::List) { Err(fault(left.at, "a list is never in a list")) } else { Ok(()) }
}

/// Whether there is a function of this name.
///
/// # Errors
/// A sentence that names those that there are.
pub fn knows_function(at: usize, name: &str) -> Result<(), String> {
    match name {
        "size" | "timestamp" => Ok(()),
        "type" => Err(fault(at, "type tests are not supported")),
        "matches" => Err(fault(at, "regular expressions are not supported")),
        _ => Err(fault(at, &format!("there is no function {name}, but there is size and timestamp"))),
    }
}

/// What a function makes of a value.
///
/// # Errors
/// Values that it is not for.
pub fn function(at: usize, name: &str, argument: Part) -> Result<Part, String> {
    if name == "size" {
        if !matches!(argument.kind, Some(Kind::Text | Kind::Id | Kind::List)) {
            return Err(fault(argument.at, &format!("size is of a text or a list, and this is {}", argument.noun())));
        }
        return Ok(Part { at, kind: Some(Kind::Number), node: Node::Size(Box::new(argument.node)) });
    }
    match argument.node {
        Node::Constant(Constant::Text(text)) => {
            let moment = moments::read(&text);
            let moment = moment.ok_or_else(|| fault(argument.at, "this is no time of RFC 3339, such as 2026-01-31T12:00:00Z"))?;
            Ok(Part::constant(at, Constant::Time(moment)))
        }
        node if argument.kind == Some(Kind::Time) => Ok(Part { at, kind: argument.kind, node }),
        _ => Err(fault(argument.at, "timestamp is of a text in quotes or of time.now")),
    }
}

/// Whether there is a method of this name.
///
/// # Errors
/// A sentence that names those that there are.
pub fn knows_method(at: usize, name: &str) -> Result<(), String> {
    match name {
        "startsWith" | "endsWith" | "contains" | "add" | "subtract" => Ok(()),
        "matches" => Err(fault(at, "regular expressions are not supported")),
        _ => Err(fault(at, &format!("there is no method {name}, but there is startsWith, endsWith, contains, add and subtract"))),
    }
}

/// What a method makes of a value and another.
///
/// # Errors
/// Values that it is not for.
pub fn method(at: usize, on: Part, name: &str, argument: Part) -> Result<Part, String> {
    match Search::of(name) {
        Some(search) => look(on, name, search, argument),
        None => shift(at, &on, name, &argument),
    }
}

/// `a.contains(b)` and the like.
fn look(on: Part, name: &str, search: Search, argument: Part) -> Result<Part, String> {
    for part in [&on, &argument] {
        match part.kind {
            Some(Kind::Text) => {}
            Some(Kind::Id) => return Err(fault(part.at, &format!("{name} is not for ids, compare them whole with == or in"))),
            _ => return Err(fault(part.at, &format!("{name} is for texts, and this is {}", part.noun()))),
        }
    }
    Ok(Part { at: on.at, kind: Some(Kind::Truth), node: Node::Search(search, Box::new([on.node, argument.node])) })
}

/// `timestamp(…).add("7d")` and `.subtract("7d")`.
fn shift(at: usize, on: &Part, name: &str, argument: &Part) -> Result<Part, String> {
    let Node::Constant(Constant::Time(moment)) = on.node else {
        return Err(fault(on.at, &format!("{name} is for timestamp(…)")));
    };
    let span = match &argument.node {
        Node::Constant(Constant::Text(text)) => moments::span(text),
        _ => None,
    };
    let span = span.ok_or_else(|| fault(argument.at, r#"this is no span of days, hours, minutes and seconds, such as "7d" or "1h30m""#))?;
    let moved = moments::moved(moment, span, name == "subtract");
    let moved = moved.ok_or_else(|| fault(at, "this time is not within the years 1 to 9999"))?;
    Ok(Part::constant(on.at, Constant::Time(moved)))
}
