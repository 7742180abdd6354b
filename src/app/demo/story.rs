//! What happened in the demonstration: a company is founded, people come, most stay, and everybody comes in most days.

use std::collections::BTreeMap;

use super::{
    PASSWORD, Turned,
    cast::{COMPANY, PEOPLE, Person as Role, email},
    programs::Programs,
};
use crate::{
    acts::{
        App, Caller, Permit, Person, Stop, Visitor, accounts, billing,
        invitations::{self, join},
        me, members, passwords,
        sessions::Cookies,
        setup, sign_in,
    },
    app::Running,
    protocols::secrets::hash_token,
    rules::{
        accounts::{NewAccount, slug},
        addresses::Email,
        billing::Billing as Invoices,
        details::Details,
        ids::{InvitationId, MemberId},
        invitations::NewInvitation,
        me::Profile,
        members::{Developer, NewRoles, Roles, Team, may_grant},
        passwords::Password,
        permissions::{May, may},
        setup::Draft,
        sign_in::Credentials,
        sign_up::NewPerson,
        time::{Millis, Span},
    },
    store::MemberRow,
};

/// How long ago it began.
pub(super) const LENGTH: Span = Span::days(DAYS);
const DAYS: i64 = 120;
/// What Grace, who invites most people, may do.
const GRACE: Roles = PEOPLE[2].roles;
/// When a day in the office begins, in UTC.
const MORNING: Span = Span::hours(7);

/// Tells it.
pub(super) struct Teller<'a> {
    running: &'a Running,
    pub(super) app: App,
    clock: &'a Turned,
    /// Midnight of the first day.
    began: Millis,
    /// The hash of everybody's cookie, and since when they have it.
    cookies: BTreeMap<&'static str, (String, Millis)>,
    /// Dice that fall the same way each time: nothing hangs on them.
    dice: u64,
    slug: String,
    pub(super) programs: Programs,
}

impl<'a> Teller<'a> {
    pub(super) fn new(running: &'a Running, clock: &'a Turned) -> Self {
        let day = Span::days(1).0;
        let began = Millis(clock.now().0 / day * day);
        Self {
            running,
            app: running.app.clone(),
            clock,
            began,
            cookies: BTreeMap::new(),
            dice: 42,
            slug: slug(COMPANY),
            programs: Programs::default(),
        }
    }

    pub(super) async fn tell(mut self) -> Result<(), Stop> {
        Box::pin(self.found()).await?;
        // Today has begun, but not ended: nobody comes in at hours that are still to come.
        for day in 0..=DAYS {
            self.happen(day).await?;
            Box::pin(self.happen_to_programs(day)).await?;
            self.everybody_comes_in(day).await?;
        }
        Ok(())
    }

