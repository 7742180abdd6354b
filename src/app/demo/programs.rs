//! The demonstration's programs: a pipeline, a gateway that asks whether agents may start, and an old job that was put to rest and still
//! tries.

use super::story::Teller;
use crate::{
    acts::{self, Key, Permit, Stop, bot_users, credentials, ip_restrictions::How},
    rules::{
        bot_users::Draft,
        credentials::{Acl, Kind, New, Owner},
        ids::BotId,
        ip_policies::{self, Action},
        ip_restrictions::{self, Surface},
        permissions::may,
    },
    store::NewIpRule,
};

/// The programs that have a key: what it is called, from which day on it is used, and how it is found here.
#[derive(Default)]
pub(super) struct Programs {
    keys: Vec<(&'static str, String)>,
    old: Option<BotId>,
}

impl Teller<'_> {
    /// What is to happen with programs on a day.
    pub(super) async fn happen_to_programs(&mut self, day: i64) -> Result<(), Stop> {
        match day {
            15 => {
                let bot = self.bot("Build pipeline").await?;
                self.key("Build pipeline", &bot, "On the build server").await?;
                let previews = Acl::check(["bind:*.preview.engines.example"])?;
                self.authtoken(&bot, "Preview environments", previews).await?;
            }
            22 => {
                let bot = self.bot("Edge gateway").await?;
                self.key("Edge gateway", &bot, "Asks who may start an agent").await?;
                for place in ["Edge in London", "Edge in Manchester"] {
                    self.authtoken(&bot, place, Acl::default()).await?;
                }
            }
            30 => {
                let bot = self.bot("Monthly report").await?;
                self.key("Monthly report", &bot, "A job on the old server").await?;
                self.programs.old = Some(bot);
            }
            40 => drop(credentials::show(&self.permit("alan").await?).await?),
            90 => Box::pin(self.restrict()).await?,
            108 => {
                if let Some(bot) = self.programs.old.clone() {
                    bot_users::update(&self.permit("ada").await?, &bot, None, Some(false)).await?;
                }
            }
            _ => {}
        }
        // Programs work at night, the report once a month.
        for (name, key) in self.programs.keys.clone() {
            if day > 85 && (name != "Monthly report" || day % 30 == 25) {
                drop(Permit::<may::ViewAccount, Key>::ask_by_key(&self.app, self.caller(name), &key, |_| Ok(())).await);
            }
        }
        Ok(())
    }

    /// The offices are allowed; the build servers come from elsewhere, as the warnings say.
    async fn restrict(&mut self) -> Result<(), Stop> {
        let says = |text: &str| ip_policies::Draft { description: text.to_owned(), metadata: String::new() };
        let permit = self.permit("ada").await?;
        let policy = acts::ip_policies::create(&permit, &says("Offices")).await?;
        let rule = |network: &str, description| {
            let network = ip_policies::network(network).map_err(|why| Stop::Broken(why.sentence()))?;
            Ok::<_, Stop>(NewIpRule { network, action: Action::Allow, description, metadata: "" })
        };
        let rules = [rule("203.0.113.0/28", "London")?, rule("2001:db8:40::/48", "Manchester")?];
        acts::ip_policies::add_rules(&permit, &policy.id, &rules, How::Do).await?.done()?;
        let draft = ip_restrictions::Draft { policies: vec![policy.id.to_string()], ..ip_restrictions::Draft::default() };
        acts::ip_restrictions::create(&self.permit("ada").await?, Surface::Api, &draft, How::Do).await?.done().map(drop)
    }

    async fn bot(&mut self, name: &str) -> Result<BotId, Stop> {
        Ok(bot_users::create(&self.permit("ada").await?, &Draft { name: name.to_owned() }, true).await?.id)
    }

    async fn key(&mut self, name: &'static str, bot: &BotId, description: &str) -> Result<(), Stop> {
        let secret = self.credential(Kind::ApiKey, bot, description, Acl::default()).await?;
        self.programs.keys.push((name, secret));
        Ok(())
    }

    async fn authtoken(&mut self, bot: &BotId, description: &str, acl: Acl) -> Result<(), Stop> {
        self.credential(Kind::Authtoken, bot, description, acl).await.map(drop)
    }

    async fn credential(&mut self, kind: Kind, bot: &BotId, description: &str, acl: Acl) -> Result<String, Stop> {
        let new = New { description: description.to_owned(), metadata: String::new(), acl, expires_at: None, ssh: None };
        let made = credentials::create(&self.permit("ada").await?, kind, &new, Some(&Owner::Bot(bot.clone()))).await?;
        Ok(made.secret.map(|secret| secret.0).unwrap_or_default())
    }
}
