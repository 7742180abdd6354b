//! Set-up: binding a database to its key, and the first user and account.

use super::{
    App, Stop, Visitor,
    choosing::judge,
    joining::{Membership, Newcomer, enlist, make_user},
    links,
    permit::system,
    sessions::{self, Cookies},
};
use crate::{
    protocols::secrets::hash_token,
    rules::{
        events::{Event, Log},
        flows::Flow,
        ids::AccountId,
        members::Roles,
        passwords::Known,
        setup::NewInstance,
    },
    store::{Context, Db, Hands, Instance, StoreError, Why},
};

const KIND: &str = "setup";

/// How far set-up is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not done, and the token is right.
    Open,
    /// Not done, but the token is missing, wrong or expired.
    NeedsToken,
    /// Done, for good.
    Over,
}

/// The fingerprint that the database knows, if it has been bound to a key.
///
/// # Errors
/// When the database fails.
pub async fn fingerprint(db: &Db) -> Result<Option<String>, StoreError> {
    Ok(db.reader(Instance).instance().await?.map(|row| row.key_fingerprint))
}

/// Binds a database to a key, unless another process has; answers the fingerprint that it is bound to. A database in which
/// somebody lives already, but which has lost its instance row, is never set up again.
///
/// # Errors
/// When the database fails.
pub async fn bind(db: &Db, fingerprint: &str, context: Context, hands: &Hands) -> Result<String, StoreError> {
    let inhabited = db.reader(Instance).is_inhabited().await?;
    let mut tx = db.begin(Instance, vec![], context, hands).await?;
    let set_up_at = inhabited.then_some(tx.now());
    tx.create_instance(fingerprint, set_up_at).await?;
    let row = tx.instance().await?;
    tx.commit_unrecorded(Why::SetupLink).await?;
    row.map(|row| row.key_fingerprint).ok_or_else(|| StoreError::Unfit("The instance row cannot be made.".to_owned()))
}

/// Whether the database is still bound to this process' key.
pub(super) async fn key_matches(app: &App) -> Result<bool, StoreError> {
    Ok(fingerprint(&app.0.db).await?.is_some_and(|fingerprint| app.0.key.is(&fingerprint)))
}

/// A new token for the link on the console; `None` once set-up is over.
///
/// # Errors
/// When the database fails.
pub async fn new_token(app: &App) -> Result<Option<String>, Stop> {
    if !is_waiting(app).await? {
        return Ok(None);
    }
    let mut tx = app.0.db.begin(Instance, vec![], console(app), &app.0.hands).await?;
    let (token, _) = links::make(&mut tx, Flow::Setup, None, None).await?;
    tx.commit_unrecorded(Why::SetupLink).await?;
    Ok(Some(token))
}

/// How far set-up is for who holds this token.
///
/// # Errors
/// When the database fails.
pub async fn state(visitor: &Visitor, token: &str) -> Result<State, Stop> {
    if !is_waiting(&visitor.app).await? {
        return Ok(State::Over);
    }
    let open = visitor.read().open_flow(Flow::Setup, &hash_token(token), visitor.now()).await?;
    Ok(if open.is_some() { State::Open } else { State::NeedsToken })
}

/// Makes the first user and the first account, and signs the user in by cookies whose values have these hashes.
///
/// # Errors
/// [`Stop::Unknown`] when set-up is over or the token does not open it, [`Stop::Faults`] when the password is not one to be
/// chosen; nothing was changed then.
pub async fn set_up(visitor: &Visitor, new: NewInstance, token: &str, cookies: &Cookies) -> Result<(), Stop> {
    if state(visitor, token).await? != State::Open {
        return Err(Stop::Unknown);
    }
    let known = Known::of([new.name.as_str(), new.email.written(), &new.account, &new.slug]);
    judge(&visitor.app, &new.password, known).await?;
    let password_hash = visitor.app.0.hasher.hash(&new.password).await?;
    let mut tx = visitor.begin(vec![Log::Instance]).await?;
    // Everybody who was as fast as this waits here; the first one ends set-up for the rest.
    if !tx.end_setup().await? || !tx.use_flow(Flow::Setup, &hash_token(token)).await? {
        return Err(Stop::Unknown);
    }
    // Every process that waited has printed a link of its own.
    tx.end_flows_of_nobody(Flow::Setup).await?;
    let (name, email) = (&new.name, &new.email);
    // Whoever runs this accepts no terms of their own.
    let user = Newcomer { name, email, is_verified: true, password_hash: Some(&password_hash), source: KIND, terms: None };
    // In a database without users and accounts nothing can be taken; if something is, nothing of this may stand.
    let found_taken = || Stop::Broken("set-up found its user or account taken".to_owned());
    let who = make_user(&mut tx, None, user).await?.ok_or_else(found_taken)?;
    let account = AccountId::new(tx.now(), tx.dice());
    if !tx.create_account(&account, &new.account, &new.slug).await? {
        return Err(found_taken());
    }
    tx.adopt(Log::Account(account.clone()));
    let session = sessions::begin(visitor, &mut tx, &who, cookies).await?;
    tx.note(Event::AccountCreated { account: account.clone(), name: new.account.clone(), slug: new.slug });
    let administrator = Membership { email: &who.email, roles: Roles::ADMINISTRATOR, source: KIND, access_until: None };
    if !enlist(&mut tx, &account, &who, &new.name, administrator).await? {
        return Err(Stop::Broken("a new account had a member".to_owned()));
    }
    tx.note(Event::UserLoginSucceeded { who: who.clone(), session, method: KIND });
    Ok(tx.commit(Event::InstanceSetUp { who, account, name: new.account }).await?)
}

/// Set-up waits where there is an instance row that says so; a missing row means that something is wrong, not that the
/// door is open.
pub(super) async fn is_waiting(app: &App) -> Result<bool, Stop> {
    Ok(app.0.db.reader(Instance).instance().await?.is_some_and(|row| row.set_up_at.is_none()))
}

fn console(app: &App) -> Context {
    system(app.operation())
}
