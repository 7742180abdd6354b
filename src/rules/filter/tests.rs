use std::cell::Cell;

use super::*;

/// Everything that some resource has, and one of each other kind.
pub const FIELDS: &[(&str, Kind)] = &[
    ("id", Kind::Id),
    ("created_at", Kind::Time),
    ("description", Kind::Text),
    ("metadata", Kind::Text),
    ("owner_id", Kind::Id),
    ("acl", Kind::List),
    ("enforced", Kind::Truth),
    ("uses", Kind::Number),
];

/// 2026-01-31T12:00:00Z
pub const NOW: Millis = Millis(1_769_860_800_000);

#[derive(Clone, Debug)]
pub struct Thing {
    pub id: String,
    pub created_at: Option<Millis>,
    pub description: Option<String>,
    pub metadata: Option<String>,
    pub owner_id: Option<String>,
    pub acl: Option<Vec<String>>,
    pub enforced: Option<bool>,
    pub uses: Option<i64>,
}

impl Thing {
    pub fn value(&self, field: &str) -> Value<'_> {
        match field {
            "id" => Some(Value::Text(&self.id)),
            "created_at" => self.created_at.map(Value::Time),
            "description" => self.description.as_deref().map(Value::Text),
            "metadata" => self.metadata.as_deref().map(Value::Text),
            "owner_id" => self.owner_id.as_deref().map(Value::Text),
            "acl" => self.acl.as_deref().map(Value::List),
            "enforced" => self.enforced.map(Value::Truth),
            "uses" => self.uses.map(Value::Number),
            _ => panic!("nobody may ask for {field}"),
        }
        .unwrap_or(Value::Null)
    }
}

pub fn read(text: &str) -> Result<Filter, String> {
    Filter::parse(text, FIELDS, NOW)
}

pub fn thing() -> Thing {
    Thing {
        id: "cr_1".to_owned(),
        // A day before now.
        created_at: Some(Millis(NOW.0 - 86_400_000)),
        description: Some("Büro \"A\"\n".to_owned()),
        metadata: None,
        owner_id: Some("usr_7".to_owned()),
        acl: Some(vec!["bind:example.com".to_owned(), "bind:*".to_owned()]),
        enforced: Some(true),
        uses: Some(3),
    }
}

fn bare() -> Thing {
    Thing { created_at: None, description: None, owner_id: None, acl: None, enforced: None, uses: None, ..thing() }
}

fn admits(text: &str, thing: &Thing) -> bool {
    read(text).unwrap_or_else(|error| panic!("{text}: {error}")).admits(|field| thing.value(field))
}

fn admit(thing: &Thing, yes: &[&str], no: &[&str]) {
    for text in yes {
        assert!(admits(text, thing), "{text}");
    }
    for text in no {
        assert!(!admits(text, thing), "{text}");
    }
}

#[test]
fn the_published_examples_are_read() {
    for text in [
        r#"obj.owner_id == "usr_2tEpN0yrxDI4j8jVnhVRoTNN2Tx" && (obj.acl == null || obj.acl == "")"#,
        r#"obj.description == "cloud" && obj.created_at < timestamp("2025-10-31T09:23:45-07:00")"#,
        r#"obj.description == "cloud" && obj.created_at > timestamp(time.now).subtract("7d")"#,
        r#"obj.metadata in ["foo.com","bar.com","baz.com"] || (obj.created_at < timestamp("2025-05-10Z") && obj.description.contains("cowbell"))"#,
        r#"obj.metadata.startsWith("myapi.ngrok")"#,
        r#"obj.metadata.contains("1.1.0.0/16") && obj.description == "deny""#,
    ] {
        assert!(read(text).is_ok(), "{text}: {:?}", read(text));
    }
}

#[test]
fn operators_bind_as_in_cel() {
    admit(
        &thing(),
        &[
            "true || true && false",
            "false && false || true",
            "!false && true",
            "!(false && true)",
            "!!true",
            "! ! !false",
            "1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3 && 1 != 2 && -1 < 0",
            "(1 == 1) == true",
            "false < true",
            "\t( true\r\n)\x0c",
            "!obj.enforced || obj.enforced",
        ],
        &["(true || true) && false", "!true || false", "!(true || false)", "!obj.enforced", "2 < 2", "2 > 2", "1 >= 2", "2 <= 1", "2 != 2"],
    );
}

