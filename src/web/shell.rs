//! The shell around pages: who is signed in, in which account, where one can go, and what concerns the whole account.

use std::net::IpAddr;

use super::front::Front;
use crate::{
    acts::{Permit, Person, ip_restrictions::restricting},
    rules::{
        accounts::initials,
        gate::Warning,
        permissions::{May, Permission},
        rescue::is_announced,
        sessions::Limits,
        time::Millis,
        zones::Zone,
    },
    store::AccountFacts,
};

/// What every page of somebody signed in shows.
pub(super) struct Shell {
    pub(super) theme: String,
    /// Where the viewer is, as far as clocks go.
    pub(super) zone: Zone,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) initials: String,
    pub(super) flash: Option<String>,
    pub(super) path: String,
    pub(super) here: String,
    pub(super) account: Option<Nav>,
    /// After how many seconds without a request to ask whether the session ends soon: what is noted lags behind a little.
    pub(super) idle: i64,
    pub(super) banners: Vec<String>,
    /// Until when a change of IP restrictions waits for whoever looks to confirm it.
    pub(super) waiting: Option<Millis>,
    /// Whether the session came by a rescue link, and opens nothing that is the person's own.
    pub(super) is_rescued: bool,
}

/// The account one is in, and its rooms.
pub(super) struct Nav {
    pub(super) name: String,
    pub(super) slug: String,
    pub(super) initials: String,
    pub(super) groups: Vec<Group>,
}

/// A group of rooms.
pub(super) struct Group {
    pub(super) label: &'static str,
    pub(super) items: Vec<Item>,
}

/// A room, which may be muted with a reason.
pub(super) struct Item {
    pub(super) label: &'static str,
    pub(super) icon: &'static str,
    pub(super) href: String,
    pub(super) current: bool,
    pub(super) muted: Option<String>,
}

impl Shell {
    /// What titles say of where one is: the account's name, or nothing.
    pub(super) fn place(&self) -> String {
        self.account.as_ref().map(|account| format!("{} · ", account.name)).unwrap_or_default()
    }

    /// Around what is the person's own.
    pub(super) async fn of_person(person: &Person, front: &Front) -> Self {
        let facts = person.facts();
        Self {
            theme: facts.theme.clone(),
            zone: person.zone(),
            name: facts.name.clone(),
            email: facts.email.clone(),
            initials: initials(&facts.name),
            flash: front.flash(facts.carried.as_deref()).await,
            path: front.path.clone(),
            here: front.here.clone(),
            account: None,
            banners: Vec::new(),
            waiting: None,
            idle: seconds(person.session_limits()),
            is_rescued: false,
        }
    }

    /// Around the rooms of an account.
    pub(super) async fn of_account<M: May>(permit: &Permit<M>, front: &Front) -> Self {
        let mut shell = Self::of_person(permit.person(), front).await;
        let account = permit.account();
        shell.idle = shell.idle.min(seconds(account.security.within(permit.instance()).sessions));
        shell.zone = permit.zone();
        shell.banners = permit.warnings().iter().map(|warning| banner(warning, &account.name, permit.address(), &shell.zone)).collect();
        shell.banners.extend(announcement(account, permit.now(), &shell.zone));
        shell.waiting = waiting(permit).await;
        shell.is_rescued = permit.rescued_until().is_some();
        shell.account = Some(Nav {
            name: account.name.clone(),
            slug: account.slug.clone(),
            initials: initials(&account.name),
            groups: groups(permit, &front.path),
        });
        shell
    }
}

/// Until when a change of IP restrictions waits to be confirmed, for whoever may.
async fn waiting<M: May>(permit: &Permit<M>) -> Option<Millis> {
    if !permit.rights().allow(Permission::ManageIpRestrictions) {
        return None;
    }
    let in_force = restricting(permit).await.ok()?;
    in_force.before.as_ref().map(|(until, _)| *until).filter(|until| permit.now() < *until)
}

