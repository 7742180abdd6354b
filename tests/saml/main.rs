//! The service provider's core, against answers as they should be and as they should not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on should say where")]

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use frontdesk::protocols::saml::certificate::Certificate;

mod cases;
mod certificates;
mod costs;
mod good;
mod hostile;
mod judge;
mod metadata;
mod mutations;
mod requests;
mod second_opinion;
mod signer;
mod sweep;
mod third_opinion;
mod vendors;

/// Each of them is believed, and says what was signed.
#[test]
fn good_answers_are_believed() {
    let cases = good::cases();
    for case in &cases {
        assert_eq!(case.read().map(Box::new), case.outcome, "{}: {}", case.name, String::from_utf8_lossy(&case.document()));
    }
    assert!(cases.len() >= 20);
}

/// Each of them is refused, for its own reason.
#[test]
fn hostile_answers_are_refused() {
    let cases = hostile::cases();
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            let outcome = case.read().map(Box::new);
            (outcome != case.outcome).then(|| format!("{}: {outcome:?} and not {:?}", case.name, case.outcome))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() >= 120, "{}", cases.len());
}

/// No name is used for two cases: a failure has to say which one it is of.
#[test]
fn cases_have_names_of_their_own() {
    let mut seen = HashSet::new();
    for case in good::cases().iter().chain(&hostile::cases()) {
        assert!(seen.insert(case.name), "{} is there twice", case.name);
    }
}

/// For how long documents are changed at random, at least.
fn patience() -> Duration {
    Duration::from_secs(setting("SAML_MUTATIONS", 3))
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().expect(name))
}

/// Whatever is done to documents: nothing panics, and what is believed is what was signed. For 3 seconds, or as many as
/// `SAML_MUTATIONS` says.
#[test]
fn changed_answers_are_refused_or_say_what_was_signed() {
    // Of hostile ones that were signed with the right key, some would be good with their fault taken out: that is no forgery.
    let (good, hostile) = (good::cases(), hostile::cases());
    let documents = good.iter().chain(hostile.iter().filter(|case| !case.is_signed_anew));
    // Good ones count more often: a step away from them is where things could go wrong.
    let documents = documents.chain(good.iter().cycle().take(hostile.len()));
    let documents: Vec<_> = documents.map(cases::Case::document).filter(|document| document.len() < 20_000).collect();
    let (judge, mut believed) = (judge::Judge::new(), 0);
    let count = mutations::mutations(setting("SAML_SEED", 1), Instant::now() + patience(), &documents, |document| {
        believed += u64::from(judge.judge(document));
    });
    println!("{count} documents, {believed} of them believed");
    assert!(believed > 0, "nothing was believed: nothing was proved");
}

/// Nor does anything panic that reads what administrators hand in.
#[test]
fn changed_metadata_and_certificates_are_read_or_refused() {
    let half = patience() / 2;
    let documents = [metadata::usual().into_bytes(), metadata::group().into_bytes()];
    mutations::mutations(setting("SAML_SEED", 1), Instant::now() + half, &documents, |document| {
        let _ = frontdesk::protocols::saml::metadata::Metadata::read(&String::from_utf8_lossy(document), true);
    });
    let names = ["idp", "p256", "dsa", "short", "ed25519"];
    let certificates = names.map(|name| {
        let pem = signer::pem(&format!("{name}.crt"));
        STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap()
    });
    mutations::mutations(setting("SAML_SEED", 1), Instant::now() + half, &certificates, |der| {
        if let Ok(certificate) = Certificate::parse(&STANDARD.encode(der)) {
            assert_eq!(Certificate::parse(&certificate.pem()).as_ref(), Ok(&certificate));
            let _ = (certificate.subject().len(), certificate.fingerprint());
        }
    });
}

/// What is kept of a connection can be shared by those who answer.
#[test]
fn certificates_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: T) {}
    shared(cases::certificate("idp"));
    shared(cases::asserted());
}
