use proptest::prelude::*;

use super::{
    tests::{FIELDS, NOW, Thing, read},
    *,
};

/// A filter that is true or false, before it is written down.
#[derive(Clone, Debug)]
enum Truth {
    Literal(bool),
    Enforced,
    Texts(Text, &'static str, Text),
    Empty(&'static str, bool),
    Sizes(&'static str, &'static str, i64),
    Times(&'static str, i64),
    Among(Text, Vec<String>),
    Within(Text),
    Search(&'static str, &'static str, Text),
    Not(Box<Truth>),
    All(Vec<Truth>),
    Any(Vec<Truth>),
}

#[derive(Clone, Debug)]
enum Text {
    Literal(String),
    Field(&'static str),
}

/// Writes a text with the escapes that it needs, and some that it does not.
fn quoted(text: &str) -> String {
    let mut written = String::from("\"");
    for c in text.chars() {
        match c {
            '\\' | '"' | '\'' => written.extend(['\\', c]),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            'é' => written.push_str("\\u00E9"),
            _ => written.push(c),
        }
    }
    written + "\""
}

impl Text {
    fn written(&self) -> String {
        match self {
            Self::Literal(text) => quoted(text),
            Self::Field(name) => format!("obj.{name}"),
        }
    }

    fn of(&self, thing: &Thing) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Field("id") => thing.id.clone(),
            Self::Field("owner_id") => thing.owner_id.clone().unwrap_or_default(),
            Self::Field("metadata") => thing.metadata.clone().unwrap_or_default(),
            Self::Field(_) => thing.description.clone().unwrap_or_default(),
        }
    }
}

fn compared<T: Ord>(left: &T, sign: &str, right: &T) -> bool {
    match sign {
        "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        _ => left >= right,
    }
}

impl Truth {
    fn written(&self) -> String {
        let joined = |parts: &[Self], sign: &str| format!("({})", parts.iter().map(Self::written).collect::<Vec<_>>().join(sign));
        match self {
            Self::Literal(truth) => truth.to_string(),
            Self::Enforced => "obj.enforced".to_owned(),
            Self::Texts(left, sign, right) => format!("{}{sign} {}", left.written(), right.written()),
            Self::Empty(name, null) => format!("obj.{name} =={}", if *null { "null" } else { "''" }),
            Self::Sizes(name, sign, n) => format!("size(obj.{name}){sign}{n}"),
            Self::Times(sign, hours) => format!("obj.created_at{sign}timestamp(time.now).subtract(\"{hours}h\")"),
            Self::Among(text, list) => {
                format!("{} in [{}]", text.written(), list.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(","))
            }
            Self::Within(text) => format!("{} in obj.acl", text.written()),
            Self::Search(name, method, text) => format!("obj.{name}.{method}({})", text.written()),
            Self::Not(truth) => format!("!({})", truth.written()),
            Self::All(parts) => joined(parts, " && "),
            Self::Any(parts) => joined(parts, "||"),
        }
    }

    fn of(&self, thing: &Thing) -> bool {
        let acl = thing.acl.clone().unwrap_or_default();
        match self {
            Self::Literal(truth) => *truth,
            Self::Enforced => thing.enforced == Some(true),
            Self::Texts(left, sign, right) => compared(&left.of(thing), sign, &right.of(thing)),
            Self::Empty("acl", _) => acl.is_empty(),
            Self::Empty("created_at", _) => thing.created_at.is_none(),
            Self::Empty(name, _) => Text::Field(name).of(thing).is_empty(),
            Self::Sizes("acl", sign, n) => compared(&i64::try_from(acl.len()).unwrap(), sign, n),
            Self::Sizes(name, sign, n) => compared(&i64::try_from(Text::Field(name).of(thing).chars().count()).unwrap(), sign, n),
            Self::Times(sign, hours) => match thing.created_at {
                Some(created_at) => compared(&created_at.0, sign, &(NOW.0 - hours * 3_600_000)),
                None => *sign == "!=",
            },
            Self::Among(text, list) => list.contains(&text.of(thing)),
            Self::Within(text) => acl.contains(&text.of(thing)),
            Self::Search(name, method, text) => {
                let (whole, part) = (Text::Field(name).of(thing), text.of(thing));
                match *method {
                    "startsWith" => whole.starts_with(&part),
                    "endsWith" => whole.ends_with(&part),
                    _ => whole.contains(&part),
                }
            }
            Self::Not(truth) => !truth.of(thing),
            Self::All(parts) => parts.iter().all(|part| part.of(thing)),
            Self::Any(parts) => parts.iter().any(|part| part.of(thing)),
        }
    }
}

/// Few texts, so that they meet.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[aé]{0,2}", 1 => r#"[aé"'\\\n\r\t🦀b]{0,4}"#]
}

fn text() -> impl Strategy<Value = Text> {
    let fields = prop::sample::select(vec!["id", "owner_id", "metadata", "description"]);
    prop_oneof![words().prop_map(Text::Literal), fields.prop_map(Text::Field)]
}

/// What may be searched: anything but ids.
fn searched() -> impl Strategy<Value = Text> {
    prop_oneof![words().prop_map(Text::Literal), prop::sample::select(vec!["metadata", "description"]).prop_map(Text::Field)]
}

fn sign() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="])
}

