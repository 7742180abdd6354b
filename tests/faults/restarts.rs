//! PostgreSQL killed and started again under load: errors last as long as it is away and not much longer, and what was
//! acknowledged stays.

use std::time::{Duration, Instant};

use crate::{
    cluster::Cluster,
    desk::{Desk, Load, another, set_up},
    kit::on_postgres,
    look::wrongs,
    number, say,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_of_postgresql_all_goes_on() {
    if !on_postgres() {
        return;
    }
    let restarts = number("FRONTDESK_FAULTS_RESTARTS", 5);
    let mut cluster = Cluster::new().await;
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::new(&folder.path().join("data"), &cluster.new_database("restarts").await);
    let server = desk.serve();
    let mut inviters = vec![set_up(&server).await];
    for name in ["second", "third", "fourth"] {
        inviters.push(another(&server, name).await);
    }
    let load = Load::begin(inviters);
    let mut outages = Vec::new();
    for n in 0..restarts {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let away = Instant::now();
        cluster.kill();
        tokio::time::sleep(Duration::from_millis(u64::try_from(n % 3).unwrap() * 400)).await;
        cluster.start().await;
        outages.push((away, Instant::now()));
    }
    tokio::time::sleep(Duration::from_secs(6)).await;
    let answers = load.end().await;
    // An answer that was asked for before or while it was away, or just after, may be an error.
    let patience = Duration::from_secs(5);
    let in_outage = |asked: Instant, took: Duration| outages.iter().any(|(away, back)| asked + took >= *away && asked <= *back + patience);
    let errors: Vec<_> = answers.iter().filter(|answer| !answer.is_done()).collect();
    let outside = errors.iter().filter(|answer| !in_outage(answer.asked, answer.took)).count();
    let broken = errors.iter().filter(|answer| !matches!(answer.status, Some(503))).count();
    let recovered = outages.iter().map(|(_, back)| {
        let done = answers.iter().filter(|answer| answer.is_done() && answer.asked + answer.took > *back);
        done.map(|answer| (answer.asked + answer.took).duration_since(*back)).min().expect("it goes on")
    });
    let recovered = recovered.max().unwrap();
    let acknowledged: Vec<_> = answers.iter().filter(|answer| answer.is_done()).map(|answer| answer.address.clone()).collect();
    drop(server);
    let raw = desk.raw().await;
    let wrong = wrongs(&raw, &acknowledged).await;
    raw.close().await;
    say(&format!(
        "REL-05 restarts={restarts} acknowledged={} errors={} of_them_not_503={broken} errors_outside={outside} goes_on_after_ms_max={} wrong={}",
        acknowledged.len(),
        errors.len(),
        recovered.as_millis(),
        wrong.len()
    ));
    assert_eq!(wrong, Vec::<String>::new());
    assert!(outside == 0 && recovered <= patience);
    let others: Vec<_> = errors.iter().filter(|answer| !matches!(answer.status, Some(503))).take(5).collect();
    assert_eq!(broken, 0, "{others:?}");
}
