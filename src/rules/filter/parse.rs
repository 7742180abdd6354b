//! The grammar: reads tokens by recursive descent. Every step down and every node is counted.

use std::{iter::Peekable, vec::IntoIter};

use super::{
    Kind, MAX_DEPTH, MAX_NODES,
    check::{self, Part},
    fault,
    tokens::Token,
    tree::{Comparison, Constant, Node},
};
use crate::rules::time::Millis;

/// Reads a whole filter, which `end` is the first character after.
///
/// # Errors
/// A sentence, with the place.
pub fn whole(tokens: Vec<(usize, Token<'_>)>, end: usize, fields: &'static [(&'static str, Kind)], now: Millis) -> Result<Node, String> {
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), end, fields, now, depth: 0, nodes: 0 };
    let part = parser.any()?;
    if let Some((at, token)) = parser.tokens.next() {
        if token == Token::Sign(")") {
            return Err(fault(at, "this ) has no ( before it"));
        }
        return Err(misplaced(at, &token, "an operator such as && is missing here"));
    }
    check::truth(part)
}

struct Parser<'t> {
    tokens: Peekable<IntoIter<(usize, Token<'t>)>>,
    end: usize,
    fields: &'static [(&'static str, Kind)],
    now: Millis,
    depth: usize,
    nodes: usize,
}

/// A step of the grammar.
type Step<'t> = fn(&mut Parser<'t>) -> Result<Part, String>;

impl<'t> Parser<'t> {
    /// Parts between `||`.
    fn any(&mut self) -> Result<Part, String> {
        self.joined("||", Self::all, Node::Any)
    }

    /// Parts between `&&`.
    fn all(&mut self) -> Result<Part, String> {
        self.joined("&&", Self::relation, Node::All)
    }

    fn joined(&mut self, sign: &'static str, step: Step<'t>, join: fn(Vec<Node>) -> Node) -> Result<Part, String> {
        let first = step(self)?;
        if !self.sees(sign) {
            return Ok(first);
        }
        let at = first.at;
        let mut nodes = vec![check::truth(first)?];
        while self.takes(sign) {
            nodes.push(check::truth(step(self)?)?);
        }
        self.counted(Part { at, kind: Some(Kind::Truth), node: join(nodes) })
    }

    /// A comparison, or what could stand at its left.
    fn relation(&mut self) -> Result<Part, String> {
        let left = self.unary()?;
        let Some((at, comparison)) = self.relation_sign() else { return Ok(left) };
        let part = match comparison {
            Some(comparison) => check::compare(at, left, comparison, self.unary()?)?,
            None if self.takes("[") => check::among(left, self.constants()?)?,
            None => check::within(left, self.unary()?)?,
        };
        if let Some((at, _)) = self.relation_sign() {
            return Err(fault(at, "put one of these comparisons into parentheses"));
        }
        self.counted(part)
    }

    /// The sign of a comparison and where it stands; `in` has none of its own.
    fn relation_sign(&mut self) -> Option<(usize, Option<Comparison>)> {
        let comparison = match self.tokens.peek()?.1 {
            Token::Word("in") => None,
            Token::Sign(sign) => Some(Comparison::of(sign)?),
            _ => return None,
        };
        self.tokens.next().map(|(at, _)| (at, comparison))
    }

    /// The rest of a list in brackets.
    fn constants(&mut self) -> Result<Vec<Constant>, String> {
        let mut constants = Vec::new();
        while !self.takes("]") {
            let part = self.unary()?;
            let Node::Constant(constant) = part.node else {
                return Err(fault(part.at, "a list in brackets holds only values that are written out"));
            };
            constants.push(constant);
            if !self.takes(",") {
                self.demand("]", "the list has no ] at its end")?;
                break;
            }
        }
        Ok(constants)
    }

    fn unary(&mut self) -> Result<Part, String> {
        let at = self.at();
        if !self.takes("!") {
            return self.member();
        }
        let negated = check::truth(self.deeper(at, Self::unary)?)?;
        self.counted(Part { at, kind: Some(Kind::Truth), node: Node::Not(Box::new(negated)) })
    }

    /// A value and the methods that are called on it.
    fn member(&mut self) -> Result<Part, String> {
        let mut part = self.operand()?;
        while self.takes(".") {
            let (at, name) = self.word("the name of a method is missing here")?;
            if !self.sees("(") {
                return Err(fault(at, "only obj has fields, and a method is called with a value in parentheses"));
            }
            check::knows_method(at, name)?;
            let argument = self.argument(at)?;
            part = check::method(at, part, name, argument)?;
            part = self.counted(part)?;
        }
        Ok(part)
    }

