//! `…/settings/sso/{id}` of a provider by SAML: setting it up from its metadata, and changing it.

use askama::Template;
use axum::{
    http::{StatusCode, request::Parts},
    response::Response,
};
use serde::Deserialize;

use crate::{
    acts::{
        Permit, Stop,
        sso::{metadata, signing},
    },
    rules::{
        faults::Faults,
        ids::IdpId,
        permissions::may,
        sso::{SamlDraft, acs, entity_id},
        time::{Millis, Span},
    },
    store::sso::{IdpRow, certificates::CertificateRow},
    web::{
        form::{Form, Id, Query, Upload, faults_of},
        front::Front,
        page,
        page::{link, see_other},
        problem,
        shell::Shell,
    },
};

/// How long before a certificate ends that is told.
const ENDS_SOON: Span = Span::days(30);

/// What a provider has to be told of us.
pub(super) struct Values {
    entity_id: String,
    acs: String,
    metadata_url: String,
}

impl Values {
    fn new(base_url: &str, id: &IdpId) -> Self {
        let entity_id = entity_id(base_url, id);
        // Where our metadata stand is what we are called.
        Self { metadata_url: entity_id.clone(), entity_id, acs: acs(base_url, id) }
    }
}

#[derive(Template)]
#[template(path = "sso/new_saml.html", blocks = ["title", "main"])]
struct New {
    shell: Shell,
    slug: String,
    values: Values,
    draft: SamlDraft,
    faults: Faults,
}
page::page!(New);

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Reserved {
    pub(super) reserved: String,
}

/// The page, again where something is wrong. What was set aside stands in its address: whoever comes back to it finds the same values.
async fn new_page(permit: &Permit<may::ManageSso>, front: &Front, draft: SamlDraft, faults: Faults) -> Response {
    let path = format!("/accounts/{}/settings/sso/new-saml", permit.account().slug);
    let Some(id) = metadata::reserved(permit, &draft.reserved) else {
        return see_other(&link(&path, &[("reserved", &metadata::reserve(permit))]));
    };
    let is_wrong = !faults.is_empty();
    let (shell, slug) = (Shell::of_account(permit, front).await, permit.account().slug.clone());
    let page = New { shell, slug, values: Values::new(&front.base_url, &id), draft, faults };
    if is_wrong { front.show_again(&page) } else { front.show(&page) }
}

pub(super) async fn new(permit: Permit<may::ManageSso>, front: Front, Query(asked): Query<Reserved>) -> Response {
    new_page(&permit, &front, SamlDraft { reserved: asked.reserved, ..SamlDraft::default() }, Faults::none()).await
}

pub(super) async fn create(permit: Permit<may::ManageSso>, front: Front, parts: Parts, Form(draft): Form<SamlDraft>) -> Response {
    make(&permit, &front, &parts, draft).await
}

async fn make(permit: &Permit<may::ManageSso>, front: &Front, parts: &Parts, draft: SamlDraft) -> Response {
    match metadata::create_saml(permit, &draft).await.map_err(faults_of) {
        Ok((id, is_signed)) => {
            let path = format!("/accounts/{}/settings/sso/{id}", permit.account().slug);
            let says = if is_signed {
                "The provider is there. It wants signed requests: give it the certificate that stands below, or our metadata, and test it."
            } else {
                "The provider is there. Test it before anybody depends on it."
            };
            front.go(&path, says).await
        }
        Err(Ok(faults)) => new_page(permit, front, draft, faults).await,
        Err(Err(stop)) => problem::answer(stop, parts),
    }
}

/// The same with the metadata as a file.
pub(super) async fn upload(permit: Permit<may::ManageSso>, front: Front, parts: Parts, Upload(fields): Upload) -> Response {
    let mut draft = SamlDraft::default();
    for (name, text) in fields {
        match name.as_str() {
            "reserved" => draft.reserved = text,
            "description" => draft.description = text,
            "initiates" => draft.initiates = text,
            // With a mark of the order of bytes in front it is no XML to begin with.
            "file" => draft.metadata = text.trim_start_matches('\u{feff}').to_owned(),
            _ => return problem::plain(StatusCode::BAD_REQUEST, "This form holds fields that the page does not have."),
        }
    }
    make(&permit, &front, &parts, draft).await
}

#[derive(Template)]
#[template(path = "sso/one_saml.html", blocks = ["title", "main"])]
struct One {
    shell: Shell,
    slug: String,
    idp: IdpRow,
    people: i64,
    values: Values,
    draft: SamlDraft,
    certificates: Vec<CertificateRow>,
    faults: Faults,
    now: Millis,
}
page::page!(One);

