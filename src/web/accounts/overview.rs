//! An account's overview: who is in, who came in lately, and what needs attention.

use askama::Template;
use axum::{http::request::Parts, response::Response};

use crate::{
    acts::Permit,
    rules::{
        attention::{Attention, Counts, attention},
        chart::{Chart, HEIGHT, WIDTH, by_day, chart},
        ip_restrictions,
        permissions::{Permission, may},
        time::Millis,
    },
    store::{EventFilter, EventPage, InvitationsInNeed, MembersByKind, StoreError},
    web::{
        events::{Line, lines},
        front::Front,
        page, problem,
        shell::Shell,
    },
};

/// Days in the chart, today included.
const DAYS: i16 = 30;
/// Events below it.
const EVENTS: i64 = 5;

/// How many there are of something, and where they are listed, for who may see the list.
struct Figure {
    label: &'static str,
    count: i64,
    href: Option<String>,
}

#[derive(Template)]
#[template(path = "accounts/overview.html", blocks = ["title", "main"])]
struct Overview {
    shell: Shell,
    name: String,
    slug: String,
    roles: String,
    figures: Vec<Figure>,
    attention: Vec<Attention>,
    chart: Chart,
    /// The newest events; `None` where the person may not read them.
    events: Option<Vec<Line>>,
    may_invite: bool,
    /// Whether nobody else is here yet.
    is_alone: bool,
    now: Millis,
}
page::page!(Overview);

impl Overview {
    /// The days that are named below the chart: the first, the middle one, today.
    fn labels(&self) -> Vec<&str> {
        let last = self.chart.bars.len().saturating_sub(1);
        [0, last / 2, last].into_iter().filter_map(|n| self.chart.bars.get(n)).map(|bar| bar.label.as_str()).collect()
    }
}

pub(super) async fn overview(permit: Permit<may::ViewAccount>, front: Front, parts: Parts) -> Response {
    match overview_of(&permit, &front).await {
        Ok(page) => front.show(&page),
        Err(error) => problem::answer(error.into(), &parts),
    }
}

async fn overview_of(permit: &Permit<may::ViewAccount>, front: &Front) -> Result<Overview, StoreError> {
    let (now, rights, slug) = (permit.now(), permit.rights(), &permit.account().slug);
    let mut reader = permit.read();
    let events = if rights.allow(Permission::ReadEvents) {
        let newest = reader.events(&EventFilter::default(), EventPage::Newest, EVENTS).await?;
        Some(lines(newest, &format!("/accounts/{slug}/events")))
    } else {
        None
    };
    let days = permit.zone().days_until(now, DAYS);
    let since = days.first().map_or(now, |(_, from)| *from);
    let members = reader.members_by_kind(now).await?;
    let invitations = reader.invitations_in_need(now).await?;
    let counts = Counts {
        members: members.members,
        administrators: members.administrators,
        unconfirmed: reader.unconfirmed_members().await?,
        quiet: members.quiet,
        guests_ending: members.guests_ending,
        guests_over: members.guests_over,
        invitations_ending: invitations.ending,
        invitations_expired: invitations.expired,
        letters_failed: invitations.undelivered,
        letters_waiting: if invitations.waiting > 0 && reader.mail_error().await?.is_some() { invitations.waiting } else { 0 },
        warned: reader.warned_unseen(ip_restrictions::since(now)).await?,
    };
    Ok(Overview {
        name: permit.account().name.clone(),
        slug: slug.clone(),
        roles: permit.roles().summary(),
        figures: figures(permit, members, invitations),
        attention: attention(counts, rights),
        chart: chart(by_day(days, &reader.entries_by_step(since).await?)),
        events,
        may_invite: rights.allow(Permission::InviteMembers),
        is_alone: members.members == 1 && invitations.open == 0,
        now,
        shell: Shell::of_account(permit, front).await,
    })
}

fn figures(permit: &Permit<may::ViewAccount>, members: MembersByKind, invitations: InvitationsInNeed) -> Vec<Figure> {
    let root = format!("/accounts/{}", permit.account().slug);
    let figure = |label, count, path: &str, permission| {
        let href = permit.rights().allow(permission).then(|| format!("{root}{path}"));
        Figure { label, count, href }
    };
    let seen = Permission::ReadMembers;
    vec![
        figure("Members", members.members, "/members", seen),
        figure("Administrators", members.administrators, "/members?role=administrator", seen),
        figure("Team managers", members.managers, "/members?role=manager", seen),
        figure("May invite", members.inviters, "/members?role=invite", seen),
        figure("Developers", members.developers, "/members?role=read_write", seen),
        figure("Billing", members.billing, "/members?role=billing", seen),
        figure("Guests", members.guests, "/members?status=guest", seen),
        figure("Disabled", members.disabled, "/members?status=disabled", seen),
        figure("Invited", invitations.open, "/invitations?state=open", Permission::ReadInvitations),
    ]
}
