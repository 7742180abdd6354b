//! Who is asking, and what the gate says to them: found out before there is a scope, and again inside each transaction.

use crate::{
    acts::{App, Caller, Stop},
    rules::{
        gate::{self, Ip, Proof, Refusal, Session, Verdict, Warning},
        ids::OperationId,
        permissions::Permission,
        security::Demands,
        sessions::{self, End, Times},
        time::Millis,
    },
    store::{AccountFacts, AskingFacts, Context, Instance, SessionFacts, Source, Tx, Why},
};

/// What a session and its person are to the gate, and the account that they ask for.
pub(in crate::acts) struct Asking {
    pub(in crate::acts) facts: SessionFacts,
    pub(in crate::acts) session: Session,
    /// When the person last proved who they are by the strongest thing that they have.
    pub(super) proven_at: Option<Millis>,
    /// When providers were last made to ask them anew: the account where that counts, and when.
    forced: Vec<(String, Millis)>,
    pub(super) account: Option<AccountFacts>,
}

impl From<AskingFacts> for Asking {
    fn from(found: AskingFacts) -> Self {
        let AskingFacts { session: facts, proofs, account } = found;
        let ended = facts.ended_why.as_deref().map(|why| End::parse(why).unwrap_or(End::SignedOut));
        let times = Times { created_at: facts.created_at, last_seen_at: facts.last_seen_at, ended };
        let has_factor = facts.factor_since.is_some();
        let proven_at = proofs.iter().filter(|(proof, _)| proof.is_strong(has_factor)).filter_map(|(_, at)| *at).max();
        let forced = |(proof, at): &(Proof, Option<Millis>)| match proof {
            Proof::Idp { account, .. } => at.map(|at| (account.clone(), at)),
            _ => None,
        };
        let forced = proofs.iter().filter_map(forced).collect();
        let proofs = proofs.into_iter().map(|(proof, _)| proof).collect();
        let session = Session { times, proofs, has_factor, ended_here: None, seen_here: facts.last_seen_at };
        Self { facts, session, proven_at, forced, account }
    }
}

impl Asking {
    /// What the gate says to whoever this is and `wants` that of this account, which says that of their address.
    pub(super) fn verdict(&self, app: &App, now: Millis, account: &AccountFacts, ip: Ip, wants: Permission) -> Verdict {
        let (policy, member) = at_gate(app, account, ip);
        gate::account(now, account.account.as_str(), policy, member, &self.at(account), wants)
    }

    /// When the person last proved who they are, as far as this account goes: whoever has neither password nor factor does so by its
    /// provider, which has to be made to ask them anew (product §2.22).
    pub(super) fn proven_in(&self, account: &AccountFacts) -> Option<Millis> {
        if self.facts.has_own() {
            return self.proven_at;
        }
        let here = self.forced.iter().filter(|(id, _)| id == account.account.as_str()).map(|(_, at)| *at);
        here.chain(self.proven_at).max()
    }

    /// The session as it stands in this account.
    pub(super) fn at(&self, account: &AccountFacts) -> Session {
        // Who has not been there yet has not been away.
        let seen_here = account.entry_seen_at.unwrap_or(self.session.times.last_seen_at);
        let why = account.entry_ended_why.as_deref();
        let ended_here = account.entry_ended_at.map(|_| why.and_then(End::parse).unwrap_or(End::EndedInAccount));
        Session { ended_here, seen_here, ..self.session.clone() }
    }
}

/// No account's slug: for what is somebody's own.
pub(in crate::acts) const NONE: &str = "";

/// Who is asking, by the cookie, and for which account; outside of a transaction.
pub(in crate::acts) async fn asking(app: &App, caller: &Caller, slug: &str) -> Result<Asking, Stop> {
    let Some(token_hash) = &caller.token_hash else { return Err(Stop::SignIn) };
    let asking = app.0.db.reader(Instance).asking(token_hash, slug).await?.map(Asking::from).ok_or(Stop::SignIn)?;
    if asking.session.times.ended.is_none()
        && let Some(why) = sessions::end(app.now(), app.0.terms.sessions, asking.session.times)
    {
        keep_ended(app, caller, &asking.facts, why).await.unwrap_or_else(|stop| not_noted(&stop));
    }
    Ok(asking)
}

