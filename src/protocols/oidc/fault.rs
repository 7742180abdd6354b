//! Why a sign-in at a provider does not go on.

use super::super::outside::Unreached;

/// Why a sign-in does not go on, in a sentence for the administrators who set the provider up. Values of the provider are shown where
/// they help, shortened; codes, tokens and secrets never are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An answer was not had.
    #[error(transparent)]
    Unreached(#[from] Unreached),

    /// What was set up here is not an issuer (OpenID Connect Discovery 1.0, section 3).
    #[error("The issuer {0} cannot be used: it has to be a URL without a query and without a fragment.")]
    NotAnIssuer(String),
    /// The address to come back to is no URL; it is made by this program.
    #[error("The address for the provider to come back to is not a URL: {0}.")]
    RedirectUri(String),
    /// The discovery document is about another one (Discovery 1.0, section 4.3).
    #[error(
        "The provider says that its issuer is {found}, but {expected} is set up here. Both have to be the same to the letter, also in \
         whether there is a slash at the end."
    )]
    Issuer {
        /// As set up here.
        expected: String,
        /// As the provider says.
        found: String,
    },
    /// It takes the secret in ways that this program does not know (Core 1.0, section 9).
    #[error(
        "The provider takes a client secret in other ways than client_secret_basic and client_secret_post, and this program knows only \
         those two."
    )]
    ClientAuthentication,

    /// RFC 9207: the answer should say who gives it.
    #[error("The provider says that its answers carry iss, but this answer did not. Somebody may have meddled with it.")]
    NoIss,
    /// RFC 9207: another provider gave the answer.
    #[error("The answer was given by another provider than {expected}.")]
    OtherIss {
        /// As set up here.
        expected: String,
        /// As the answer says.
        found: String,
    },

    /// The browser came back without a code (RFC 6749 §4.1.2.1; Core 1.0, section 3.1.2.6).
    #[error("The provider let nobody in: {0}.")]
    TurnedAway(&'static str),

    /// `invalid_grant` (RFC 6749 §5.2).
    #[error(
        "The provider did not take the code. It may have been used already or be too old, or the redirect URI that is set up at the \
         provider is another one."
    )]
    CodeRefused,
    /// `invalid_client` or `unauthorized_client` (RFC 6749 §5.2).
    #[error("The provider did not accept the client ID and the client secret.")]
    ClientRefused,
    /// Another error of RFC 6749 §5.2.
    #[error("The provider did not give a token: {0}.")]
    TokenRefused(&'static str),
    /// What came is not what RFC 6749 §5.1 describes.
    #[error("The provider's answer to the code is not one by OAuth 2.0.")]
    TokenAnswer,
    /// No ID token came along (Core 1.0, section 3.1.3.3).
    #[error("The provider gave no ID token. Is the scope openid allowed for this client?")]
    NoIdToken,

    /// Not three parts, or parts that cannot be read (RFC 7515 §7.1).
    #[error("The ID token cannot be read.")]
    Unreadable,
    /// It has five parts (RFC 7516 §7.1).
    #[error("The ID token is encrypted. Set the provider up so that ID tokens are signed only.")]
    Encrypted,
    /// A name stands in it twice; readers differ in which of both they believe.
    #[error("{0} stands twice in what the provider said of the person.")]
    Twice(String),
    /// RFC 8725 §3.11.
    #[error("The provider gave a token of the type {0} where an ID token belongs.")]
    Type(String),
    /// RFC 7515 §4.1.11.
    #[error("The ID token demands extensions that this program does not know (crit).")]
    Critical,
    /// `none`, those with shared secrets, and those that nobody knows.
    #[error("The ID token is signed with {0}. Accepted are RS256, PS256, ES256 and their longer kin, and EdDSA.")]
    Algorithm(String),
    /// The key is not among the provider's, which were read twice.
    #[error("The ID token is signed with a key that is not among those that the provider publishes.")]
    UnknownKey,
    /// It was not made with that key.
    #[error("The signature of the ID token is wrong.")]
    Signature,

    /// Core 1.0, section 3.1.3.7, 2.
    #[error("The ID token was issued by {found}, and not by {expected}.")]
    TokenIssuer {
        /// As set up here.
        expected: String,
        /// As the token says; empty if it does not.
        found: String,
    },
    /// Core 1.0, section 3.1.3.7, 3.
    #[error("The ID token is meant for {0}, and not for this client alone.")]
    Audience(String),
    /// Core 1.0, section 3.1.3.7, 4 and 5.
    #[error("The ID token was given out for the client {0}, and not for this one.")]
    AuthorizedParty(String),
    /// A moment that each ID token has is missing, or is no number.
    #[error("The ID token does not say {0} as it should.")]
    Moment(&'static str),
    /// Core 1.0, section 3.1.3.7, 9.
    #[error("The ID token has expired. Are the clocks of both servers right?")]
    Expired,
    /// `iat` or `nbf` is in the future.
    #[error("The ID token is from the future. Are the clocks of both servers right?")]
    FromTheFuture,
    /// `iat` is long past; a fresh one is made for each sign-in.
    #[error("The ID token was issued more than 10 minutes ago. Are the clocks of both servers right?")]
    IssuedLongAgo,
    /// Core 1.0, section 3.1.3.7, 11.
    #[error("The ID token belongs to another sign-in: its nonce is missing or another one.")]
    Nonce,

    /// Core 1.0, section 2: `sub` is required.
    #[error("The ID token does not say who signed in: there is no sub.")]
    NoSubject,
    /// It is a number, say.
    #[error("The ID token's sub is not a text.")]
    SubjectNotText,
    /// Nothing but spaces.
    #[error("The ID token's sub is empty.")]
    SubjectEmpty,
    /// Core 1.0, section 2: at most 255 characters of ASCII.
    #[error("The ID token's sub is longer than 255 bytes.")]
    SubjectTooLong,
    /// There are control characters in it.
    #[error("The ID token's sub has control characters in it.")]
    SubjectUnprintable,

    /// Core 1.0, section 5.3.2.
    #[error("The userinfo endpoint spoke of another person than the ID token.")]
    OtherUserinfo,
    /// It is no JSON object; signed answers are not asked for.
    #[error("The userinfo endpoint's answer is not a JSON object. Set the provider up so that it is not signed.")]
    Userinfo,

    /// Core 1.0, section 3.1.2.1, `max_age`: the token has to say when.
    #[error("A fresh sign-in was asked for, but the provider does not say when the person signed in (auth_time).")]
    NoAuthTime,
    /// Core 1.0, section 3.1.3.7, 13.
    #[error("A fresh sign-in was asked for, but the provider let a person through who had signed in before.")]
    NotFresh,
}
