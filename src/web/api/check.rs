//! `/check` and `/introspect`: whether a credential is good now, for the company's own services. Both ask the same; the second does as
//! OAuth 2.0 token introspection has it (RFC 7662). Neither counts against the account's pace.

use std::net::IpAddr;

use axum::extract::FromRequest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answers::{Base, Errors, Found},
    body::{Body, whole},
    error::{Answer, ApiError},
};
use crate::{
    acts::{
        Key, Permit,
        credentials::{self, Circumstances, Shown},
    },
    rules::{
        codes,
        credentials::{Denial, Wanted, is_fingerprint},
        faults::Faults,
        ip_restrictions::Surface,
        network::canonical,
        permissions::{Permission, may},
        time::Millis,
    },
    web::Site,
};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(check)).routes(routes!(introspect))
}

/// What is to be checked. Either a token or a fingerprint.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Question {
    /// The secret of an authtoken or API key.
    token: Option<String>,
    /// The fingerprint of an SSH key whose private half was proven: SHA256: and 43 characters.
    fingerprint: Option<String>,
    /// From where it was shown; without it, from where this request comes.
    #[schema(format = "ip")]
    address: Option<String>,
    /// What is to be bound, written like an ACL rule.
    #[schema(example = "bind:app.example.com")]
    bind: Option<String>,
    /// What it is shown to: `agent`, `endpoints` or `api`, whose IP restriction counts. Without it, `api` for API keys and `agent` for
    /// everything else.
    surface: Option<String>,
}

/// Whether it is good, and for what.
#[derive(Default, Serialize, ToSchema)]
struct Verdict {
    /// Whether it is good now.
    active: bool,
    /// Why it is not: unknown, or why it is refused.
    #[schema(required = true)]
    reason: Option<&'static str>,
    /// The code of that reason.
    #[schema(required = true)]
    error_code: Option<String>,
    #[schema(required = true)]
    credential_id: Option<String>,
    /// `authtoken`, `api_key` or `ssh_key`.
    #[schema(required = true)]
    kind: Option<&'static str>,
    #[schema(required = true)]
    account_id: Option<String>,
    /// Whose it is: a user or a bot user.
    #[schema(required = true)]
    principal_id: Option<String>,
    /// What they are called; of a person the address.
    #[schema(required = true)]
    principal_name: Option<String>,
    /// What its owner may do in the account.
    permissions: Vec<&'static str>,
    /// Whether what was asked for may be bound; null where nothing was asked for.
    #[schema(required = true)]
    bind_allowed: Option<bool>,
    /// Whether it will be refused from this address once the IP restriction, which only warns now, is enforced.
    address_warned: bool,
}

impl Verdict {
    fn no(reason: &'static str, code: codes::Code) -> Self {
        Self { reason: Some(reason), error_code: Some(code.to_string()), ..Self::default() }
    }
}

/// From where it was shown, to what, and for what.
fn circumstances(address: Option<&str>, surface: Option<&str>, bind: Option<&str>) -> Result<Circumstances, Faults> {
    let address = address.map(str::parse::<IpAddr>).transpose();
    let address = address.map_err(|_| Faults::one("address", "This is not an IP address."))?.map(canonical);
    let shown_to = |word: &str| Surface::parse(word).filter(|surface| *surface != Surface::Dashboard);
    let surface = surface.map(|word| shown_to(word).ok_or_else(|| Faults::one("surface", "Write agent, endpoints or api.")));
    let wanted = bind.map(Wanted::parse).transpose().map_err(|says| Faults::coded("bind", codes::RULE_MALFORMED, says))?;
    Ok(Circumstances { address, surface: surface.transpose()?, wanted })
}

#[utoipa::path(post, path = "/check", tag = "Checking", request_body = Question, responses((status = 200, body = Verdict), Errors), summary = "Whether a credential is good now, and for what")]
async fn check(permit: Permit<may::CheckCredentials, Key>, Body(question): Body<Question>) -> Answer<Found<Verdict>> {
    let shown = match (&question.token, &question.fingerprint) {
        (Some(token), None) => Shown::Secret(token),
        (None, Some(fingerprint)) => Shown::Fingerprint(fingerprint),
        _ => return Err(Faults::one("token", "Send either a token or a fingerprint.").into()),
    };
    let circumstances = circumstances(question.address.as_deref(), question.surface.as_deref(), question.bind.as_deref())?;
    Ok(Found(match credentials::check(&permit, &shown, circumstances).await? {
        credentials::Checked::Unknown => Verdict::no("unknown", codes::KEY_UNKNOWN),
        credentials::Checked::Denied(Denial::Ip, surface) => Verdict::no(Denial::Ip.word(), surface.refusal()),
        credentials::Checked::Denied(why, _) => Verdict::no(why.word(), why.code()),
        credentials::Checked::Good(good) => Verdict {
            active: true,
            reason: None,
            error_code: None,
            credential_id: Some(good.credential.to_string()),
            kind: Some(good.kind.word()),
            account_id: Some(good.account.to_string()),
            principal_id: Some(good.principal),
            principal_name: Some(good.principal_name),
            permissions: good.rights.iter().map(Permission::name).collect(),
            bind_allowed: good.may_bind,
            address_warned: good.is_warned,
        },
    }))
}

