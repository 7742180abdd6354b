//! Why an answer is not believed: one reason each, in words for whoever administers the connection. No reason quotes the answer,
//! which anybody may have written.

use crate::protocols::saml::xml::Fault;

/// Why an answer is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refused {
    // What it is made of.
    /// The field is not base64.
    #[error("the field SAMLResponse does not hold base64")]
    NotBase64,
    /// More than 256 KiB.
    #[error("the response is larger than 256 KiB. Does it carry all groups of a person? Let the identity provider send fewer")]
    TooLarge,
    /// Another encoding than UTF-8.
    #[error("the response is not text in UTF-8")]
    NotUtf8,
    /// A document type, with which entities could be declared.
    #[error("the response has a DOCTYPE, which is not allowed in SAML")]
    Doctype,
    /// Elements in elements in elements.
    #[error("elements are nested too deeply in the response")]
    TooDeep,
    /// More elements than any answer has.
    #[error("the response has too many elements. Does it carry all groups of a person? Let the identity provider send fewer")]
    TooManyElements,
    /// More attributes in a tag than any answer has.
    #[error("an element of the response has too many attributes")]
    TooManyAttributes,
    /// It is not XML.
    #[error("the response is not well-formed XML")]
    Malformed,
    /// `xmlns:p=""`, which Namespaces in XML 1.0 forbids, and which would hide what is signed.
    #[error("the response takes a namespace prefix back, which XML does not allow")]
    EmptyPrefix,
    /// A declaration of `xml` or `xmlns`.
    #[error("the response declares a namespace prefix that is reserved")]
    ReservedPrefix,
    /// It is XML of another kind.
    #[error("this is not a SAML response")]
    NotAResponse,
    /// SAML 1.1, say.
    #[error("the response or its assertion is not of version 2.0 of SAML")]
    Version,
    /// Something that has to be there is not.
    #[error("the response lacks {0}")]
    Missing(&'static str),
    /// Something that may be there once is there again.
    #[error("the response has {0} more than once")]
    Repeated(&'static str),
    /// Something stands in the response, or in a list of conditions, that does not belong there.
    #[error("the response has something in {0} that does not belong there")]
    Unexpected(&'static str),
    /// Comments, processing instructions or elements where only text may be.
    #[error("there is something other than text in {0}")]
    MixedText(&'static str),
    /// A moment that cannot be read, or has no zone.
    #[error("{0} is not a moment in UTC")]
    Time(&'static str),
    /// An id that is no `xs:ID`, or an element with several.
    #[error("the response or its assertion has an ID that is not one")]
    BadId,
    /// Two elements with one id.
    #[error("two elements of the response have the same ID")]
    DuplicateId,

    // What is asserted, as a whole.
    /// The assertion, the name in it or an attribute is encrypted.
    #[error(
        "the assertion, or a part of it, is encrypted, which is not supported. Turn the encryption of assertions off at the identity provider: the connection itself is encrypted"
    )]
    Encrypted,
    /// Nothing is asserted.
    #[error("the response asserts nothing: it has no assertion")]
    NoAssertion,
    /// More than one, or one where none belongs.
    #[error("there is more than one assertion or response in the response, or one in an unusual place")]
    ManyAssertions,

    // Signatures.
    /// There is nothing to verify with.
    #[error("the connection has no certificate of the identity provider, so that nothing can be verified")]
    NoCertificates,
    /// Nothing is signed.
    #[error("neither the response nor the assertion is signed. Let the identity provider sign the assertion")]
    NotSigned,
    /// A signature where it protects nothing that is read.
    #[error("there is a signature in an unusual place in the response")]
    SignaturePlace,
    /// Two signatures of the same element.
    #[error("an element of the response is signed twice")]
    ManySignatures,
    /// `ds:Object`, which can hold anything.
    #[error("a signature carries an object of its own, which SAML does not allow")]
    SignedObject,
    /// Two things that one value could sign.
    #[error("a signature has more than one SignedInfo")]
    ManySignedInfo,
    /// A signature of several things.
    #[error("a signature is of more than one thing, which SAML does not allow")]
    ManyReferences,
    /// A signature of something other than the element that it is in.
    #[error("a signature is not of the element that it is in")]
    Reference,
    /// Another canonicalisation than the exclusive one.
    #[error("a signature uses a canonicalisation other than Exclusive XML Canonicalization")]
    Canonicalization,
    /// Transforms that change what is signed.
    #[error("a signature uses transforms other than enveloped-signature and Exclusive XML Canonicalization, in this order")]
    Transform,
    /// Too many prefixes to take along.
    #[error("a signature lists too many namespace prefixes")]
    PrefixList,
    /// A broken hash.
    #[error("a signature uses SHA-1, which is broken. Let the identity provider use SHA-256")]
    Sha1,
    /// A signature by a secret that nobody shares with us.
    #[error("a signature is made with HMAC, for which there is no shared secret")]
    Hmac,
    /// Any other algorithm.
    #[error("a signature uses an algorithm that is not accepted. RSA and ECDSA with SHA-256, SHA-384 or SHA-512 are")]
    Algorithm,
    /// Anything else that is unusual about a signature.
    #[error("a signature is not built as XML Signature wants it")]
    SignatureShape,
    /// The signed element is not the one that was signed.
    #[error("the response was changed after it was signed")]
    Digest,
    /// Signed by somebody else, or changed in the signature itself.
    #[error("a signature does not fit any certificate of the connection. Has the identity provider changed its certificate?")]
    Signature,

    // Who says it to whom, and when.
    /// The identity provider did not sign anybody in.
    #[error("the identity provider did not sign the person in. It says: {0}")]
    Status(&'static str),
    /// Somebody else's answer.
    #[error("the response or its assertion comes from another identity provider than this connection's")]
    Issuer,
    /// An answer for another address.
    #[error("the response is meant for another address than ours: see Destination, and the ACS URL at the identity provider")]
    Destination,
    /// An answer without a question, though there is one.
    #[error("the response does not say which request it answers, though one was made")]
    Unsolicited,
    /// An answer to somebody else's question.
    #[error("the response answers another request than the one this browser made")]
    OtherRequest,
    /// An answer to a question that is not known.
    #[error("the response answers a request, but this browser made none")]
    NotAsked,
    /// From the future.
    #[error("the response is not valid yet. Is the clock right, here and at the identity provider?")]
    NotYetValid,
    /// From the past.
    #[error("the response is not valid any more. Is the clock right, here and at the identity provider?")]
    Expired,
    /// The session at the identity provider is over.
    #[error("the session at the identity provider is over already")]
    SessionOver,
    /// For somebody else.
    #[error("the assertion is meant for another application: see Audience, and the entity ID at the identity provider")]
    Audience,
    /// A condition that nobody here understands (SAML core, section 2.5.1.1).
    #[error("the assertion has a condition that is not understood")]
    Condition,
    /// Not usable by who brings it alone.
    #[error("the assertion cannot be used by bearing it: it has no SubjectConfirmation with the method bearer")]
    NotBearer,
    /// An assertion for another address.
    #[error("the assertion is meant for another address than ours: see Recipient, and the ACS URL at the identity provider")]
    Recipient,

    // Who it is.
    /// No name.
    #[error("the name of the person (NameID) is empty")]
    NameIdEmpty,
    /// More than 1 KiB.
    #[error("the name of the person (NameID) is longer than 1 KiB")]
    NameIdLong,
    /// Blanks around it, or control characters in it.
    #[error("the name of the person (NameID) has blanks around it or control characters in it")]
    NameIdUnclean,
    /// Another name each time.
    #[error(
        "the name of the person (NameID) is transient: another one at each sign-in, by which nobody is known again. Let the identity provider send a persistent one, or an e-mail address"
    )]
    NameIdTransient,
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooLarge => Self::TooLarge,
            Fault::Doctype => Self::Doctype,
            Fault::TooDeep => Self::TooDeep,
            Fault::TooManyElements => Self::TooManyElements,
            Fault::TooManyAttributes => Self::TooManyAttributes,
            Fault::Malformed => Self::Malformed,
            Fault::EmptyPrefix => Self::EmptyPrefix,
            Fault::ReservedPrefix => Self::ReservedPrefix,
        }
    }
}
