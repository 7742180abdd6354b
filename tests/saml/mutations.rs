//! Documents changed at random, as somebody would who does not know what they do, or knows it very well. It knows no more of the
//! core than what is handed in, so that a fuzzer can use it too: [`mutate`] as its mutator, and the same judge.

use std::{ops::Range, time::Instant};

/// Dice that fall the same way each time (xorshift64*).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below this one.
    pub fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap_or(0);
        if count == 0 { 0 } else { number % count }
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

/// Changes documents until the time is over, and has each judged. Returns how many.
pub fn mutations(seed: u64, until: Instant, documents: &[Vec<u8>], mut judge: impl FnMut(&[u8])) -> u64 {
    let mut dice = Dice::new(seed);
    let mut count = 0;
    while Instant::now() < until {
        let (at, other) = (dice.below(documents.len()), dice.below(documents.len()));
        let mut document = mutate(&documents[at], &documents[other], &mut dice);
        for _ in 0..dice.below(3) {
            document = mutate(&document, &documents[other], &mut dice);
        }
        judge(&document);
        count += 1;
    }
    count
}

/// What may be put in anywhere.
pub const SNIPPETS: [&str; 24] = [
    "<!-- -->",
    "<?x y?>",
    "<![CDATA[]]>",
    "<![CDATA[x]]>",
    " ",
    "\r\n",
    "&#13;",
    "&#0;",
    "&amp;",
    "<x/>",
    "<saml:Issuer>https://idp.example.com/metadata</saml:Issuer>",
    "<saml:NameID>admin@example.com</saml:NameID>",
    "<saml:Subject><saml:NameID>admin@example.com</saml:NameID></saml:Subject>",
    "<saml:Assertion ID=\"_a1\"/>",
    "<saml:Assertion ID=\"_a2\"/>",
    "<saml:AttributeValue>admins</saml:AttributeValue>",
    "<samlp:Extensions/>",
    "<ds:Object/>",
    "<ds:Object xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>",
    "<!DOCTYPE x>",
    "</saml:Assertion>",
    "<saml:Assertion>",
    "\u{feff}",
    "\u{0}",
];

/// What may be put in where attributes are.
const ATTRIBUTES: [&str; 20] = [
    " xmlns=\"\"",
    " xmlns:saml=\"\"",
    " xmlns:saml=\"urn:oasis:names:tc:SAML:1.0:assertion\"",
    " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
    " xmlns:ds=\"urn:x\"",
    " xmlns:p=\"\"",
    " xmlns:p=\"urn:p\"",
    " p:Name=\"x\"",
    " xml:id=\"_a1\"",
    " Id=\"_a1\"",
    " id=\"_a1\"",
    " ID=\"_a1\"",
    " ID=\"_a2\"",
    " ID=\"_r1\"",
    " URI=\"\"",
    " URI=\"#_a1\"",
    " Algorithm=\"http://www.w3.org/2000/09/xmldsig#hmac-sha1\"",
    " InResponseTo=\"_q1\"",
    " xsi:nil=\"true\"",
    " xmlns:xml=\"http://www.w3.org/XML/1998/namespace\"",
];

/// What may stand in place of a value.
const VALUES: [&str; 16] = [
    "",
    "#_a1",
    "#_r1",
    "#_a2",
    "#xpointer(/)",
    "_a1",
    "_r1",
    "_q1",
    "admin@example.com",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
    "urn:oasis:names:tc:SAML:2.0:assertion",
    "#default saml samlp ds xml xmlns",
];

/// Changes a document once; parts of the other one may get into it.
pub fn mutate(document: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut new = document.to_vec();
    let elements = elements(document);
    let element = dice.pick(&elements).cloned();
    let place = place(document, &elements, dice);
    match (dice.below(16), element) {
        (0, _) => flip(&mut new, dice),
        (1, _) => put(&mut new, dice.below(document.len() + 1), &[u8::try_from(dice.below(256)).unwrap_or(0)]),
        (2, Some(element)) => drop(new.drain(element)),
        (3, Some(element)) => put(&mut new, place, &document[element]),
        (4, Some(element)) => relocate(&mut new, element, place),
        (5, Some(element)) => swap(&mut new, element, &elements, dice),
        (6, _) => {
            if let Some(theirs) = dice.pick(&self::elements(other)) {
                put(&mut new, place, &other[theirs.clone()]);
            }
        }
        (7, Some(element)) => wrap(&mut new, element, dice),
        (8, _) => put(&mut new, place, dice.pick(&SNIPPETS).map_or(b"", |snippet| snippet.as_bytes())),
        (9, Some(element)) => {
            let end = document[element.clone()].iter().position(|byte| b" />".contains(byte)).unwrap_or(0);
            put(&mut new, element.start + end, dice.pick(&ATTRIBUTES).map_or(b"", |attribute| attribute.as_bytes()));
        }
        (10, _) => value(&mut new, document, dice),
        (11, _) => swap_values(&mut new, document, dice),
        (12, Some(element)) => {
            let at = element.start + dice.below(element.len());
            put(&mut new, at, dice.pick(&SNIPPETS).map_or(b"", |snippet| snippet.as_bytes()));
        }
        (13, Some(element)) => {
            if let Some(theirs) = dice.pick(&self::elements(other)) {
                drop(new.splice(element, other[theirs.clone()].iter().copied()));
            }
        }
        (14, _) => replace(&mut new, b"ada@", b"admin@", dice),
        _ => {
            let (from, to) =
                [("_a1", "_a2"), ("_a2", "_a1"), ("_r1", "_a1"), ("saml:", "samlp:"), ("saml:", ""), ("ds:", "")][dice.below(6)];
            replace(&mut new, from.as_bytes(), to.as_bytes(), dice);
        }
    }
    new
}

