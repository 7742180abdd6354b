//! A change of what restricts an account, shown before it is done: whom it would have met in the last days. The form comes back with what
//! was typed and the number of the state that was looked at; where that is another one by now, it is shown once more.

use askama::Template;
use axum::response::Response;

use super::{front::Front, page, problem, shell::Shell};
use crate::{
    acts::{
        Permit,
        ip_restrictions::{Replayed, Seen, replay},
    },
    rules::{
        gate::Ip,
        ip_policies::{Found, Line, Pasted},
        ip_restrictions::{DAYS, Gate, PROVISIONAL, Surface, mark, opens, tightens},
        permissions::May,
        time::{Millis, Span},
        zones::Zone,
    },
};

/// How far back one may look, in days.
const CHOICES: &[i64] = &[7, 30, 90];
/// The most lines that are shown.
const SHOWN: usize = 200;

/// What a form says of its review, besides what it is about.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Reviewed {
    /// The mark of what was looked at.
    pub(super) reviewed: String,
    /// How many days back.
    pub(super) days: String,
}

impl Reviewed {
    /// What somebody has seen that it means, and says yes to.
    pub(super) fn seen(&self) -> Option<String> {
        Some(self.reviewed.clone()).filter(|seen| !seen.is_empty() && self.days.is_empty())
    }

    fn days(&self) -> i64 {
        self.days.parse().ok().filter(|days| CHOICES.contains(days)).unwrap_or(DAYS)
    }
}

/// What is to be done, in words.
pub(super) struct Deed {
    /// As a question.
    pub(super) title: String,
    /// What the button says.
    pub(super) button: &'static str,
    /// Where the form goes.
    pub(super) action: String,
    /// Where one goes instead.
    pub(super) back: String,
    /// What was typed, as it comes back.
    pub(super) fields: Vec<(String, String)>,
    /// The lines of a list that was pasted.
    pub(super) pasted: Pasted,
}

#[derive(Template)]
#[template(path = "ip_restrictions/review.html", blocks = ["title", "main"])]
struct Review {
    shell: Shell,
    slug: String,
    deed: Deed,
    reviewed: String,
    days: i64,
    replayed: Replayed,
    since: String,
    more: usize,
    /// Whether it is undone unless somebody confirms it.
    is_provisional: bool,
    /// Whether it takes effect for good though something is enforced.
    is_final: bool,
    /// What every address reaches then that no rule denies.
    opens: Vec<Surface>,
    now: Millis,
}
page::page!(Review);

impl Review {
    /// Where something is another than it is, in words.
    fn places(&self) -> String {
        self.replayed.surfaces.iter().map(|surface| surface.label()).collect::<Vec<_>>().join(" and ")
    }

    fn shown(&self) -> impl Iterator<Item = &Seen> {
        self.replayed.changed.iter().take(SHOWN)
    }
}

/// The lines of a list: number, text, what each is found to be, and what stands behind it.
pub(super) fn lines(pasted: &Pasted) -> Vec<(usize, &str, &'static str, String, &str)> {
    let says = |line: &Line| match &line.found {
        Found::Good(net) if net.prefix_len() == 0 => ("warning", format!("{net} is every address there is of its kind.")),
        Found::Good(net) => ("success", format!("{net} is good.")),
        Found::Masked(net) => ("warning", format!("Taken as {net}.")),
        Found::There(net) => ("", format!("{net} is there already, in the policy or a line above.")),
        Found::Wrong(says) => ("danger", says.clone()),
    };
    pasted
        .0
        .iter()
        .map(|line| {
            let (class, found) = says(line);
            (line.number, line.text.as_str(), class, found, line.description.as_str())
        })
        .collect()
}

/// What an address meets, in a word.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand out references")]
pub(super) const fn word(ip: &Ip) -> (&'static str, &'static str, &'static str) {
    match ip {
        Ip::Allowed => ("success", "check", "Let in"),
        Ip::Warned => ("warning", "triangle-alert", "Warned"),
        Ip::Refused => ("danger", "x", "Refused"),
    }
}

/// Shows what a change would have meant.
pub(super) async fn show<M: May>(
    permit: &Permit<M>,
    front: &Front,
    parts: &axum::http::request::Parts,
    reviewed: &Reviewed,
    (before, after): (&Gate, &Gate),
    deed: Deed,
) -> Response {
    let days = reviewed.days();
    let replayed = match replay(permit, before, after, days).await {
        Ok(replayed) => replayed,
        Err(stop) => return problem::answer(stop, parts),
    };
    // As it stands after what was overdue has been undone.
    let state = match permit.read().ip_state(&permit.account().account).await {
        Ok(state) => state,
        Err(error) => return problem::answer(error.into(), parts),
    };
    let is_waiting = state.provisional.is_some();
    let page = Review {
        shell: Shell::of_account(permit, front).await,
        slug: permit.account().slug.clone(),
        deed,
        reviewed: mark(before, after),
        days,
        since: Millis(replayed.since * Span::days(1).0).date(&Zone::utc()),
        more: replayed.changed.len().saturating_sub(SHOWN),
        replayed,
        is_provisional: tightens(before, after) || is_waiting,
        opens: opens(before, after),
        is_final: before.is_enforced() && !tightens(before, after) && !is_waiting,
        now: permit.now(),
    };
    front.show(&page)
}

/// What to say after a change.
pub(super) fn said(changed: &str, is_provisional: bool) -> String {
    if is_provisional {
        return format!("{changed} It is undone in {} unless you confirm it.", PROVISIONAL.in_words());
    }
    changed.to_owned()
}
