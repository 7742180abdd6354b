//! What two sides tell each other once (SAML metadata): who they are, where they are reached, and what they sign with.

use std::fmt::Write;

use uppsala::Document;
use url::Url;

use crate::protocols::saml::{
    HTTP_POST, HTTP_REDIRECT,
    certificate::{Certificate, CertificateFault},
    moments, signing,
    xml::{self, Fault, Limits, METADATA, Node, PROTOCOL, SIGNATURE, escape},
};

const LIMITS: Limits = Limits { bytes: 1024 * 1024, depth: 32, elements: 20_000, attributes: 64 };
/// How long an entity id may be (SAML core, section 8.3.6).
const LONGEST_ID: usize = 1024;

/// What an identity provider says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Its name among entities.
    pub entity_id: String,
    /// Where the browser is sent with a request in the address.
    pub redirect: Option<Url>,
    /// Where the browser posts a request.
    pub post: Option<Url>,
    /// What it signs with: at least one.
    pub certificates: Vec<Certificate>,
    /// Whether it says that it wants requests signed. Some say so always, and take others too.
    pub wants_signed_requests: bool,
    /// Which kinds of names it gives.
    pub name_id_formats: Vec<String>,
    /// Until when it stands by all this, in milliseconds since 1970.
    pub valid_until_ms: Option<i64>,
}

/// Why metadata cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataFault {
    /// More than 1 MiB.
    #[error("the metadata is larger than 1 MiB. Use the file for this one application, not that of a whole federation")]
    TooLarge,
    /// More elements, attributes or levels than any metadata has.
    #[error("the metadata has more elements, attributes or levels than is sensible")]
    TooComplex,
    /// A document type, with which entities could be declared.
    #[error("the metadata has a DOCTYPE, which is not allowed in SAML")]
    Doctype,
    /// It is not XML.
    #[error("the metadata is not well-formed XML. Was it copied as a whole, and is it the file rather than a page that shows it?")]
    Malformed,
    /// It is XML of another kind.
    #[error("this is not SAML metadata: the outermost element should be EntityDescriptor or EntitiesDescriptor")]
    NotMetadata,
    /// There is no identity provider in it.
    #[error("the metadata describes no identity provider for SAML 2.0. Is it that of an application?")]
    NoProvider,
    /// There are several in it.
    #[error("the metadata describes several identity providers. Use a file that describes only the one to sign in with")]
    SeveralProviders,
    /// It does not say who it is.
    #[error("the identity provider has no entityID, or one that is too long")]
    EntityId,
    /// There is no address to send people to.
    #[error("the identity provider has no address for signing in with the binding HTTP-Redirect or HTTP-POST")]
    NoEndpoint,
    /// There are addresses, but in the open.
    #[error("the identity provider's address for signing in does not begin with https://")]
    NotHttps,
    /// Nothing could be verified.
    #[error("the identity provider has no certificate for signing. Without one, nothing it says could be verified")]
    NoCertificate,
    /// A certificate in it cannot be used.
    #[error("a signing certificate of the identity provider cannot be used: {0}")]
    Certificate(#[from] CertificateFault),
}

impl From<Fault> for MetadataFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooLarge => Self::TooLarge,
            Fault::Doctype => Self::Doctype,
            Fault::TooDeep | Fault::TooManyElements | Fault::TooManyAttributes => Self::TooComplex,
            Fault::Malformed | Fault::EmptyPrefix | Fault::ReservedPrefix => Self::Malformed,
        }
    }
}

impl Metadata {
    /// Reads what an identity provider says about itself. Nothing proves it: whoever hands it in vouches for it, and a signature
    /// in it means nothing. With `allows_http`, people may be sent through the open, as in a trial.
    ///
    /// # Errors
    /// Why it cannot be used, for whoever handed it in.
    pub fn read(xml: &str, allows_http: bool) -> Result<Self, MetadataFault> {
        let document: Document<'_> = xml::parse(xml, &LIMITS)?;
        let root = Node::root(&document).ok_or(MetadataFault::Malformed)?;
        let (entity, provider) = provider(root)?;
        let entity_id = entity.attribute("entityID").filter(|id| !id.trim().is_empty() && id.len() <= LONGEST_ID);
        let entity_id = entity_id.ok_or(MetadataFault::EntityId)?.to_owned();
        let (redirect, post) = endpoints(provider, allows_http)?;
        let certificates = certificates(provider)?;
        let wants_signed_requests = matches!(provider.attribute("WantAuthnRequestsSigned").map(str::trim), Some("true" | "1"));
        let formats = provider.named(METADATA, "NameIDFormat").filter_map(Node::text);
        let name_id_formats = formats.map(|format| format.trim().to_owned()).filter(|format| !format.is_empty()).collect();
        let valid_until_ms = [provider, entity, root].iter().filter_map(|node| moments::read(node.attribute("validUntil")?)).min();
        Ok(Self { entity_id, redirect, post, certificates, wants_signed_requests, name_id_formats, valid_until_ms })
    }
}

