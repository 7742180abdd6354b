//! Single sign-on: the way to a provider and back in [`door`], the page for whoever is new in [`welcome`], and what administrators set up in
//! [`settings`] and [`one`].

mod door;
mod one;
mod settings;
mod tested;
mod welcome;

use super::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/login/sso", door::choose)
        .get("/login/sso/{id}", door::begin)
        .get("/oauth2/callback", door::come_back)
        .get("/welcome/{token}", welcome::show)
        .post("/welcome/{token}/link", welcome::link)
        .post("/welcome/{token}/join", welcome::join)
        .post("/welcome/{token}/code", welcome::send_code)
        .post("/welcome/{token}/confirm", welcome::confirm)
        .get("/accounts/{slug}/settings/sso", settings::list)
        .post("/accounts/{slug}/settings/sso", settings::choose)
        .get("/accounts/{slug}/settings/sso/new-oidc", one::new_oidc)
        .post("/accounts/{slug}/settings/sso/new-oidc", one::create_oidc)
        .get("/accounts/{slug}/settings/sso/{id}", one::show)
        .post("/accounts/{slug}/settings/sso/{id}/change", one::change)
        .post("/accounts/{slug}/settings/sso/{id}/enable", one::enable)
        .post("/accounts/{slug}/settings/sso/{id}/disable", one::disable)
        .get("/accounts/{slug}/settings/sso/{id}/delete", one::ask_delete)
        .post("/accounts/{slug}/settings/sso/{id}/delete", one::delete)
        .get("/accounts/{slug}/settings/sso/{id}/test", tested::begin)
        .get("/accounts/{slug}/settings/sso/{id}/tested/{token}", tested::show)
}

/// Where a provider sends people back.
fn redirect_uri(base_url: &str) -> String {
    format!("{base_url}/oauth2/callback")
}
