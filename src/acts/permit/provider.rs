//! By which identity providers somebody has come in.

use super::{Holder, Person};
use crate::rules::{
    gate::Proof,
    ids::{AccountId, IdpId},
};

impl Person {
    /// Whether the session was proven by this provider.
    #[must_use]
    pub fn came_by(&self, idp: &IdpId) -> bool {
        self.proofs.iter().any(|proof| proof.idp() == idp.as_str())
    }

    /// The providers that have proven the session.
    #[must_use]
    pub fn providers(&self) -> Vec<IdpId> {
        self.proofs.iter().filter(|proof| !proof.idp().is_empty()).map(|proof| IdpId::trusted(proof.idp().to_owned())).collect()
    }

    /// Whether the session was proven by a provider of this account.
    #[must_use]
    pub fn came_by_any_of(&self, account: &AccountId) -> bool {
        self.proofs.iter().any(|proof| matches!(proof, Proof::Idp { account: of, .. } if of == account.as_str()))
    }
}

impl Holder {
    /// The providers that have proven the session.
    #[must_use]
    pub fn providers(&self) -> Vec<IdpId> {
        self.person().providers()
    }

    /// Whether there is anything of their own by which they could prove who they are.
    #[must_use]
    pub const fn has_own(&self) -> bool {
        self.person().facts().has_own()
    }
}
