//! What is wrong with an input, field by field, in one shape for pages and API alike.

/// One thing wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field's name in the form, or in the API's body.
    pub field: &'static str,
    /// A sentence that says what to do.
    pub message: String,
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

    /// Adds a fault.
    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(Fault { field, message: message.into() });
    }

    /// Keeps the value, or notes the message at the field.
    pub fn keep<T>(&mut self, field: &'static str, checked: Result<T, String>) -> Option<T> {
        checked.map_err(|message| self.add(field, message)).ok()
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
