//! Flows: what begins in one request and ends in another, by a secret that works once.

use super::{time::Span, words::words};

words! {
    /// What a flow is for.
    Flow {
        Setup = "setup", "Setting up this Frontdesk.";
        SignUp = "sign_up", "Signing up with an address.";
        ConfirmEmail = "confirm_email", "Confirming an address, one's own or the one that is to take its place.";
        HalfSignIn = "half_sign_in", "Giving the second factor after the password.";
        HalfSocial = "half_social", "Giving the second factor after GitHub or Google.";
        Enrolment = "mfa_enrolment", "Setting up a second factor that an account demands: the code in a letter.";
        LetInAgain = "let_in_again", "Trying a password again after too many wrong ones.";
        Typed = "typed", "Going on with a form once one has proven again who one is.";
        PasswordReset = "password_reset", "Choosing a new password without knowing the old one.";
        Sso = "sso", "Signing in at an identity provider, and coming back.";
        Asserted = "asserted", "Having been posted by a SAML provider, until the browser asks by itself.";
        Arrival = "arrival", "Having come from an identity provider that knows somebody whom the account does not.";
        ConfirmArrival = "confirm_arrival", "Confirming the address that such a provider says: the code in a letter.";
        Social = "social", "Going to GitHub or Google, and coming back.";
        SocialArrival = "social_arrival", "Having come from there to an invitation, as nobody who is linked to it.";
        Rescue = "rescue", "Coming into an account's security pages by a link from the host.";
    }
}

impl Flow {
    /// How long its secret works.
    #[must_use]
    pub const fn lives(self) -> Span {
        match self {
            Self::Setup => Span::days(7),
            Self::SignUp | Self::ConfirmEmail => Span::days(1),
            Self::PasswordReset | Self::LetInAgain | Self::Arrival | Self::ConfirmArrival | Self::SocialArrival => Span::hours(1),
            Self::Rescue | Self::Sso | Self::Social => Span::minutes(15),
            Self::HalfSignIn | Self::HalfSocial => Span::minutes(10),
            Self::Asserted => Span::minutes(1),
            Self::Typed => super::typed::WAITS,
            Self::Enrolment => super::mfa::ENROLMENT_LIVES,
        }
    }
}
