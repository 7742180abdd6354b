//! The way back in: `frontdesk rescue`, its links, and what a session may do that came by one.

use frontdesk::{
    app,
    config::Config,
    rules::{
        members::{Billing, Roles},
        rescue::Draft,
        time::{Millis, Span},
    },
};
use reqwest::StatusCode;

use crate::{
    child::{program, serve, terminate},
    kit::{Browser, House, PASSWORD, Page, READER, form, new_database},
    mfa::set_up,
    upgrades::everything,
};

const PATH: &str = "/accounts/acme/settings/security";

/// What is typed for Ada.
pub fn for_ada() -> Draft {
    let (account, person) = ("acme".to_owned(), "ada@example.com".to_owned());
    Draft { account, person, reason: "She lost her phone & <keys>".to_owned(), ..Draft::default() }
}

/// The command, beside the house: what it says, or why not.
pub async fn command(house: &House, draft: &Draft) -> Result<String, String> {
    let config = Config { base_url: house.running.base_url.clone(), ..house.config.clone() };
    let now = house.now();
    app::rescue(&config, draft, std::sync::Arc::new(move || now), app::dice()).await.map_err(|error| error.to_string())
}

/// The path of the link in what the command says.
fn link_in(said: &str, beginning: &str) -> String {
    let at = said.find(beginning).expect(said);
    said[at..].split_whitespace().next().unwrap().to_owned()
}

/// The path of a link.
pub async fn link(house: &House, draft: &Draft) -> String {
    link_in(&command(house, draft).await.unwrap(), "/rescue/")
}

/// A browser in which a link for Ada was used.
pub async fn rescued(house: &House) -> Browser {
    let browser = house.visitor();
    let page = browser.post(&link(house, &for_ada()).await, &[]).await;
    assert_eq!(page.location(), PATH, "{}", page.text());
    browser
}

async fn save(browser: &Browser, mfa: &str) -> Page {
    let seen = browser.get(PATH).await.value("seen");
    browser.post(PATH, &[("mfa", mfa.to_owned()), ("seen", seen)]).await
}

