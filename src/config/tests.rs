use super::*;

fn found(variables: &[(&str, &str)]) -> Result<Found, ConfigError> {
    let mut found = Found::defaults();
    found.read_environment(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))?;
    Ok(found)
}

#[test]
fn the_defaults_are_a_configuration() {
    let config = Found::defaults().check().unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.data_dir, PathBuf::from("./data"));
    assert!(config.database_url.is_empty() && config.metrics_listen.is_none());
}

#[test]
fn later_places_win() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("frontdesk.toml");
    std::fs::write(
        &file,
        "listen = \"127.0.0.1:1\"\nsession_idle = \"1h\"\nattempts_per_user = 30\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n",
    )
    .unwrap();
    let mut all = Found::defaults();
    all.read_file(&file).unwrap();
    all.read_environment([("FRONTDESK_SESSION_IDLE".to_owned(), "2h".to_owned())]).unwrap();
    all.set_flag(&SETTINGS[0], "127.0.0.1:2".to_owned());
    let config = all.check().unwrap();
    assert_eq!((config.listen.port(), config.sessions.idle, config.lockouts.everywhere), (2, Span::hours(2), 30));
    assert_eq!(config.trusted_proxies.len(), 2);
    let report = all.report();
    for place in ["from --listen", "from FRONTDESK_SESSION_IDLE", "frontdesk.toml", "from default"] {
        assert!(report.contains(place), "{place} in {report}");
    }
}

#[test]
fn unknown_keys_are_errors_everywhere() {
    let error = found(&[("FRONTDESK_LISTN", "x")]).unwrap_err().to_string();
    assert!(error.contains("FRONTDESK_LISTN") && error.contains("Did you mean listen"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("frontdesk.toml");
    for (text, says) in [("sesion = 1", "no setting sesion"), ("[listen]\na = 1", "listen takes"), ("listen = ", "frontdesk.toml")] {
        std::fs::write(&file, text).unwrap();
        let error = Found::defaults().read_file(&file).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    assert!(found(&[("PATH", "/bin")]).is_ok());
}

#[test]
fn secrets_are_masked_and_may_stand_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    std::fs::write(&file, "postgres://desk:s3cret@db/desk\n").unwrap();
    let all = found(&[("DATABASE_URL_FILE", file.to_str().unwrap()), ("FRONTDESK_SMTP_URL", "smtp://u:s3cret@mail:587")]).unwrap();
    assert_eq!(all.check().unwrap().database_url, "postgres://desk:s3cret@db/desk");
    let report = all.report();
    assert!(!report.contains("s3cret") && report.contains("postgres://desk:hidden@db/desk"), "{report}");
    assert_eq!(mask("not a url: s3cret"), "(hidden)");
    assert_eq!([mask("a:s3cret"), mask("sqlite:x.db")], ["(hidden)", "sqlite:x.db"]);
    assert!(!mask("smtp://s3cret@mail").contains("s3cret"));
    let broken = folder.path().join("broken.toml");
    std::fs::write(&broken, "listen = \"127.0.0.1:1\"\ndatabase_url = \"postgres://u:s3cret@h/d\n").unwrap();
    let error = Found::defaults().read_file(&broken).unwrap_err().to_string();
    assert!(error.contains("line 2") && !error.contains("s3cret"), "{error}");
    assert!(found(&[("DATABASE_URL_FILE", file.to_str().unwrap()), ("DATABASE_URL", "sqlite:x")]).is_err());
    assert!(!mask("postgres://h/d?user=a&password=s3cret").contains("s3cret"));
}

#[test]
fn bad_values_name_key_place_and_what_is_taken() {
    for (name, value) in [
        ("FRONTDESK_LISTEN", "3000"),
        ("FRONTDESK_BASE_URL", "desk.example.com"),
        ("FRONTDESK_BASE_URL", "https://desk.example.com/path"),
        ("FRONTDESK_BASE_URL", "https://user@desk.example.com"),
        ("DATABASE_URL", "mysql://db/desk"),
        ("FRONTDESK_SESSION_IDLE", "soon"),
        ("FRONTDESK_PASSWORD_MEMORY_KIB", "1"),
        ("FRONTDESK_PASSWORD_PARALLELISM", "0"),
        ("FRONTDESK_PASSWORD_HISTORY", "25"),
        ("FRONTDESK_TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
        ("FRONTDESK_LOG_FORMAT", "xml"),
        ("FRONTDESK_SMTP_URL", "http://mail"),
        ("FRONTDESK_DATA_DIR", ""),
        ("FRONTDESK_SESSION_IDLE", "30d"),
        ("FRONTDESK_SESSIONS_KEPT", "13d"),
        ("FRONTDESK_ATTEMPTS_KEPT", "1d"),
        ("FRONTDESK_GITHUB_URL", "https://github.com/login"),
        ("FRONTDESK_GOOGLE_ISSUER", "accounts.google.com"),
    ] {
        let error = found(&[(name, value)]).unwrap().check().unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(" is not "), "{error}");
    }
}

#[test]
fn every_setting_has_a_sentence_and_one_name_in_three_spellings() {
    for setting in SETTINGS {
        assert!(setting.sentence.ends_with('.'), "{}", setting.key);
        let expected = format!("FRONTDESK_{}", setting.key.to_ascii_uppercase());
        assert!(setting.variable == expected || setting.variable == "DATABASE_URL", "{}", setting.key);
    }
}

#[test]
fn github_and_google_take_both_halves() {
    let of = |said: &[(&str, &str)]| found(said).unwrap().check().map(|config| config.social);
    assert!(of(&[]).unwrap().is_empty());
    for one in ["GITHUB", "GOOGLE"] {
        let [id, secret] = ["ID", "SECRET"].map(|half| format!("FRONTDESK_{one}_CLIENT_{half}"));
        let clients = of(&[(&id, "us"), (&secret, "s3cret")]).unwrap();
        assert_eq!(clients.iter().map(|client| client.provider.word()).collect::<Vec<_>>(), [one.to_lowercase()]);
        assert!(clients[0].url.starts_with("https://"));
        for (half, missing) in [(&id, "client_secret"), (&secret, "client_id")] {
            let error = of(&[(half, "s3cret")]).unwrap_err().to_string();
            assert!(error.contains(missing) && error.contains("belong together") && !error.contains("s3cret"), "{error}");
        }
        let report = found(&[(&id, "us"), (&secret, "s3cret")]).unwrap().report();
        assert!(!report.contains("s3cret"), "{report}");
    }
}