/// The one identity provider, and the entity it is a role of.
fn provider(root: Node<'_>) -> Result<(Node<'_>, Node<'_>), MetadataFault> {
    if !root.is(METADATA, "EntityDescriptor") && !root.is(METADATA, "EntitiesDescriptor") {
        return Err(MetadataFault::NotMetadata);
    }
    let entities = root.all().filter(|node| node.is(METADATA, "EntityDescriptor"));
    let mut providers =
        entities.flat_map(|entity| entity.named(METADATA, "IDPSSODescriptor").map(move |role| (entity, role))).filter(|(_, role)| {
            role.attribute("protocolSupportEnumeration").is_some_and(|list| list.split_whitespace().any(|name| name == PROTOCOL))
        });
    match (providers.next(), providers.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(MetadataFault::NoProvider),
        (Some(_), Some(_)) => Err(MetadataFault::SeveralProviders),
    }
}

/// Where requests go, by redirect and by post: the first address of each that can be used.
fn endpoints(provider: Node<'_>, allows_http: bool) -> Result<(Option<Url>, Option<Url>), MetadataFault> {
    let mut is_in_the_open = false;
    let mut first = |binding: &str| {
        let services = provider.named(METADATA, "SingleSignOnService").filter(|service| service.attribute("Binding") == Some(binding));
        let mut urls = services.filter_map(|service| Url::parse(service.attribute("Location")?.trim()).ok());
        urls.find(|url| {
            is_in_the_open |= url.scheme() == "http" && !allows_http;
            url.scheme() == "https" || allows_http && url.scheme() == "http"
        })
    };
    match (first(HTTP_REDIRECT), first(HTTP_POST)) {
        (None, None) if is_in_the_open => Err(MetadataFault::NotHttps),
        (None, None) => Err(MetadataFault::NoEndpoint),
        found => Ok(found),
    }
}

/// What it signs with: a key without a use is for all uses (SAML metadata, section 2.4.1.1).
fn certificates(provider: Node<'_>) -> Result<Vec<Certificate>, MetadataFault> {
    let keys = provider.named(METADATA, "KeyDescriptor").filter(|key| matches!(key.attribute("use"), None | Some("signing")));
    let data = keys.flat_map(|key| key.named(SIGNATURE, "KeyInfo")).flat_map(|info| info.named(SIGNATURE, "X509Data"));
    let mut certificates = Vec::new();
    for element in data.flat_map(|data| data.named(SIGNATURE, "X509Certificate")) {
        let certificate = Certificate::parse(&element.text().ok_or(CertificateFault::NotText)?)?;
        if !certificates.contains(&certificate) {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() { Err(MetadataFault::NoCertificate) } else { Ok(certificates) }
}

/// What we say about ourselves: who we are, where answers go, which kinds of names we would like, best first, and by which certificate
/// requests are signed, if they are.
#[must_use]
pub fn write(entity_id: &str, acs: &str, name_id_formats: &[&str], certificate: Option<&str>) -> String {
    let [entity_id, acs] = [entity_id, acs].map(escape);
    let is_signed = certificate.is_some();
    let key = certificate.map(signing::inside).map_or_else(String::new, |certificate| {
        format!(
            "    <md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"{SIGNATURE}\"><ds:X509Data><ds:X509Certificate>{certificate}\
             </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\n"
        )
    });
    let mut formats = String::new();
    for format in name_id_formats {
        let _ = writeln!(formats, "    <md:NameIDFormat>{}</md:NameIDFormat>", escape(format));
    }
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="{METADATA}" entityID="{entity_id}">
  <md:SPSSODescriptor AuthnRequestsSigned="{is_signed}" WantAssertionsSigned="true" protocolSupportEnumeration="{PROTOCOL}">
{key}{formats}    <md:AssertionConsumerService Binding="{HTTP_POST}" Location="{acs}" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
"#
    )
}
