//! The billing details of an account.

use sqlx::FromRow;

use super::{InAccount, Reader, Result, Tx, run, sql};
use crate::rules::billing::Billing;

#[derive(FromRow)]
struct BillingRow {
    contact: String,
    recipients: String,
    address: String,
    tax_id: String,
    currency: String,
    version: i64,
}

impl Reader<InAccount> {
    /// The billing details, and how often they have changed. Where nobody has said anything they are empty.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn billing(&mut self) -> Result<(Billing, i64)> {
        let scope = self.scope.0.clone();
        let row: Option<BillingRow> = sql!(self, c => sqlx::query_as(
            "SELECT contact, recipients, address, tax_id, currency, version FROM billing WHERE account_id = $1").bind(&scope).fetch_optional(c));
        Ok(row.map_or_else(Default::default, |row| {
            let BillingRow { contact, recipients, address, tax_id, currency, version } = row;
            (Billing { contact, recipients, address, tax_id, currency }, version)
        }))
    }
}

impl Tx<InAccount> {
    /// Changes the billing details.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_billing(&mut self, new: &Billing) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(
            self,
            sqlx::query(
                "INSERT INTO billing (account_id, contact, recipients, address, tax_id, currency, version) VALUES ($1, $2, $3, $4, $5, $6, 1)
                 ON CONFLICT (account_id) DO UPDATE SET contact = $2, recipients = $3, address = $4, tax_id = $5, currency = $6,
                        version = billing.version + 1"
            )
            .bind(&scope)
            .bind(&new.contact)
            .bind(&new.recipients)
            .bind(&new.address)
            .bind(&new.tax_id)
            .bind(&new.currency)
        );
        Ok(())
    }
}
