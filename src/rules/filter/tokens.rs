//! Cuts the text of a filter into words, texts, numbers and signs.

use super::fault;

/// A piece of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token<'t> {
    /// A name or a word of the language, such as `obj` or `in`.
    Word(&'t str),
    /// What stands between quotes, with escapes resolved.
    Text(String),
    /// Digits.
    Number(&'t str),
    /// One of [`SIGNS`].
    Sign(&'static str),
}

/// Longer ones first. Some are here only so that the grammar can say that it does not know them.
const SIGNS: [&str; 22] =
    ["&&", "||", "<=", ">=", "==", "!=", "<", ">", "!", "(", ")", "[", "]", ",", ".", "+", "-", "*", "/", "%", "?", ":"];

/// The tokens of a filter, each with the number of the character it begins at.
///
/// # Errors
/// What cannot begin a token, and texts and numbers that are not whole.
pub fn cut(text: &str) -> Result<Vec<(usize, Token<'_>)>, String> {
    let mut cutter = Cutter { rest: text, at: 1 };
    let mut tokens = Vec::new();
    loop {
        cutter.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c'));
        let at = cutter.at;
        match cutter.token()? {
            Some(token) => tokens.push((at, token)),
            None => return Ok(tokens),
        }
    }
}

/// What is still to be cut, and the number of its first character.
struct Cutter<'t> {
    rest: &'t str,
    at: usize,
}

impl<'t> Cutter<'t> {
    fn token(&mut self) -> Result<Option<Token<'t>>, String> {
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        let token = match first {
            'a'..='z' | 'A'..='Z' | '_' => Token::Word(self.take_while(|c| c.is_ascii_alphanumeric() || c == '_')),
            '0'..='9' => self.number()?,
            '"' | '\'' => self.text()?,
            _ => Token::Sign(self.sign(first)?),
        };
        Ok(Some(token))
    }

    fn number(&mut self) -> Result<Token<'t>, String> {
        let digits = self.take_while(|c| c.is_ascii_digit());
        if self.rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
            return Err(fault(self.at, "numbers are whole and in digits only"));
        }
        Ok(Token::Number(digits))
    }

    fn text(&mut self) -> Result<Token<'t>, String> {
        let begin = self.at;
        let quote = self.character();
        let mut text = String::new();
        loop {
            let at = self.at;
            match self.character() {
                None => return Err(fault(begin, "this text has no quote at its end")),
                Some('\n' | '\r') => return Err(fault(at, r"a text stays on its line, write \n or \r")),
                Some('\\') => text.push(self.escaped(at)?),
                end if end == quote => return Ok(Token::Text(text)),
                Some(c) => text.push(c),
            }
        }
    }

    /// What the characters after a backslash stand for.
    fn escaped(&mut self, at: usize) -> Result<char, String> {
        match self.character() {
            Some(c @ ('\\' | '"' | '\'')) => Ok(c),
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some('u') => {
                let digits = self.rest.get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
                let digits = digits.ok_or_else(|| fault(at, r"\u needs four hexadecimal digits"))?;
                self.take(digits.len());
                // Halves of surrogate pairs are no characters.
                let c = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).filter(|c| *c != '\0');
                c.ok_or_else(|| fault(at, "this is no character"))
            }
            _ => Err(fault(at, r#"the escapes are \\ \" \' \n \t \r and \uXXXX"#)),
        }
    }

    fn sign(&mut self, first: char) -> Result<&'static str, String> {
        if let Some(sign) = SIGNS.into_iter().find(|sign| self.rest.starts_with(sign)) {
            self.take(sign.len());
            return Ok(sign);
        }
        Err(fault(
            self.at,
            match first {
                '=' => "write == for what is equal",
                '&' => "write && for and",
                '|' => "write || for or",
                '“' | '”' | '„' | '‘' | '’' => "write straight quotes",
                _ => "this character means nothing here",
            },
        ))
    }

    fn character(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.take(c.len_utf8());
        Some(c)
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        self.take(self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len()))
    }

    fn take(&mut self, bytes: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        self.at += taken.chars().count();
        taken
    }
}
