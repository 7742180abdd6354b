use std::{io::Write, sync::LazyLock};

use super::*;

fn sha1(text: &str) -> String {
    hex(&Sha1::digest(text.as_bytes()))
}

/// A list in a file of its own; the folder goes with it.
fn list(lines: impl IntoIterator<Item = impl AsRef<[u8]>>, end: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    let mut file = std::io::BufWriter::new(File::create(&path).unwrap());
    for line in lines {
        file.write_all(line.as_ref()).unwrap();
        file.write_all(end.as_bytes()).unwrap();
    }
    file.into_inner().unwrap().sync_all().unwrap();
    (folder, path)
}

fn holds(breached: &Breached, text: &str) -> bool {
    breached.holds(&Password::typed(text).unwrap()).unwrap()
}

fn refusal(lines: impl IntoIterator<Item = impl AsRef<[u8]>>) -> String {
    let (_folder, path) = list(lines, "\n");
    Breached::open(&path).unwrap_err().to_string().replace(&path.display().to_string(), "LIST")
}

const COUNT: usize = 250_000;

/// The hashes of so many passwords, sorted.
static SORTED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut hashes: Vec<_> = (0..COUNT).map(|n| sha1(&format!("breached password {n}"))).collect();
    hashes.sort();
    hashes
});

/// Each of them is found, at both ends too, and nothing else.
fn found_and_no_others(breached: &Breached, what: &str) {
    assert!(matches!(*breached.0, List::File { .. }), "{what}: {breached:?} is searched in its file");
    for n in (0..COUNT).step_by(997) {
        assert!(holds(breached, &format!("breached password {n}")), "{what} {n}");
        assert!(!holds(breached, &format!("another password {n}")), "{what} {n}");
    }
    let List::File { path, digits } = &*breached.0 else { return };
    let all = &*SORTED;
    let mut file = File::open(path).unwrap();
    for hash in [&all[0], &all[1], &all[COUNT - 2], &all[COUNT - 1]] {
        assert!(find(&mut file, &hash[..*digits]).unwrap(), "{what} {hash}");
    }
    for hash in ["0".repeat(40), "f".repeat(40)] {
        assert!(!find(&mut file, &hash[..*digits]).unwrap(), "{what} {hash}");
    }
}

/// How a hash is written in its line, which has a number.
type Spell = fn(usize, &String) -> String;

#[test]
fn sorted_hashes_are_found_in_their_file() {
    let hashes = &*SORTED;
    let spellings: [(&str, Spell, &str); 5] = [
        ("lower", |_, hash| hash.clone(), "\n"),
        ("upper", |_, hash| hash.to_uppercase(), "\n"),
        ("with counts", |n, hash| format!("{}:{}", hash.to_uppercase(), n * n + 1), "\r\n"),
        ("beginnings", |_, hash| hash.to_uppercase()[..35].to_owned(), "\n"),
        ("beginnings with counts", |n, hash| format!("{}:{n}", &hash[..34]), "\r\n"),
    ];
    for (what, spell, end) in spellings {
        let (_folder, path) = list(hashes.iter().enumerate().map(|(n, hash)| spell(n, hash)), end);
        found_and_no_others(&Breached::open(&path).unwrap(), what);
    }
    // The last line need not end.
    let (_folder, path) = list([hashes.join("\n")], "");
    found_and_no_others(&Breached::open(&path).unwrap(), "without an end");
}

#[test]
fn a_long_list_need_not_be_sorted_but_then_it_has_a_limit() {
    let mut hashes = SORTED.clone();
    hashes.reverse();
    let (_folder, path) = list(&hashes, "\n");
    let breached = Breached::open(&path).unwrap();
    assert!(matches!(*breached.0, List::Memory { .. }), "{breached:?}");
    assert!(holds(&breached, "breached password 7") && !holds(&breached, "another password"));
    let mut held = vec![[0; 20]; MOST - 1];
    assert!(keep(&mut held, [1; 20], "LIST").is_ok());
    let Err(Refused::List(error)) = keep(&mut held, [1; 20], "LIST") else { panic!("one too many") };
    assert_eq!(
        error.to_string(),
        "the list of breached passwords LIST holds more than 5000000 entries that are not sorted hashes. A list of hashes is sorted with: LC_ALL=C sort -o FILE FILE"
    );
}