/// A form, as RFC 7662 has it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
struct Introspection {
    /// The secret of an authtoken or API key, or the fingerprint of an SSH key.
    token: String,
    /// The network address that it was shown from; one of our own beside what RFC 7662 has.
    #[schema(nullable = false)]
    address: Option<String>,
    /// What is to be bound, as a rule says it; another one of our own.
    #[schema(nullable = false)]
    bind: Option<String>,
    /// What it is shown to: `agent`, `endpoints` or `api`; another one of our own.
    #[schema(nullable = false)]
    surface: Option<String>,
    /// What it may be; nothing depends on it.
    #[schema(nullable = false)]
    token_type_hint: Option<String>,
}

/// What RFC 7662 answers; of what is not active nothing else is said.
#[derive(Default, Serialize, ToSchema)]
struct Introspected {
    /// Whether it is good now.
    active: bool,
    /// The id of the credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_id: Option<String>,
    /// What its owner is called; of a person the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    username: Option<String>,
    /// `authtoken` or `api_key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token_type: Option<&'static str>,
    /// Whose it is: a user or a bot user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sub: Option<String>,
    /// Where it is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    iss: Option<String>,
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    aud: Option<String>,
    /// What its owner may do in the account, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scope: Option<String>,
    /// From when on it is worth nothing, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    exp: Option<i64>,
    /// Whether what was asked for may be bound, where something was; one of our own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    bind_allowed: Option<bool>,
}

/// What an introspection is about. Parameters that RFC 7662 does not name are those of others, and left alone.
struct Introspecting {
    token: String,
    address: Option<String>,
    surface: Option<String>,
    bind: Option<String>,
}

impl FromRequest<Site> for Introspecting {
    type Rejection = ApiError;

    async fn from_request(request: axum::extract::Request, site: &Site) -> Result<Self, ApiError> {
        let body = whole(request, site, "application/x-www-form-urlencoded").await?;
        let one = |wanted: &'static str| {
            let mut values = form_urlencoded::parse(&body).filter(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
            let value = values.next();
            if values.next().is_some() { Err(Faults::one(wanted, "It is given twice.")) } else { Ok(value) }
        };
        let token = one("token")?.ok_or_else(|| Faults::one("token", "Send a token."))?;
        Ok(Self { token, address: one("address")?, surface: one("surface")?, bind: one("bind")? })
    }
}

#[utoipa::path(post, path = "/introspect", tag = "Checking", request_body(content = Introspection, content_type = "application/x-www-form-urlencoded"), responses((status = 200, body = Introspected), Errors), summary = "The same as OAuth 2.0 token introspection (RFC 7662)")]
async fn introspect(permit: Permit<may::CheckCredentials, Key>, base: Base, about: Introspecting) -> Answer<Found<Introspected>> {
    let circumstances = circumstances(about.address.as_deref(), about.surface.as_deref(), about.bind.as_deref())?;
    let shown = if is_fingerprint(&about.token) { Shown::Fingerprint(&about.token) } else { Shown::Secret(&about.token) };
    Ok(Found(match credentials::check(&permit, &shown, circumstances).await? {
        credentials::Checked::Unknown | credentials::Checked::Denied(..) => Introspected::default(),
        credentials::Checked::Good(good) => Introspected {
            active: true,
            client_id: Some(good.credential.to_string()),
            username: Some(good.principal_name),
            token_type: Some(good.kind.word()),
            sub: Some(good.principal),
            iss: Some(base.uri("")),
            aud: Some(good.account.to_string()),
            scope: Some(good.rights.iter().map(Permission::name).collect::<Vec<_>>().join(" ")),
            exp: good.expires_at.map(Millis::seconds),
            bind_allowed: good.may_bind,
        },
    }))
}