/// Acme demands a second factor, and Ada has lost hers.
async fn locked_out() -> (House, Browser) {
    let (house, ada) = House::with_ada().await;
    let factor = set_up(&house, &ada).await;
    ada.post("/prove", &[("code", factor.code(&house))]).await;
    assert_eq!(save(&ada, "required").await.location(), PATH);
    (house, ada)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_locked_out_comes_back_in() {
    let (house, _) = locked_out().await;
    house.member("acme", "bob", Roles::ADMINISTRATOR).await;
    let path = link(&house, &for_ada()).await;
    let browser = house.visitor();
    for _ in 0..3 {
        let page = browser.get(&path).await;
        assert_eq!(page.all("button"), ["Open the security pages"]);
        assert!(page.text().contains("Open the security pages of Acme") && page.text().contains("ada@example.com"), "{}", page.text());
        assert_eq!(page.attributes("form", "action"), [path.as_str()]);
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM session_proofs WHERE kind = 'rescue'").await, 0, "looking changes nothing");
    assert_eq!(browser.post(&path, &[]).await.location(), PATH);
    for used in [browser.get(&path).await, house.visitor().post(&path, &[]).await, house.visitor().get("/rescue/none").await] {
        assert_eq!(used.status, StatusCode::NOT_FOUND);
        assert!(used.text().contains("This link does not work any more") && used.text().contains("frontdesk rescue"), "{}", used.text());
    }
    // What locked her out is mended without any proof.
    let page = browser.get(PATH).await;
    let banners = page.all(".banner");
    assert!(
        banners[0]
            .starts_with("This session came by a rescue link. It opens the security pages of Acme and nothing else, until 21 Nov 2026"),
        "{banners:?}"
    );
    assert!(banners[1].starts_with("Acme was opened from the host with `frontdesk rescue` on 21 Nov 2026"), "{banners:?}");
    assert!(banners[1].ends_with("for ada@example.com."), "{banners:?}");
    assert_eq!(page.all(".nav-item:not(.muted)"), ["Security"], "{}", page.text());
    assert_eq!(save(&browser, "").await.location(), PATH);
    let log = house.events(&house.account_id("acme").await).await;
    assert_eq!(log[log.len() - 3..], ["account_rescued.v0", "account_entered.v0", "account_security_updated.v0"]);
    let own = house.events(&house.user_id("ada@example.com").await).await;
    assert_eq!(own[own.len() - 2..], ["user_rescued.v0", "user_login_succeeded.v0"]);
    let event = house.raw.texts("SELECT source || ' ' || principal || ' ' || after FROM events WHERE type = 'account_rescued.v0'").await;
    assert!(event[0].starts_with("console console ") && event[0].contains("She lost her phone & <keys>"), "{event:?}");
    assert!(crate::events::broken_links(&house.raw).await.is_empty());

    // Everybody who administers it is told, and sees it for a day on every page.
    for address in ["ada@example.com", "bob@example.com"] {
        let letter = house.letters_to(address).await.into_iter().find(|letter| letter.contains("Subject: Acme was opened from the host"));
        let letter = letter.expect(address);
        assert!(
            letter.contains("The reason that was given: She lost her phone & <keys>") && letter.contains("/accounts/acme/events"),
            "{letter}"
        );
        assert!(letter.contains("If none of you asked for this") && !letter.contains("/rescue/"), "{letter}");
    }
    let bob = house.signed_in("bob@example.com").await;
    for path in ["", "/members", "/events", "/settings"] {
        let page = bob.get(&format!("/accounts/acme{path}")).await;
        assert!(page.all(".banner").iter().any(|banner| banner.contains("frontdesk rescue")), "{path}: {}", page.text());
    }
    assert!(bob.get("/accounts/acme/events").await.text().contains("The host opened the account with `frontdesk rescue`"));
    assert!(!bob.get("/accounts").await.text().contains("frontdesk rescue"));
    house.wait(Span::days(1));
    let bob = house.signed_in("bob@example.com").await;
    assert_eq!(bob.get("/accounts/acme").await.all(".banner"), [] as [String; 0]);
}

/// Everything that there is, and none of it but the security pages.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_opens_nothing_else() {
    let (house, _) = locked_out().await;
    let other = house.account("other").await;
    house.member("other", "ada", Roles::ADMINISTRATOR).await;
    let browser = rescued(&house).await;
    assert_eq!(browser.get(PATH).await.status, StatusCode::OK);
    let changed = "SELECT COUNT(*) FROM events WHERE outcome = 'done'";
    let before = house.raw.number(changed).await;
    for route in frontdesk::web::routes() {
        let anybody = [
            "/login",
            "/signup",
            "/password",
            "/invitations",
            "/setup",
            "/rescue",
            "/unlock",
            "/logout",
            "/me/idle",
            "/api/reference",
            "/oauth2",
            "/saml",
            "/welcome",
        ];
        if route.path == "/" || anybody.iter().any(|path| route.path.starts_with(path)) {
            continue;
        }
        for slug in ["acme", "other"] {
            let path = route.path.replace("{slug}", slug).replace("{id}", "mem_3MP92WggujNuFkwl8icLusxoDSO").replace("{token}", "none");
            if path == PATH {
                continue;
            }
            let page = if route.method == "GET" { browser.get(&path).await } else { browser.post(&path, &[]).await };
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{} {path}: {}", route.method, page.text());
            assert!(page.text().contains("came by a rescue link"), "{path}: {}", page.text());
            assert_eq!(page.attributes(".actions a", "href"), ["/login"]);
        }
    }
    assert_eq!(house.raw.number(changed).await, before);
    assert_eq!(
        house.raw.number("SELECT COUNT(*) FROM events WHERE outcome = 'refused'").await,
        0,
        "nobody was refused: they are to sign in"
    );
    // Not even by what would be enough for who signs in.
    for (path, field, value) in
        [("/prove", "password", PASSWORD), ("/prove", "code", "000000"), ("/me/security/factor/confirm", "code", "000000")]
    {
        assert_eq!(browser.post(path, &[(field, value.to_owned())]).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(
        house
            .raw
            .texts("SELECT kind FROM session_proofs WHERE session_id IN (SELECT session_id FROM session_proofs WHERE kind = 'rescue')")
            .await,
        ["rescue"]
    );
    house.raw.run(format!("DELETE FROM members WHERE account_id = '{other}'")).await;
    assert_eq!(browser.get("/accounts/other/settings/security").await.status, StatusCode::NOT_FOUND, "of which they are no member");

    // Within its hour it needs no fresh proof, and after it is over.
    house.wait(Span::minutes(59));
    assert_eq!(browser.get(PATH).await.status, StatusCode::OK);
    house.wait(Span::minutes(1));
    assert_eq!(browser.get(PATH).await.location(), "/login?why=rescue_over&next=%2Faccounts%2Facme%2Fsettings%2Fsecurity");
    assert!(browser.get("/login?why=rescue_over").await.text().contains("The hour of the rescue link is over"));
    assert!(browser.get("/me").await.location().starts_with("/login?why=rescue_over"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_administers_no_more_has_no_way_in() {
    let (house, ada) = House::with_ada().await;
    let set = async |set: &str| house.raw.run(format!("UPDATE members SET {set} WHERE search_email = 'ada@example.com'")).await;
    let path = link(&house, &for_ada()).await;
    for (gone, back) in [
        ("disabled_at = 1", "disabled_at = NULL"),
        ("administrator_since = NULL", "administrator_since = 1"),
        ("access_until = 1", "access_until = NULL"),
    ] {
        set(gone).await;
        assert_eq!(house.visitor().get(&path).await.status, StatusCode::NOT_FOUND, "{gone}");
        assert_eq!(house.visitor().post(&path, &[]).await.status, StatusCode::NOT_FOUND, "{gone}");
        assert!(command(&house, &for_ada()).await.is_err(), "{gone}");
        set(back).await;
    }
    let browser = rescued(&house).await;
    assert_eq!(ada.get(PATH).await.status, StatusCode::OK, "her other session lives on");
    for (gone, back) in [
        ("disabled_at = 1", "disabled_at = NULL"),
        ("administrator_since = NULL", "administrator_since = 1"),
        ("access_until = 1", "access_until = NULL"),
    ] {
        set(gone).await;
        let page = browser.get(PATH).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{gone}: {}", page.text());
        assert_eq!(browser.post(PATH, &[("mfa", "off".into())]).await.status, StatusCode::FORBIDDEN, "{gone}");
        set(back).await;
    }
    // The one that is older ended with the newer one; the newer one ends by itself.
    assert_eq!(house.visitor().post(&path, &[]).await.status, StatusCode::NOT_FOUND);
    let path = link(&house, &for_ada()).await;
    house.wait(Span::minutes(15));
    assert_eq!(house.visitor().get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_at_once_one_uses_it() {
    let (house, _) = House::with_ada().await;
    let path = link(&house, &for_ada()).await;
    let browsers: Vec<_> = (0..50).map(|_| house.visitor()).collect();
    let pages = futures_util::future::join_all(browsers.iter().map(|browser| browser.post(&path, &[]))).await;
    let entered = pages.iter().filter(|page| page.location() == PATH).count();
    // Whoever finds the database busy has used nothing up.
    let others = [StatusCode::NOT_FOUND, StatusCode::SERVICE_UNAVAILABLE];
    assert!(entered == 1 && pages.iter().filter(|page| page.location() != PATH).all(|page| others.contains(&page.status)));
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM session_proofs WHERE kind = 'rescue'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_holds_one_session() {
    let (house, ada) = House::with_ada().await;
    let before = ada.cookie();
    let ended = async || house.raw.texts("SELECT COALESCE(ended_why, '') FROM sessions ORDER BY created_at, id").await;
    house.wait(Span::seconds(1));
    assert_eq!(ada.post(&link(&house, &for_ada()).await, &[]).await.location(), PATH);
    assert_ne!(ada.cookie(), before);
    assert_eq!(ended().await, ["replaced", ""]);
    // Signing in replaces the session that came by the link, and signing out ends it.
    house.wait(Span::seconds(1));
    assert_eq!(ada.sign_in("ada@example.com", PASSWORD).await.location(), "/accounts");
    assert_eq!(ended().await, ["replaced", "replaced", ""]);
    assert_eq!(ada.get("/me").await.status, StatusCode::OK);
    let browser = rescued(&house).await;
    assert_eq!(browser.post("/logout", &[]).await.location(), "/login?why=signed_out");
    assert!(browser.get(PATH).await.location().starts_with("/login"));
    // A link that does not work costs nobody their session.
    assert_eq!(ada.post("/rescue/none", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ada.get("/me").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn factor_and_password_are_reset_besides() {
    let (house, ada) = locked_out().await;
    house.account("other").await;
    house.member("other", "ada", READER).await;
    let draft = Draft { reset_factor: true, reset_password: true, ..for_ada() };
    let said = command(&house, &draft).await.unwrap();
    assert!(said.contains("recovery codes are taken away, and 1 session of theirs ended"), "{said}");
    assert!(ada.get("/me").await.location().starts_with("/login?why=factor_changed"));
    assert_eq!(house.raw.number("SELECT (SELECT COUNT(*) FROM factors) + (SELECT COUNT(*) FROM recovery_codes)").await, 0);
    let browser = house.visitor();
    assert_eq!(browser.post(&link_in(&said, "/rescue/"), &[]).await.location(), PATH);
    assert!(save(&browser, "required").await.status.is_redirection(), "what is demanded already is no change");
    let page = browser.post(&link_in(&said, "/password/reset/"), &[("password", "four entirely new words".into())]).await;
    assert_eq!(page.location(), "/login?why=password_changed", "{}", page.text());
    assert!(browser.get(PATH).await.location().starts_with("/login?why=password_changed"), "with all her sessions");
    assert_eq!(browser.sign_in("ada@example.com", "four entirely new words").await.location(), "/accounts");
    assert!(browser.get("/accounts/acme").await.location().starts_with("/me/security/factor"), "acme still demands one");
    let own = house.events(&house.user_id("ada@example.com").await).await;
    for kind in ["mfa_reset.v0", "session_ended.v0", "password_reset_requested.v0", "user_rescued.v0", "password_reset.v0"] {
        assert!(own.iter().any(|event| event == kind), "{kind}: {own:?}");
    }
    let letter = house.letters_to("ada@example.com").await.into_iter().find(|letter| letter.contains("was opened from the host")).unwrap();
    assert!(
        letter.contains("second factor of Ada Lovelace was taken away") && letter.contains("link to choose a new password"),
        "{letter}"
    );
    assert!(command(&house, &draft).await.unwrap_err().contains("has no second factor"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_changes_nothing() {
    let (house, _) = House::with_ada().await;
    house.member("acme", "bob", Roles { billing: Billing::Access, ..READER }).await;
    house.member("acme", "carol", Roles::ADMINISTRATOR).await;
    house.raw.run("UPDATE members SET disabled_at = 1 WHERE search_email = 'carol@example.com'").await;
    let before = everything(&house.raw).await;
    for (draft, says) in [
        (Draft { reason: String::new(), ..for_ada() }, "Say why, with --reason"),
        (Draft { account: "acne".into(), ..for_ada() }, "There is no account acne."),
        (Draft { person: "bob@example.com".into(), ..for_ada() }, "Nobody of the address bob@example.com administers acme."),
        (Draft { person: "nobody@example.com".into(), ..for_ada() }, "Nobody of the address nobody@example.com"),
        (Draft { person: "carol@example.com".into(), ..for_ada() }, "carol@example.com is disabled in acme"),
        (Draft { reset_factor: true, ..for_ada() }, "ada@example.com has no second factor"),
        (Draft { account: String::new(), ..for_ada() }, "Say in which account"),
        (Draft { drill: true, ..for_ada() }, "--drill makes no way in"),
    ] {
        let error = command(&house, &draft).await.unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    let said = command(&house, &Draft::default()).await.unwrap();
    assert!(said.starts_with("acme  Acme\n  ") && said.contains("\n  Ada Lovelace <ada@example.com>  no second factor, "), "{said}");
    assert!(said.contains("carol <carol@example.com>  no second factor, disabled, never seen") && !said.contains("bob"), "{said}");
    // Another key, none, and another schema.
    let key = house.config.data_dir.join("instance.key");
    let own = std::fs::read_to_string(&key).unwrap();
    std::fs::write(&key, "0".repeat(64)).unwrap();
    for draft in [Draft::default(), for_ada(), Draft { drill: true, ..Draft::default() }] {
        assert!(command(&house, &draft).await.unwrap_err().contains("is not the one that this database belongs to"));
    }
    std::fs::remove_file(&key).unwrap();
    assert!(command(&house, &for_ada()).await.unwrap_err().contains("there is none at"));
    assert!(!key.exists(), "none is made");
    std::fs::write(&key, own).unwrap();
    house.raw.run("CREATE TABLE kept AS SELECT * FROM _sqlx_migrations").await;
    house.raw.run("DELETE FROM _sqlx_migrations WHERE version = 6").await;
    assert!(command(&house, &for_ada()).await.unwrap_err().contains("does not have this version's schema"));
    house.raw.run("DELETE FROM _sqlx_migrations").await;
    house.raw.run("INSERT INTO _sqlx_migrations SELECT * FROM kept").await;
    house.raw.run("DROP TABLE kept").await;
    assert_eq!(everything(&house.raw).await, before);
    let nowhere = Config { base_url: String::new(), ..house.config.clone() };
    let error = app::rescue(&nowhere, &for_ada(), std::sync::Arc::new(|| Millis(0)), app::dice()).await.unwrap_err().to_string();
    assert!(error.contains("FRONTDESK_BASE_URL"), "{error}");
}

/// The drill does everything and leaves nothing, while people are in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drill_changes_nothing() {
    let (house, ada) = locked_out().await;
    house.member("acme", "bob", Roles::ADMINISTRATOR).await;
    house.account("second").await;
    house.member("second", "bob", Roles::ADMINISTRATOR).await;
    let before = everything(&house.raw).await;
    let drill = Draft { drill: true, ..Draft::default() };
    let said = command(&house, &drill).await.unwrap();
    for line in [
        "acme: a link for ada@example.com would open its security pages, and nothing else. Letters that say so go to ada@example.com, bob@example.com.",
        "second: a link for bob@example.com would",
        "Links would begin with http://127.0.0.1",
        "Nothing was changed.",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert!(!said.contains("/rescue/"), "{said}");
    let said = command(&house, &Draft { account: "second".into(), ..drill.clone() }).await.unwrap();
    assert!(said.contains("second: ") && !said.contains("acme: "), "{said}");
    assert_eq!(everything(&house.raw).await, before);
    assert_eq!(ada.get("/accounts/acme").await.status, StatusCode::OK, "nobody's session has ended");

    // It finds what is wrong.
    house.raw.run("UPDATE members SET disabled_at = 1 WHERE account_id = (SELECT id FROM accounts WHERE slug = 'second')").await;
    let error = command(&house, &drill).await.unwrap_err();
    assert!(error.contains("second: Nobody administers second who may come in.") && error.contains("acme: a link for"), "{error}");
    house.raw.run("DELETE FROM members").await;
    assert!(command(&house, &Draft { account: "third".into(), ..drill }).await.unwrap_err().contains("There is no account third."));
}

/// The program itself: beside a server and without one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_works_with_and_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let url = new_database().await;
    let run = |base: &str, arguments: &[&str]| {
        let mut command = program(folder.path());
        command.env("DATABASE_URL", &url).env("FRONTDESK_BASE_URL", base).arg("rescue").args(arguments);
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, _, error) = run("http://desk.example.com", &[]);
    assert!(code == Some(1) && !error.is_empty() && !folder.path().join("data").exists(), "{error}");
    let start = || serve(program(folder.path()).env("DATABASE_URL", &url).args(["--listen", "127.0.0.1:0"]));
    let mut server = start();
    let (code, said, _) = run(&server.base, &[]);
    assert_eq!((code, said.as_str()), (Some(0), "There is no account yet.\n"));
    let (code, _, error) = run(&server.base, &["--drill"]);
    assert!(code == Some(1) && error.contains("nothing could be proven"), "{error}");
    // No server of this process may have done so yet.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let send = async |url: String, body: String| {
        client.post(url).header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap()
    };
    let fields = form(&[
        ("token", server.token()),
        ("account", "Acme".into()),
        ("name", "Ada".into()),
        ("email", "ada@example.com".into()),
        ("password", PASSWORD.into()),
    ]);
    assert_eq!(send(format!("{}/setup", server.base), fields).await.status(), StatusCode::SEE_OTHER);
    let (code, said, _) = run(&server.base, &[]);
    assert!(code == Some(0) && said.contains("Ada <ada@example.com>"), "{said}");
    let (code, said, _) = run(&server.base, &["--drill"]);
    assert!(code == Some(0) && said.contains("Nothing was changed."), "{said}");
    let (code, said, error) = run(&server.base, &["--account", "acme", "--person", "ada@example.com"]);
    assert!(code == Some(1) && said.is_empty() && error.contains("--reason"), "{error}");
    let wanted = ["--account", "acme", "--person", "ADA@example.com", "--reason", "She asked"];
    let (code, said, error) = run(&server.base, &wanted);
    assert_eq!(code, Some(0), "{error}");
    let path = link_in(&said, &format!("{}/rescue/", server.base));
    let entered = send(path.clone(), String::new()).await;
    assert_eq!(entered.headers()["location"], PATH);
    assert_eq!(send(path, String::new()).await.status(), StatusCode::NOT_FOUND);
    terminate(&server);
    assert!(server.child.wait().unwrap().success());

    // And without one: the link is for the server that comes.
    let (code, said, error) = run("http://desk.example.com", &wanted);
    assert_eq!(code, Some(0), "{error}");
    let path = link_in(&said, "/rescue/");
    let mut server = start();
    assert_eq!(send(format!("{}{path}", server.base), String::new()).await.headers()["location"], PATH);
    terminate(&server);
    assert!(server.child.wait().unwrap().success());
}
