//! Billing details: whom to reach, where invoices go, and what stands on them (facts/ngrok.md, `ERR_NGROK_1000` to `1032`).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    addresses::Email,
    details::{currency, line, lines},
    faults::Faults,
};

/// The most addresses that invoices go to (`ERR_NGROK_1002`).
pub const MAX_RECIPIENTS: usize = 10;
/// The most characters of an invoice address (`ERR_NGROK_1000`).
const MAX_ADDRESS: usize = 1_000;
/// The most characters of a tax id (`ERR_NGROK_1001`).
const MAX_TAX_ID: usize = 50;
/// The most characters of a contact's name.
const MAX_CONTACT: usize = 100;

/// Billing details. What nobody has said is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Billing {
    /// Whom to reach.
    pub contact: String,
    /// Where invoices go: addresses, one a line.
    pub recipients: String,
    /// What stands on invoices, of several lines.
    pub address: String,
    /// The number by which the tax office knows the company.
    pub tax_id: String,
    /// The currency of invoices; empty for the account's.
    pub currency: String,
}

impl Billing {
    /// As events show them.
    #[must_use]
    pub fn value(&self) -> Value {
        let Self { contact, recipients, address, tax_id, currency } = self;
        json!({ "contact": contact, "recipients": recipients, "address": address, "tax_id": tax_id, "currency": currency })
    }
}

/// What pages call a field, wherever it is shown.
#[must_use]
pub fn label(field: &str) -> Option<&'static str> {
    Some(match field {
        "contact" => "Contact",
        "recipients" => "Invoices go to",
        "address" => "Invoice address",
        "tax_id" => "Tax id",
        "currency" => "Currency",
        _ => return None,
    })
}

/// What somebody with access to billing types.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of the billing details, as typed")]
pub struct Draft {
    pub contact: String,
    pub recipients: String,
    pub address: String,
    pub tax_id: String,
    pub currency: String,
    /// The version that the form was filled in from.
    pub version: String,
}

impl Draft {
    /// The form as it stands.
    #[must_use]
    pub fn of(billing: Billing, version: i64) -> Self {
        let Billing { contact, recipients, address, tax_id, currency } = billing;
        Self { contact, recipients, address, tax_id, currency, version: version.to_string() }
    }

    /// Checks everything at once: the details, and the version that they are changed from.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self) -> Result<(Billing, i64), Faults> {
        let mut faults = Faults::none();
        let contact = faults.keep("contact", line(&self.contact, MAX_CONTACT));
        let recipients = faults.keep("recipients", recipients(&self.recipients));
        let address = faults.keep("address", lines(&self.address, MAX_ADDRESS));
        let tax_id = faults.keep("tax_id", line(&self.tax_id, MAX_TAX_ID));
        let currency = faults.keep("currency", currency(&self.currency));
        let version = faults.keep("version", self.version.parse().map_err(|_| "Reload the page and try again.".to_owned()));
        match (contact, recipients, address, tax_id, currency, version) {
            (Some(contact), Some(recipients), Some(address), Some(tax_id), Some(currency), Some(version)) => {
                Ok((Billing { contact, recipients, address, tax_id, currency }, version))
            }
            _ => Err(faults),
        }
    }
}

/// Addresses, one a line or behind commas, each once (`ERR_NGROK_1005`, `1008`, `1010`).
fn recipients(text: &str) -> Result<String, String> {
    let mut written: Vec<String> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for part in text.split([',', '\n', '\r']).map(str::trim).filter(|part| !part.is_empty()) {
        let email = Email::parse(part)
            .map_err(|_| format!("\u{201c}{}\u{201d} is not an email address.", part.chars().take(80).collect::<String>()))?;
        if seen.insert(email.canonical().to_owned()) {
            written.push(email.written().to_owned());
        }
    }
    if written.len() > MAX_RECIPIENTS { Err(format!("Enter at most {MAX_RECIPIENTS} addresses.")) } else { Ok(written.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invoices_go_to_addresses_each_once() {
        assert_eq!(recipients(" a@example.com, B@example.com\r\n\r\nA@EXAMPLE.com").as_deref(), Ok("a@example.com\nB@example.com"));
        assert!(recipients("a@example.com\nnobody").unwrap_err().contains("\u{201c}nobody\u{201d}"));
        let many = (0..11).map(|n| format!("p{n}@example.com")).collect::<Vec<_>>().join("\n");
        assert!(recipients(&many).is_err());
    }

    #[test]
    fn every_wrong_field_is_named() {
        let long = "x".repeat(2_000);
        let draft = Draft {
            contact: long.clone(),
            recipients: "x".into(),
            address: long.clone(),
            tax_id: long,
            currency: "?".into(),
            version: String::new(),
        };
        assert_eq!(draft.check().unwrap_err().iter().count(), 6);
    }
}
