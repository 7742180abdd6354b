//! The assertion: for whom it is, how long, and how the person signed in (SAML core, sections 2.3 to 2.5 and 2.7.2; SAML profiles,
//! section 4.1.4.2).

use super::{Expected, Refused, SKEW_MS, at_most_one, envelope, one, shape};
use crate::protocols::saml::{
    moments,
    xml::{ASSERTION, Node},
};

/// Confirmed is who brings the assertion (SAML profiles, section 3.3).
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// What an assertion says beside the person.
pub(super) struct Claims {
    pub id: String,
    /// The last moment at which anything in it could count.
    pub until_ms: i64,
    pub in_response_to: Option<String>,
    pub authn: Authn,
}

/// How the person signed in.
pub(super) struct Authn {
    pub instant_ms: i64,
    pub session_until_ms: Option<i64>,
    pub session_index: Option<String>,
    pub context: Option<String>,
}

/// Reads an assertion that was verified.
pub(super) fn read(assertion: Node<'_>, expected: &Expected<'_>) -> Result<Claims, Refused> {
    if assertion.attribute("Version") != Some("2.0") {
        return Err(Refused::Version);
    }
    let id = shape::id(assertion)?.to_owned();
    envelope::issuer(one(assertion, ASSERTION, "Issuer", "an Issuer of the assertion")?, expected.idp)?;
    moment(assertion, "IssueInstant", "the IssueInstant of the assertion")?.ok_or(Refused::Missing("an IssueInstant of the assertion"))?;
    let conditions_until = conditions(one(assertion, ASSERTION, "Conditions", "Conditions")?, expected)?;
    let subject = one(assertion, ASSERTION, "Subject", "a Subject")?;
    let (subject_until, in_response_to) = confirmation(subject, expected)?;
    let until_ms = conditions_until.map_or(subject_until, |until| until.max(subject_until));
    let authn = authn(one(assertion, ASSERTION, "AuthnStatement", "an AuthnStatement")?, expected)?;
    Ok(Claims { id, until_ms, in_response_to, authn })
}

/// Whether the assertion is for us, and for now; and until when.
fn conditions(conditions: Node<'_>, expected: &Expected<'_>) -> Result<Option<i64>, Refused> {
    let until = within(conditions, expected.now_ms)?;
    let mut is_restricted = false;
    for condition in conditions.children() {
        if condition.is(ASSERTION, "AudienceRestriction") {
            is_restricted = true;
            audience(condition, expected.entity_id)?;
        } else if !condition.is(ASSERTION, "OneTimeUse") && !condition.is(ASSERTION, "ProxyRestriction") {
            // SAML core, section 2.5.1.1: what is not understood makes the whole assertion uncertain. The two others hold
            // anyway: no assertion is used twice, and none is passed on.
            return Err(Refused::Condition);
        }
    }
    if is_restricted { Ok(until) } else { Err(Refused::Missing("an AudienceRestriction")) }
}

/// Whether we are among the audience. Each restriction counts by itself (SAML core, section 2.5.1.4).
fn audience(restriction: Node<'_>, entity_id: &str) -> Result<(), Refused> {
    let mut is_ours = false;
    for audience in restriction.children() {
        if !audience.is(ASSERTION, "Audience") {
            return Err(Refused::Unexpected("AudienceRestriction"));
        }
        is_ours |= audience.text().ok_or(Refused::MixedText("an Audience"))? == entity_id;
    }
    if is_ours { Ok(()) } else { Err(Refused::Audience) }
}

/// How the subject is confirmed: one that holds is enough (SAML core, section 2.4.1). If none does, the first one says why.
fn confirmation(subject: Node<'_>, expected: &Expected<'_>) -> Result<(i64, Option<String>), Refused> {
    let confirmations = subject.named(ASSERTION, "SubjectConfirmation").filter(|each| each.attribute("Method") == Some(BEARER));
    let (mut good, mut first, mut until) = (None, None, i64::MIN);
    for confirmation in confirmations {
        match bearer(confirmation, expected) {
            Ok(answers) => good = good.or(Some(answers)),
            Err(refused) => first = first.or(Some(refused)),
        }
        // The assertion has to be remembered for as long as any of them could hold.
        let data = confirmation.named(ASSERTION, "SubjectConfirmationData");
        until = data.filter_map(|data| moments::read(data.attribute("NotOnOrAfter")?)).fold(until, i64::max);
    }
    let in_response_to = good.ok_or(first.unwrap_or(Refused::NotBearer))?;
    Ok((until, in_response_to))
}

/// Whether whoever brings the assertion is the one it is about: it came to us, in time, as the answer to this request.
fn bearer(confirmation: Node<'_>, expected: &Expected<'_>) -> Result<Option<String>, Refused> {
    let data = one(confirmation, ASSERTION, "SubjectConfirmationData", "SubjectConfirmationData")?;
    match data.attribute("Recipient") {
        Some(recipient) if recipient == expected.acs => {}
        Some(_) => return Err(Refused::Recipient),
        None => return Err(Refused::Missing("a Recipient")),
    }
    within(data, expected.now_ms)?.ok_or(Refused::Missing("a NotOnOrAfter in SubjectConfirmationData"))?;
    envelope::in_response_to(data, expected)?;
    Ok(data.attribute("InResponseTo").map(str::to_owned))
}

/// How and when the person signed in.
fn authn(statement: Node<'_>, expected: &Expected<'_>) -> Result<Authn, Refused> {
    let instant_ms = moment(statement, "AuthnInstant", "an AuthnInstant")?.ok_or(Refused::Missing("an AuthnInstant"))?;
    if instant_ms > expected.now_ms.saturating_add(SKEW_MS) {
        return Err(Refused::NotYetValid);
    }
    let session_until_ms = moment(statement, "SessionNotOnOrAfter", "a SessionNotOnOrAfter")?;
    if session_until_ms.is_some_and(|until| until.saturating_add(SKEW_MS) <= expected.now_ms) {
        return Err(Refused::SessionOver);
    }
    let context = at_most_one(statement, ASSERTION, "AuthnContext", "an AuthnContext")?;
    let class = context.map(|context| at_most_one(context, ASSERTION, "AuthnContextClassRef", "an AuthnContextClassRef"));
    let class = class.transpose()?.flatten().map(|class| class.text().ok_or(Refused::MixedText("an AuthnContextClassRef")));
    let context = class.transpose()?.map(|class| class.trim().to_owned());
    Ok(Authn { instant_ms, session_until_ms, session_index: statement.attribute("SessionIndex").map(str::to_owned), context })
}

/// Whether it is time; and until when, if there is an end.
fn within(node: Node<'_>, now_ms: i64) -> Result<Option<i64>, Refused> {
    let since = moment(node, "NotBefore", "a NotBefore")?;
    if since.is_some_and(|since| since > now_ms.saturating_add(SKEW_MS)) {
        return Err(Refused::NotYetValid);
    }
    let until = moment(node, "NotOnOrAfter", "a NotOnOrAfter")?;
    if until.is_some_and(|until| until.saturating_add(SKEW_MS) <= now_ms) {
        return Err(Refused::Expired);
    }
    Ok(until)
}

fn moment(node: Node<'_>, attribute: &str, what: &'static str) -> Result<Option<i64>, Refused> {
    node.attribute(attribute).map(|text| moments::read(text).ok_or(Refused::Time(what))).transpose()
}
