//! Names: the TXT records by which somebody shows that a domain is theirs.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::{
    Resolver, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::RData,
};

/// How long a question may take, all tries together.
pub const LONGEST: Duration = Duration::from_secs(5);

/// The most records of a name that are looked at.
const MOST: usize = 100;

/// Asks name servers.
#[derive(Clone)]
pub struct Dns(Option<TokioResolver>);

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// There is no name server to ask.
    #[error("this machine knows no name server")]
    NoServer,
    /// None answered in time, or none could.
    #[error("the name servers did not answer")]
    Away,
}

impl Dns {
    /// Asks this server, or those that the machine is configured for. Nothing is kept from one question to the next: whoever has just written a
    /// record wants it to be seen.
    #[must_use]
    pub fn new(server: Option<SocketAddr>) -> Self {
        let builder = match server {
            Some(server) => {
                let mut ways = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                for way in &mut ways {
                    way.port = server.port();
                }
                let mut known = NameServerConfig::udp(server.ip());
                known.connections = ways.to_vec();
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![known]);
                Some(Resolver::builder_with_config(config, TokioRuntimeProvider::default()))
            }
            None => Resolver::builder_tokio().ok(),
        };
        let built = builder.map(|mut builder| {
            let options = builder.options_mut();
            options.cache_size = 0;
            options.timeout = Duration::from_secs(2);
            options.attempts = 2;
            builder.build()
        });
        Self(built.and_then(Result::ok))
    }

    /// The TXT records of a name, each in one piece; none where there is no such name.
    ///
    /// # Errors
    /// Where nobody answers, which is not the same as no.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, Unanswered> {
        let resolver = self.0.as_ref().ok_or(Unanswered::NoServer)?;
        // With a dot at the end it is this name, and none that the machine would look for in its place.
        let asked = tokio::time::timeout(LONGEST, resolver.txt_lookup(format!("{name}.")));
        let found = match asked.await.map_err(|_| Unanswered::Away)? {
            Ok(found) => found,
            Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
            Err(_) => return Err(Unanswered::Away),
        };
        let text = |data: &RData| match data {
            RData::TXT(txt) => Some(txt.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect::<String>()),
            _ => None,
        };
        Ok(found.answers().iter().take(MOST).filter_map(|record| text(&record.data)).collect())
    }
}
