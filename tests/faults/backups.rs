//! Backups while others write: each restores, is sound, and has everything that was acknowledged before it was begun.

use std::time::{Duration, Instant};

use crate::{
    desk::{Desk, Load, another, set_up},
    kit::new_database,
    look::wrongs,
    number, say,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_backup_under_load_restores() {
    let wanted = number("FRONTDESK_FAULTS_BACKUPS", 20);
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::new(&folder.path().join("data"), &new_database().await);
    let server = desk.serve();
    let mut inviters = vec![set_up(&server).await];
    for name in ["second", "third", "fourth"] {
        inviters.push(another(&server, name).await);
    }
    let load = Load::begin(inviters);
    let (mut made, mut longest) = (Vec::new(), Duration::ZERO);
    for n in 0..wanted {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let acknowledged = load.acknowledged();
        let file = folder.path().join(format!("backup{n}"));
        let began = Instant::now();
        let (desk, name) = (desk.clone(), file.display().to_string());
        tokio::task::spawn_blocking(move || desk.run(&["backup", &name])).await.unwrap().unwrap();
        longest = longest.max(began.elapsed());
        made.push((file, acknowledged));
    }
    let answers = load.end().await;
    let slowest = answers.iter().map(|answer| answer.took).max().unwrap();
    let refused = answers.iter().filter(|answer| !answer.is_done()).count();
    drop(server);

    let (mut restored, mut wrong) = (0, Vec::new());
    for (n, (file, acknowledged)) in made.iter().enumerate() {
        let place = Desk::new(&folder.path().join(format!("place{n}/data")), &new_database().await);
        std::fs::create_dir(place.data.parent().unwrap()).unwrap();
        place.run(&["restore", &file.display().to_string()]).unwrap();
        let raw = place.raw().await;
        wrong.extend(wrongs(&raw, acknowledged).await);
        assert_eq!(raw.number("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await, 0);
        raw.close().await;
        restored += 1;
    }
    let last = made.last().unwrap().1.len();
    say(&format!(
        "REL-18 backups={} restored={restored} acknowledged_before_the_last={last} writes={} refused={refused} slowest_write_ms={} longest_backup_ms={} wrong={}",
        made.len(),
        answers.len(),
        slowest.as_millis(),
        longest.as_millis(),
        wrong.len()
    ));
    assert_eq!((restored, wrong), (wanted, Vec::<String>::new()));
    assert!(last > made.len(), "too little was written to prove anything");
    assert_eq!(refused, 0, "nobody who writes notices a backup");
}
