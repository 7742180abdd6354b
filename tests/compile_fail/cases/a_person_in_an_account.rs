// E0599: what is a person's own does not lead into an account.
use crate::{acts::Person, store::MembersByKind};

pub(super) async fn count(person: Person) -> Option<MembersByKind> {
    person.read().members_by_kind(person.now()).await.ok()
}
