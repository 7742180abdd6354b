// E0061: a transaction ends without saying what happened.
use crate::store::{InAccount, Result, Tx};

pub(super) async fn count(mut tx: Tx<InAccount>) -> Result<()> {
    tx.count_visit("page").await?;
    tx.commit().await
}
