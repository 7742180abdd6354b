use super::{tests::read, *};

fn say(cases: &[(&str, &str)]) {
    for (text, sentence) in cases {
        assert_eq!(read(text).unwrap_err(), *sentence, "{text}");
    }
}

#[test]
fn what_filters_lack_is_said() {
    say(&[
        ("obj.acl[0] == 'a'", "At character 8: indexing is not supported."),
        ("size(obj.acl)[0] == 1", "At character 14: indexing is not supported."),
        ("'a' in ['a'[0]]", "At character 12: indexing is not supported."),
        ("obj.uses + 1 == 2", "At character 10: arithmetic is not supported."),
        ("obj.uses == 2 - 1", "At character 15: arithmetic is not supported."),
        ("-obj.uses == 2", "At character 1: arithmetic is not supported."),
        ("* 2", "At character 1: arithmetic is not supported."),
        ("size('a' + 'b') == 2", "At character 10: arithmetic is not supported."),
        ("obj.enforced ? true : false", "At character 14: the ternary operator is not supported."),
        ("type(obj.id) == string", "At character 1: type tests are not supported."),
        ("obj.description.matches('^a')", "At character 17: regular expressions are not supported."),
        ("matches(obj.description, '^a')", "At character 1: regular expressions are not supported."),
        ("has(obj.id)", "At character 1: there is no function has, but there is size and timestamp."),
        ("obj.created_at > daysAgo(7)", "At character 18: there is no function daysAgo, but there is size and timestamp."),
        ("obj.acl.exists(x)", "At character 9: there is no method exists, but there is startsWith, endsWith, contains, add and subtract."),
        ("obj.acl.size() == 1", "At character 9: there is no method size, but there is startsWith, endsWith, contains, add and subtract."),
        ("size() == 1", "At character 6: a value is missing here."),
        (
            "obj.description.lower('x') == 'x'",
            "At character 17: there is no method lower, but there is startsWith, endsWith, contains, add and subtract.",
        ),
    ]);
}

#[test]
fn what_does_not_fit_is_said() {
    say(&[
        (
            "obj.name == 'a'",
            "At character 5: there is no field obj.name, but there is obj.id, obj.created_at, obj.description, obj.metadata, \
             obj.owner_id, obj.acl, obj.enforced, obj.uses.",
        ),
        ("name == 'a'", "At character 1: nothing is called name; fields are written as obj.id."),
        ("obj == 'a'", "At character 5: a field is written as obj.id."),
        ("obj.id", "At character 1: this is an id, where something true or false is needed."),
        ("(obj.id)", "At character 1: this is an id, where something true or false is needed."),
        ("null", "At character 1: this is null, where something true or false is needed."),
        ("true && obj.acl", "At character 9: this is a list, where something true or false is needed."),
        ("'é' || true", "At character 1: this is a text, where something true or false is needed."),
        ("true || 1 || true", "At character 9: this is a number, where something true or false is needed."),
        ("!obj.created_at", "At character 2: this is a time, where something true or false is needed."),
        (
            "obj.created_at > '2025-10-31T09:23:45Z'",
            "At character 16: a time and a text have no order, write timestamp(\"…\") around the text.",
        ),
        ("obj.id < 1", "At character 8: an id and a number have no order."),
        ("obj.acl < obj.acl", "At character 1: a list has no order."),
        ("obj.uses >= null", "At character 13: null has no order."),
        ("obj.id.contains('1')", "At character 1: contains is not for ids, compare them whole with == or in."),
        ("obj.description.startsWith(obj.id)", "At character 28: startsWith is not for ids, compare them whole with == or in."),
        ("obj.acl.contains('a')", "At character 1: contains is for texts, and this is a list."),
        ("obj.description.endsWith(1)", "At character 26: endsWith is for texts, and this is a number."),
        ("'a' in obj.id", "At character 8: this is an id, but after in stands a list."),
        ("['a'] in obj.acl", "At character 1: a list in brackets stands only after in."),
        ("obj.acl == ['a']", "At character 12: a list in brackets stands only after in."),
        ("obj.acl in ['a']", "At character 1: a list is never in a list."),
        ("obj.acl in obj.acl", "At character 1: a list is never in a list."),
        ("'a' in [obj.id]", "At character 9: a list in brackets holds only values that are written out."),
        ("size(1) == 1", "At character 6: size is of a text or a list, and this is a number."),
        ("timestamp(1) < time.now", "At character 11: timestamp is of a text in quotes or of time.now."),
        ("timestamp('soon') < time.now", "At character 11: this is no time of RFC 3339, such as 2026-01-31T12:00:00Z."),
        ("time.then < time.now", "At character 6: the moment is called time.now."),
        ("obj.created_at.add('7d') < time.now", "At character 1: add is for timestamp(…)."),
        (
            "timestamp(time.now).add('7') < time.now",
            "At character 25: this is no span of days, hours, minutes and seconds, such as \"7d\" or \"1h30m\".",
        ),
        ("timestamp(time.now).add('3000000d') < time.now", "At character 21: this time is not within the years 1 to 9999."),
    ]);
}

