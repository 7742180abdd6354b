//! What an account says of itself.

use sqlx::FromRow;

use crate::{
    rules::details::Details,
    store::{InAccount, Reader, Result, Tx, run, sql},
};

#[derive(FromRow)]
struct DetailsRow {
    name: String,
    slug: String,
    company: String,
    address: String,
    website: String,
    time_zone: String,
    currency: String,
    details_version: i64,
}

impl Reader<InAccount> {
    /// The account's details, and how often they have changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn details(&mut self) -> Result<(Details, i64)> {
        let scope = self.scope.0.clone();
        let row: DetailsRow = sql!(self, c => sqlx::query_as(
            "SELECT name, slug, company, address, website, time_zone, currency, details_version FROM accounts WHERE id = $1")
            .bind(&scope).fetch_one(c));
        let DetailsRow { name, slug, company, address, website, time_zone, currency, details_version } = row;
        Ok((Details { name, slug, company, address, website, time_zone, currency }, details_version))
    }
}

impl Reader<InAccount> {
    /// How many slugs the account has had, the present one included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn slugs_held(&mut self) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM account_slugs WHERE account_id = $1").bind(&scope).fetch_one(c)))
    }
}

impl Tx<InAccount> {
    /// Changes the account's details. `false` when the slug is or was another account's; nothing of this may stand then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_details(&mut self, new: &Details) -> Result<bool> {
        let scope = self.scope.0.clone();
        if !self.take_slug(&scope, &new.slug).await? {
            return Ok(false);
        }
        run!(
            self,
            sqlx::query(
                "UPDATE accounts SET name = $1, slug = $2, company = $3, address = $4, website = $5, time_zone = $6, currency = $7,
                        details_version = details_version + 1 WHERE id = $8"
            )
            .bind(&new.name)
            .bind(&new.slug)
            .bind(&new.company)
            .bind(&new.address)
            .bind(&new.website)
            .bind(&new.time_zone)
            .bind(&new.currency)
            .bind(&scope)
        );
        Ok(true)
    }
}