impl One {
    fn is_over(&self, certificate: &CertificateRow) -> bool {
        certificate.not_after < self.now
    }

    /// What two people compare over the telephone; nothing where nothing is signed.
    fn fingerprint(&self) -> String {
        self.idp.signing_certificate.as_deref().map(signing::fingerprint).unwrap_or_default()
    }

    fn ends_soon(&self, certificate: &CertificateRow) -> bool {
        certificate.not_after.since(self.now) < ENDS_SOON
    }
}

async fn page_of(
    permit: &Permit<may::ManageSso>,
    front: &Front,
    idp: IdpRow,
    typed: Option<SamlDraft>,
    faults: Faults,
) -> Result<One, Stop> {
    let mut reader = permit.read();
    let (people, certificates) = (reader.people_at(&idp.id).await?, reader.certificates(&idp.id).await?);
    let is_told = faults.at("version").is_some();
    let draft = match typed {
        Some(typed) if is_told => SamlDraft { version: idp.version, ..typed },
        Some(typed) => typed,
        None => SamlDraft {
            description: idp.description.clone(),
            metadata_url: idp.metadata_url.clone(),
            initiates: if idp.initiates_since.is_some() { "yes".to_owned() } else { String::new() },
            version: idp.version,
            ..SamlDraft::default()
        },
    };
    let (shell, slug) = (Shell::of_account(permit, front).await, permit.account().slug.clone());
    Ok(One { shell, slug, values: Values::new(&front.base_url, &idp.id), idp, people, draft, certificates, faults, now: permit.now() })
}

pub(super) async fn answer(
    permit: &Permit<may::ManageSso>,
    front: &Front,
    parts: &Parts,
    idp: IdpRow,
    typed: Option<SamlDraft>,
    faults: Faults,
) -> Response {
    let is_wrong = !faults.is_empty();
    match page_of(permit, front, idp, typed, faults).await {
        Ok(page) if is_wrong => front.show_again(&page),
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, parts),
    }
}

/// The page again, with what was typed there.
pub(super) async fn again(
    permit: &Permit<may::ManageSso>,
    front: &Front,
    parts: &Parts,
    id: &IdpId,
    typed: Option<SamlDraft>,
    faults: Faults,
) -> Response {
    match permit.read().idp(id).await {
        Ok(Some(idp)) => answer(permit, front, parts, idp, typed, faults).await,
        Ok(None) => problem::answer(Stop::Unknown, parts),
        Err(error) => problem::answer(error.into(), parts),
    }
}

pub(super) async fn changed(permit: &Permit<may::ManageSso>, front: &Front, id: &IdpId, says: &str) -> Response {
    front.go(&format!("/accounts/{}/settings/sso/{id}", permit.account().slug), says).await
}

pub(super) async fn change(
    permit: Permit<may::ManageSso>,
    front: Front,
    Id(id): Id<IdpId>,
    parts: Parts,
    Form(draft): Form<SamlDraft>,
) -> Response {
    match metadata::update_saml(&permit, &id, &draft).await.map_err(faults_of) {
        Ok(()) => changed(&permit, &front, &id, "Saved. Test it before anybody depends on it.").await,
        Err(Ok(faults)) => again(&permit, &front, &parts, &id, Some(draft), faults).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Pasted {
    certificate: String,
}

pub(super) async fn add_certificate(
    permit: Permit<may::ManageSso>,
    front: Front,
    Id(id): Id<IdpId>,
    parts: Parts,
    Form(pasted): Form<Pasted>,
) -> Response {
    match metadata::add_certificate(&permit, &id, &pasted.certificate).await.map_err(faults_of) {
        Ok(()) => changed(&permit, &front, &id, "The certificate counts from now on, besides those that were there.").await,
        Err(Ok(faults)) => again(&permit, &front, &parts, &id, None, faults).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Named {
    fingerprint: String,
}

pub(super) async fn remove_certificate(
    permit: Permit<may::ManageSso>,
    front: Front,
    Id(id): Id<IdpId>,
    parts: Parts,
    Form(named): Form<Named>,
) -> Response {
    match metadata::remove_certificate(&permit, &id, &named.fingerprint).await.map_err(faults_of) {
        Ok(()) => changed(&permit, &front, &id, "The certificate counts no longer.").await,
        Err(Ok(faults)) => again(&permit, &front, &parts, &id, None, faults).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}
