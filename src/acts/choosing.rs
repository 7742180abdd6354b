//! Choosing a password: what is asked of a new one, by whichever door somebody comes to choose it. First how it is made, which
//! [`Password::chosen`] has said; then how strong it is, and whether it stands in the list of breached ones; and of whoever has
//! had passwords before, whether it was among the last ones.

use super::{App, Stop, Visitor};
use crate::{
    protocols::passwords::Verified,
    rules::{
        faults::Faults,
        ids::UserId,
        passwords::{self, ALREADY_YOURS, BREACHED, HISTORY_SCOPE, Known, ONCE_YOURS, Password},
        sign_in::{window_rest, window_start},
    },
    store::{Attempt, LastPasswords, Tx, Why},
};

/// Where a new password is typed, on every page that asks for one.
const FIELD: &str = "password";

/// Looks at a password that somebody wants, on the threads that hash: it takes its time, and pages are not to wait for it.
///
/// # Errors
/// [`Stop::Faults`] when it is weak or breached, [`Stop::Busy`].
pub(super) async fn judge(app: &App, password: &Password, known: Known) -> Result<(), Stop> {
    let (password, breached) = (password.clone(), app.0.terms.breached.clone());
    let judged = app.0.hasher.consider(move || match password.demand_strong(&known) {
        Err(weak) => Ok(Some(weak)),
        Ok(()) => breached.holds(&password).map(|holds| holds.then(|| BREACHED.to_owned())),
    });
    match judged.await? {
        Ok(None) => Ok(()),
        Ok(Some(says)) => Err(Faults::one(FIELD, says).into()),
        // Whoever configured a list does not want passwords that nobody has looked up in it.
        Err(error) => Err(Stop::Broken(format!("the list of breached passwords: {error}"))),
    }
}

/// What may be known of a user to whoever wants to guess their password.
pub(super) async fn known_of(visitor: &Visitor, user: &UserId) -> Result<Known, Stop> {
    let words = visitor.read().words_about(user).await?;
    Ok(Known::of(words.iter().map(String::as_str)))
}

/// What is known of a new password and the present one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Present {
    /// Nothing: they are to be compared.
    Asked,
    /// That they are two.
    Another,
}

/// The last passwords of somebody, none of which is the new one: as many as the strictest of their accounts asks for, or the instance.
pub(super) struct LastOnes {
    user: UserId,
    remembered: i64,
    compared: Option<LastPasswords>,
}

impl LastOnes {
    /// Compares a new password with the last ones, one after the other.
    ///
    /// It counts: whoever may ask, by a link or by the present password, is not to find out what the others were.
    ///
    /// # Errors
    /// [`Stop::Faults`] when it is among them, [`Stop::TooMany`], [`Stop::Busy`].
    pub(super) async fn compare(visitor: &Visitor, user: &UserId, new: &Password, present: Present) -> Result<Self, Stop> {
        let app = &visitor.app;
        let strictest = visitor.read().strictest_history(user).await?;
        let remembered = passwords::remembered(app.0.terms.password_history, strictest);
        if remembered == 0 {
            return Ok(Self { user: user.clone(), remembered, compared: None });
        }
        let _place = app.0.hasher.queue()?;
        count(visitor, user).await?;
        let last = visitor.read().last_passwords(user, remembered).await?;
        let asked = last.present.iter().filter(|_| present == Present::Asked).map(|hash| (hash, ALREADY_YOURS));
        for (hash, says) in asked.chain(last.before.iter().map(|hash| (hash, ONCE_YOURS))) {
            if app.0.hasher.verify(new, Some(hash)).await? != Verified::No {
                return Err(Faults::one(FIELD, says).into());
            }
        }
        Ok(Self { user: user.clone(), remembered, compared: Some(last) })
    }

    /// Puts the new password in the place of the present one, unless there have been others than were compared meanwhile.
    ///
    /// # Errors
    /// [`Stop::Busy`] when there have.
    pub(super) async fn follow<S>(&self, tx: &mut Tx<S>, hash: &str) -> Result<(), Stop> {
        if let Some(compared) = &self.compared
            && tx.last_passwords(&self.user, self.remembered).await? != *compared
        {
            return Err(Stop::Busy);
        }
        Ok(tx.set_password(&self.user, hash, self.remembered).await?)
    }
}

/// Counts that a user's last passwords are asked about.
async fn count(visitor: &Visitor, user: &UserId) -> Result<(), Stop> {
    let (terms, limits) = (&visitor.app.0.terms, visitor.app.0.terms.attempts);
    let mut tx = visitor.begin(vec![]).await?;
    let now = tx.now();
    let attempt = Attempt { scope: HISTORY_SCOPE, key: user.to_string(), window_start: window_start(now, limits.window) };
    let count = tx.count_attempt(&attempt).await?;
    tx.commit_unrecorded(Why::CountingAttempts).await?;
    if count > terms.lockouts.wrong { Err(Stop::TooMany(window_rest(now, limits.window))) } else { Ok(()) }
}
