//! IP policies and their rules. What no restriction uses is for whoever manages developer objects; what decides about something, for
//! administrators, and a change of it is tried first.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::{
    Bearer, Permit, Stop,
    ip_restrictions::{Changed, Changing, How, begin, event},
};
use crate::{
    rules::{
        codes,
        events::{IpEvent, IpThing},
        faults::Faults,
        ids::{IpPolicyId, IpRuleId},
        ip_policies::{Draft, MOST_POLICIES, MOST_RULES, too_many},
        ip_restrictions::Surface,
        permissions::may,
    },
    store::{IpPolicyRow, IpRuleRow, NewIpRule},
};

/// Makes a policy.
///
/// # Errors
/// [`Stop::Faults`] for what does not fit.
pub async fn create<B: Bearer>(permit: &Permit<may::ManageIpPolicies, B>, draft: &Draft) -> Result<IpPolicyRow, Stop> {
    draft.check()?;
    let (mut tx, _) = permit.begin().await?;
    if tx.ip_policy_count().await? >= MOST_POLICIES {
        let says = format!("An account has at most {MOST_POLICIES} IP policies.");
        return Err(Faults::coded("description", codes::IP_POLICIES_TOO_MANY, says).into());
    }
    let id = IpPolicyId::new(tx.now(), tx.dice());
    tx.create_ip_policy(&id, &draft.description, &draft.metadata).await?;
    let row = tx.ip_policy(&id).await?.ok_or(Stop::Unknown)?;
    tx.commit(event(permit, IpEvent::Created { things: vec![thing(&row)], after: value(&row) })).await?;
    Ok(row)
}

/// Says something else of a policy; answers with it as it is then. What is missing stays.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] for what does not fit.
pub async fn update<B: Bearer>(
    permit: &Permit<may::ManageIpPolicies, B>,
    id: &IpPolicyId,
    description: Option<String>,
    metadata: Option<String>,
) -> Result<Changed<IpPolicyRow>, Stop> {
    let mut changing = begin(permit).await?.demand_over(permit, id).await?;
    let before = policy(&mut changing, id).await?;
    let draft = Draft {
        description: description.unwrap_or_else(|| before.description.clone()),
        metadata: metadata.unwrap_or_else(|| before.metadata.clone()),
    };
    draft.check()?;
    changing.tx.update_ip_policy(id, &draft.description, &draft.metadata).await?;
    let after = policy(&mut changing, id).await?;
    let (old, new) = (value(&before), value(&after));
    let changed = (old != new).then(|| IpEvent::Updated { things: vec![thing(&after)], before: old, after: new });
    changing.finish(permit, How::Do, changed, after).await
}

/// Deletes a policy with its rules.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] while a restriction uses it.
pub async fn delete<B: Bearer>(permit: &Permit<may::ManageIpPolicies, B>, id: &IpPolicyId) -> Result<(), Stop> {
    let mut changing = begin(permit).await?.unused();
    let row = policy(&mut changing, id).await?;
    if changing.state.uses(id) {
        let uses = changing.state.setup.surfaces_of(id);
        let by: Vec<String> = uses.map(|(surface, _)| format!("the restriction of {}", surface.label())).collect();
        let by = if by.is_empty() { "a change that awaits its confirmation".to_owned() } else { by.join(", ") };
        return Err(Faults::coded("policy", codes::IP_POLICY_IN_USE, format!("It is used by {by}.")).into());
    }
    let rules: Vec<Value> = changing.tx.ip_rules_of(id).await?.iter().map(rule_value).collect();
    changing.tx.delete_ip_policy(id).await?;
    let mut before = value(&row);
    before["rules"] = rules.into();
    let what = IpEvent::Deleted { things: vec![thing(&row)], before };
    changing.finish(permit, How::Do, Some(what), ()).await?.done()
}

