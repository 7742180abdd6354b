//! Dice that throw the same for the same seed (splitmix64), so that a run can be told again.

/// The dice.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number.
    pub fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` up to `to`.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.throw() % (to - from + 1)
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.throw().is_multiple_of(n)
    }

    /// Dice of somebody else, who then throws independently.
    pub fn hand_out(&mut self) -> Self {
        Self(self.throw())
    }
}
