//! What a SAML provider says of somebody: which attributes are the address and the name.

use super::Said;
use crate::rules::addresses::Email;

/// What an address is called, by whom; the first that is there counts.
const EMAIL: [&str; 6] = [
    "email",
    "mail",
    "emailaddress",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "urn:oid:1.2.840.113549.1.9.1",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
];

/// What a whole name is called.
const NAME: [&str; 5] =
    ["displayname", "name", "urn:oid:2.16.840.1.113730.3.1.241", "http://schemas.microsoft.com/identity/claims/displayname", "cn"];

/// What the parts of a name are called.
const PARTS: [[&str; 4]; 2] = [
    ["givenname", "firstname", "urn:oid:2.5.4.42", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"],
    ["sn", "lastname", "urn:oid:2.5.4.4", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname"],
];

/// Reads what was said: the name at the provider, and attributes by name.
#[must_use]
pub fn said(subject: &str, attributes: &[(&str, &str)]) -> Said {
    let find = |names: &[&str]| {
        let of = |wanted: &&str| attributes.iter().find(|(name, value)| name.eq_ignore_ascii_case(wanted) && !value.trim().is_empty());
        names.iter().find_map(of).map(|(_, value)| value.trim().to_owned())
    };
    // Many providers call people by their address.
    let email = find(&EMAIL).or_else(|| Email::parse(subject).is_ok().then(|| subject.to_owned()));
    let parts = || {
        let parts: Vec<String> = PARTS.iter().filter_map(|names| find(names)).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    Said { subject: subject.to_owned(), email, name: find(&NAME).or_else(parts), is_disowned: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_call_the_same_in_different_ways() {
        for attributes in [
            &[("email", "ada@example.com"), ("displayName", "Ada Lovelace")][..],
            &[("urn:oid:0.9.2342.19200300.100.1.3", "ada@example.com"), ("urn:oid:2.16.840.1.113730.3.1.241", "Ada Lovelace")],
            &[
                ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "ada@example.com"),
                ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "Ada"),
                ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", "Lovelace"),
            ],
            &[("mail", " ada@example.com "), ("firstName", "Ada"), ("lastName", "Lovelace"), ("name", " ")],
        ] {
            let said = said("u-1", attributes);
            assert_eq!((said.email.as_deref(), said.name.as_deref()), (Some("ada@example.com"), Some("Ada Lovelace")), "{attributes:?}");
        }
        assert_eq!(said("ada@example.com", &[]).email.as_deref(), Some("ada@example.com"));
        assert_eq!(said("u-1", &[("role", "ada@example.com")]).email, None);
    }
}
