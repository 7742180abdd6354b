//! The letter that tells administrators that their account was opened from the host.

use serde::{Deserialize, Serialize};

use super::Reading;
use crate::rules::{rescue::LASTS, time::Millis, zones::Zone};

/// What it says: for whom of them, why, and what was done besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, clippy::struct_excessive_bools, reason = "the fields are what the sentences name")]
pub struct Rescued {
    pub account: String,
    pub slug: String,
    pub person: String,
    pub email: String,
    pub reason: String,
    pub factor: bool,
    pub password: bool,
    #[serde(default)]
    pub relaxed: bool,
    #[serde(default)]
    pub mixed: bool,
    pub at: i64,
}

impl Rescued {
    pub(super) fn subject(&self) -> String {
        format!("{} was opened from the host", self.account)
    }

    pub(super) fn reading(&self) -> Reading {
        let Self { account, slug, person, email, reason, factor, password, relaxed, mixed, at } = self;
        let at = Millis(*at).exact(&Zone::utc());
        let mut body = vec![
            format!(
                "Whoever runs this Frontdesk used `frontdesk rescue` on {at}. It made a link by which {person} ({email}) comes into the security pages of {account} for {}, past whatever the account demands at sign-in.",
                LASTS.in_words()
            ),
            format!("The reason that was given: {reason}"),
        ];
        if *relaxed {
            body.push(format!("All IP restrictions of {account} only warn now: whoever comes from elsewhere is let in."));
        }
        if *mixed {
            body.push(format!("Members of {account} who were there before single sign-on, {person} among them, may do without it now."));
        }
        if *factor {
            body.push(format!("The second factor of {person} was taken away, and all their sessions were ended."));
        }
        if *password {
            body.push(format!("{person} was given a link to choose a new password, too."));
        }
        Reading {
            heading: self.subject(),
            body,
            button: Some(("See what happened since", format!("/accounts/{slug}/events"))),
            after: vec![
                "If none of you asked for this, somebody is at the server who should not be: tell whoever runs it at once. Then look through the events and the security settings of the account, and at who administers it.".to_owned(),
            ],
        }
    }
}
