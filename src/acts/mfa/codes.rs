//! Codes: each is taken once, and all wrong ones of a person are counted together, on whichever screen they are typed.

use crate::{
    acts::{App, Stop, Visitor, letters},
    protocols::{secrets::hash_token, totp::Authenticator},
    rules::{
        events::{Event, Log, PersonEvent, Who},
        faults::Faults,
        ids::UserId,
        letters::{Letter, MfaLetter},
        mfa::{Code, Scope, WRONG},
        sign_in::{Failure, window_rest, window_start},
    },
    store::{Attempt, Tx, Why},
};

/// Where secrets of authenticators are sealed.
const PLACE: &str = "factors.secret";

/// Seals the secret of an authenticator for its person.
pub(super) fn seal<S>(app: &App, tx: &Tx<S>, user: &UserId, authenticator: &Authenticator) -> String {
    app.0.key.seal(PLACE, user.as_str(), &authenticator.secret(), [tx.dice(), tx.dice()])
}

/// Opens it again.
pub(super) fn open(app: &App, user: &UserId, email: &str, sealed: &str) -> Result<Authenticator, Stop> {
    let secret = app.0.key.open(PLACE, user.as_str(), sealed);
    let read = secret.and_then(|secret| Authenticator::read(&secret, email));
    read.ok_or_else(|| Stop::Broken(format!("the second factor of {user} cannot be read")))
}

/// Counts a code before it is looked at, so that fifty at once are fifty. It is taken back when it turns out to be right.
///
/// # Errors
/// [`Stop::TooMany`] once the person's budget is used up, which is on record and told to them.
pub(in crate::acts) async fn count(visitor: &Visitor, who: &Who) -> Result<Vec<Attempt>, Stop> {
    let limits = visitor.app.0.terms.codes;
    let mut tx = visitor.begin(vec![Log::User(who.user.clone())]).await?;
    let now = tx.now();
    let mut attempts = Vec::new();
    for scope in [Scope::User, Scope::UserDay] {
        let (window, limit) = limits.of(scope);
        let attempt = Attempt { scope: scope.word(), key: who.user.to_string(), window_start: window_start(now, window) };
        let count = tx.count_attempt(&attempt).await?;
        if count > limit {
            if count == limit + 1 {
                let letter = Letter::Mfa(MfaLetter::CodesGuessed { at: now.0, from: visitor.caller.address.to_string() });
                letters::tell(&visitor.app, &mut tx, &who.user, &letter).await?;
                tx.note(Event::UserLoginFailed { user: Some(who.user.clone()), email: who.email.clone(), why: Failure::TooManyCodes });
            }
            tx.commit_unrecorded(Why::CountingAttempts).await?;
            letters::ring(&visitor.app);
            return Err(Stop::TooMany(window_rest(now, window)));
        }
        attempts.push(attempt);
    }
    tx.commit_unrecorded(Why::CountingAttempts).await?;
    Ok(attempts)
}

/// Takes a code, as part of a transaction that holds its person's log: `false` when it is wrong, was taken before, or the
/// person has no factor that counts. What was counted is taken back.
pub(in crate::acts) async fn take<S>(visitor: &Visitor, tx: &mut Tx<S>, who: &Who, code: &Code, counted: &[Attempt]) -> Result<bool, Stop> {
    let Some(factor) = tx.factor_of(&who.user).await?.filter(|factor| factor.confirmed_at.is_some()) else { return Ok(false) };
    let taken = match code {
        Code::Totp(digits) => match open(&visitor.app, &who.user, &who.email, &factor.sealed)?.step(digits, tx.now()) {
            Some(step) => tx.take_step(&who.user, step).await?,
            None => false,
        },
        Code::Recovery(code) => tx.use_recovery_code(&who.user, &hash_token(code)).await?,
    };
    if !taken {
        return Ok(false);
    }
    for attempt in counted {
        tx.forgive_attempt(attempt).await?;
    }
    if matches!(code, Code::Recovery(_)) {
        let left = tx.recovery_codes_of(&who.user).await?;
        let letter = Letter::Mfa(MfaLetter::RecoveryCodeUsed { at: tx.now().0, from: visitor.caller.address.to_string(), left });
        letters::tell(&visitor.app, tx, &who.user, &letter).await?;
        tx.note(Event::Person { who: who.clone(), what: PersonEvent::RecoveryCodeUsed { left } });
    }
    Ok(true)
}

/// Puts a wrong code on record; answers what the person is told.
pub(in crate::acts) async fn refuse(visitor: &Visitor, who: &Who) -> Stop {
    let record = async {
        let tx = visitor.begin(vec![Log::User(who.user.clone())]).await?;
        let event = Event::UserLoginFailed { user: Some(who.user.clone()), email: who.email.clone(), why: Failure::WrongCode };
        Ok::<_, Stop>(tx.commit(event).await?)
    };
    match record.await {
        Ok(()) => Faults::one("code", WRONG).into(),
        Err(stop) => stop,
    }
}
