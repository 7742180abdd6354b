//! How everything changes that restricts an account: tried first or done, guarded, and on the pages provisional while it is enforced
//! (product §2.12).

use crate::{
    acts::{
        App, Bearer, Permit, Stop,
        permit::{in_force, system},
    },
    rules::{
        codes,
        events::{Event, IpEvent, Log},
        faults::Faults,
        ids::{AccountId, IpPolicyId},
        ip_restrictions::{Gate, PROVISIONAL, Surface, demand_way_in, mark, since, tightens},
        permissions::{May, Permission, rights},
        time::Millis,
    },
    store::{InAccount, Instance, IpSetup, IpState, Provisional, Source, Tx},
};

/// How far a change goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// To its end.
    Do,
    /// To its end where somebody has looked at what it means, and it means that still, by its [`mark`]; otherwise up to it, and back.
    Look(Option<String>),
    /// The same where what is changed decides about anything; otherwise to its end.
    LookIfUsed(Option<String>),
}

/// What became of a change.
#[derive(Debug)]
pub enum Changed<T> {
    /// It was only tried: this restricts the account now, and would then.
    Tried(Box<(Gate, Gate)>),
    /// It is done; whether somebody has to confirm it.
    Done(T, bool),
}

impl<T> Changed<T> {
    /// Whether it is done, and somebody has to confirm it.
    pub const fn is_provisional(&self) -> bool {
        matches!(self, Self::Done(_, true))
    }

    /// What was done, where nothing else was asked for.
    ///
    /// # Errors
    /// [`Stop::Broken`] where it was only tried.
    pub fn done(self) -> Result<T, Stop> {
        match self {
            Self::Done(value, _) => Ok(value),
            Self::Tried(_) => Err(Stop::Broken("a change was tried that was to be done".to_owned())),
        }
    }
}

/// A transaction in which something is changed that may restrict the account.
pub(in crate::acts) struct Changing {
    pub(in crate::acts) tx: Tx<InAccount>,
    pub(in crate::acts) state: IpState,
    may_restrict: bool,
    /// Whether what is changed decides about anything, or is put back with a change that nobody confirms.
    decides: bool,
}

/// Begins one. What nobody has confirmed in time is undone first.
pub(in crate::acts) async fn begin<M: May, B: Bearer>(permit: &Permit<M, B>) -> Result<Changing, Stop> {
    settle(permit).await?;
    loop {
        let (mut tx, own) = permit.begin().await?;
        let state = tx.ip_state(&permit.account().account).await?;
        if state.provisional.as_ref().is_none_or(|provisional| provisional.ends_at > tx.now()) {
            return Ok(Changing { tx, state, may_restrict: rights(own).allow(Permission::ManageIpRestrictions), decides: true });
        }
        // Time has run out meanwhile, by the clock of this transaction.
        let now = tx.now();
        drop(tx);
        undo_overdue_at(permit.app(), &permit.account().account, now).await?;
    }
}

impl Changing {
    /// What is changed decides about nothing.
    pub(in crate::acts) const fn unused(mut self) -> Self {
        self.decides = false;
        self
    }

    /// That a policy is whoever's it is to change: one that decides about something is for administrators, who prove who they are.
    ///
    /// # Errors
    /// [`Stop::Missing`], on record; [`Stop::Step`].
    pub(in crate::acts) async fn demand_over<M: May, B: Bearer>(
        mut self,
        permit: &Permit<M, B>,
        policy: &IpPolicyId,
    ) -> Result<Self, Stop> {
        self.decides = self.state.uses(policy);
        if !self.decides {
            return Ok(self);
        }
        if !self.may_restrict {
            drop(self.tx);
            return Err(permit.missing(Permission::ManageIpRestrictions).await);
        }
        permit.demand_fresh()?;
        Ok(self)
    }

    /// That no change waits for a confirmation: what programs do is final, and would go with it.
    ///
    /// # Errors
    /// [`Stop::Faults`] where one does.
    fn demand_nothing_waits(&self) -> Result<(), Stop> {
        if self.state.provisional.is_none() {
            return Ok(());
        }
        let says = "A change that was made on the pages awaits its confirmation. Confirm it there, or wait until it is undone.";
        Err(Faults::coded("restriction", codes::CHANGE_PENDING, says).into())
    }