#[test]
fn values_are_compared_by_kind() {
    admit(
        &thing(),
        &[
            r#"obj.id == "cr_1""#,
            r#""cr_1" == obj.id"#,
            r#"obj.id < "cr_2" && obj.id >= "cr_1" && obj.id > "cr" && obj.owner_id > obj.id"#,
            r#"obj.id != 1 && obj.uses != "3" && obj.acl != "bind:*" && obj.enforced != "true""#,
            "obj.uses == 3 && obj.uses > 2",
            "obj.acl == obj.acl",
            r#"size(obj.acl) == 2 && size(obj.description) == 9 && size(obj.id) == 4 && size("é🦀") == 2"#,
            "obj.enforced == true && obj.enforced > false",
        ],
        &[
            r#"obj.id == "cr_2""#,
            r#"obj.id == "CR_1""#,
            "obj.id == 1",
            "obj.uses == true",
            "obj.acl == obj.id",
            "obj.created_at == obj.uses",
        ],
    );
}

#[test]
fn what_is_missing_is_empty_and_nothing_else_is() {
    let empty = Thing { description: Some(String::new()), acl: Some(Vec::new()), ..bare() };
    for thing in [bare(), empty] {
        admit(
            &thing,
            &[
                "obj.acl == null && obj.acl == \"\" && obj.description == null && obj.description == ''",
                "null == obj.acl && '' == obj.acl && obj.acl == obj.description && null == null && null == ''",
                r#"obj.description in [null] && obj.description in ["x", ""]"#,
                "size(obj.acl) == 0 && size(obj.description) == 0",
                r#"obj.description < "a" && obj.description <= "" && obj.description.startsWith("")"#,
                "obj.created_at == null && obj.uses == null && obj.created_at != timestamp(time.now)",
                "obj.enforced == false && !obj.enforced && obj.enforced != null",
            ],
            &[
                r#"obj.acl == "x" || "x" in obj.acl || null in obj.acl || "" in obj.acl"#,
                "obj.acl != null || obj.acl != '' || obj.description != null",
                "obj.created_at < timestamp(time.now) || obj.created_at >= timestamp(time.now)",
                "obj.uses < 1 || obj.uses >= 1 || obj.uses <= obj.uses || obj.enforced",
                "null == false || null == 0 || '' == false",
            ],
        );
    }
    admit(
        &thing(),
        &["obj.acl != null && obj.acl != '' && obj.description != null && obj.created_at != null && obj.metadata == null"],
        &["obj.acl == null", "obj.acl == ''", "obj.description == null", "obj.description in ['', null]", "obj.enforced == null"],
    );
}

