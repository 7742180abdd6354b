//! XML from strangers: bounded before it is parsed, parsed once, and read without guessing.

use std::borrow::Cow;

use uppsala::{Document, NodeId, NodeKind, Parser};

/// The namespace of what is asserted (SAML core).
pub(crate) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// The namespace of messages (SAML core).
pub(crate) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// The namespace of metadata (SAML metadata).
pub(crate) const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// The namespace of signatures (XML Signature).
pub(crate) const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// How much a document may be.
pub(crate) struct Limits {
    pub bytes: usize,
    pub depth: u32,
    pub elements: usize,
    /// In one tag, with declarations of namespaces.
    pub attributes: usize,
}

/// Why a document is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    TooLarge,
    Doctype,
    TooDeep,
    TooManyElements,
    TooManyAttributes,
    Malformed,
    EmptyPrefix,
    ReservedPrefix,
}

/// Parses a document within its limits.
pub(crate) fn parse<'a>(text: &'a str, limits: &Limits) -> Result<Document<'a>, Fault> {
    if text.len() > limits.bytes {
        return Err(Fault::TooLarge);
    }
    scan(text, limits)?;
    let parser = Parser::new().with_forbid_dtd(true).with_max_depth(limits.depth);
    let document = parser.parse(text).map_err(|_| Fault::Malformed)?;
    inspect(&document, limits)?;
    Ok(document)
}

/// Counts tags and what is in them, without understanding them: the parser compares each attribute of a tag with each other,
/// and what canonicalisation costs grows with elements times namespaces.
fn scan(text: &str, limits: &Limits) -> Result<(), Fault> {
    let (mut rest, mut elements, mut depth) = (text, 0, 0_u32);
    while let Some((_, behind)) = rest.split_once('<') {
        rest = if let Some(comment) = behind.strip_prefix("!--") {
            after(comment, "-->")?
        } else if let Some(verbatim) = behind.strip_prefix("![CDATA[") {
            after(verbatim, "]]>")?
        } else if behind.starts_with('!') {
            return Err(Fault::Doctype);
        } else if let Some(instruction) = behind.strip_prefix('?') {
            after(instruction, "?>")?
        } else {
            let tag = tag(behind)?;
            if tag.attributes > limits.attributes {
                return Err(Fault::TooManyAttributes);
            }
            if behind.starts_with('/') {
                depth = depth.saturating_sub(1);
            } else {
                elements += 1;
                depth += u32::from(!tag.is_empty);
            }
            if elements > limits.elements {
                return Err(Fault::TooManyElements);
            }
            if depth > limits.depth {
                return Err(Fault::TooDeep);
            }
            tag.rest
        };
    }
    Ok(())
}

fn after<'a>(text: &'a str, end: &str) -> Result<&'a str, Fault> {
    text.split_once(end).map(|(_, rest)| rest).ok_or(Fault::Malformed)
}

struct Tag<'a> {
    attributes: usize,
    is_empty: bool,
    rest: &'a str,
}

/// The tag that begins behind its `<`. As many attributes are in it as quoted texts.
fn tag(behind: &str) -> Result<Tag<'_>, Fault> {
    let (mut quote, mut attributes) = (None, 0);
    for (at, byte) in behind.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => (quote, attributes) = (Some(byte), attributes + 1),
            (Some(open), _) if open == byte => quote = None,
            (None, b'>') => return Ok(Tag { attributes, is_empty: behind[..at].ends_with('/'), rest: &behind[at + 1..] }),
            (None, b'<') => return Err(Fault::Malformed),
            _ => {}
        }
    }
    Err(Fault::Malformed)
}

/// What the parser lets pass and should not.
fn inspect(document: &Document<'_>, limits: &Limits) -> Result<(), Fault> {
    let mut elements = 0;
    for element in document.descendants(document.root()).into_iter().filter_map(|id| document.element(id)) {
        elements += 1;
        if elements > limits.elements {
            return Err(Fault::TooManyElements);
        }
        if element.attributes.len() + element.namespace_declarations.len() > limits.attributes {
            return Err(Fault::TooManyAttributes);
        }
        for (prefix, uri) in &element.namespace_declarations {
            // Namespaces in XML 1.0, "No Prefix Undeclaring". Exclusive canonicalisation writes no declaration
            // for such a prefix, so that two documents that mean different things would have one signature.
            if !prefix.is_empty() && uri.is_empty() {
                return Err(Fault::EmptyPrefix);
            }
            if matches!(&**prefix, "xml" | "xmlns") {
                return Err(Fault::ReservedPrefix);
            }
        }
        // Namespaces in XML 1.0, section 4: at most one colon in a name.
        let names = element.attributes.iter().map(|attribute| &attribute.name).chain([&element.name]);
        if names.into_iter().any(|name| name.local_name.contains(':') || name.local_name.is_empty()) {
            return Err(Fault::Malformed);
        }
    }
    Ok(())
}

