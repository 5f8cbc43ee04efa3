//! What people do with credits: buy them, boost with them, pay for gigs and give to clans. Drawn in advance as all steps
//! are; things that are made on the way are counted from the first.

pub(crate) mod closing;
mod doing;

use crate::scenario::USERS;

/// Hundredths of cash that one credit costs.
pub(crate) const PRICE: u64 = 10;
/// As many boosts of one target may run at once.
pub(crate) const MOST_RUNNING: usize = 20;
/// The most credits and hours of a boost.
pub(crate) const MOST_CREDITS: u64 = 10_000;
pub(crate) const MOST_HOURS: u64 = 168;

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub enum Deed {
    /// Buys credits with the cash of the wallet.
    Buy { credits: u64 },
    /// Boosts something, several times only to have more than may run; and then looks what it counts in a quarter of
    /// its time, from 0 on, or in 4, when it is over.
    Boost { goal: Goal, credits: u64, hours: u64, times: usize, look: Option<u64> },
    /// Offers a gig.
    Offer { price: u64 },
    /// Says that a gig is done.
    Complete { gig: usize },
    /// Pays a gig: its owner does, or somebody who is not asked to.
    Pay { gig: usize, is_owner: bool },
    /// Founds a clan.
    Found,
    /// Joins a clan.
    Join { clan: usize },
    /// Leaves a clan.
    Leave { clan: usize },
    /// Gives to a clan.
    Give { clan: usize, credits: u64 },
    /// Looks what boosts of something count.
    Look { goal: Goal },
    /// Looks at the list of gigs, or of clans.
    Browse { is_of_gigs: bool },
}

/// What is boosted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// The profile of a user.
    Profile(usize),
    /// A gig.
    Gig(usize),
    /// A clan.
    Clan(usize),
    /// A gig that there is not.
    Nowhere,
}

impl Deed {
    /// Whether its command takes no key: it is answered as things are when it is asked, or makes one more.
    pub(crate) const fn takes_no_key(self) -> bool {
        match self {
            Self::Offer { .. }
            | Self::Complete { .. }
            | Self::Found
            | Self::Join { .. }
            | Self::Leave { .. }
            | Self::Look { .. }
            | Self::Browse { .. } => true,
            Self::Buy { .. } | Self::Boost { .. } | Self::Pay { .. } | Self::Give { .. } => false,
        }
    }

    /// One of somebody's.
    pub(crate) fn draw(chance: &mut fastrand::Rng) -> Self {
        let thing = |chance: &mut fastrand::Rng| if chance.bool() { 0 } else { chance.usize(..3) };
        let (gig, clan) = (thing(chance), thing(chance));
        match chance.u32(..48) {
            0..=3 => Self::Buy { credits: credits(chance) * 4 },
            4..=17 => Self::boost(chance),
            18..=19 => Self::Offer { price: credits(chance) },
            20..=25 => Self::Complete { gig },
            26..=34 => Self::Pay { gig, is_owner: chance.u32(..8) > 0 },
            35 => Self::Found,
            36..=37 => Self::Join { clan },
            38 => Self::Leave { clan },
            39..=43 => Self::Give { clan, credits: credits(chance) },
            44..=45 => Self::Browse { is_of_gigs: chance.bool() },
            _ => Self::Look { goal: Goal::draw(chance) },
        }
    }

    fn boost(chance: &mut fastrand::Rng) -> Self {
        let goal = Goal::draw(chance);
        if chance.u32(..20) == 0 {
            return Self::Boost { goal, credits: 1, hours: 168, times: MOST_RUNNING + 1, look: None };
        }
        let credits = if chance.u32(..40) == 0 { [0, MOST_CREDITS + 1][chance.usize(..2)] } else { credits(chance) };
        let hours = match chance.u32(..40) {
            0 => [0, MOST_HOURS + 1][chance.usize(..2)],
            1..=4 => MOST_HOURS,
            5..=24 => 1,
            _ => 1 + chance.u64(..30),
        };
        let look = chance.bool().then(|| chance.u64(..5));
        Self::Boost { goal, credits, hours, times: 1, look }
    }

    /// What a history that is about credits begins with: who does what, or who pays in cash for it.
    pub(crate) fn opening(number: usize, chance: &mut fastrand::Rng) -> Result<(usize, Self), usize> {
        let buy = |user: usize, chance: &mut fastrand::Rng| (user, Self::Buy { credits: 200 + credits(chance) });
        match number {
            0 => Err(0),
            1 => Ok(buy(0, chance)),
            2 | 6 => Ok((1, Self::Offer { price: credits(chance) })),
            4 => Err(1),
            5 => Ok(buy(1, chance)),
            _ => Ok((0, Self::Found)),
        }
    }
}

impl Goal {
    fn draw(chance: &mut fastrand::Rng) -> Self {
        let thing = if chance.bool() { 0 } else { chance.usize(..3) };
        match chance.u32(..21) {
            0..=6 => Self::Profile(if chance.bool() { 1 } else { chance.usize(..USERS) }),
            7..=13 => Self::Gig(thing),
            14..=19 => Self::Clan(thing),
            _ => Self::Nowhere,
        }
    }
}

/// Few of them are no multiple of the quarters that they are counted in.
fn credits(chance: &mut fastrand::Rng) -> u64 {
    match chance.u32(..3) {
        0 => 1 + chance.u64(..8),
        1 => 20 * (1 + chance.u64(..5)),
        _ => 1 + chance.u64(..150),
    }
}
