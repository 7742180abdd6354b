// E0451: a handler makes itself the permit that it was not given.
use std::marker::PhantomData;

use crate::{acts::{Permit, Person}, rules::{members::Roles, permissions::{may, rights}}, store::AccountFacts};

pub(super) fn permit(person: Person, account: AccountFacts) -> Permit<may::ReadEvents> {
    let roles = Roles::ADMINISTRATOR;
    Permit { bearer: person, account, roles, rights: rights(roles), warnings: Vec::new(), may: PhantomData }
}
