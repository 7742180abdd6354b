//! Fresh proofs: somebody signed in proves again who they are, by the strongest thing that they have (product §2.22).

use super::{
    Person, Stop, letters,
    mfa::{count, refuse, take},
    passwords::prove_again,
};
use crate::rules::{
    events::{Event, PersonEvent},
    gate::Proof,
    mfa::Code,
    passwords::Password,
};

/// What is given as a proof.
pub enum Given {
    /// The password, of somebody who has nothing stronger.
    Password(Password),
    /// A code of the second factor.
    Code(Code),
}

/// Notes that the person has just proven who they are, and gives their session a new cookie, whose value has this hash: it is
/// worth more than the old one was.
///
/// # Errors
/// [`Stop::Faults`] when the proof is wrong, or a password where the person has a factor; [`Stop::TooMany`], [`Stop::Busy`].
pub async fn prove(person: &Person, given: Given, token_hash: &str) -> Result<(), Stop> {
    let (who, session) = (person.who(), person.facts().session.clone());
    let (mut tx, proof) = match given {
        Given::Password(password) => {
            let proven = prove_again(person, &password, "password").await?;
            let mut tx = person.begin().await?;
            proven.demand(&mut tx).await?;
            // Somebody may have set up a factor meanwhile, which is asked for from then on.
            if tx.has_factor(&who.user).await? {
                return Err(Stop::Step(crate::rules::gate::Step::FreshProof));
            }
            (tx, Proof::Password)
        }
        Given::Code(code) => {
            let visitor = person.visitor();
            let counted = count(&visitor, &who).await?;
            let mut tx = person.begin().await?;
            if !take(&visitor, &mut tx, &who, &code, &counted).await? {
                drop(tx);
                return Err(refuse(&visitor, &who).await);
            }
            (tx, Proof::Factor)
        }
    };
    tx.prove(&session, &proof).await?;
    tx.rotate_session(&session, token_hash).await?;
    tx.commit(Event::Person { who, what: PersonEvent::Proven { method: proof.word() } }).await?;
    letters::ring(&person.app);
    Ok(())
}
