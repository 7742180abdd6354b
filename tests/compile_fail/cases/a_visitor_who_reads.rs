// E0624: a handler for anyone reads from the database.
use crate::acts::Visitor;

pub(super) async fn look(visitor: Visitor) -> bool {
    visitor.read().is_inhabited().await.is_ok()
}
