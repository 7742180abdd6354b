use proptest::prelude::*;

use super::*;

fn ada() -> Known {
    Known::of(["Ada Lovelace", "ada.l@difference-engines.example", "Difference Engines", "engines", ""])
}

fn judge(text: &str) -> Result<(), String> {
    Password::chosen(text)?.demand_strong(&ada())
}

#[test]
fn length_counts_characters_and_has_both_ends() {
    assert!(Password::chosen(&"é🦀".repeat(5)).is_ok());
    assert_eq!(Password::chosen("ninechars").unwrap_err(), "Use at least 10 characters. Four random words work well.");
    assert!(Password::chosen("tenletters").is_ok());
    for unit in ["a", "é", "🦀"] {
        assert!(Password::chosen(&unit.repeat(256)).is_ok(), "{unit}");
        assert_eq!(Password::chosen(&unit.repeat(257)).unwrap_err(), "Use at most 256 characters.");
    }
    assert!(Password::typed(&"a".repeat(1 << 20)).is_none());
}

#[test]
fn one_password_in_two_spellings_is_one() {
    assert_eq!(Password::typed("cafe\u{301} au lait"), Password::typed("caf\u{e9} au lait"));
    // As many characters as one sees, however they are spelled.
    assert!(Password::chosen(&"e\u{301}".repeat(9)).is_err());
    assert!(Password::chosen(&"e\u{301}".repeat(256)).is_ok());
}

#[test]
fn every_character_counts_and_none_ends_a_password() {
    assert_ne!(Password::typed(" blanks count "), Password::typed("blanks count"));
    assert_ne!(Password::typed("before\0 and after"), Password::typed("before\0"));
    assert_eq!(Password::typed("before\0 and after").unwrap().bytes(), b"before\0 and after");
    for strong in ["  vqz kplm xw  ", "vqz\0kplm\0xwj", "🦀🐙🌵🚲🎻🧊🪁🥨🦉🛶", "kоrzhik na okne spit", "正しい馬電池ホッチキス川"]
    {
        assert_eq!(judge(strong), Ok(()), "{strong:?}");
    }
}

#[test]
fn what_is_guessed_soon_is_weak_and_the_sentence_says_why() {
    let weak = [
        ("password1234", "This is one of the passwords that are tried first."),
        ("P@ssw0rd123!", "This is much like a password that many people use."),
        ("1234567890", "This is one of the passwords that are tried first."),
        ("qwertyuiop", "This is one of the passwords that are tried first."),
        ("zxcvbnm,./zxcvbnm,./", "Repeating something makes a password longer, but hardly harder to guess."),
        ("aaaaaaaaaaaaaaaaaaaa", "Repeating something makes a password longer, but hardly harder to guess."),
        ("🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀", "Repeating something makes a password longer, but hardly harder to guess."),
        ("abcdefghijklm", "Sequences such as abcd or 9876 are guessed soon."),
        ("29.02.1984", "Years and dates are guessed soon."),
        ("pharmaceutical", "A single word is guessed soon."),
        ("elizabethmargaret", "Names are guessed soon."),
        ("rewsdfghjk", "Keys that lie side by side are guessed soon."),
        ("kaleidoscope", "This is guessed too soon."),
    ];
    let said = weak.map(|(password, _)| (password, judge(password).err()));
    assert_eq!(said, weak.map(|(password, says)| (password, Some(format!("{says} Four random words work well.")))));
    // No kind of character is asked for.
    assert_eq!(judge("four random words here"), Ok(()));
    assert_eq!(judge("look around as you like"), Ok(()));
}

#[test]
fn the_own_words_are_known_to_whoever_guesses() {
    let close = Err("This is too close to your name, your address or your company. Four random words work well.".to_owned());
    for word in [
        "Ada Lovelace",
        "adalovelace1",
        "ecalevolada",
        "L0v3l4c3 1815",
        "ada.l@difference-engines.example",
        "ADA.L@Difference-Engines.Example",
        "difference-engines",
        "Difference Engines 2026",
        "DifferenceEngines!",
        "frontdesk2026",
    ] {
        assert_eq!(judge(word), close, "{word}");
    }
    for several in ["ada-lovelace-engines", "Engines, Difference & Ada", "enginesengineslovelace"] {
        assert_eq!(judge(several), close, "{several}");
    }
    // They are no worse beside enough of others.
    assert_eq!(judge("ada rode a violet tram to oslo"), Ok(()));
    assert!(Password::chosen("kalimdorian steppe").unwrap().demand_strong(&Known::of(["Kalimdorian Steppe GmbH"])).is_err());
    assert_eq!(Password::chosen("kalimdorian steppe").unwrap().demand_strong(&ada()), Ok(()));
}

#[test]
fn known_words_are_whole_and_in_parts() {
    let Known(words) = Known::of(["Zoë O'Neil", "Zoe.O@Acme.example"]);
    for word in ["zoë o'neil", "zoëoneil", "zoë", "neil", "zoe.o@acme.example", "zoe.o", "zoeo", "acme", "example"] {
        assert!(words.iter().any(|known| known == word), "{word} in {words:?}");
    }
    assert!(words.iter().all(|word| word.chars().count() >= 3), "{words:?}");
}

#[test]
fn a_long_password_is_strong_by_its_beginning() {
    let random = "vqzkplmxwjrthgbnc";
    assert_eq!(judge(&format!("{random}{}", "a".repeat(200))), Ok(()));
    assert!(judge(&"ab".repeat(128)).is_err());
}

/// What is known is known as it was typed, before its signs are read as anything else.
#[test]
fn a_known_word_of_signs_is_known() {
    for word in ["|$[5{1<\u{caa}A:", "4@8({[<369116!|17$05+7%2"] {
        assert!(Password::chosen(word).unwrap().demand_strong(&Known::of([word])).is_err(), "{word}");
    }
}

/// Every way to read the signs of a password as letters is looked at, and there are hundreds where all of them are in it.
#[test]
fn looking_at_a_password_does_not_take_long() {
    let signs = "4@8({[<369116!|17$05+7%2";
    let just_few = "@4([{<!1xq80";
    for text in [
        signs.repeat(10),
        just_few.repeat(20),
        format!("lovelace{}", just_few.repeat(20)),
        format!("lovelace{}", signs.repeat(10)),
        "01.02.2003-".repeat(20),
        "1a".repeat(128),
    ] {
        let began = std::time::Instant::now();
        let said = Password::chosen(&text).unwrap().demand_strong(&ada());
        assert!(began.elapsed() < std::time::Duration::from_secs(2), "{text}: {:?} {said:?}", began.elapsed());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    /// Whatever somebody types, looking at it comes to an end; and who knows it knows it.
    #[test]
    fn whatever_is_typed_is_judged(text in "\\PC{10,64}", long in "\\PC{100,256}", word in "\\PC{0,40}") {
        let password = Password::chosen(&text).unwrap();
        prop_assert!(password.demand_strong(&Known::of([word.as_str(), text.as_str()])).is_err());
        if let Ok(password) = Password::chosen(&long) {
            let _ = password.demand_strong(&Known::of([word.as_str()]));
        }
    }
}
