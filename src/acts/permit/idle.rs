//! How long a session is left alone before it ends, and how whoever is there says so.

use super::{Holder, Permit, Visitor, asking::asking};
use crate::{
    acts::{Caller, Stop},
    rules::{
        gate::Step,
        permissions::may,
        sessions::{self, End},
        time::Span,
    },
};

impl Visitor {
    /// For how long this visitor's session lives on if they do nothing, in the account under this slug if it is one's; or why it is
    /// over. Asking changes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn left(&self, slug: &str) -> Result<Result<Span, End>, Stop> {
        let asking = match asking(&self.app, &self.caller, slug).await {
            Ok(asking) => asking,
            Err(Stop::SignIn) => return Ok(Err(End::SignedOut)),
            Err(stop) => return Err(stop),
        };
        let (now, instance) = (self.now(), self.app.instance());
        let all = match sessions::left(now, instance.sessions, asking.session.times) {
            Ok(all) => all,
            Err(end) => return Ok(Err(end)),
        };
        // What an account demands is nobody's business who is not in it.
        let Some(account) = asking.account.as_ref().filter(|account| account.member.roles().is_some()) else { return Ok(Ok(all)) };
        let here = asking.at(account);
        let times = sessions::Times { last_seen_at: here.seen_here, ended: here.ended_here, ..here.times };
        Ok(sessions::left(now, account.security.within(instance).sessions, times).map(|here| here.min(all)))
    }

    /// Notes that somebody is there, in the account under this slug if they may be in it; answers for how long the session lives on
    /// from now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stay(&self, slug: &str) -> Result<Result<Span, End>, Stop> {
        let caller = || Caller { is_background: true, ..self.caller.clone() };
        let noted = match Permit::<may::ViewAccount>::ask(&self.app, caller(), slug).await {
            Ok(permit) => permit.note_still_here(true).await,
            // Whoever came by a rescue link is where that leads.
            Err(Stop::Step(Step::BeyondRescue)) => {
                Permit::<may::ManageSecurity>::ask(&self.app, caller(), slug).await?.note_still_here(true).await
            }
            // Wherever else they are, the session is theirs.
            Err(_) => match Holder::ask(&self.app, caller()).await {
                Ok(holder) => holder.person().touch().await,
                Err(Stop::SignIn | Stop::Step(_)) => return self.left(slug).await,
                Err(stop) => Err(stop),
            },
        };
        noted?;
        self.left(slug).await
    }
}
