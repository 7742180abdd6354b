//! The `filter=` of the API's lists: a part of CEL about one object named `obj` (facts/ngrok.md §2.2).
//!
//! A text is cut into tokens (`tokens`), read by the grammar (`parse`) and typed on the way (`check`); what comes out can
//! only be judged (`tree`). Length, depth and size are bounded, so that no filter exhausts the stack or the clock.
//!
//! What is missing, `null`, `""` and the empty list are equal to one another and to nothing else.

mod check;
mod moments;
mod parse;
mod tokens;
mod tree;

use super::time::Millis;

/// The most bytes that a filter may have.
pub const MAX_BYTES: usize = 2_048;

/// The most parentheses, `!` and calls that may stand in one another.
pub const MAX_DEPTH: usize = 32;

/// The most values, comparisons, calls and connectives that a filter may have.
pub const MAX_NODES: usize = 512;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text. A missing one is `""`.
    Text,
    /// A text that is compared whole: nobody looks for a part of it. The ids of bot users have two names
    /// ([`BotId::parse_any`](super::ids::BotId::parse_any)), and are found by both where the object has the first.
    Id,
    /// A moment. A missing one equals `null` and is neither before nor after any.
    Time,
    /// Texts in order. A missing one is empty.
    List,
    /// True or false. A missing one is false.
    Truth,
    /// A whole number. A missing one equals `null` and is neither less nor more than any.
    Number,
}

/// The value of a field of one object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// The object has none.
    Null,
    /// Of a [`Kind::Text`] or [`Kind::Id`].
    Text(&'a str),
    /// Of a [`Kind::Time`]. Give it as the API shows it, so that what was read there is found again by `==`.
    Time(Millis),
    /// Of a [`Kind::List`].
    List(&'a [String]),
    /// Of a [`Kind::Truth`].
    Truth(bool),
    /// Of a [`Kind::Number`].
    Number(i64),
}

/// A filter that was read and makes sense for its resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(tree::Node);

impl Filter {
    /// The filter that lets everything through.
    #[must_use]
    pub const fn all() -> Self {
        Self(tree::Node::Constant(tree::Constant::Truth(true)))
    }

    /// Reads a filter for objects that have these fields. `now` is what `time.now` stands for.
    ///
    /// # Errors
    /// A sentence for the caller that says what is wrong at which character, counted from 1.
    pub fn parse(text: &str, fields: &'static [(&'static str, Kind)], now: Millis) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("A filter has at most {MAX_BYTES} bytes, and this one has {}.", text.len()));
        }
        let tokens = tokens::cut(text)?;
        let end = text.chars().count() + 1;
        parse::whole(tokens, end, fields, now).map(Self)
    }

    /// Whether the filter lets an object through. `field` tells the value of a field; it is asked only for what decides.
    pub fn admits<'a>(&self, field: impl Fn(&str) -> Value<'a>) -> bool {
        self.0.holds(&field)
    }

    /// The one text that this text or id must equal in every object that the filter lets through, where it says so: by it,
    /// the store can narrow the search. Never the empty text, which missing ones equal too.
    #[must_use]
    pub fn demanded(&self, field: &str) -> Option<&str> {
        self.0.demanded(field)
    }
}

impl Filter {
    /// A moment before which this time lies in no object that the filter lets through, where it says so.
    #[must_use]
    pub fn not_before(&self, field: &str) -> Option<Millis> {
        self.0.bound(field, [tree::Comparison::More, tree::Comparison::AtLeast])
    }

    /// A moment after which it lies in none.
    #[must_use]
    pub fn not_after(&self, field: &str) -> Option<Millis> {
        self.0.bound(field, [tree::Comparison::Less, tree::Comparison::AtMost])
    }
}

/// What is wrong at which character.
fn fault(at: usize, what: &str) -> String {
    format!("At character {at}: {what}.")
}

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod names;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod tests;
