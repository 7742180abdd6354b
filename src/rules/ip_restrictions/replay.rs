//! Replays: what a change would have meant for those who came before it.

use std::{collections::HashMap, net::IpAddr};

use super::{Gate, Surface, Why};
use crate::rules::gate::Ip;

/// What an address meets at a surface before a change and after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Before.
    pub before: Ip,
    /// After.
    pub after: Ip,
    /// What decides afterwards; nothing where nothing restricts the surface then.
    pub why: Option<Why>,
}

impl Outcome {
    /// Whether it is another one.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.before != self.after
    }
}

/// A change, tried on visits: each address is judged once, however often somebody came from it.
pub struct Replay<'v> {
    before: &'v Gate,
    after: &'v Gate,
    known: [HashMap<&'v str, Outcome>; 4],
}

impl<'v> Replay<'v> {
    /// A change from one gate to another.
    #[must_use]
    pub fn new(before: &'v Gate, after: &'v Gate) -> Self {
        Self { before, after, known: Default::default() }
    }

    /// What somebody met who came from an address, as visits keep it. One that cannot be read is nobody's, and passes nowhere.
    pub fn of(&mut self, surface: Surface, address: &'v str) -> &Outcome {
        let (before, after) = (self.before, self.after);
        self.known[surface as usize].entry(address).or_insert_with(|| {
            let read = address.parse::<IpAddr>().ok();
            let judge = |gate: &Gate| read.map_or((Ip::Refused, None), |address| gate.judge(surface, address));
            let ((before, _), (after, why)) = (judge(before), judge(after));
            Outcome { before, after, why }
        })
    }
}