    /// Ends it: tries what was changed against the guards, and keeps it with its event where it is to be done.
    ///
    /// # Errors
    /// [`Stop::Faults`] where it would lock somebody out, and for programs where the pages wait for a confirmation.
    pub(in crate::acts) async fn finish<M: May, B: Bearer, T>(
        mut self,
        permit: &Permit<M, B>,
        how: How,
        happened: Option<IpEvent>,
        value: T,
    ) -> Result<Changed<T>, Stop> {
        let account = &permit.account().account;
        let before = self.state.setup.gate();
        // What decides about nothing is nobody's way in.
        let setup = if self.decides { self.tx.ip_state(account).await?.setup } else { self.state.setup.clone() };
        let after = setup.gate();
        let is_tried = match how {
            How::Do => false,
            How::LookIfUsed(_) if !self.decides => false,
            How::Look(seen) | How::LookIfUsed(seen) => seen.is_none_or(|seen| seen != mark(&before, &after)),
        };
        let (is_person, from) = match permit.context().source {
            Source::Api => (false, Surface::Api),
            _ => (true, Surface::Dashboard),
        };
        if !is_person && self.decides && happened.is_some() {
            self.demand_nothing_waits()?;
        }
        if before != after {
            let since = since(self.tx.now());
            let administrators = self.tx.addresses_of_administrators(since).await?;
            let administrators: Vec<_> = administrators.iter().filter_map(|address| address.parse().ok()).collect();
            demand_way_in((&before, &after), (from, permit.address()), &administrators)?;
        }
        if is_tried {
            return Ok(Changed::Tried(Box::new((before, after))));
        }
        let Some(happened) = happened else { return Ok(Changed::Done(value, false)) };
        // What is put back with a change that waits joins it, even where nobody's way in is another one by it.
        let joins = self.decides && self.state.provisional.is_some();
        let is_provisional = is_person && (joins || tightens(&before, &after));
        if is_provisional {
            let ends_at = self.tx.now().plus(PROVISIONAL);
            let mut kept = self.state.provisional.take().map_or_else(|| self.state.setup.clone(), |provisional| provisional.before);
            // What comes into use by this change is put back as it is now, whatever joins the change later.
            kept.adopt(&setup);
            self.tx.begin_ip_provisional(account, &kept, ends_at, permit.actor().name()).await?;
        }
        if is_provisional || before != after {
            self.tx.count_ip_change(account).await?;
        }
        self.tx.commit(event(permit, happened)).await?;
        Ok(Changed::Done(value, is_provisional))
    }
}

/// Something that happened to what restricts the account.
pub(in crate::acts) fn event<M: May, B: Bearer>(permit: &Permit<M, B>, what: IpEvent) -> Event {
    Event::Ip { account: permit.account().account.clone(), what }
}

/// Puts back what stood before a change that is not confirmed, as part of a transaction; answers with what to say of it.
pub(in crate::acts) async fn put_back<S>(
    tx: &mut Tx<S>,
    account: &AccountId,
    now: &IpSetup,
    provisional: Provisional,
    in_time: bool,
) -> Result<Event, Stop> {
    let Provisional { before, by, .. } = provisional;
    tx.restore_ip_setup(account, &before).await?;
    tx.end_ip_provisional(account).await?;
    let what = IpEvent::Undone { by, in_time, before: now.value(), after: before.value() };
    Ok(Event::Ip { account: account.clone(), what })
}

/// Undoes what nobody has confirmed in time. To the gate it is undone already; this puts back what pages and programs read.
///
/// # Errors
/// When the database fails.
pub async fn settle<M: May, B: Bearer>(permit: &Permit<M, B>) -> Result<(), Stop> {
    let (app, account) = (permit.app(), permit.account());
    let in_force = in_force(app, &mut permit.read(), account.ip_key()).await?;
    let is_overdue = in_force.before.as_ref().is_some_and(|(until, _)| app.now() >= *until);
    if is_overdue { undo_overdue(app, &account.account).await } else { Ok(()) }
}

/// Undoes what nobody has confirmed in time, in the name of Frontdesk itself.
pub(in crate::acts) async fn undo_overdue(app: &App, account: &AccountId) -> Result<(), Stop> {
    undo_overdue_at(app, account, app.now()).await
}

/// The same, where it was overdue at a moment, by whichever clock.
async fn undo_overdue_at(app: &App, account: &AccountId, now: Millis) -> Result<(), Stop> {
    let hold = vec![Log::Account(account.clone())];
    let mut tx = app.0.db.begin(InAccount(account.clone()), hold, system(app.operation()), &app.0.hands).await?;
    let state = tx.ip_state(account).await?;
    let Some(provisional) = state.provisional.filter(|provisional| provisional.ends_at <= now.max(tx.now())) else { return Ok(()) };
    let event = put_back(&mut tx, account, &state.setup, provisional, false).await?;
    Ok(tx.commit(event).await?)
}

/// Undoes everywhere what nobody has confirmed in time.
///
/// # Errors
/// When the database fails.
pub async fn undo_all_overdue(app: &App) -> Result<(), Stop> {
    for account in app.0.db.reader(Instance).overdue_ip_changes(app.now(), 100).await? {
        // What one account has does not keep others from theirs: the gate does without this.
        if let Err(stop) = undo_overdue(app, &account).await {
            tracing::error!(%account, ?stop, "a change that nobody confirmed could not be put back");
        }
    }
    Ok(())
}
