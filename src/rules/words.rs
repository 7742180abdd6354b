//! Enums that are stored, filtered by, or sent as a word: one macro makes the enum, its words, and the way back.

/// Makes an enum whose every value has a word, which never changes, and a sentence for people; where there is a third text,
/// it is the value's name on pages.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal, $sentence:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $(#[doc = $sentence] $variant),* }

        impl $name {
            /// Every value, in the order in which they are written here.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in the database, in forms and in events. It never changes.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// What it means, for people.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence),* }
            }

            /// Reads the word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.word() == word)
            }
        }
    };

    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal, $label:literal, $sentence:literal;)* }) => {
        $crate::rules::words::words! { $(#[$doc])* $name { $($variant = $word, $sentence;)* } }

        impl $name {
            /// Its name on pages.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),* }
            }
        }
    };
}
pub(crate) use words;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::rules::{
        events::{Kind, Outcome},
        gate::Refusal,
        invitations::{Closed, Ended, Purpose},
        me::Theme,
        members::{Billing, Developer, Team},
        sessions::End,
        sign_in::Failure,
    };

    #[test]
    fn words_are_read_back_and_are_different() {
        macro_rules! check {
            ($($name:ident)*) => {
                $(
                    for value in $name::ALL {
                        assert_eq!($name::parse(value.word()), Some(*value));
                    }
                    let words: BTreeSet<_> = $name::ALL.iter().map(|value| value.word()).collect();
                    assert_eq!(words.len(), $name::ALL.len());
                    assert_eq!($name::parse("no such word"), None);
                )*
            };
        }
        check! { Kind Outcome Refusal Theme Billing Developer Team End Failure Closed Ended Purpose }
    }
}
