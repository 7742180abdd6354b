//! What the provider lies about.

/// Where something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Door {
    Discovery,
    Authorize,
    Token,
    Keys,
    Userinfo,
}

/// How.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Says nothing for 30 seconds.
    Slow,
    /// Sends a byte a second, without an end.
    Drips,
    Status500,
    /// 100 MiB, without saying so before.
    Huge,
    /// The same, and says so.
    HugeAnnounced,
    BadJson,
    /// JSON that is no object.
    JsonText,
    /// To an address that answers as it should.
    RedirectsElsewhere,
}

/// What it lies about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    None,
    At(Door, Trouble),
    /// Each answer takes two seconds.
    Sluggish,
    /// In the discovery document.
    DocumentOfAnother,
    /// It wants keys in place of a secret.
    PrivateKeyJwt,
    /// In the answer that the browser brings.
    StripIss,
    WrongIss,
    /// In the ID token.
    WrongIssuer,
    IssuerWithSlash,
    WrongAudience,
    ExtraAudience,
    ForeignAzp,
    WrongNonce,
    NoNonce,
    Expired,
    FutureIat,
    OldIat,
    NoSub,
    NullSub,
    EmptySub,
    BlankSub,
    NumberSub,
    ArraySub,
    LongSub,
    ControlSub,
    DuplicateSub,
    DuplicateEmailVerified,
    DuplicateNonce,
    /// In how it is signed.
    AlgNone,
    AlgNoneWithSignature,
    Hs256WithPublicKey,
    Hs256WithSecret,
    JwkHeader,
    KidPath,
    UnknownKey,
    /// The key is not there when the keys are read for the first time, and is when they are read again.
    KeysRotated,
    BadSignature,
    ChangedPayload,
    NoSignature,
    Crit,
    TokenTypeAtJwt,
    TokenTypeLogout,
    Encrypted,
    Garbage,
    NoIdToken,
    /// In what comes with it.
    MacToken,
    AccessTokenWithNewline,
    OtherUserinfoSub,
    NoUserinfoSub,
    DuplicateUserinfoSub,
    SignedUserinfo,
}