#[test]
fn lists_are_looked_into() {
    admit(
        &thing(),
        &[
            r#""bind:*" in obj.acl"#,
            r#"!("bind:" in obj.acl)"#,
            r#"obj.id in ["x", 'cr_1',]"#,
            r#"obj.uses in [1, "3", 3] && obj.created_at in [timestamp(time.now).subtract("24h")]"#,
            "obj.enforced in [true]",
        ],
        &["obj.id in obj.acl", "obj.id in []", r#"obj.id in ["CR_1", "cr_", null]"#, "1 in obj.acl"],
    );
}

#[test]
fn parts_of_texts_are_found() {
    admit(
        &thing(),
        &[
            r#"obj.description.startsWith("Bü") && obj.description.endsWith("\n") && obj.description.contains("ro \"A")"#,
            r#""abc".contains("b") && "abc".startsWith(obj.metadata)"#,
        ],
        &[
            r#"obj.description.startsWith("bü") || obj.description.startsWith("ü")"#,
            r#"obj.description.endsWith("A") || obj.description.endsWith("\"A")"#,
            r#"obj.metadata.contains("x")"#,
        ],
    );
}

#[test]
fn texts_have_the_escapes_of_cel() {
    admit(
        &thing(),
        &[
            r#""a\\b\"c\'d" == 'a\\b"c\'d'"#,
            r#"size("\n\t\r\\\"\'") == 6"#,
            r#""\u0042\u00fcro \"A\"\u000A" == obj.description"#,
            r#"'it"s' == "it\"s""#,
        ],
        &[r#""\\n" == "\n""#],
    );
    for wrong in
        [r#""\x41""#, r#""\u12""#, r#""\u+123""#, r#""\ud800""#, r#""\u00é9""#, r#""\"#, "\"a\nb\"", "\"abc", "'abc\"", r#""abc\""#]
    {
        assert!(read(&format!("{wrong} == ''")).is_err(), "{wrong}");
    }
}

#[test]
fn times_are_moments() {
    admit(
        &thing(),
        &[
            r#"obj.created_at == timestamp("2026-01-30T12:00:00Z")"#,
            r#"obj.created_at == timestamp("2026-01-30T14:00:00.000999+02:00")"#,
            r#"obj.created_at >= timestamp(time.now).subtract("1d") && obj.created_at < timestamp(time.now).subtract("23h59m59s")"#,
            r#"timestamp(time.now).add("24h").subtract("1d") == time.now && timestamp(timestamp(time.now)) == time.now"#,
            r#"timestamp("2025-05-10Z") == timestamp("2025-05-10t00:00:00z") && timestamp("2025-05-10 00:00:00Z") < obj.created_at"#,
            r#"timestamp(obj.created_at) < time.now && timestamp("0001-01-01T00:00:00Z") < timestamp("1969-12-31T23:59:59.9995Z")"#,
            r#"timestamp("1969-12-31T23:59:59.9995Z") < timestamp("1970-01-01T00:00:00Z")"#,
            r#"timestamp("2016-12-31T23:59:60Z") < timestamp("2017-01-01T00:00:00Z")"#,
            r#"timestamp(time.now).add("1h30m") == timestamp("2026-01-31T13:30:00Z") && timestamp(time.now).add("0s") == time.now"#,
        ],
        &[r#"obj.created_at == "2026-01-30T12:00:00Z""#, r#"obj.created_at > timestamp(time.now).subtract("23h")"#],
    );
    for wrong in ["", "2026-01-30", "2026-01-30T12:00:00", "2026-02-30T12:00:00Z", "0000-12-31T23:59:59Z", "9999-12-31T23:59:59-00:01"]
        .into_iter()
        .chain(["2026-01-30X12:00:00Z", "2026-01-30T25:00:00Z", "now", "éééééZ", "20260130Z", "12026-01-30T12:00:00Z", "2026-01-3éZ"])
    {
        assert!(read(&format!("timestamp(\"{wrong}\") == time.now")).is_err(), "{wrong}");
    }
    for wrong in ["", "7", "d", "-7d", "1.5h", "7D", "1w", "1ms", "1 d", "7d ", "99999999999999999999d", "9223372036854775807d", "3000000d"]
    {
        for method in ["add", "subtract"] {
            assert!(read(&format!("timestamp(time.now).{method}(\"{wrong}\") == time.now")).is_err(), "{method} {wrong}");
        }
    }
    for edge in [i64::MIN, i64::MAX] {
        assert!(Filter::parse("time.now.add(\"1s\").subtract(\"1s\") == time.now", FIELDS, Millis(edge)).is_err());
    }
}

#[test]
fn what_decides_is_enough() {
    let asked = |text: &str| {
        let (asked, thing) = (Cell::new(0), thing());
        read(text).unwrap().admits(|field| {
            asked.set(asked.get() + 1);
            thing.value(field)
        });
        asked.get()
    };
    assert_eq!(asked("obj.enforced || obj.uses == 1 || obj.uses == 2"), 1);
    assert_eq!(asked("!obj.enforced && obj.uses == 1 && obj.uses == 2"), 1);
    assert_eq!(asked("obj.uses in [1, 2, 3]"), 1);
    assert_eq!(asked("true || obj.enforced"), 0);
}

#[test]
fn what_is_demanded_is_known() {
    for (text, demanded) in [
        (r#"obj.owner_id == "u""#, Some("u")),
        (r#""u" == obj.owner_id"#, Some("u")),
        (r#"obj.owner_id in ["u"]"#, Some("u")),
        (r#"obj.enforced && (obj.uses == 1 && (obj.owner_id == "u")) && obj.id == "x""#, Some("u")),
        (r#"obj.owner_id == "u" && obj.owner_id == "v""#, Some("u")),
        (r#"obj.owner_id == "" && obj.owner_id == null"#, None),
        (r#"obj.owner_id in ["u", "v"]"#, None),
        (r#"obj.owner_id == "u" || obj.enforced"#, None),
        (r#"!(obj.owner_id == "u")"#, None),
        (r#"obj.owner_id != "u" && obj.owner_id <= "u" && obj.id == "u" && "u" == "u""#, None),
        (r#"(obj.owner_id == "u") == true"#, None),
    ] {
        assert_eq!(read(text).unwrap().demanded("owner_id"), demanded, "{text}");
    }
    assert_eq!(read(r#"obj.acl == "u""#).unwrap().demanded("acl"), None);
}