#[test]
fn a_short_list_of_hashes_is_read() {
    let words = ["tr0ub4dor&3 again", "correct horse battery", "caf\u{e9} au lait noir"];
    for cut in [40, 39, 20, 17, 16] {
        for spell in [|hash: &str| hash.to_owned(), |hash: &str| format!("{}:12", hash.to_uppercase())] {
            let (_folder, path) = list(words.map(|word| spell(&sha1(word)[..cut])), "\r\n");
            let breached = Breached::open(&path).unwrap();
            assert!(words.iter().all(|word| holds(&breached, word)), "{cut}");
            assert!(holds(&breached, "cafe\u{301} au lait noir") && !holds(&breached, "correct horse batteries"), "{cut}");
        }
    }
}

#[test]
fn a_list_of_passwords_is_read() {
    let lines: [&[u8]; 8] = [
        b"123456",
        b"1234567890123456",
        b"",
        b" two blanks around ",
        "cafe\u{301} au lait noir".as_bytes(),
        b"\xff\xfe is no text at all",
        b"correct horse battery",
        b"a:colon stays a colon",
    ];
    let (_folder, path) = list(lines, "\n");
    let breached = Breached::open(&path).unwrap();
    for word in ["1234567890123456", " two blanks around ", "caf\u{e9} au lait noir", "correct horse battery", "a:colon stays a colon"] {
        assert!(holds(&breached, word), "{word}");
    }
    for word in ["two blanks around", "correct horse", "", "123456"] {
        assert!(!holds(&breached, word), "{word}");
    }
    assert_eq!(format!("{breached:?}"), "Breached(6 entries, 40 digits)");
}

#[test]
fn a_list_that_cannot_be_used_says_so() {
    let none = Breached::open(Path::new("")).unwrap();
    assert!(!holds(&none, "password1234"));
    let missing = Breached::open(Path::new("/nowhere/list")).unwrap_err().to_string();
    assert!(missing.starts_with("the list of breached passwords /nowhere/list cannot be read: No such file"), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    let folder = Breached::open(folder.path()).unwrap_err().to_string();
    assert!(folder.contains("cannot be read: "), "{folder}");
    assert_eq!(refusal([""]), "the list of breached passwords LIST is empty; to use none, leave breached_passwords out");
    let says = "the list of breached passwords LIST is one of SHA-1 hashes, but line 3 is none, or one of another length. \
                In a list of hashes all have the same number of digits, at least 16";
    let hashes = ["one", "two", "three", "four"].map(sha1);
    let with = |other: &str| refusal([&hashes[0], &hashes[1], other, &hashes[2], &hashes[3]]);
    assert_eq!(with("a comment"), says);
    assert_eq!(with(&hashes[0][..20]), says);
    assert_eq!(with(&format!("{}:many", hashes[0])), says);
    // Behind the lines that tell what it is, too.
    let many = (0..2_000).map(|n| if n == 1_500 { "a comment".to_owned() } else { sha1(&n.to_string()) });
    assert!(refusal(many).contains("line 1501 is none"));
}

/// A list that is put in the place of another one while the program runs is the list from then on; one that is broken is not taken
/// for an empty one.
#[test]
fn a_list_that_changes_is_not_taken_for_an_empty_one() {
    let (_folder, path) = list(&*SORTED, "\n");
    let breached = Breached::open(&path).unwrap();
    std::fs::write(&path, "no list any more").unwrap();
    assert!(breached.holds(&Password::typed("breached password 7").unwrap()).is_err());
    std::fs::write(&path, "x".repeat(10_000)).unwrap();
    assert!(breached.holds(&Password::typed("breached password 7").unwrap()).is_err());
    std::fs::remove_file(&path).unwrap();
    assert!(breached.holds(&Password::typed("breached password 7").unwrap()).is_err());
}
