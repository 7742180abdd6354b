//! No file descriptors left: for visitors there are fewer seats, and what happens all the same is survived.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    child::{program, without_settings},
    client::Client,
    server::Loaded,
};

fn limit(house: &Loaded, soft: u32) {
    let process = house.server.child.id().to_string();
    let limit = format!("--nofile={soft}:128");
    assert!(Command::new("prlimit").args(["--pid", &process, &limit]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_out_of_descriptors_is_survived() {
    let _turn = crate::turn().await;
    let limited = |folder: &std::path::Path| {
        let mut command = without_settings(Command::new("prlimit"), folder);
        command.arg("--nofile=128").arg("--").arg(program(folder).get_program());
        command
    };
    let house = Loaded::from(limited, &[]).await;
    assert!(house.log().contains("the limit on open files leaves room for fewer connections"), "{}", house.log());

    // More come than there is room for: some are served, the others told so, and whoever is in stays in.
    let mut seated = Vec::new();
    let (mut refused, mut hung_up) = (0, 0);
    for _ in 0..200 {
        let mut client = house.client().await;
        match client.get("/login").await.map(|answer| answer.status) {
            Ok(200) => seated.push(client),
            Ok(503) => refused += 1,
            Ok(other) => panic!("{other}"),
            Err(_) => hung_up += 1,
        }
    }
    for client in &mut seated {
        assert_eq!(client.get("/login").await.unwrap().status, 200);
    }
    println!("descriptors: of 200 at a limit of 128, {} served, {refused} refused, {hung_up} hung up on", seated.len());
    assert!(seated.len() >= 32 && hung_up == 0);

    // Room, but nothing to take a connection with: it waits, without working itself to death.
    seated.truncate(8);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    limit(&house, 20);
    let mut waiting: Vec<Client> = futures_util::future::join_all((0..20).map(|_| house.client())).await;
    let before = house.worked();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let worked = house.worked().checked_sub(before).unwrap();
    assert_eq!(seated[0].get("/healthz").await.unwrap().status, 200, "who is in is served");
    limit(&house, 128);
    let began = Instant::now();
    for client in &mut waiting {
        assert_eq!(client.get("/login").await.unwrap().status, 200);
    }
    let recovered = began.elapsed();
    println!("descriptors: 3 s without any took {worked:.0?} of work; everybody who waited was served {recovered:.1?} later");
    assert!(house.log().contains("a connection could not be taken"), "{}", house.log());
    assert!(worked < Duration::from_millis(600), "{worked:?}");
    assert!(recovered < Duration::from_secs(5), "{recovered:?}");
}
