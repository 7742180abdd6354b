//! Single sign-on: the way to a provider and back in [`journey`], the page for whoever is new in [`welcome`], and what administrators set up in
//! [`settings`] and [`one`].

mod journey;
mod one;
mod one_saml;
mod saml;
mod settings;
mod signing;
mod tested;
mod welcome;

pub(super) use saml::consumer;

use super::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/login/sso", journey::choose)
        .get("/login/sso/{id}", journey::begin)
        .get("/oauth2/callback/{id}", journey::come_back)
        .get("/saml/{id}/metadata", saml::metadata)
        .get("/saml/back/{token}", saml::come_back)
        .get("/welcome/{token}", welcome::show)
        .post("/welcome/{token}/link", welcome::link)
        .post("/welcome/{token}/join", welcome::join)
        .post("/welcome/{token}/code", welcome::send_code)
        .post("/welcome/{token}/confirm", welcome::confirm)
        .get("/accounts/{slug}/settings/sso", settings::list)
        .post("/accounts/{slug}/settings/sso", settings::choose)
        .get("/accounts/{slug}/settings/sso/new-oidc", one::new_oidc)
        .post("/accounts/{slug}/settings/sso/new-oidc", one::create_oidc)
        .get("/accounts/{slug}/settings/sso/new-saml", one_saml::new)
        .post("/accounts/{slug}/settings/sso/new-saml", one_saml::create)
        .post("/accounts/{slug}/settings/sso/new-saml/upload", one_saml::upload)
        .get("/accounts/{slug}/settings/sso/{id}", one::show)
        .post("/accounts/{slug}/settings/sso/{id}/change-saml", one_saml::change)
        .post("/accounts/{slug}/settings/sso/{id}/sign", signing::sign)
        .post("/accounts/{slug}/settings/sso/{id}/unsign", signing::unsign)
        .post("/accounts/{slug}/settings/sso/{id}/trust", one_saml::add_certificate)
        .post("/accounts/{slug}/settings/sso/{id}/untrust", one_saml::remove_certificate)
        .post("/accounts/{slug}/settings/sso/{id}/change", one::change)
        .post("/accounts/{slug}/settings/sso/{id}/enable", one::enable)
        .post("/accounts/{slug}/settings/sso/{id}/disable", one::disable)
        .get("/accounts/{slug}/settings/sso/{id}/delete", one::ask_delete)
        .post("/accounts/{slug}/settings/sso/{id}/delete", one::delete)
        .post("/accounts/{slug}/settings/sso/{id}/unlink", one::unlink)
        .get("/accounts/{slug}/settings/sso/{id}/test", tested::begin)
        .get("/accounts/{slug}/settings/sso/{id}/tested/{token}", tested::show)
}
