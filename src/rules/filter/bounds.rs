use super::{
    Filter,
    tests::{FIELDS, NOW},
};
use crate::rules::time::Millis;

#[test]
fn bounds_in_time_are_found_where_they_hold_for_all() {
    let (early, late) = ("timestamp(\"2026-01-01T00:00:00Z\")", "timestamp(\"2026-01-02T00:00:00Z\")");
    let [first, second] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"].map(Millis::parse);
    for (text, bounds) in [
        (format!("obj.created_at > {early}"), (first, None)),
        (format!("obj.created_at >= {early} && obj.created_at < {late}"), (first, second)),
        (format!("{early} < obj.created_at && {late} >= obj.created_at"), (first, second)),
        (format!("obj.created_at == {early}"), (first, first)),
        (format!("obj.description == \"x\" && (obj.created_at <= {late})"), (None, second)),
        (format!("obj.created_at > {early} || obj.uses == 1"), (None, None)),
        (format!("!(obj.created_at > {early})"), (None, None)),
        (format!("obj.created_at != {early}"), (None, None)),
        ("obj.uses == 1".to_owned(), (None, None)),
    ] {
        let filter = Filter::parse(&text, FIELDS, NOW).unwrap();
        assert_eq!((filter.not_before("created_at"), filter.not_after("created_at")), bounds, "{text}");
        assert_eq!(filter.not_before("uses"), None, "{text}");
    }
}