/// An element of a document.
#[derive(Clone, Copy)]
pub(crate) struct Node<'d> {
    document: &'d Document<'d>,
    pub id: NodeId,
}

impl<'d> Node<'d> {
    /// The outermost element.
    pub fn root(document: &'d Document<'d>) -> Option<Self> {
        document.document_element().map(|id| Self { document, id })
    }

    /// This element and all below it, in the order of the text.
    pub fn all(self) -> impl Iterator<Item = Self> {
        let below = self.document.descendants(self.id).into_iter().filter(move |id| *id != self.id);
        std::iter::once(self.id).chain(below).map(move |id| Self { id, ..self }).filter(|node| node.element().is_some())
    }

    /// The elements directly in it.
    pub fn children(self) -> impl Iterator<Item = Self> {
        self.document.children_iter(self.id).map(move |id| Self { id, ..self }).filter(|node| node.element().is_some())
    }

    /// The elements of this name directly in it.
    pub fn named(self, namespace: &'d str, name: &'d str) -> impl Iterator<Item = Self> {
        self.children().filter(move |child| child.is(namespace, name))
    }

    /// Whether it has this name.
    pub fn is(self, namespace: &str, name: &str) -> bool {
        self.element().is_some_and(|element| element.matches_name_ns(namespace, name))
    }

    /// Its name without the namespace.
    pub fn local(self) -> &'d str {
        self.element().map_or("", |element| &*element.name.local_name)
    }

    /// An attribute's value. Those of SAML and of signatures are in no namespace, and others with the same name are others.
    pub fn attribute(self, name: &str) -> Option<&'d str> {
        let attributes = &self.element()?.attributes;
        attributes.iter().find(|each| each.name.namespace_uri.is_none() && each.name.local_name == name).map(|each| &*each.value)
    }

    /// The local names and values of all attributes, in any namespace.
    pub fn attributes(self) -> impl Iterator<Item = (&'d str, &'d str)> {
        let attributes = self.element().map(|element| element.attributes.as_slice()).unwrap_or_default();
        attributes.iter().map(|each| (&*each.name.local_name, &*each.value))
    }

    /// Whether its attributes are some of these, and in no namespace.
    pub fn has_only(self, names: &[&str]) -> bool {
        self.element().is_some_and(|element| {
            element.attributes.iter().all(|each| each.name.namespace_uri.is_none() && names.contains(&&*each.name.local_name))
        })
    }

    /// The text in it, if there is nothing else: who reads around a comment reads half of what was signed.
    pub fn text(self) -> Option<Cow<'d, str>> {
        let mut whole = Cow::Borrowed("");
        for child in self.document.children_iter(self.id) {
            match self.document.node_kind(child) {
                Some(NodeKind::Text(text) | NodeKind::CData(text)) => whole += &**text,
                _ => return None,
            }
        }
        Some(whole)
    }

    /// Whether there is one run of text in it, and nothing else: not even CDATA, behind which another run would begin.
    pub fn is_one_text(self) -> bool {
        let mut children = self.document.children_iter(self.id).map(|child| self.document.node_kind(child));
        matches!((children.next(), children.next()), (Some(Some(NodeKind::Text(_))), None))
    }

    /// Whether there are elements and blanks in it, and nothing else.
    pub fn is_plain(self) -> bool {
        self.document.children_iter(self.id).all(|child| match self.document.node_kind(child) {
            Some(NodeKind::Text(text)) => text.bytes().all(|byte| byte.is_ascii_whitespace()),
            Some(NodeKind::Element(_)) => true,
            _ => false,
        })
    }

    /// The element it is in.
    pub fn parent(self) -> Option<NodeId> {
        self.document.parent(self.id)
    }

    fn element(self) -> Option<&'d uppsala::Element<'d>> {
        self.document.element(self.id)
    }
}

/// A text as it may stand in an element or in a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}