fn truth() -> impl Strategy<Value = Truth> {
    let select = |names: &[&'static str]| prop::sample::select(names.to_vec());
    let leaf = prop_oneof![
        any::<bool>().prop_map(Truth::Literal),
        Just(Truth::Enforced),
        (text(), sign(), text()).prop_map(|(left, sign, right)| Truth::Texts(left, sign, right)),
        (select(&["acl", "created_at", "owner_id", "description"]), any::<bool>()).prop_map(|(name, null)| Truth::Empty(name, null)),
        (select(&["acl", "id", "description"]), sign(), -1..4_i64).prop_map(|(name, sign, n)| Truth::Sizes(name, sign, n)),
        (sign(), 0..4_i64).prop_map(|(sign, hours)| Truth::Times(sign, hours)),
        (text(), prop::collection::vec(words(), 0..4)).prop_map(|(text, list)| Truth::Among(text, list)),
        text().prop_map(Truth::Within),
        (select(&["metadata", "description"]), select(&["startsWith", "endsWith", "contains"]), searched())
            .prop_map(|(name, method, text)| Truth::Search(name, method, text)),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|truth| Truth::Not(Box::new(truth))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Truth::All),
            prop::collection::vec(inner, 1..4).prop_map(Truth::Any),
        ]
    })
}

fn thing() -> impl Strategy<Value = Thing> {
    let created_at = prop::option::of((0..4_i64).prop_map(|hours| Millis(NOW.0 - hours * 3_600_000)));
    let texts = [prop::option::of(words()), prop::option::of(words()), prop::option::of(words())];
    let acl = prop::option::of(prop::collection::vec(words(), 0..3));
    (words(), created_at, texts, acl, prop::option::of(any::<bool>())).prop_map(|(id, created_at, texts, acl, enforced)| {
        let [description, metadata, owner_id] = texts;
        Thing { id, created_at, description, metadata, owner_id, acl, enforced, uses: None }
    })
}

/// Pieces that filters are made of, and some that they are not.
fn soup() -> impl Strategy<Value = String> {
    let pieces = "! && || < <= == != >= > ( ) [ ] , . in obj obj.id obj.created_at obj.description obj.acl obj.enforced obj.uses obj.x \
                  size timestamp time.now time .subtract .add .startsWith .contains .matches type size( timestamp( \"7d\" 'a' \"\" \
                  \"2026-01-31T12:00:00Z\" 1 -1 99999999999999999999 true false null + - * / % ? : \" ' \\ \\u 1.5 = & | é “ # { }";
    let piece = prop::sample::select(pieces.split_whitespace().collect::<Vec<_>>());
    (prop::collection::vec(piece, 0..24), any::<bool>()).prop_map(|(pieces, apart)| pieces.join(if apart { " " } else { "" }))
}

/// Reads, judges and looks: nothing may go wrong, and what is wrong has a place in the text.
fn try_all(text: &str, thing: &Thing) {
    match read(text) {
        Ok(filter) => {
            let admitted = filter.admits(|field| thing.value(field));
            for (field, _) in FIELDS {
                let _ = filter.demanded(field);
            }
            if let Ok(negated) = read(&format!("!({text})")) {
                assert_eq!(negated.admits(|field| thing.value(field)), !admitted, "{text}");
            }
        }
        Err(error) => {
            let place = error.strip_prefix("At character ").and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
            let place = place.unwrap_or_else(|| panic!("{text}: {error}"));
            assert!((1..=text.chars().count() + 1).contains(&place) && error.ends_with('.'), "{text}: {error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn judgement_is_as_one_would_say(truth in truth(), thing in thing()) {
        let text = truth.written();
        prop_assume!(text.len() <= MAX_BYTES);
        let filter = read(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        prop_assert_eq!(filter.admits(|field| thing.value(field)), truth.of(&thing), "{}", text);
        for field in ["id", "owner_id", "metadata", "description"] {
            if let Some(demanded) = filter.demanded(field) && truth.of(&thing) {
                prop_assert_eq!(Text::Field(field).of(&thing), demanded, "{}", text);
            }
        }
    }

    #[test]
    fn negation_turns_everything_around(one in truth(), other in truth(), thing in thing()) {
        let (one, other) = (one.written(), other.written());
        let admits = |text: String| read(&text).map(|filter| filter.admits(|field| thing.value(field)));
        for (left, right) in [
            (format!("!({one} && {other})"), format!("!({one}) || !({other})")),
            (format!("!({one} || {other})"), format!("!({one}) && !({other})")),
            (one.clone(), format!("!!({one})")),
            (format!("({one}) != ({other})"), format!("!(({one}) == ({other}))")),
            (format!("({one}) == true"), format!("({one}) in [true]")),
        ] {
            prop_assume!(left.len().max(right.len()) <= MAX_BYTES);
            prop_assert_eq!(admits(left), admits(right));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}", thing in thing()) {
        try_all(&text, &thing);
    }

    #[test]
    fn any_soup_is_read_or_refused(text in soup(), thing in thing()) {
        try_all(&text, &thing);
    }

    #[test]
    fn any_slip_is_read_or_refused(truth in truth(), at in any::<prop::sample::Index>(), with in prop::option::of(any::<char>()), thing in thing()) {
        let mut text: Vec<char> = truth.written().chars().take(MAX_BYTES / 4 - 2).collect();
        let at = at.index(text.len());
        text.splice(at..=at, with);
        try_all(&text.into_iter().collect::<String>(), &thing);
    }

    #[test]
    fn any_time_and_span_is_read_or_refused(time in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,12})?(Z|[+-][0-9]{2}:[0-9]{2})", span in "([0-9]{1,19}[smhd]){1,3}", now in any::<i64>(), thing in thing()) {
        for text in [
            format!("timestamp('{time}').add('{span}') < time.now"),
            format!("timestamp('{time}').subtract('{span}') < time.now"),
            format!("timestamp(time.now).subtract('{span}') < obj.created_at"),
        ] {
            try_all(&text, &thing);
            let _ = Filter::parse(&text, FIELDS, Millis(now)).map(|filter| filter.admits(|field| thing.value(field)));
        }
    }
}
