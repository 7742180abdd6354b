use super::{
    Filter,
    tests::{Thing, read, thing},
};

/// The ids of bot users have two names.
#[test]
fn ids_are_found_by_either_name() {
    let ksuid = "3MP92WggujNuFkwl8icLusxoDSO";
    let (bot, service) = (format!("bot_{ksuid}"), format!("service_{ksuid}"));
    let thing = Thing { id: bot.clone(), description: Some(service.clone()), ..thing() };
    for (filter, holds) in [
        (format!("obj.id == '{service}' && '{service}' == obj.id && obj.id in ['x', '{service}']"), true),
        (format!("obj.id != '{service}' || obj.id < '{service}' || obj.id > '{service}'"), false),
        (format!("obj.description == '{service}' && obj.description != '{bot}'"), true),
    ] {
        assert_eq!(read(&filter).unwrap().admits(|field| thing.value(field)), holds, "{filter}");
    }
    assert_eq!(read(&format!("obj.owner_id == '{service}'")).unwrap().demanded("owner_id"), Some(&*bot));
    assert!(Filter::all().admits(|_| panic!("nothing is asked")));
}
