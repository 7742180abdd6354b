//! Asking an identity provider to sign somebody in (SAML core, section 3.4; SAML profiles, section 4.1.4.1).

use std::io::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};
use url::Url;

use crate::protocols::saml::{
    HTTP_POST, moments,
    signing::{METHOD, Signer, SigningFault},
    xml::{ASSERTION, PROTOCOL, escape},
};

/// What is asked. It need not be signed: whoever changes it can only make the answer be refused, as that goes to our address alone
/// and must name this request. Some providers want it all the same.
#[derive(Clone, Copy, Debug)]
pub struct AuthnRequest<'a> {
    /// What the answer has to name: at least 128 random bits, beginning with a letter or `_` (SAML core, section 1.3.4). The
    /// caller remembers it for this browser.
    pub id: &'a str,
    /// Our entity id.
    pub issuer: &'a str,
    /// Where the question goes: the identity provider's address for this binding.
    pub destination: &'a Url,
    /// Where the answer goes.
    pub acs: &'a str,
    /// Now.
    pub now_ms: i64,
    /// Whether the person has to prove again who they are, though the identity provider may know.
    pub force_authn: bool,
    /// Which kind of name is wanted; `None` leaves it to the identity provider, as most are set up for.
    pub name_id_format: Option<&'a str>,
}

impl AuthnRequest<'_> {
    /// The address to send the browser to, for HTTP-Redirect (SAML bindings, section 3.4.4.1).
    ///
    /// `relay_state` comes back with the answer. It should be a random key of at most 80 bytes, and never an address: SAML
    /// bindings, section 3.4.3.
    #[must_use]
    pub fn redirect_url(&self, relay_state: &str) -> String {
        self.asked_by(&self.query(relay_state).finish())
    }

    /// The same, signed: with the signature of exactly what stands in the address from `SAMLRequest=` on, and of nothing of the
    /// destination's own.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn signed_redirect_url(&self, relay_state: &str, signer: &Signer) -> Result<String, SigningFault> {
        let query = self.query(relay_state).append_pair("SigAlg", METHOD).finish();
        let signature = form_urlencoded::Serializer::new(String::new()).append_pair("Signature", &signer.sign(query.as_bytes())?).finish();
        Ok(self.asked_by(&format!("{query}&{signature}")))
    }

    fn query(&self, relay_state: &str) -> form_urlencoded::Serializer<'static, String> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("SAMLRequest", &STANDARD.encode(deflate(&self.xml()))).append_pair("RelayState", relay_state);
        query
    }

    /// The destination with this behind what it has of its own.
    fn asked_by(&self, query: &str) -> String {
        let mut url = self.destination.clone();
        let own = url.query().filter(|own| !own.is_empty()).map(|own| format!("{own}&")).unwrap_or_default();
        url.set_query(Some(&format!("{own}{query}")));
        url.into()
    }

    /// The value of the field `SAMLRequest`, for HTTP-POST (SAML bindings, section 3.5.4).
    #[must_use]
    pub fn form_field(&self) -> String {
        STANDARD.encode(self.xml())
    }

    /// The same, signed within.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn signed_form_field(&self, signer: &Signer) -> Result<String, SigningFault> {
        let signature = signer.envelope(&self.xml(), self.id)?;
        Ok(STANDARD.encode(self.xml_with(&signature)))
    }

    /// The message itself.
    #[must_use]
    pub fn xml(&self) -> String {
        self.xml_with("")
    }

    /// With a signature where one belongs: behind the issuer.
    fn xml_with(&self, signature: &str) -> String {
        let Self { id, issuer, destination, acs, .. } = self;
        let [id, issuer, destination, acs] = [id, issuer, destination.as_str(), acs].map(escape);
        let now = moments::write(self.now_ms);
        let force = if self.force_authn { " ForceAuthn=\"true\"" } else { "" };
        let policy = self.name_id_format.map(escape).map(|format| format!(" Format=\"{format}\"")).unwrap_or_default();
        format!(
            "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" Version=\"2.0\" \
             IssueInstant=\"{now}\" Destination=\"{destination}\"{force} ProtocolBinding=\"{HTTP_POST}\" \
             AssertionConsumerServiceURL=\"{acs}\"><saml:Issuer>{issuer}</saml:Issuer>{signature}\
             <samlp:NameIDPolicy{policy} AllowCreate=\"true\"/></samlp:AuthnRequest>"
        )
    }
}

/// The DEFLATE encoding of RFC 1951, without a header. Writing into memory does not fail.
fn deflate(text: &str) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let _ = encoder.write_all(text.as_bytes());
    encoder.finish().unwrap_or_default()
}
