//! Signs documents as an identity provider does, and as one does not.

use base64::{Engine, engine::general_purpose::STANDARD};
use bergshamra::{
    Key,
    c14n::{C14nMode, canonicalize_doc},
    crypto::{digest::digest, sign::from_uri},
    keys::loader,
    xml::nodeset::NodeSet,
};

pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub const RSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384";
pub const RSA_SHA512: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
pub const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
pub const ECDSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
pub const HMAC_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
pub const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub const SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#sha384";
pub const SHA512: &str = "http://www.w3.org/2001/04/xmlenc#sha512";
pub const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// A key of `keys/`, by name.
pub fn pem(file: &str) -> String {
    // The fuzzer is a package in a folder of this one.
    let root = env!("CARGO_MANIFEST_DIR").trim_end_matches("/fuzz");
    std::fs::read_to_string(format!("{root}/tests/saml/keys/{file}")).unwrap()
}

fn private(name: &str) -> Key {
    loader::load_pem_auto(pem(&format!("{name}.key")).as_bytes(), None).unwrap()
}

/// How something is signed.
#[derive(Clone)]
pub struct Seal {
    pub key: Key,
    pub method: &'static str,
    pub digest: &'static str,
    pub prefixes: &'static str,
    pub key_info: String,
    /// Whether the signature's namespace is the default one.
    pub is_bare: bool,
    /// What is done to the `SignedInfo` before it is signed.
    pub info: fn(String) -> String,
}

impl Seal {
    /// As most identity providers sign.
    pub fn idp() -> Self {
        Self::by("idp", RSA_SHA256, SHA256)
    }

    pub fn by(key: &str, method: &'static str, digest: &'static str) -> Self {
        Self { key: private(key), method, digest, prefixes: "", key_info: String::new(), is_bare: false, info: |info| info }
    }

    /// With the certificate along.
    pub fn with_certificate(self, name: &str) -> Self {
        let base64: String = pem(&format!("{name}.crt")).lines().filter(|line| !line.starts_with('-')).collect();
        let key_info = format!("<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>");
        Self { key_info, ..self }
    }

    /// With a public key as the secret of an HMAC.
    pub fn hmac(file: &str) -> Self {
        Self { key: loader::load_hmac_key(pem(file).as_bytes()).unwrap(), method: HMAC_SHA256, ..Self::idp() }
    }

    pub fn editing(self, info: fn(String) -> String) -> Self {
        Self { info, ..self }
    }

    /// The signature of the element with this id.
    pub fn signature(&self, xml: &str, id: &str) -> String {
        let document = uppsala::parse(xml).unwrap();
        let all = document.descendants(document.root());
        let is_it = |node: &uppsala::NodeId| document.element(*node).is_some_and(|element| element.get_attribute("ID") == Some(id));
        let node = all.into_iter().find(is_it).unwrap_or_else(|| panic!("no element {id}"));
        let prefixes: Vec<&str> = self.prefixes.split_whitespace().collect();
        let chosen = NodeSet::tree_without_comments(node, &document);
        let bytes = canonicalize_doc(&document, C14nMode::Exclusive, Some(&chosen), &prefixes).unwrap();
        let value = STANDARD.encode(digest(self.digest, &bytes).unwrap());
        let list = if self.prefixes.is_empty() {
            String::new()
        } else {
            format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"{}\"/>", self.prefixes)
        };
        let info = format!(
            "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"/>\
             <ds:SignatureMethod Algorithm=\"{}\"/><ds:Reference URI=\"#{id}\"><ds:Transforms><ds:Transform Algorithm=\"{ENVELOPED}\"/>\
             <ds:Transform Algorithm=\"{EXCLUSIVE}\">{list}</ds:Transform></ds:Transforms><ds:DigestMethod Algorithm=\"{}\"/>\
             <ds:DigestValue>{value}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
            self.method, self.digest
        );
        self.around(&(self.info)(info))
    }

    /// A signature of this `SignedInfo`, which declares its namespaces itself.
    pub fn around(&self, info: &str) -> String {
        let bare = |text: &str| if self.is_bare { text.replace("xmlns:ds", "xmlns").replace("ds:", "") } else { text.to_owned() };
        let info = &bare(info);
        let document = uppsala::parse(info).unwrap();
        let bytes = canonicalize_doc::<&str>(&document, C14nMode::Exclusive, None, &[]).unwrap();
        let key = self.key.to_signing_key().unwrap().unwrap();
        let value = STANDARD.encode(from_uri(self.method).unwrap().sign(&key, &bytes).unwrap());
        bare(&format!(
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{info}<ds:SignatureValue>{value}</ds:SignatureValue>{}</ds:Signature>",
            self.key_info
        ))
    }

    /// The document with the element of this id signed, the signature behind its issuer.
    pub fn on(&self, xml: &str, id: &str) -> String {
        put(xml, id, &self.signature(xml, id))
    }
}

/// Puts a text behind the issuer of the element with this id.
pub fn put(xml: &str, id: &str, text: &str) -> String {
    let begin = xml.find(&format!("ID=\"{id}\"")).unwrap_or_else(|| panic!("no element {id}"));
    let mut at = begin;
    loop {
        at += xml[at..].find("</").expect("an issuer") + 2;
        let end = at + xml[at..].find('>').unwrap();
        if xml[at..end].ends_with("Issuer") {
            return format!("{}{text}{}", &xml[..=end], &xml[end + 1..]);
        }
    }
}
