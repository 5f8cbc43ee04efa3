//! What the odds feed said, and what that makes of a market: the parties' own record, not what the platform kept of it.

use std::collections::BTreeMap;

use crate::money::Cents;
use crate::scenario::{Action, Market, Said};

/// A message of the odds feed as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) ts: i64,
    pub(crate) action: Action,
}

/// A feed time that no message has yet: from `wanted` on.
pub(crate) fn free(messages: &[Message], wanted: i64) -> i64 {
    (wanted..).find(|ts| messages.iter().all(|message| message.ts != *ts)).unwrap_or(wanted)
}

/// What the feed says of a market in all.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Odds by their time; none of a suspended market.
    pub(crate) odds: BTreeMap<i64, Vec<u64>>,
    /// The latest confirmed result and its time.
    pub(crate) paying: Option<(i64, Vec<Said>)>,
    /// Earliest time of any result.
    pub(crate) known_since: Option<i64>,
    /// Cancellations: bets placed from the first moment on and before the second; all without.
    pub(crate) windows: Vec<Option<(i64, i64)>>,
    /// Times of the stops of its event.
    pub(crate) stops: Vec<i64>,
}

/// A leg of an accepted bet.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) outcome: usize,
    /// Time of the odds that it was accepted on.
    pub(crate) version: i64,
    pub(crate) odds: Cents,
}

/// One unit of stake, as [`Facts::leg`] counts.
pub(crate) const UNIT: Cents = 1_000_000;

impl Facts {
    /// What `messages` say of `market`.
    pub(crate) fn of(messages: &[Message], market: Market) -> Self {
        let mut facts = Self::default();
        for message in messages {
            let ts = message.ts;
            match &message.action {
                Action::Odds { market: one, odds } if *one == market => {
                    facts.odds.insert(ts, odds.clone());
                }
                Action::Result { market: one, results, certainty } if *one == market => {
                    // Whoever bets after the scout's word bets on what is known, although it does not pay.
                    facts.known_since = Some(facts.known_since.map_or(ts, |known| known.min(ts)));
                    if *certainty == 2 && facts.paying.as_ref().is_none_or(|(before, _)| ts > *before) {
                        facts.paying = Some((ts, results.clone()));
                    }
                }
                Action::CancelMarket { market: one, window } if *one == market => {
                    let around =
                        |(before, after): (u32, u32)| (ts - 1000 * i64::from(before), ts + 1000 * i64::from(after));
                    facts.windows.push(window.map(around));
                }
                Action::Stop { event } if *event == market.0 => facts.stops.push(ts),
                _ => {}
            }
        }
        facts
    }

    /// What a unit of stake on `leg` of a bet placed at `placed_at` becomes, in [`UNIT`]s; `None` while it is open.
    pub(crate) fn leg(&self, leg: &Leg, placed_at: i64) -> Option<Cents> {
        if self.windows.iter().any(|window| window.is_none_or(|(from, to)| (from..to).contains(&placed_at))) {
            return Some(UNIT);
        }
        let (result_ts, results) = self.paying.as_ref()?;
        // On odds from after the result: the feed opened the market again, and decides it anew.
        if leg.version > *result_ts {
            return None;
        }
        let said = results.get(leg.outcome)?;
        let mut closings = self.stops.iter().chain(self.known_since.as_ref());
        if closings.any(|ts| *ts <= placed_at && leg.version <= *ts) {
            return Some(UNIT);
        }
        let void = Cents::from(said.void);
        let won = if said.is_won { Cents::from(said.heat) * leg.odds } else { 0 };
        Some(void * (UNIT / 10) + (10 - void) * won)
    }
}