    fn throw(&mut self, sides: u64) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % sides
    }

    /// Turns the clock to an hour of a day, unless that is still to come or past.
    fn turn(&self, day: i64, after: Span) {
        self.clock.turn_to(self.began.plus(Span::days(day)).plus(after));
    }

    pub(super) fn caller(&self, local: &str) -> Caller {
        let number = PEOPLE.iter().position(|person| person.local == local).unwrap_or(99);
        let address = std::net::Ipv4Addr::new(203, 0, 113, u8::try_from(number + 10).unwrap_or(9));
        Caller {
            address: address.into(),
            agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36".to_owned(),
            request: self.app.operation(),
            token_hash: self.cookies.get(local).map(|(hash, _)| hash.clone()),
            browser_hash: None,
            is_background: false,
        }
    }

    fn visitor(&self, local: &str) -> Visitor {
        self.app.visitor(Caller { token_hash: None, ..self.caller(local) })
    }

    /// What somebody may do, after they have signed in anew where their session is an old one.
    pub(super) async fn permit<M: May>(&mut self, local: &'static str) -> Result<Permit<M>, Stop> {
        let is_fresh = |since: Millis| self.app.now().since(since) < Span::hours(6);
        if !self.cookies.get(local).is_some_and(|(_, since)| is_fresh(*since)) {
            self.sign_in(local).await?;
        }
        Permit::ask(&self.app, self.caller(local), &self.slug).await
    }

    /// Cookies for somebody, of which only the hashes are known anywhere.
    fn new_cookies(&mut self, local: &'static str) -> Cookies {
        let session = hash_token(&format!("{local} {}", self.throw(u64::MAX)));
        self.cookies.insert(local, (session.clone(), self.app.now()));
        Cookies { browser: hash_token(&session), session }
    }

    async fn found(&mut self) -> Result<(), Stop> {
        self.turn(0, MORNING);
        let link = self.running.setup_link.clone().unwrap_or_default();
        let token = link.split_once("token=").map(|(_, token)| token.to_owned()).unwrap_or_default();
        let ada = &PEOPLE[0];
        let draft = Draft {
            token: token.clone(),
            account: COMPANY.to_owned(),
            name: ada.name.to_owned(),
            email: email(ada.local),
            password: PASSWORD.to_owned(),
        };
        let cookies = self.new_cookies(ada.local);
        setup::set_up(&self.visitor(ada.local), draft.check()?, &token, &cookies).await?;
        let details = Details {
            name: COMPANY.to_owned(),
            slug: self.slug.clone(),
            company: "Difference Engines Ltd".to_owned(),
            address: "1 Dorset Street\nLondon".to_owned(),
            website: "https://engines.example/".to_owned(),
            time_zone: "Europe/London".to_owned(),
            currency: "GBP".to_owned(),
        };
        accounts::update(&self.permit(ada.local).await?, details, 0).await.map(drop)
    }

    /// Everybody who is there and diligent comes in, at some time of the day.
    async fn everybody_comes_in(&mut self, day: i64) -> Result<(), Stop> {
        let weekday = (self.began.day() + day + 3) % 7;
        let there: Vec<&'static Role> = PEOPLE.iter().filter(|person| self.cookies.contains_key(person.local)).collect();
        let mut hours: Vec<(u64, &'static Role)> = Vec::new();
        for person in there {
            let wanted = if weekday >= 5 { 1 } else { person.diligence };
            let gone = (person.local == "george" && day > 40) || (person.local == "konrad" && day > 85);
            if self.throw(10) < wanted && !gone {
                hours.push((self.throw(540), person));
            }
        }
        hours.sort_by_key(|(minute, _)| *minute);
        for (minute, person) in hours {
            self.turn(day, MORNING.max(Span(MORNING.0 + Span::minutes(i64::try_from(minute).unwrap_or(0)).0)));
            self.come_in(person).await?;
        }
        Ok(())
    }

    async fn come_in(&mut self, person: &'static Role) -> Result<(), Stop> {
        if self.throw(25) == 0 {
            let wrong = Password::typed("not what it was").ok_or(Stop::Unknown)?;
            drop(sign_in::prove(&self.visitor(person.local), Credentials { email: address(person.local)?, password: wrong }).await);
        }
        self.sign_in(person.local).await?;
        match self.permit::<may::ViewAccount>(person.local).await {
            // Whoever may not come in has tried, which is on record.
            Ok(_) | Err(Stop::Refused { .. } | Stop::Unknown) => Ok(()),
            Err(stop) => Err(stop),
        }
    }

    async fn sign_in(&mut self, local: &'static str) -> Result<(), Stop> {
        let password = Password::typed(PASSWORD).ok_or(Stop::Unknown)?;
        let visitor = self.visitor(local);
        let proven = sign_in::prove(&visitor, Credentials { email: address(local)?, password }).await?;
        let cookies = self.new_cookies(local);
        sign_in::begin_session(&visitor, proven, None, &cookies).await.map(drop)
    }

    /// What is to happen on a day, besides people coming in.
    async fn happen(&mut self, day: i64) -> Result<(), Stop> {
        self.turn(day, MORNING);
        for person in PEOPLE.iter().filter(|person| person.day == day && day > 0) {
            // Nobody gives more than they have.
            let by = if day < 6 || may_grant(GRACE, Roles::LEAST, person.roles).is_err() { "ada" } else { "grace" };
            let token = self.invite(by, person.local, person.roles).await?;
            self.turn(day, Span(MORNING.0 + Span::minutes(40).0));
            self.join(person, &token).await?;
        }
        match day {
            10 => self.write_invoices("Ada Lovelace", 0).await?,
            33 => self.change("grace", "jean", |roles| Roles { team: Team::Invite, ..roles }).await?,
            50 => drop(self.invite("grace", "herman", Roles::LEAST).await?),
            52 => drop(self.invite("katherine", "kathleen", Roles::LEAST).await?),
            54 => {
                let herman = self.invitation("herman").await?;
                invitations::revoke(&self.permit("grace").await?, &herman).await?;
            }
            58 => {
                let kathleen = self.invitation("kathleen").await?;
                invitations::resend(&self.permit("katherine").await?, &kathleen, None).await?;
            }
            62 => self.write_invoices("Mary Somerville", 1).await?,
            66 => self.change("ada", "emmy", |roles| Roles { developer: Developer::ReadWrite, ..roles }).await?,
            86 => {
                let konrad = self.member("konrad").await?;
                members::disable(&self.permit("grace").await?, &konrad, true).await?;
            }
            80 => {
                let jean = self.member("jean").await?;
                members::end_sessions(&self.permit("grace").await?, &jean).await?;
                passwords::forget(&self.visitor("jean"), &address("jean")?).await?;
            }
            95 => self.look_around().await?,
            100 => {
                // Somebody tries what is not theirs.
                drop(self.permit::<may::ReadEvents>("alan").await);
                drop(self.permit::<may::ReadSettings>("grace").await);
            }
            109 => {
                let claude = self.member("claude").await?;
                members::remove(&self.permit("ada").await?, &claude, true).await?;
                self.cookies.remove("claude");
            }
            112 => {
                let hedy = self.member("hedy").await?;
                let until = self.began.plus(Span::days(DAYS + 4));
                members::set_access_until(&self.permit("grace").await?, &hedy, Some(until)).await?;
            }
            114 => drop(self.invite("katherine", "annie", Roles { developer: Developer::ReadWrite, ..Roles::LEAST }).await?),
            119 => drop(self.invite("grace", "joan", Roles { developer: Developer::ReadWrite, ..Roles::LEAST }).await?),
            _ => {}
        }
        Ok(())
    }

    /// Invites somebody; answers the secret of the link in the letter, which proves the address.
    async fn invite(&mut self, by: &'static str, local: &str, roles: Roles) -> Result<String, Stop> {
        let permit = self.permit::<may::InviteMembers>(by).await?;
        let sent = invitations::invite(&permit, NewInvitation { email: address(local)?, roles }).await?;
        self.running.deliver().await.map_err(|error| Stop::Broken(error.to_string()))?;
        let letter = sent.row.letter_id.map(|id| id.to_string()).unwrap_or_default();
        let text = std::fs::read_to_string(self.running.mail_folder.join(format!("{letter}.eml")));
        let text = text.map_err(|error| Stop::Broken(format!("{letter}: {error}")))?.replace("=\r\n", "");
        let after = text.split_once("/invitations/").map(|(_, after)| after).unwrap_or_default();
        Ok(after.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect())
    }

    async fn join(&mut self, person: &'static Role, token: &str) -> Result<(), Stop> {
        let password = Password::typed(PASSWORD).ok_or(Stop::Unknown)?;
        let (cookies, visitor) = (self.new_cookies(person.local), self.visitor(person.local));
        let new = NewPerson { name: person.name.to_owned(), password, terms: visitor.terms_of_use().map(str::to_owned) };
        join::sign_up(&visitor, token, new, &cookies).await?;
        drop(self.permit::<may::ViewAccount>(person.local).await?);
        Ok(())
    }

    async fn row(&mut self, local: &str) -> Result<MemberRow, Stop> {
        let mut reader = self.permit::<may::ReadMembers>("ada").await?.read();
        reader.newest_members(Some(&email(local)), None, 1).await?.pop().ok_or(Stop::Unknown)
    }

    async fn member(&mut self, local: &str) -> Result<MemberId, Stop> {
        Ok(self.row(local).await?.id)
    }

    async fn change(&mut self, by: &'static str, local: &str, to: impl FnOnce(Roles) -> Roles) -> Result<(), Stop> {
        let row = self.row(local).await?;
        let new = NewRoles { roles: to(row.roles()), version: row.version };
        members::change_roles(&self.permit(by).await?, &row.id, new).await.map(|_| ())
    }

    /// The invitation that is open, or was the last to be, to somebody.
    async fn invitation(&mut self, local: &str) -> Result<InvitationId, Stop> {
        let mut reader = self.permit::<may::ReadInvitations>("ada").await?.read();
        Ok(reader.unclosed_invitation(&email(local)).await?.ok_or(Stop::Unknown)?.id)
    }

    async fn write_invoices(&mut self, contact: &str, version: i64) -> Result<(), Stop> {
        let invoices = Invoices {
            contact: contact.to_owned(),
            recipients: "invoices@engines.example".to_owned(),
            address: "Difference Engines Ltd\n1 Dorset Street\nLondon".to_owned(),
            tax_id: "GB 123 4567 89".to_owned(),
            currency: String::new(),
        };
        billing::update(&self.permit("ada").await?, &invoices, version).await
    }

    /// Ada founds a second account, and chooses her own zone.
    async fn look_around(&mut self) -> Result<(), Stop> {
        drop(self.permit::<may::ViewAccount>("ada").await?);
        let ada = Person::ask(&self.app, self.caller("ada")).await?;
        accounts::create(&ada, &NewAccount { name: "Analytical Society".to_owned(), slug: None }).await?;
        me::update(&ada, &Profile { name: None, theme: None, time_zone: Some(Some("Europe/London".to_owned())) }).await
    }
}

fn address(local: &str) -> Result<Email, Stop> {
    Email::parse(&email(local)).map_err(Stop::Broken)
}