    fn operand(&mut self) -> Result<Part, String> {
        let Some((at, token)) = self.tokens.next() else { return Err(fault(self.end, "a value is missing here")) };
        let part = match token {
            Token::Sign("(") => {
                let inner = self.deeper(at, Self::any)?;
                self.demand(")", "a ) is missing here")?;
                return Ok(Part { at, ..inner });
            }
            Token::Sign("[") => return Err(fault(at, "a list in brackets stands only after in")),
            Token::Sign("-") => match self.tokens.next_if(|(_, token)| matches!(token, Token::Number(_))) {
                Some((_, Token::Number(digits))) => number(at, &format!("-{digits}"))?,
                _ => return Err(fault(at, ARITHMETIC)),
            },
            Token::Number(digits) => number(at, digits)?,
            Token::Text(text) => Part::constant(at, Constant::Text(text)),
            Token::Word(word) if word != "in" => self.named(at, word)?,
            token => return Err(misplaced(at, &token, "a value is missing here")),
        };
        self.counted(part)
    }

    /// What begins with a word.
    fn named(&mut self, at: usize, word: &str) -> Result<Part, String> {
        if self.sees("(") {
            check::knows_function(at, word)?;
            let argument = self.argument(at)?;
            return check::function(at, word, argument);
        }
        match word {
            "obj" => self.field(at),
            "time" => self.now(at),
            "true" => Ok(Part::constant(at, Constant::Truth(true))),
            "false" => Ok(Part::constant(at, Constant::Truth(false))),
            "null" => Ok(Part::constant(at, Constant::Null)),
            _ => Err(fault(at, &format!("nothing is called {word}; fields are written as obj.{}", self.example()))),
        }
    }

    /// The field after `obj`, which stands at `begin`.
    fn field(&mut self, begin: usize) -> Result<Part, String> {
        let write = format!("a field is written as obj.{}", self.example());
        self.demand(".", &write)?;
        let (at, name) = self.word(&write)?;
        let known = self.fields.iter().find(|(known, _)| *known == name);
        let Some((name, kind)) = known else {
            let known: Vec<String> = self.fields.iter().map(|(known, _)| format!("obj.{known}")).collect();
            return Err(fault(at, &format!("there is no field obj.{name}, but there is {}", known.join(", "))));
        };
        Ok(Part { at: begin, kind: Some(*kind), node: Node::Field(name, *kind) })
    }

    /// The rest of `time.now`, which begins at `begin`.
    fn now(&mut self, begin: usize) -> Result<Part, String> {
        let write = "the moment is called time.now";
        self.demand(".", write)?;
        match self.word(write)? {
            (_, "now") => Ok(Part::constant(begin, Constant::Time(self.now))),
            (at, _) => Err(fault(at, write)),
        }
    }

    /// The one value in parentheses that a function or method is called with.
    fn argument(&mut self, at: usize) -> Result<Part, String> {
        self.demand("(", "a ( is missing here")?;
        let argument = self.deeper(at, Self::any)?;
        self.demand(")", "a ) is missing here, after one value")?;
        Ok(argument)
    }

    fn example(&self) -> &'static str {
        self.fields.first().map_or("field", |(name, _)| name)
    }

    /// One step down, if it is not too deep.
    fn deeper(&mut self, at: usize, step: Step<'t>) -> Result<Part, String> {
        if self.depth == MAX_DEPTH {
            return Err(fault(at, &format!("a filter nests at most {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let part = step(self);
        self.depth -= 1;
        part
    }

    /// Passes on what was made, if it is not too much.
    fn counted(&mut self, part: Part) -> Result<Part, String> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(fault(part.at, &format!("a filter has at most {MAX_NODES} values and operators")));
        }
        Ok(part)
    }

    fn at(&mut self) -> usize {
        self.tokens.peek().map_or(self.end, |(at, _)| *at)
    }

    fn sees(&mut self, sign: &'static str) -> bool {
        self.tokens.peek().is_some_and(|(_, token)| *token == Token::Sign(sign))
    }

    fn takes(&mut self, sign: &'static str) -> bool {
        self.tokens.next_if(|(_, token)| *token == Token::Sign(sign)).is_some()
    }

    /// Takes this sign, and nothing else.
    fn demand(&mut self, sign: &'static str, else_say: &str) -> Result<(), String> {
        match self.tokens.next() {
            Some((_, token)) if token == Token::Sign(sign) => Ok(()),
            Some((at, token)) => Err(misplaced(at, &token, else_say)),
            None => Err(fault(self.end, else_say)),
        }
    }

    fn word(&mut self, else_say: &str) -> Result<(usize, &'t str), String> {
        match self.tokens.next() {
            Some((at, Token::Word(word))) => Ok((at, word)),
            Some((at, token)) => Err(misplaced(at, &token, else_say)),
            None => Err(fault(self.end, else_say)),
        }
    }
}

fn number(at: usize, digits: &str) -> Result<Part, String> {
    let number = digits.parse().map_err(|_| fault(at, "this number is too large"))?;
    Ok(Part::constant(at, Constant::Number(number)))
}

const ARITHMETIC: &str = "arithmetic is not supported";

/// Says of what CEL has and filters lack that it is lacking, and of anything else what should stand in its place.
fn misplaced(at: usize, token: &Token<'_>, else_say: &str) -> String {
    let what = match token {
        Token::Sign("+" | "-" | "*" | "/" | "%") => ARITHMETIC,
        Token::Sign("?" | ":") => "the ternary operator is not supported",
        Token::Sign("[") => "indexing is not supported",
        _ => else_say,
    };
    fault(at, what)
}
