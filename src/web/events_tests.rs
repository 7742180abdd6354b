use super::*;

fn asked(change: impl FnOnce(&mut Asked)) -> Asked {
    let mut asked = Asked::default();
    change(&mut asked);
    asked
}

#[test]
fn people_are_found_however_their_address_is_written() {
    let filter = asked(|a| a.actor = " Ada@Example.COM ".into()).check(&Zone::utc()).unwrap();
    assert_eq!(filter.actor.as_deref(), Some("ada@example.com"));
    let filter = asked(|a| a.target = "mem_123".into()).check(&Zone::utc()).unwrap();
    assert_eq!(filter.target.as_deref(), Some("mem_123"));
}

#[test]
fn a_day_as_the_end_is_included() {
    let filter = asked(|a| (a.from, a.until) = ("2026-11-21".into(), "2026-11-21".into())).check(&Zone::utc()).unwrap();
    assert_eq!(filter.until.unwrap().since(filter.from.unwrap()), crate::rules::time::Span::days(1));
}

#[test]
fn every_bad_field_is_named() {
    let faults =
        asked(|a| (a.r#type, a.address, a.from, a.until) = ("nonsense".into(), "10.0.0.0/8".into(), "soon".into(), "later".into()))
            .check(&Zone::utc())
            .unwrap_err();
    assert_eq!(faults.iter().map(|fault| fault.field).collect::<Vec<_>>(), ["type", "address", "from", "until"]);
    assert!(asked(|a| (a.from, a.until) = ("2026-11-22".into(), "2026-11-21".into())).check(&Zone::utc()).is_err());
}

#[test]
fn links_carry_the_filter_and_escape_it() {
    let link = asked(|a| (a.actor, a.before) = ("a&b=c@example.com".into(), "9".into())).link("/x", "before", 7);
    assert_eq!(link, "/x?actor=a%26b%3Dc%40example.com&before=7");
}
