//! What a filter means, and how an object is judged by it.

use std::cmp::Ordering;

use super::{Kind, Value};
use crate::rules::time::Millis;

/// A value that is written out.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// `null`
    Null,
    /// `"text"`
    Text(String),
    /// `timestamp("…")`, computed.
    Time(Millis),
    /// `true` or `false`
    Truth(bool),
    /// `3`
    Number(i64),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// What is looked for in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Its beginning.
    StartsWith,
    /// Its end.
    EndsWith,
    /// Any part.
    Contains,
}

/// A part of a filter whose kinds are checked.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A value that is written out.
    Constant(Constant),
    /// A field of the object.
    Field(&'static str, Kind),
    /// `!a`
    Not(Box<Node>),
    /// `a && b && c`
    All(Vec<Node>),
    /// `a || b || c`
    Any(Vec<Node>),
    /// `a == b` and the like.
    Compare(Comparison, Box<[Node; 2]>),
    /// `a in ["b", "c"]`
    Among(Box<Node>, Vec<Constant>),
    /// `a in obj.list`
    Within(Box<[Node; 2]>),
    /// `size(a)`
    Size(Box<Node>),
    /// `a.contains(b)` and the like.
    Search(Search, Box<[Node; 2]>),
}

impl Comparison {
    /// The comparison that has this sign.
    pub fn of(sign: &str) -> Option<Self> {
        Some(match sign {
            "==" => Self::Equal,
            "!=" => Self::Unequal,
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::More,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    /// The same with its sides exchanged.
    const fn turned(self) -> Self {
        match self {
            Self::Less => Self::More,
            Self::AtMost => Self::AtLeast,
            Self::More => Self::Less,
            Self::AtLeast => Self::AtMost,
            same => same,
        }
    }

    fn holds(self, left: Value<'_>, right: Value<'_>) -> bool {
        match self {
            Self::Equal => equal(left, right),
            Self::Unequal => !equal(left, right),
            Self::Less => order(left, right).is_some_and(Ordering::is_lt),
            Self::AtMost => order(left, right).is_some_and(Ordering::is_le),
            Self::More => order(left, right).is_some_and(Ordering::is_gt),
            Self::AtLeast => order(left, right).is_some_and(Ordering::is_ge),
        }
    }
}

impl Search {
    /// The search that has this name.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "startsWith" => Self::StartsWith,
            "endsWith" => Self::EndsWith,
            "contains" => Self::Contains,
            _ => return None,
        })
    }
}

impl Constant {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::Text(text),
            Self::Time(moment) => Value::Time(*moment),
            Self::Truth(truth) => Value::Truth(*truth),
            Self::Number(number) => Value::Number(*number),
        }
    }
}

impl Node {
    /// Whether this is true of an object. Stops at what decides.
    pub fn holds<'a>(&self, field: &impl Fn(&str) -> Value<'a>) -> bool {
        match self {
            Self::Not(node) => !node.holds(field),
            Self::All(nodes) => nodes.iter().all(|node| node.holds(field)),
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(field)),
            Self::Compare(comparison, sides) => comparison.holds(sides[0].value(field), sides[1].value(field)),
            Self::Among(node, constants) => {
                let value = node.value(field);
                constants.iter().any(|constant| equal(value, constant.value()))
            }
            Self::Within(sides) => {
                let [value, Value::List(list)] = [sides[0].value(field), sides[1].value(field)] else { return false };
                list.iter().any(|text| equal(value, Value::Text(text)))
            }
            Self::Search(search, sides) => {
                let [Value::Text(text), Value::Text(part)] = [sides[0].value(field), sides[1].value(field)] else { return false };
                match search {
                    Search::StartsWith => text.starts_with(part),
                    Search::EndsWith => text.ends_with(part),
                    Search::Contains => text.contains(part),
                }
            }
            Self::Constant(_) | Self::Field(..) | Self::Size(_) => self.value(field) == Value::Truth(true),
        }
    }

    fn value<'v, 'a: 'v>(&'v self, field: &impl Fn(&str) -> Value<'a>) -> Value<'v> {
        match self {
            Self::Constant(constant) => constant.value(),
            Self::Field(name, kind) => match (field(name), kind) {
                (Value::Null, Kind::Text | Kind::Id) => Value::Text(""),
                (Value::Null, Kind::Truth) => Value::Truth(false),
                (value, _) => value,
            },
            Self::Size(node) => {
                let size = match node.value(field) {
                    Value::Text(text) => text.chars().count(),
                    Value::List(list) => list.len(),
                    _ => 0,
                };
                Value::Number(i64::try_from(size).unwrap_or(i64::MAX))
            }
            _ => Value::Truth(self.holds(field)),
        }
    }

    /// See [`super::Filter::demanded`].
    pub fn demanded(&self, field: &str) -> Option<&str> {
        let text = match self {
            Self::All(nodes) => return nodes.iter().find_map(|node| node.demanded(field)),
            Self::Compare(Comparison::Equal, sides) => match &**sides {
                [node, Self::Constant(Constant::Text(text))] | [Self::Constant(Constant::Text(text)), node] if node.is_text(field) => text,
                _ => return None,
            },
            Self::Among(node, constants) => match &constants[..] {
                [Constant::Text(text)] if node.is_text(field) => text,
                _ => return None,
            },
            _ => return None,
        };
        Some(text.as_str()).filter(|text| !text.is_empty())
    }

    /// The moment that a time is compared with by one of these, or is equal to, in every object that the filter lets through.
    pub fn bound(&self, field: &str, by: [Comparison; 2]) -> Option<Millis> {
        let (comparison, time) = match self {
            Self::All(nodes) => return nodes.iter().find_map(|node| node.bound(field, by)),
            Self::Compare(comparison, sides) => match &**sides {
                [Self::Field(name, Kind::Time), Self::Constant(Constant::Time(time))] if *name == field => (*comparison, time),
                [Self::Constant(Constant::Time(time)), Self::Field(name, Kind::Time)] if *name == field => (comparison.turned(), time),
                _ => return None,
            },
            _ => return None,
        };
        (comparison == Comparison::Equal || by.contains(&comparison)).then_some(*time)
    }

    /// Whether this is the field of that name, and a text or an id.
    fn is_text(&self, field: &str) -> bool {
        matches!(self, Self::Field(name, Kind::Text | Kind::Id) if *name == field)
    }
}

/// What is of different kinds differs, but nothing, no text and no entries are the same.
fn equal(left: Value<'_>, right: Value<'_>) -> bool {
    left == right || (is_empty(left) && is_empty(right))
}

fn is_empty(value: Value<'_>) -> bool {
    matches!(value, Value::Null | Value::Text("") | Value::List([]))
}

fn order(left: Value<'_>, right: Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Time(left), Value::Time(right)) => Some(left.cmp(&right)),
        (Value::Truth(left), Value::Truth(right)) => Some(left.cmp(&right)),
        (Value::Number(left), Value::Number(right)) => Some(left.cmp(&right)),
        _ => None,
    }
}
