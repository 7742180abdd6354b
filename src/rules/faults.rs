//! What is wrong with an input, field by field, in one shape for pages and API alike.

pub use super::codes;
use super::codes::Code;

/// One thing wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field's name in the form, or in the API's body.
    pub field: &'static str,
    /// A sentence that says what to do.
    pub message: String,
    /// By which programs know it; where there is none, it is a bad value.
    pub code: Option<Code>,
}

/// Everything that is wrong with an input. Never empty when it travels as an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Nothing wrong so far.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Exactly one fault.
    #[must_use]
    pub fn one(field: &'static str, message: impl Into<String>) -> Self {
        let mut faults = Self::none();
        faults.add(field, message);
        faults
    }

    /// Exactly one fault, which programs know by this code.
    #[must_use]
    pub fn coded(field: &'static str, code: Code, message: impl Into<String>) -> Self {
        Self(vec![Fault { field, message: message.into(), code: Some(code) }])
    }

    /// Adds a fault.
    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(Fault { field, message: message.into(), code: None });
    }

    /// Adds all of these.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Keeps the value, or what is wrong with it.
    pub fn take<T>(&mut self, checked: Result<T, Self>) -> Option<T> {
        checked.map_err(|faults| self.extend(faults)).ok()
    }

    /// Keeps the value, or notes the message at the field.
    pub fn keep<T>(&mut self, field: &'static str, checked: Result<T, String>) -> Option<T> {
        checked.map_err(|message| self.add(field, message)).ok()
    }

    /// The same faults, those of one field at another.
    #[must_use]
    pub fn renamed(mut self, from: &str, to: &'static str) -> Self {
        for fault in self.0.iter_mut().filter(|fault| fault.field == from) {
            fault.field = to;
        }
        self
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// The first message at a field.
    #[must_use]
    pub fn at(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|fault| fault.field == field).map(|fault| fault.message.as_str())
    }
}
