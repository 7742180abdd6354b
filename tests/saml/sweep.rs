//! Every place once: each element moved to each place, each foreign one put at each, each byte changed. Chance would take long to
//! find the one place that is open.

use std::ops::Range;

use crate::{
    cases::{ANSWER, assertion_signed, both_signed, swap},
    judge::Judge,
    mutations::{SNIPPETS, elements},
    signer::{RSA_SHA256, SHA256, Seal},
};

/// All ends of tags: wherever something can be put in.
fn places(document: &[u8]) -> Vec<usize> {
    let ends = document.iter().enumerate().filter(|(_, byte)| **byte == b'>').map(|(at, _)| at + 1);
    std::iter::once(0).chain(ends).collect()
}

fn put(document: &[u8], at: usize, what: &[u8]) -> Vec<u8> {
    [&document[..at], what, &document[at..]].concat()
}

/// An answer by somebody else about somebody else, signed by them.
fn evil() -> Vec<u8> {
    let evil = swap(ANSWER, "ada@", "admin@");
    let evil = swap(&swap(&evil, "\"_r1\"", "\"_r2\""), "\"_a1\"", "\"_a2\"");
    Seal::by("attacker", RSA_SHA256, SHA256).with_certificate("attacker").on(&evil, "_a2").into_bytes()
}

#[test]
fn no_element_can_be_moved_or_copied_anywhere() {
    let judge = Judge::new();
    let document = assertion_signed(ANSWER).into_bytes();
    for Range { start, end } in elements(&document) {
        let (element, rest) = (&document[start..end], [&document[..start], &document[end..]].concat());
        judge.judge(&rest);
        for at in places(&rest) {
            judge.judge(&put(&rest, at, element));
        }
        for at in places(&document) {
            judge.judge(&put(&document, at, element));
        }
    }
}

#[test]
fn no_foreign_element_can_be_put_anywhere() {
    let (judge, evil) = (Judge::new(), evil());
    let twin = swap(ANSWER, "ada@", "admin@").into_bytes();
    for (document, foreign) in [(assertion_signed(ANSWER), twin), (both_signed(ANSWER), evil)] {
        for element in elements(&foreign) {
            for at in places(document.as_bytes()) {
                judge.judge(&put(document.as_bytes(), at, &foreign[element.clone()]));
            }
        }
    }
}

#[test]
fn no_element_can_be_replaced() {
    let (judge, evil) = (Judge::new(), evil());
    for document in [assertion_signed(ANSWER), both_signed(ANSWER)] {
        let document = document.as_bytes();
        for Range { start, end } in elements(document) {
            for element in elements(&evil) {
                judge.judge(&[&document[..start], &evil[element], &document[end..]].concat());
            }
        }
    }
}

#[test]
fn nothing_can_be_put_between_tags() {
    let judge = Judge::new();
    let document = both_signed(ANSWER).into_bytes();
    for at in places(&document) {
        for snippet in SNIPPETS {
            judge.judge(&put(&document, at, snippet.as_bytes()));
        }
    }
}

#[test]
fn no_byte_can_be_changed() {
    let judge = Judge::new();
    let mut document = assertion_signed(ANSWER).into_bytes();
    for at in 0..document.len() {
        let was = document[at];
        for new in [was ^ 1, b' '] {
            document[at] = new;
            judge.judge(&document);
        }
        document[at] = was;
        judge.judge(&[&document[..at], &document[at + 1..]].concat());
    }
}
