//! How long a session is left alone before it ends, and how whoever is there says so.

use super::{Holder, Permit, Visitor, asking::asking};
use crate::{
    acts::{Caller, Stop},
    rules::{permissions::may, sessions, time::Span},
};

impl Visitor {
    /// For how long this visitor's session lives on if they do nothing, in the account under this slug if it is one's; nothing where
    /// there is no session any more. Asking changes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn left(&self, slug: &str) -> Result<Span, Stop> {
        let asking = match asking(&self.app, &self.caller, slug).await {
            Ok(asking) => asking,
            Err(Stop::SignIn) => return Ok(Span(0)),
            Err(stop) => return Err(stop),
        };
        let (now, instance) = (self.now(), self.app.instance());
        let left = sessions::left(now, instance.sessions, asking.session.times);
        // What an account demands is nobody's business who is not in it.
        let Some(account) = asking.account.as_ref().filter(|account| account.member.roles().is_some()) else { return Ok(left) };
        let here = asking.at(account);
        let times = sessions::Times { last_seen_at: here.seen_here, ended: here.ended_here.or(here.times.ended), ..here.times };
        Ok(left.min(sessions::left(now, account.security.within(instance).sessions, times)))
    }

    /// Notes that somebody is there, in the account under this slug if they may be in it; answers for how long the session lives on
    /// from now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stay(&self, slug: &str) -> Result<Span, Stop> {
        let caller = || Caller { is_background: true, ..self.caller.clone() };
        let noted = match Permit::<may::ViewAccount>::ask(&self.app, caller(), slug).await {
            Ok(permit) => permit.note_still_here().await,
            // Wherever else they are, the session is theirs.
            Err(_) => match Holder::ask(&self.app, caller()).await {
                Ok(holder) => holder.person().touch().await,
                Err(Stop::SignIn | Stop::Step(_)) => return Ok(Span(0)),
                Err(stop) => Err(stop),
            },
        };
        noted?;
        self.left(slug).await
    }
}
