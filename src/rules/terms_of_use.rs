//! The terms of use that whoever becomes a user accepts, where whoever runs this has some (facts/ngrok.md §1.9 and §1.19).

/// What was typed, where the box is ticked.
pub const YES: &str = "yes";

/// The address of the terms that are accepted by what was typed, where there are some.
///
/// # Errors
/// What to say where they are not.
pub fn accepted(demanded: Option<&str>, typed: &str) -> Result<Option<String>, String> {
    match demanded {
        Some(_) if typed != YES => Err("Read the terms of use, and accept them to go on.".to_owned()),
        demanded => Ok(demanded.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_terms_that_there_are_have_to_be_accepted() {
        let terms = Some("https://example.com/terms");
        for typed in ["", "no", "YES"] {
            assert!(accepted(terms, typed).is_err(), "{typed}");
            assert_eq!(accepted(None, typed), Ok(None));
        }
        assert_eq!(accepted(terms, YES), Ok(terms.map(str::to_owned)));
    }
}
