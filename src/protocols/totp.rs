//! One-time codes of an authenticator (RFC 6238): six digits for thirty seconds, by HMAC-SHA-1, which is what every
//! authenticator knows.

use fast_qr::{
    ECL, QRBuilder,
    convert::{Builder as _, svg::SvgBuilder},
};
use totp_rs::{Builder, Secret, Totp};

use crate::rules::time::Millis;

/// What authenticators call us.
const ISSUER: &str = "Frontdesk";
/// Bytes of a secret: as many as the hash has (RFC 4226, section 4).
const SECRET: usize = 20;

/// A secret that an authenticator shares with us.
pub struct Authenticator(Totp);

impl Authenticator {
    /// A new one.
    #[must_use]
    pub fn new(dice: [[u8; 16]; 2]) -> Option<Self> {
        Self::of(Secret::from(dice.concat()[..SECRET].to_vec()), "")
    }

    /// The one whose secret was kept as text, for the person with this address.
    #[must_use]
    pub fn read(secret: &str, email: &str) -> Option<Self> {
        Self::of(Secret::try_from_base32(secret).ok()?, email)
    }

    fn of(secret: Secret, email: &str) -> Option<Self> {
        // What stands in front of a colon would be taken for the issuer.
        let name = if email.is_empty() { "you".to_owned() } else { email.replace(':', "_") };
        let builder = Builder::new().with_secret(secret).with_account_name(name).with_issuer(Some(ISSUER));
        builder.build().ok().map(Self)
    }

    /// The secret as text, in base 32: how it is kept, sealed, and typed by whoever cannot scan.
    #[must_use]
    pub fn secret(&self) -> String {
        self.0.secret().to_base32()
    }

    /// The time step of which this is the code, if it is the present one or one of its two neighbours.
    #[must_use]
    pub fn step(&self, code: &str, now: Millis) -> Option<i64> {
        let step = self.0.check(code, u64::try_from(now.0 / 1_000).ok()?)?;
        i64::try_from(step).ok()
    }

    /// The code of this moment.
    #[must_use]
    pub fn code(&self, now: Millis) -> String {
        self.0.generate(u64::try_from(now.0 / 1_000).unwrap_or(0)).to_string()
    }

    /// What is scanned: a QR code as SVG, without styles, dark on light in either look, as cameras want it.
    #[must_use]
    pub fn picture(&self) -> Option<String> {
        let code = QRBuilder::new(self.0.to_url().ok()?).ecl(ECL::M).build().ok()?;
        Some(SvgBuilder::default().margin(4).to_str(&code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    const RFC: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn codes_are_those_of_the_rfc() {
        let authenticator = Authenticator::read(RFC, "ada@example.com").unwrap();
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")] {
            assert_eq!(authenticator.code(Millis(seconds * 1_000)), code);
            assert_eq!(authenticator.step(code, Millis(seconds * 1_000)), Some(seconds / 30));
        }
    }

    #[test]
    fn a_step_before_and_a_step_after_are_taken_and_no_other() {
        let authenticator = Authenticator::new([[1; 16], [2; 16]]).unwrap();
        let now = Millis(1_795_262_415_000);
        let step = now.0 / 30_000;
        for away in -3..=3 {
            let code = authenticator.code(Millis(now.0 + away * 30_000));
            assert_eq!(authenticator.step(&code, now), (away.abs() <= 1).then_some(step + away), "{away}");
        }
        assert_eq!(authenticator.step("12345", now), None);
        assert_eq!(authenticator.step("1234567", now), None);
    }

    #[test]
    fn a_secret_is_read_back_and_drawn() {
        let made = Authenticator::new([[1; 16], [2; 16]]).unwrap();
        assert_eq!(made.secret().len(), 32);
        let read = Authenticator::read(&made.secret(), "a:b@example.com").unwrap();
        assert_eq!(read.code(Millis(0)), made.code(Millis(0)));
        let picture = read.picture().unwrap();
        assert!(picture.starts_with("<svg ") && !picture.contains("style"), "{picture}");
        assert!(Authenticator::read("not base 32", "x").is_none());
    }
}
