//! Which kill follows which.

use crate::{dice::Dice, program::Trap};

/// A kill.
#[derive(Clone, Copy, Debug)]
pub enum Kill {
    /// Of the program, so many milliseconds after the writers have begun.
    AtRandom(u64),
    /// Of the program, by itself, at a chosen call to the disk.
    AtCall(Trap),
    /// Of the database, so many milliseconds after the writers have begun; the program has to live on.
    OfDatabase(u64),
}

/// Four in five kills at random moments; every fifth on SQLite at a chosen call, later and later, and on PostgreSQL of the
/// database itself.
pub fn plan(kills: u64, on_postgres: bool, dice: &mut Dice) -> Vec<Kill> {
    let mut at = 1;
    let one = |n: u64| {
        let moment = dice.between(20, 500);
        match n % 5 {
            4 if on_postgres => Kill::OfDatabase(moment),
            4 => {
                // The third, the fifth, the eighth …: each commit syncs once, and writes several times.
                let nth = n / 5;
                at += nth % 20 + 2;
                Kill::AtCall(if nth % 3 == 2 { Trap { call: "pwrite64", at: at * 4 } } else { Trap { call: "fsync,fdatasync", at } })
            }
            _ => Kill::AtRandom(moment),
        }
    };
    (0..kills).map(one).collect()
}
