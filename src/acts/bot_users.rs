//! Bot users: making, renaming, resting and deleting principals that are no people.

use serde_json::json;

use super::{Bearer, Permit, Stop, credentials};
use crate::{
    rules::{
        bot_users::{Draft, MOST, Name, is_called, taken},
        credentials::{MOST_OF_OWNER, Owner},
        events::{Bot, BotEvent, CredentialEvent, Event},
        faults::{Faults, codes},
        ids::{AccountId, BotId},
        permissions::may,
    },
    store::{BotRow, InAccount, Tx},
};

/// The most credentials whose end is put on record one by one with their bot user's.
const MOST_NAMED: i64 = 3 * MOST_OF_OWNER;

/// Makes a bot user.
///
/// # Errors
/// [`Stop::Faults`] for names that do not fit or that another one has.
pub async fn create<B: Bearer>(permit: &Permit<may::ManageBotUsers, B>, draft: &Draft, active: bool) -> Result<BotRow, Stop> {
    let name = draft.check()?;
    let (mut tx, _) = permit.begin().await?;
    if tx.bot_user_count().await? >= MOST {
        return Err(Faults::coded("name", codes::BOTS_TOO_MANY, format!("An account has at most {MOST} bot users.")).into());
    }
    let id = BotId::new(tx.now(), tx.dice());
    let Name { written, folded } = name;
    if !tx.create_bot_user(&id, &written, &folded, permit.actor().id()).await? {
        return Err(taken(&written).into());
    }
    if !active {
        tx.set_bot_user_inactive(&id, true).await?;
    }
    let row = tx.bot_user(&id).await?.ok_or(Stop::Unknown)?;
    let (account, bot) = (permit.account().account.clone(), Bot { id, name: written });
    tx.commit(Event::BotUser { account, bot, what: BotEvent::Created { active } }).await?;
    Ok(row)
}

/// Gives a bot user another name, lets all its credentials rest, or lets them work again; answers with it as it is then. What is missing
/// stays.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] for names that do not fit or that another one has.
pub async fn update<B: Bearer>(
    permit: &Permit<may::ManageBotUsers, B>,
    id: &BotId,
    name: Option<&Draft>,
    active: Option<bool>,
) -> Result<BotRow, Stop> {
    let name = name.map(Draft::check).transpose()?;
    let (mut tx, _) = permit.begin().await?;
    let row = tx.bot_user(id).await?.ok_or(Stop::Unknown)?;
    let was_active = row.inactive_at.is_none();
    let new_name = name.as_ref().map_or(row.name.as_str(), |name| name.written.as_str());
    let is_active = active.unwrap_or(was_active);
    if (new_name, is_active) == (row.name.as_str(), was_active) {
        return Ok(row);
    }
    if let Some(name) = name.as_ref().filter(|name| name.written != row.name) {
        if tx.bot_name_is_taken(&name.folded, id).await? {
            return Err(taken(&name.written).into());
        }
        tx.rename_bot_user(id, &name.written, &name.folded).await?;
    }
    if is_active != was_active {
        tx.set_bot_user_inactive(id, !is_active).await?;
    }
    let now = tx.bot_user(id).await?.ok_or(Stop::Unknown)?;
    let bot = Bot { id: id.clone(), name: new_name.to_owned() };
    tx.commit(updated(permit.account().account.clone(), bot, (&row.name, was_active), (new_name, is_active))).await?;
    Ok(now)
}

fn updated(account: AccountId, bot: Bot, before: (&str, bool), after: (&str, bool)) -> Event {
    let value = |(name, active): (&str, bool)| json!({ "name": name, "active": active });
    Event::BotUser { account, bot, what: BotEvent::Updated { before: value(before), after: value(after) } }
}

/// Deletes a bot user, and with it all its credentials for good. People type its name to say that they mean it.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] when what was typed is not its name.
pub async fn delete<B: Bearer>(permit: &Permit<may::ManageBotUsers, B>, id: &BotId, typed: Option<&str>) -> Result<(), Stop> {
    let (mut tx, _) = permit.begin().await?;
    let row = tx.bot_user(id).await?.ok_or(Stop::Unknown)?;
    if typed.is_some_and(|typed| !is_called(&row.name, typed)) {
        return Err(Faults::one("name", format!("Type the name as it stands here: {}", row.name)).into());
    }
    let account = permit.account().account.clone();
    note_ends(&mut tx, &account, &row).await?;
    let credentials = tx.revoke_credentials_of_bot(id).await?;
    tx.delete_bot_user(id).await?;
    let bot = Bot { id: row.id, name: row.name };
    Ok(tx.commit(Event::BotUser { account, bot, what: BotEvent::Deleted { credentials } }).await?)
}

async fn note_ends(tx: &mut Tx<InAccount>, account: &AccountId, bot: &BotRow) -> Result<(), Stop> {
    let owner = Owner::Bot(bot.id.clone());
    for row in tx.credentials_owned_by(&owner, MOST_NAMED).await? {
        let credential = credentials::named(&row);
        tx.note(Event::Credential { account: account.clone(), credential, what: CredentialEvent::Deleted });
    }
    Ok(())
}
