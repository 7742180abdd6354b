//! The checks see what they are for: each kind of damage, done by hand.

use crate::{
    book::{Acknowledged, Deed},
    check::Wrong,
    dice::Dice,
    scene::Scene,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_is_seen() {
    let mut scene = Scene::set_up(None, 0, 1, &mut Dice::new(1)).await;
    scene.stop();
    let before = scene.findings().await;
    assert_eq!(before.words(), "");
    let of = |name: &str| format!("search_email = '{name}@example.com'");
    let user = |name: &str| format!("SELECT user_id FROM members WHERE {}", of(name));
    for (wrong, damage) in [
        (Wrong::WithoutLetter, "DELETE FROM outbox WHERE id = (SELECT MAX(id) FROM outbox)".to_owned()),
        (Wrong::Lost, "UPDATE outbox SET id = 'let_other' WHERE id = (SELECT MIN(id) FROM outbox WHERE sent_at IS NOT NULL)".to_owned()),
        (Wrong::WithoutEvent, "UPDATE accounts SET name = 'Renamed by nobody'".to_owned()),
        (Wrong::WithoutEvent, format!("UPDATE members SET disabled_at = 1 WHERE {}", of("target0"))),
        (Wrong::WithoutEvent, "UPDATE invitations SET developer = 'read_write' WHERE canonical = 'person0-0@example.com'".to_owned()),
        (Wrong::WithoutEvent, format!("UPDATE users SET name = 'Renamed by nobody' WHERE id IN ({})", user("person0-1"))),
        (Wrong::HalfDone, format!("DELETE FROM member_words WHERE member_id IN (SELECT id FROM members WHERE {})", of("writer0"))),
        (Wrong::HalfDone, "DELETE FROM invitation_tokens WHERE hash = (SELECT MIN(hash) FROM invitation_tokens)".to_owned()),
        (Wrong::HalfDone, "DELETE FROM session_proofs WHERE session_id = (SELECT MIN(id) FROM sessions)".to_owned()),
        (Wrong::HalfDone, format!("DELETE FROM user_emails WHERE user_id IN ({})", user("person0-2"))),
        (Wrong::Lost, format!("DELETE FROM invitation_uses WHERE user_id IN ({})", user("person0-2"))),
        (Wrong::Lost, format!("DELETE FROM members WHERE {}", of("person0-2"))),
        (Wrong::Broken, "UPDATE events SET address = '10.0.0.1' WHERE log = 'instance' AND seq = 1".to_owned()),
        (Wrong::Broken, format!("UPDATE users SET event_seq = event_seq + 1 WHERE id IN ({})", user("target0"))),
        (Wrong::Broken, format!("PRAGMA foreign_keys = OFF; DELETE FROM users WHERE id IN ({})", user("writer0"))),
    ] {
        let before = scene.findings().await.count(wrong);
        scene.run(&damage).await;
        assert!(scene.findings().await.count(wrong) > before, "nobody sees {damage}");
    }
    let done = Acknowledged { deed: Deed::Rename, request: "op_never".into(), about: "Never".into() };
    let before = scene.findings().await.count(Wrong::Lost);
    scene.book.acknowledged.push(done);
    assert_eq!(scene.findings().await.count(Wrong::Lost), before + 1);
}