/// Gives a policy rules: all of these, or none.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] where the policy has one for the network, or would have too many, and where it would lock somebody
/// out.
pub async fn add_rules<B: Bearer>(
    permit: &Permit<may::ManageIpPolicies, B>,
    id: &IpPolicyId,
    rules: &[NewIpRule<'_>],
    how: How,
) -> Result<Changed<Vec<IpRuleRow>>, Stop> {
    let mut changing = begin(permit).await?.demand_over(permit, id).await?;
    let row = policy(&mut changing, id).await?;
    let has = usize::try_from(row.rules).unwrap_or(MOST_RULES);
    if has + rules.len() > MOST_RULES {
        return Err(too_many().into());
    }
    let mut made = Vec::new();
    for new in rules {
        let tx = &mut changing.tx;
        let (id, policy, created_at) = (IpRuleId::new(tx.now(), tx.dice()), id.clone(), tx.now());
        if !tx.create_ip_rule(&id, &policy, new).await? {
            return Err(taken(new.network).into());
        }
        let NewIpRule { network, action, description, metadata } = *new;
        made.push(IpRuleRow {
            id,
            policy,
            network,
            action,
            description: description.to_owned(),
            metadata: metadata.to_owned(),
            created_at,
        });
    }
    let happened = made.first().map(|first| {
        // Behind the first, which says what happened, comes whose they are: of very many not all are named.
        let things = [rule_thing(first), thing(&row)].into_iter().chain(made.iter().skip(1).map(rule_thing)).collect();
        let after = if made.len() == 1 { rule_value(first) } else { json!({ "rules": made.iter().map(rule_value).collect::<Vec<_>>() }) };
        IpEvent::Created { things, after }
    });
    changing.finish(permit, how, happened, made).await
}

fn taken(network: IpNet) -> Faults {
    Faults::coded("cidr", codes::CIDR_TAKEN, format!("The policy has a rule for {network} already."))
}

/// What a rule is to be. What is missing stays.
#[derive(Clone, Debug, Default)]
pub struct RuleChanges {
    /// Another network.
    pub network: Option<IpNet>,
    /// What it is for.
    pub description: Option<String>,
    /// What a program keeps with it.
    pub metadata: Option<String>,
}

/// Changes a rule; what it does with its network stays. Answers with it as it is then.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] where the policy has another one for the network, and where it would lock somebody out.
pub async fn update_rule<B: Bearer>(
    permit: &Permit<may::ManageIpPolicies, B>,
    id: &IpRuleId,
    changes: &RuleChanges,
    how: How,
) -> Result<Changed<IpRuleRow>, Stop> {
    let seen = permit.read().ip_rule(id).await?.ok_or(Stop::Unknown)?;
    let mut changing = begin(permit).await?.demand_over(permit, &seen.policy).await?;
    let before = changing.tx.ip_rule(id).await?.ok_or(Stop::Unknown)?;
    let after = IpRuleRow {
        network: changes.network.unwrap_or(before.network),
        description: changes.description.clone().unwrap_or_else(|| before.description.clone()),
        metadata: changes.metadata.clone().unwrap_or_else(|| before.metadata.clone()),
        ..before.clone()
    };
    if !changing.tx.update_ip_rule(&after).await? {
        return Err(taken(after.network).into());
    }
    let row = policy(&mut changing, &after.policy).await?;
    let (old, new) = (rule_value(&before), rule_value(&after));
    let things = vec![rule_thing(&after), thing(&row)];
    let happened = (old != new).then_some(IpEvent::Updated { things, before: old, after: new });
    changing.finish(permit, how, happened, after).await
}

/// Takes a rule away.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] for the last one of a policy that restricts the dashboard, and where it would lock somebody out.
pub async fn delete_rule<B: Bearer>(
    permit: &Permit<may::ManageIpPolicies, B>,
    id: &IpRuleId,
    how: How,
) -> Result<Changed<IpRuleRow>, Stop> {
    let seen = permit.read().ip_rule(id).await?.ok_or(Stop::Unknown)?;
    let mut changing = begin(permit).await?.demand_over(permit, &seen.policy).await?;
    let rule = changing.tx.ip_rule(id).await?.ok_or(Stop::Unknown)?;
    let row = policy(&mut changing, &rule.policy).await?;
    if row.rules == 1 && changing.state.setup.surfaces_of(&rule.policy).any(|(surface, _)| surface == Surface::Dashboard) {
        let says = "The last rule of a policy stays while it restricts the dashboard.";
        return Err(Faults::coded("rule", codes::IP_POLICY_LAST_RULE, says).into());
    }
    changing.tx.delete_ip_rule(id).await?;
    let what = IpEvent::Deleted { things: vec![rule_thing(&rule), thing(&row)], before: rule_value(&rule) };
    changing.finish(permit, how, Some(what), rule).await
}

async fn policy(changing: &mut Changing, id: &IpPolicyId) -> Result<IpPolicyRow, Stop> {
    changing.tx.ip_policy(id).await?.ok_or(Stop::Unknown)
}

fn thing(row: &IpPolicyRow) -> IpThing {
    IpThing::Policy(row.id.clone(), row.description.clone())
}

fn rule_thing(rule: &IpRuleRow) -> IpThing {
    IpThing::Rule(rule.id.clone(), rule.network.to_string())
}

fn value(row: &IpPolicyRow) -> Value {
    json!({ "description": row.description, "metadata": row.metadata })
}

fn rule_value(rule: &IpRuleRow) -> Value {
    json!({
        "cidr": rule.network.to_string(),
        "action": rule.action.word(),
        "description": rule.description,
        "metadata": rule.metadata,
    })
}
