//! The rules of a policy: adding one or many, changing one, taking one away. Where a restriction uses the policy, what that would have
//! meant is shown first.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::one::{self, Typed};
use crate::{
    acts::{
        Permit, Stop,
        ip_policies::{self, RuleChanges},
        ip_restrictions::{self, Changed, How},
    },
    rules::{
        faults::Faults,
        ids::{IpPolicyId, IpRuleId},
        ip_policies::{Action, NoNetwork, Pasted, network, paste, rule_description},
        permissions::{May, Permission, may},
    },
    store::{IpPolicyRow, IpRuleRow, NewIpRule},
    web::{
        form::{Form, Id, faults_of},
        front::Front,
        page, problem,
        review::{self, Deed, Reviewed, said},
        shell::Shell,
    },
};

/// Rules to be: a list of networks, each with what it is for behind it, and what becomes of their addresses.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Adding {
    pub(super) networks: String,
    pub(super) action: String,
    pub(super) reviewed: String,
    pub(super) days: String,
    /// Whether the own address is to be written below, and nothing done yet.
    pub(super) own: String,
}

impl Adding {
    fn reviewed(&self) -> Reviewed {
        Reviewed { reviewed: self.reviewed.clone(), days: self.days.clone() }
    }

    fn action(&self) -> Result<Action, Faults> {
        Action::parse(&self.action).ok_or_else(|| Faults::one("action", "Choose what becomes of these addresses."))
    }
}

pub(super) async fn add(
    permit: Permit<may::ManageIpPolicies>,
    front: Front,
    Id(id): Id<IpPolicyId>,
    parts: Parts,
    Form(adding): Form<Adding>,
) -> Response {
    if !adding.own.is_empty() {
        let networks = format!("{}\n{}", adding.networks.trim_end(), IpNet::from(permit.address())).trim_start().to_owned();
        let typed = Typed { adding: Some(Adding { networks, own: String::new(), ..adding }), ..Typed::default() };
        return one::show(&permit, &front, &parts, &id, typed, Faults::none()).await;
    }
    let mut pasted = Pasted::default();
    let done = async {
        let action = adding.action()?;
        let there = permit.read().ip_rules_of(&id).await?;
        let known: Vec<_> = there.iter().map(|rule| (rule.network, rule.action)).collect();
        pasted = paste(&adding.networks, action, &known);
        let rules: Vec<_> = pasted.check(there.len())?;
        let rules: Vec<_> =
            rules.into_iter().map(|(network, description)| NewIpRule { network, action, description, metadata: "" }).collect();
        // A list is looked at in any case, and one good line where it decides about something.
        let seen = adding.reviewed().seen();
        let how = if pasted.is_plain() { How::LookIfUsed(seen) } else { How::Look(seen) };
        ip_policies::add_rules(&permit, &id, &rules, how).await
    };
    let done = done.await;
    let path = format!("/accounts/{}/ip-policies/{id}", permit.account().slug);
    match done.map_err(faults_of) {
        Ok(Changed::Done(rules, provisional)) => {
            let count = rules.len();
            let says = if count == 1 { "1 rule is added.".to_owned() } else { format!("{count} rules are added.") };
            front.go(&path, &said(&says, provisional)).await
        }
        Ok(Changed::Tried(gates)) => {
            let fields = vec![("networks".to_owned(), adding.networks.clone()), ("action".to_owned(), adding.action.clone())];
            let deed = Deed {
                title: "Add these rules?".to_owned(),
                button: "Add them",
                action: format!("{path}/rules"),
                back: path,
                fields,
                pasted,
            };
            review::show(&permit, &front, &parts, &adding.reviewed(), (&gates.0, &gates.1), deed).await
        }
        Err(Ok(faults)) => {
            let typed = Typed { adding: Some(adding), pasted, ..Typed::default() };
            one::show(&permit, &front, &parts, &id, typed, faults.renamed("cidr", "networks")).await
        }
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

/// A rule as it is to be, and what is said of the review.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Draft {
    network: String,
    description: String,
    reviewed: String,
    days: String,
}

impl Draft {
    /// Host bits and a missing mask are mended, as in a list, which is said.
    fn check(&self) -> Result<RuleChanges, Faults> {
        let mut faults = Faults::none();
        let mend = |why: NoNetwork| why.meant().ok_or_else(|| Faults::one("network", why.sentence()));
        let network = network(&self.network).or_else(mend);
        let network = faults.take(network);
        let description = faults.take(rule_description(&self.description));
        if faults.is_empty() { Ok(RuleChanges { network, description, metadata: None }) } else { Err(faults) }
    }

    /// What is done, where this is what the rule is for then.
    fn done(&self, network: IpNet) -> String {
        if self.network.trim().parse() == Ok(network) {
            return "The rule is changed.".to_owned();
        }
        format!("The rule is changed: {} is taken as {network}.", self.network.trim())
    }
}

#[derive(Template)]
#[template(path = "ip_policies/rule.html", blocks = ["title", "main"])]
struct Page {
    shell: Shell,
    slug: String,
    policy: IpPolicyRow,
    rule: IpRuleRow,
    draft: Draft,
    faults: Faults,
    may_change: bool,
}
page::page!(Page);

async fn show<M: May>(
    permit: &Permit<M>,
    front: &Front,
    parts: &Parts,
    id: &IpRuleId,
    (draft, faults): (Option<Draft>, Faults),
) -> Response {
    let is_again = !faults.is_empty();
    let page = async {
        ip_restrictions::settle(permit).await?;
        let mut reader = permit.read();
        let rule = rule_of(permit, id).await?;
        let policy = reader.ip_policy(&rule.policy).await?.ok_or(Stop::Unknown)?;
        let is_used = reader.ip_state(&permit.account().account).await?.uses(&policy.id);
        let wants = if is_used { Permission::ManageIpRestrictions } else { Permission::ManageIpPolicies };
        let typed = Draft { network: rule.network.to_string(), description: rule.description.clone(), ..Draft::default() };
        let (shell, slug) = (Shell::of_account(permit, front).await, permit.account().slug.clone());
        Ok(Page { shell, slug, policy, rule, draft: draft.unwrap_or(typed), faults, may_change: permit.rights().allow(wants) })
    };
    match page.await {
        Ok(page) if is_again => front.show_again(&page),
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, parts),
    }
}