#[test]
fn what_cannot_be_read_is_said() {
    say(&[
        ("", "At character 1: a value is missing here."),
        ("  ", "At character 3: a value is missing here."),
        ("now > obj.created_at", "At character 1: nothing is called now; fields are written as obj.id."),
        ("'é' ==", "At character 7: a value is missing here."),
        ("in", "At character 1: a value is missing here."),
        ("true &&", "At character 8: a value is missing here."),
        ("true true", "At character 6: an operator such as && is missing here."),
        ("true)", "At character 5: this ) has no ( before it."),
        ("(true", "At character 6: a ) is missing here."),
        ("1 == 1 == true", "At character 8: put one of these comparisons into parentheses."),
        ("'a' in ['a'", "At character 12: the list has no ] at its end."),
        ("'a' in ['a' 'b']", "At character 13: the list has no ] at its end."),
        ("'é' = 'é'", "At character 5: write == for what is equal."),
        ("true & true", "At character 6: write && for and."),
        ("true | true", "At character 6: write || for or."),
        ("obj.id == “a”", "At character 11: write straight quotes."),
        ("obj.id == #", "At character 11: this character means nothing here."),
        ("obj.id == 'a", "At character 11: this text has no quote at its end."),
        (r"obj.id == 'é\q'", r#"At character 13: the escapes are \\ \" \' \n \t \r and \uXXXX."#),
        ("1.5 == 1", "At character 2: numbers are whole and in digits only."),
        ("1u == 1", "At character 2: numbers are whole and in digits only."),
        ("9223372036854775808 == 1", "At character 1: this number is too large."),
        ("size('a', 'b') == 1", "At character 9: a ) is missing here, after one value."),
        ("obj.description.contains == 'a'", "At character 17: only obj has fields, and a method is called with a value in parentheses."),
        ("obj.owner_id.name == 'a'", "At character 14: only obj has fields, and a method is called with a value in parentheses."),
        ("obj.id.", "At character 8: the name of a method is missing here."),
    ]);
    assert!(read("-9223372036854775808 < 9223372036854775807").is_ok());
}

#[test]
fn length_depth_and_size_have_an_end() {
    let long = |n: usize| format!("true{}", " ".repeat(n - 4));
    assert!(read(&long(MAX_BYTES)).is_ok());
    assert_eq!(read(&long(MAX_BYTES + 1)).unwrap_err(), "A filter has at most 2048 bytes, and this one has 2049.");
    assert!(read(&"(".repeat(10_000)).is_err());

    let parentheses = |n: usize| format!("{}true{}", "(".repeat(n), ")".repeat(n));
    let nots = |n: usize| format!("{}true", "!".repeat(n));
    let sizes = |n: usize| format!("{}'a'{} == 1", "size(".repeat(n), ")".repeat(n));
    assert!(read(&parentheses(MAX_DEPTH)).is_ok() && read(&nots(MAX_DEPTH)).is_ok());
    assert_eq!(read(&parentheses(MAX_DEPTH + 1)).unwrap_err(), "At character 33: a filter nests at most 32 deep.");
    assert_eq!(read(&nots(MAX_DEPTH + 1)).unwrap_err(), "At character 33: a filter nests at most 32 deep.");
    // As deep as it gets within the longest text, and with little to stand on.
    let small = std::thread::Builder::new().stack_size(512 * 1024).spawn(move || {
        for text in [parentheses(1_000), nots(2_000), "!(".repeat(1_000), sizes(300), "(true && (false || ".repeat(100), "((".repeat(1_000)]
        {
            assert!(read(&text).unwrap_err().ends_with("a filter nests at most 32 deep."), "{text}");
        }
        let deep = "(true && (false || !".repeat(10) + "true" + &"))".repeat(10);
        assert!(read(&deep).is_ok_and(|filter| filter.admits(|_| Value::Null)));
    });
    small.unwrap().join().unwrap();

    let list = |n: usize| format!("1 in [{}]", vec!["1"; n].join(","));
    // The value at the left and the whole count, too.
    assert!(read(&list(MAX_NODES - 2)).is_ok());
    assert!(read(&list(MAX_NODES - 1)).unwrap_err().ends_with("a filter has at most 512 values and operators."));
    let any = |n: usize| vec!["1==1"; n].join("||");
    assert!(read(&any(170)).is_ok() && read(&any(171)).is_err());
    assert!(read(&format!("time.now{}==time.now", ".add('1s')".repeat(200))).is_ok(), "methods stand side by side");
}