/// That the account was opened from the host, for a day.
fn announcement(account: &AccountFacts, now: Millis, zone: &Zone) -> Option<String> {
    let (at, whom) = account.rescued.as_ref().filter(|(at, _)| is_announced(*at, now))?;
    Some(format!("{} was opened from the host with `frontdesk rescue` on {}, for {whom}.", account.name, at.exact(zone)))
}

fn seconds(limits: Limits) -> i64 {
    (limits.idle.0 - limits.touch_every().0) / 1_000
}

fn banner(warning: &Warning, account: &str, address: IpAddr, zone: &Zone) -> String {
    match warning {
        Warning::IpWouldRefuse => format!("Once {account} enforces its IP restriction, your network address {address} will be refused."),
        Warning::Rescued(until) => {
            format!(
                "This session came by a rescue link. It opens the security pages of {account} and nothing else, until {}.",
                until.exact(zone)
            )
        }
        Warning::AccessEnds(until) => format!("Your access to {account} ends on {}.", until.exact(zone)),
    }
}

/// A room: path behind the slug, label, icon, and what it takes to open it.
type Room = (&'static str, &'static str, &'static str, Permission);

/// The rooms of an account, in groups.
const ROOMS: [(&str, &[Room]); 5] = [
    ("", &[("", "Overview", "layout-dashboard", Permission::ViewAccount)]),
    (
        "Team",
        &[
            ("/members", "Members", "users", Permission::ReadMembers),
            ("/invitations", "Invitations", "mail", Permission::ReadInvitations),
            ("/bot-users", "Bot users", "bot", Permission::ReadBotUsers),
        ],
    ),
    (
        "Credentials",
        &[
            ("/authtokens", "Authtokens", "plug", Permission::ReadCredentials),
            ("/api-keys", "API keys", "key-round", Permission::ReadCredentials),
            ("/ssh-keys", "SSH keys", "terminal", Permission::ReadCredentials),
        ],
    ),
    (
        "Access",
        &[
            ("/ip-restrictions", "IP restrictions", "door-open", Permission::ReadIpPolicies),
            ("/ip-policies", "IP policies", "list-filter", Permission::ReadIpPolicies),
            ("/events", "Events", "scroll-text", Permission::ReadEvents),
        ],
    ),
    (
        "Settings",
        &[
            ("/settings", "Account", "settings", Permission::ReadSettings),
            ("/settings/security", "Security", "shield-check", Permission::ManageSecurity),
            ("/settings/sso", "Single sign-on", "door-open", Permission::ManageSso),
            ("/settings/provisioning", "How people join", "user-plus", Permission::ManageProvisioning),
            ("/billing", "Billing", "receipt", Permission::ReadBilling),
        ],
    ),
];

/// Pages that are reached by a room, without being behind it.
const CHAMBERS: &[(&str, &str)] = &[("/settings/email-domains", "/settings/provisioning"), ("/settings/domains", "/settings/sso")];

fn groups<M: May>(permit: &Permit<M>, path: &str) -> Vec<Group> {
    let root = format!("/accounts/{}", permit.account().slug);
    // Of two rooms one behind the other, the inner one is where one is.
    let path = path.strip_prefix(&root).unwrap_or_default();
    let behind = CHAMBERS.iter().find(|(chamber, _)| path.starts_with(chamber)).map_or(path, |(_, room)| *room);
    let rooms = ROOMS.iter().flat_map(|(_, rooms)| rooms.iter()).map(|room| room.0);
    let here =
        rooms.filter(|room| if room.is_empty() { behind.is_empty() } else { behind.starts_with(room) }).max_by_key(|room| room.len());
    let item = |&(behind, label, icon, permission): &Room| {
        let href = format!("{root}{behind}");
        let muted = if !permit.rights().allow(permission) {
            Some(format!("You may not {}: you need {}.", permission.sentence(), permission.carrier().needed()))
        } else if permit.rescued_until().is_some() && !permission.is_of_security() {
            Some("A rescue link does not open this: sign in.".to_owned())
        } else {
            None
        };
        let current = here == Some(behind);
        Item { label, icon, href, current, muted }
    };
    ROOMS.iter().map(|(label, rooms)| Group { label, items: rooms.iter().map(item).collect() }).collect()
}
