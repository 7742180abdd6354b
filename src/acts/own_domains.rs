//! Showing that domains are an account's own, and looking again whether they still are.

use futures_util::future::join_all;

use super::{App, Permit, Stop, permit::system};
use crate::{
    protocols::{dns::Unanswered, secrets::token},
    rules::{
        events::{Event, Log, SsoEvent},
        faults::Faults,
        own_domains::{Draft, EVERY, MOST, PATIENCE},
        permissions::may,
    },
    store::{InAccount, Instance, Why, own_domains::OwnDomainRow},
};

fn happened(permit: &Permit<may::ManageSso>, what: SsoEvent) -> Event {
    Event::Sso { account: permit.account().account.clone(), what }
}

/// Adds a domain. It is nobody's until its record is found.
///
/// # Errors
/// [`Stop::Faults`] for what is no domain, or there already.
pub async fn add(permit: &Permit<may::ManageSso>, draft: &Draft) -> Result<String, Stop> {
    let domain = draft.check()?;
    let (mut tx, _) = permit.begin().await?;
    if tx.own_domains().await?.len() >= MOST {
        return Err(Faults::one("domain", format!("An account has at most {MOST} domains.")).into());
    }
    let token = token([tx.dice(), tx.dice()]);
    if !tx.add_own_domain(&domain, &token).await? {
        return Err(Faults::one("domain", "This domain is there already.").into());
    }
    tx.commit(happened(permit, SsoEvent::DomainAdded { domain: domain.clone() })).await?;
    Ok(domain)
}

/// Takes a domain away.
///
/// # Errors
/// [`Stop::Unknown`].
pub async fn remove(permit: &Permit<may::ManageSso>, domain: &str) -> Result<(), Stop> {
    let (mut tx, _) = permit.begin().await?;
    if !tx.remove_own_domain(domain).await? {
        return Err(Stop::Unknown);
    }
    Ok(tx.commit(happened(permit, SsoEvent::DomainRemoved { domain: domain.to_owned() })).await?)
}

/// Lets nobody sign up with an address of a domain, or lets them again.
///
/// # Errors
/// When the database fails.
pub async fn close(permit: &Permit<may::ManageSso>, domain: &str, closes: bool) -> Result<(), Stop> {
    let (mut tx, _) = permit.begin().await?;
    if !tx.close_own_domain(domain, closes).await? {
        return Ok(());
    }
    Ok(tx.commit(happened(permit, SsoEvent::DomainClosed { domain: domain.to_owned(), closes })).await?)
}

/// Looks for the record of a domain.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] where it is not found, nobody answers, or the domain is another account's.
pub async fn check(permit: &Permit<may::ManageSso>, domain: &str) -> Result<(), Stop> {
    let row = permit.read().own_domains().await?.into_iter().find(|row| row.domain == domain).ok_or(Stop::Unknown)?;
    let is_found = match look(permit.app(), &row).await {
        Ok(is_found) => is_found,
        Err(why) => return Err(Faults::one("check", format!("It could not be looked for, as {why}. Try again in a moment.")).into()),
    };
    if !is_found {
        let says =
            format!("There is no TXT record at {} yet that says this. It may take an hour until everybody sees one.", row.record_name());
        return Err(Faults::one("check", says).into());
    }
    // One at a time: a domain is one account's.
    let (mut tx, _) = permit.begin_holding(vec![Log::Instance]).await?;
    // Meanwhile it may have been taken away, and added again with another record to find.
    let is_same = |now: &OwnDomainRow| now.domain == row.domain && now.token == row.token;
    let row = tx.own_domains().await?.into_iter().find(is_same).ok_or(Stop::Unknown)?;
    if !tx.note_domain_found(domain).await? {
        return Err(Faults::one("check", "Another account has shown that this domain is its own. It has to take it away first.").into());
    }
    if row.verified_at.is_some() {
        return Ok(tx.commit_unrecorded(Why::DomainSeen).await?);
    }
    Ok(tx.commit(happened(permit, SsoEvent::DomainVerified { domain: domain.to_owned() })).await?)
}

async fn look(app: &App, row: &OwnDomainRow) -> Result<bool, Unanswered> {
    let wanted = row.record();
    Ok(app.0.dns.texts(&row.record_name()).await?.iter().any(|text| text.trim() == wanted))
}

/// How many domains are looked at in one round.
const A_ROUND: i64 = 20;

/// Looks again at domains that were last looked at a day ago, at all of a round at once. One whose record has been missing for some days is
/// the account's no longer; that nobody answers says nothing.
///
/// # Errors
/// When the database fails.
pub(super) async fn look_again(app: &App) -> Result<(), Stop> {
    let due = app.0.db.reader(Instance).own_domains_due(app.now().minus(EVERY), A_ROUND).await?;
    let found = join_all(due.iter().map(|row| look(app, row))).await;
    for (row, found) in due.into_iter().zip(found) {
        note(app, row, found.ok()).await?;
    }
    Ok(())
}

/// Notes whether the record of a domain was found, or that nobody answered.
async fn note(app: &App, row: OwnDomainRow, is_found: Option<bool>) -> Result<(), Stop> {
    let hold = vec![Log::Account(row.account.clone())];
    let mut tx = app.0.db.begin(InAccount(row.account.clone()), hold, system(app.operation()), &app.0.hands).await?;
    // Another process, or somebody, was first: taken away, and shown again by another record.
    let is_same = |now: &OwnDomainRow| now.domain == row.domain && now.token == row.token && now.verified_at.is_some();
    if !tx.own_domains().await?.iter().any(is_same) {
        return Ok(());
    }
    let is_lost = match is_found {
        Some(true) => !tx.note_domain_found(&row.domain).await?,
        Some(false) => {
            let patience = tx.now().minus(PATIENCE);
            !tx.note_domain_missing(&row.domain, patience).await?
        }
        None => {
            tx.note_domain_unanswered(&row.domain).await?;
            false
        }
    };
    if is_lost {
        return Ok(tx.commit(Event::Sso { account: row.account, what: SsoEvent::DomainLost { domain: row.domain } }).await?);
    }
    Ok(tx.commit_unrecorded(Why::DomainSeen).await?)
}
