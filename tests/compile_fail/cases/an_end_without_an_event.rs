// E0061: a transaction ends without saying what happened.
use crate::store::{InAccount, Result, Tx};

pub(super) async fn rename(mut tx: Tx<InAccount>) -> Result<()> {
    tx.rename_account("Mine").await?;
    tx.commit().await
}