fn flip(new: &mut [u8], dice: &mut Dice) {
    let at = dice.below(new.len());
    if let Some(byte) = new.get_mut(at) {
        *byte ^= 1 << dice.below(8);
    }
}

fn put(new: &mut Vec<u8>, at: usize, what: &[u8]) {
    let at = at.min(new.len());
    drop(new.splice(at..at, what.iter().copied()));
}

fn relocate(new: &mut Vec<u8>, element: Range<usize>, place: usize) {
    if element.contains(&place) {
        return;
    }
    let at = if place > element.start { place - element.len() } else { place };
    let moved: Vec<u8> = new.drain(element).collect();
    put(new, at, &moved);
}

fn swap(new: &mut Vec<u8>, one: Range<usize>, elements: &[Range<usize>], dice: &mut Dice) {
    let Some(two) = dice.pick(elements).cloned() else { return };
    let (first, last) = if one.start < two.start { (one, two) } else { (two, one) };
    if first.end > last.start {
        return;
    }
    let [a, b] = [first.clone(), last.clone()].map(|range| new[range].to_vec());
    drop(new.splice(last, a));
    drop(new.splice(first, b));
}

fn wrap(new: &mut Vec<u8>, element: Range<usize>, dice: &mut Dice) {
    let name =
        ["x", "samlp:Extensions", "saml:Advice", "saml:Assertion", "samlp:Response", "ds:Object", "saml:AttributeValue"][dice.below(7)];
    put(new, element.end, format!("</{name}>").as_bytes());
    put(new, element.start, format!("<{name}>").as_bytes());
}

/// Puts another value in place of one.
fn value(new: &mut Vec<u8>, document: &[u8], dice: &mut Dice) {
    if let (Some(range), Some(value)) = (dice.pick(&values(document)).cloned(), dice.pick(&VALUES)) {
        drop(new.splice(range, value.bytes()));
    }
}

fn swap_values(new: &mut Vec<u8>, document: &[u8], dice: &mut Dice) {
    let values = values(document);
    if let Some(one) = dice.pick(&values).cloned() {
        swap(new, one, &values, dice);
    }
}

/// Replaces one of the places where something stands, or all of them.
fn replace(new: &mut Vec<u8>, from: &[u8], to: &[u8], dice: &mut Dice) {
    let mut places: Vec<_> = (0..new.len()).filter(|&at| new[at..].starts_with(from)).collect();
    if dice.below(2) == 0 {
        places = dice.pick(&places).copied().into_iter().collect();
    }
    for at in places.into_iter().rev() {
        drop(new.splice(at..at + from.len(), to.iter().copied()));
    }
}

/// Somewhere between tags.
fn place(document: &[u8], elements: &[Range<usize>], dice: &mut Dice) -> usize {
    let ends = dice.below(2) == 0;
    let element = dice.pick(elements).cloned().unwrap_or(0..document.len());
    match (ends, dice.below(3)) {
        (_, 0) => document[element.clone()].iter().position(|&byte| byte == b'>').map_or(element.end, |at| element.start + at + 1),
        (true, _) => element.end,
        (false, _) => element.start,
    }
}

/// Where elements are, as far as that can be told.
pub fn elements(document: &[u8]) -> Vec<Range<usize>> {
    let (mut found, mut open, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(begin) = document[at..].iter().position(|&byte| byte == b'<').map(|found| at + found) {
        let end = document[begin..].iter().position(|&byte| byte == b'>').map_or(document.len(), |found| begin + found + 1);
        let tag = &document[begin..end];
        if tag.starts_with(b"</") {
            found.extend(open.pop().map(|start| start..end));
        } else if tag.ends_with(b"/>") {
            found.push(begin..end);
        } else if !tag.starts_with(b"<!") && !tag.starts_with(b"<?") {
            open.push(begin);
        }
        at = end;
    }
    found
}

/// Where the values of attributes are.
fn values(document: &[u8]) -> Vec<Range<usize>> {
    let quotes: Vec<_> = (0..document.len()).filter(|&at| document[at] == b'"').collect();
    quotes.chunks_exact(2).map(|pair| pair[0] + 1..pair[1]).collect()
}