/// What has been seen to be over stays over, wherever the clock is turned.
async fn keep_ended(app: &App, caller: &Caller, facts: &SessionFacts, why: End) -> Result<(), Stop> {
    let mut tx = app.0.db.begin(Instance, vec![], context(caller, "system", "", Some(facts)), &app.0.hands).await?;
    tx.expire_session(&facts.session, why).await?;
    Ok(tx.commit_unrecorded(Why::Expired).await?)
}

/// The same inside a transaction, where what is read stays true.
pub(super) async fn asking_now<S>(tx: &mut Tx<S>, caller: &Caller, slug: &str) -> Result<Asking, Stop> {
    let Some(token_hash) = &caller.token_hash else { return Err(Stop::SignIn) };
    tx.asking(token_hash, slug).await?.map(Asking::from).ok_or(Stop::SignIn)
}

pub(super) fn demand(verdict: Verdict, account: &str) -> Result<Vec<Warning>, Stop> {
    match verdict {
        Verdict::Admit { warnings } => Ok(warnings),
        Verdict::Step(step) => Err(Stop::Step(step)),
        // For who is no member the account does not exist.
        Verdict::Refuse(Refusal::NotAMember) => Err(Stop::Unknown),
        Verdict::Refuse(why @ (Refusal::Disabled | Refusal::AccessOver | Refusal::Ip)) => {
            Err(Stop::Refused { why, account: account.to_owned(), administrators: Vec::new() })
        }
    }
}

/// What the account demands and what the person is in it, as the gate wants to know it.
pub(super) fn at_gate(app: &App, facts: &AccountFacts, ip: Ip) -> (gate::Policy, Option<gate::Member>) {
    let instance = app.instance();
    let Demands { mfa, sessions: limits, .. } = facts.security.within(instance);
    let policy = gate::Policy { instance: instance.sessions, limits, ip, sso: facts.sso, mfa };
    let member = facts.member.roles().map(|_| gate::Member {
        disabled_at: facts.member.disabled_at,
        access_until: facts.member.access_until,
        before_first_idp: match (facts.member.member_since, facts.first_idp_at) {
            // Whoever adds the first one was there before it, also where that was in the same moment.
            (Some(joined), Some(first)) => joined <= first,
            (_, None) | (None, _) => true,
        },
    });
    (policy, member)
}

/// Reading goes on while nothing can be written.
pub(super) fn not_noted(stop: &Stop) {
    tracing::warn!(?stop, "what was only to be noted could not be");
}

pub(super) fn context(caller: &Caller, principal: &str, name: &str, facts: Option<&SessionFacts>) -> Context {
    Context {
        source: Source::Dashboard,
        principal: principal.to_owned(),
        principal_name: name.to_owned(),
        session: facts.map(|facts| facts.session.clone()),
        credential: None,
        address: caller.address.to_string(),
        request: caller.request.clone(),
    }
}

/// What the gate says, inside this very transaction, to whoever holds the cookie with this hash, comes from an address that is refused, and
/// wants each of these of the account.
pub(in crate::acts) async fn verdicts<S>(
    app: &App,
    tx: &mut Tx<S>,
    token_hash: &str,
    slug: &str,
    wants: &[Permission],
) -> Result<Vec<Verdict>, Stop> {
    let mut asking = tx.asking(token_hash, slug).await?.map(Asking::from).ok_or(Stop::SignIn)?;
    let account = asking.account.take().ok_or(Stop::Unknown)?;
    Ok(wants.iter().map(|wants| asking.verdict(app, tx.now(), &account, Ip::Refused, *wants)).collect())
}

/// Whether the session of whoever asks is over in an account, as far as times and what was ended go: a new proof is the beginning of
/// another one then.
pub(in crate::acts) async fn begins_anew<S>(app: &App, tx: &mut Tx<S>, caller: &Caller, slug: &str) -> Result<bool, Stop> {
    let mut asking = asking_now(tx, caller, slug).await?;
    let account = asking.account.take().ok_or(Stop::Unknown)?;
    let verdict = asking.verdict(app, tx.now(), &account, Ip::Allowed, Permission::ViewAccount);
    Ok(matches!(verdict, Verdict::Step(gate::Step::SignIn(_))))
}

/// Whoever sits at the machine.
pub(in crate::acts) fn console(request: OperationId) -> Context {
    Context { source: Source::Console, principal: "console".to_owned(), ..system(request) }
}

/// Frontdesk acting by itself, on this machine.
#[must_use]
pub fn system(request: OperationId) -> Context {
    Context {
        source: Source::System,
        principal: "system".to_owned(),
        principal_name: String::new(),
        session: None,
        credential: None,
        address: String::new(),
        request,
    }
}