pub(super) async fn one(permit: Permit<may::ReadIpPolicies>, front: Front, Id(id): Id<IpRuleId>, parts: Parts) -> Response {
    show(&permit, &front, &parts, &id, (None, Faults::none())).await
}

async fn rule_of<M: May>(permit: &Permit<M>, id: &IpRuleId) -> Result<IpRuleRow, Stop> {
    permit.read().ip_rule(id).await?.ok_or(Stop::Unknown)
}

pub(super) async fn change(
    permit: Permit<may::ManageIpPolicies>,
    front: Front,
    Id(id): Id<IpRuleId>,
    parts: Parts,
    Form(draft): Form<Draft>,
) -> Response {
    let reviewed = Reviewed { reviewed: draft.reviewed.clone(), days: draft.days.clone() };
    let done = async {
        let changes = draft.check()?;
        let policy = rule_of(&permit, &id).await?.policy;
        Ok((ip_policies::update_rule(&permit, &id, &changes, How::LookIfUsed(reviewed.seen())).await?, policy))
    };
    let slug = permit.account().slug.clone();
    match done.await.map_err(faults_of) {
        Ok((Changed::Done(rule, provisional), policy)) => {
            let says = draft.done(rule.network);
            front.go(&format!("/accounts/{slug}/ip-policies/{policy}"), &said(&says, provisional)).await
        }
        Ok((Changed::Tried(gates), policy)) => {
            let fields = vec![("network".to_owned(), draft.network.clone()), ("description".to_owned(), draft.description)];
            let (action, back) = (format!("/accounts/{slug}/ip-rules/{id}/change"), format!("/accounts/{slug}/ip-policies/{policy}"));
            let title = network(&draft.network).or_else(|why| why.meant().ok_or(why));
            let title = title.map_or_else(|_| "Change this rule?".to_owned(), |network| format!("Let the rule be for {network}?"));
            let deed = Deed { title, button: "Change it", action, back, fields, pasted: Pasted::default() };
            review::show(&permit, &front, &parts, &reviewed, (&gates.0, &gates.1), deed).await
        }
        Err(Ok(faults)) => show(&permit, &front, &parts, &id, (Some(draft), faults.renamed("cidr", "network"))).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

pub(super) async fn delete(
    permit: Permit<may::ManageIpPolicies>,
    front: Front,
    Id(id): Id<IpRuleId>,
    parts: Parts,
    Form(reviewed): Form<Reviewed>,
) -> Response {
    let done = async {
        let rule = rule_of(&permit, &id).await?;
        Ok((ip_policies::delete_rule(&permit, &id, How::LookIfUsed(reviewed.seen())).await?, rule))
    };
    let slug = permit.account().slug.clone();
    match done.await.map_err(faults_of) {
        Ok((Changed::Done(_, provisional), rule)) => {
            front.go(&format!("/accounts/{slug}/ip-policies/{}", rule.policy), &said("The rule is deleted.", provisional)).await
        }
        Ok((Changed::Tried(gates), rule)) => {
            let (action, back) =
                (format!("/accounts/{slug}/ip-rules/{id}/delete"), format!("/accounts/{slug}/ip-policies/{}", rule.policy));
            let title = format!("Delete the rule for {}?", rule.network);
            let deed = Deed { title, button: "Delete it", action, back, fields: vec![], pasted: Pasted::default() };
            review::show(&permit, &front, &parts, &reviewed, (&gates.0, &gates.1), deed).await
        }
        Err(Ok(faults)) => show(&permit, &front, &parts, &id, (None, faults)).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}
