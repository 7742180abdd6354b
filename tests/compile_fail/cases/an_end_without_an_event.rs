// E0061: a transaction ends without saying what happened.
use crate::{rules::ip_restrictions::Surface, store::{InAccount, Result, Tx}};

pub(super) async fn count(mut tx: Tx<InAccount>) -> Result<()> {
    tx.count_visit(Surface::Dashboard, true).await?;
    tx.commit().await
}
