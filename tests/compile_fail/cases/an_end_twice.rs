// E0382: a transaction is used after its end.
use crate::{rules::events::Event, rules::ip_restrictions::Surface, store::{InAccount, Result, Tx}};

pub(super) async fn twice(mut tx: Tx<InAccount>, event: Event) -> Result<()> {
    tx.commit(event).await?;
    tx.count_visit(Surface::Dashboard, true).await
}
