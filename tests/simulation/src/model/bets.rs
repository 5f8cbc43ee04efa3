//! Bets: taken once, at odds that the feed sent, and paid what its last word makes of them.

use serde_json::Value;

use crate::actors::Record;
use crate::books::Books;
use crate::feed::{Facts, Leg, UNIT};
use crate::findings::{Broken, Check, Side};
use crate::money::{Cents, of, shown, times};
use crate::people::People;
use crate::scenario::{Accept, Action, Market};

use super::sums::Sums;

/// Lines that are of the bet itself; repayments and what expires only happen along with it.
const OF_BETS: [&str; 4] = ["debit_bet_stake", "credit_bet_payout", "credit_bet_refund", "debit_bet_correction"];

/// Adds what bets make to `sums`.
pub(super) fn compare(books: &Books, record: &Record, people: &People, sums: &mut Sums) -> Vec<Broken> {
    let cancelled: Vec<_> = record
        .done
        .iter()
        .filter(|done| matches!(done.step.action, Action::CancelBet { .. }))
        .filter_map(|done| done.accepted()?["bet_id"].as_str())
        .collect();
    let mut broken = Vec::new();
    for done in &record.done {
        let Action::Bet { user, legs, cents, is_bonus, accept } = &done.step.action else { continue };
        let Some(body) = done.accepted() else { continue };
        let bet = body["bet_id"].as_str().unwrap_or_default();
        let Some(state) = books.state(&format!("bet#{bet}")) else {
            let side = Side::new("bet", "accepted", "not there");
            broken.push(Broken::new(Check::Bets, format!("{bet} was accepted and is not there")).beside([side]));
            continue;
        };
        let asset = if *is_bonus { "bonus" } else { "cash" };
        let bet = Bet { bet, state, legs, accept: *accept, stake: Cents::from(*cents) };
        let returned = match bet.returns(record, cancelled.contains(&bet.bet)) {
            Ok(returned) => returned,
            Err(what) => {
                broken.push(what);
                continue;
            }
        };
        sums.add(people.id(*user), asset, "bets", returned - bet.stake);
        let cause = format!("bet#{}", bet.bet);
        let lines = people.ids().iter().flat_map(|user| books.lines(user).iter().map(move |line| (user, line)));
        let lines = lines.filter(|(_, line)| line.cause == cause && OF_BETS.contains(&line.purpose.as_str()));
        let (mut moved, mut rows) = (0, Vec::new());
        for (owner, line) in lines {
            moved += line.delta - line.owed;
            rows.push(Side::new(line.purpose.as_str(), "", shown(line.delta - line.owed)));
            if owner != people.id(*user) || line.asset != asset {
                let what = format!("{cause} of {} in {asset} moved {line:?} of {owner}", people.id(*user));
                let side =
                    Side::new("line", format!("{} in {asset}", people.id(*user)), format!("{owner} in {}", line.asset));
                broken.push(Broken::new(Check::Bets, what).beside([side]));
            }
        }
        if moved != returned - bet.stake {
            let what = format!("{cause} moved {moved} in all, the model {returned} less the stake: {state}");
            rows.push(Side::new("moved in all", shown(returned - bet.stake), shown(moved)));
            broken.push(Broken::new(Check::Bets, what).beside(rows));
        }
    }
    broken
}

/// An accepted bet.
struct Bet<'a> {
    bet: &'a str,
    state: &'a Value,
    legs: &'a [(Market, usize)],
    accept: Accept,
    stake: Cents,
}

impl Bet<'_> {
    /// What it returns in all, if its state says the same.
    fn returns(&self, record: &Record, is_cancelled: bool) -> Result<Cents, Broken> {
        let Self { bet, state, stake, .. } = self;
        let placed_at = moment(&state["placed_at"]);
        let mut factors = Vec::new();
        for (index, (market, outcome)) in self.legs.iter().enumerate() {
            let selection = &state["selections"][index];
            let facts = Facts::of(&record.feed, *market);
            let version = selection["market_version"].as_i64().unwrap_or(0);
            let sent = facts.odds.get(&version).and_then(|odds| odds.get(*outcome)).map(|odds| Cents::from(*odds));
            let odds = of(&selection["odds"]);
            if sent != Some(odds) || !self.accept.takes(odds) {
                let what = format!("{bet} was accepted at {selection}, the feed sent {sent:?} then: {:?}", self.accept);
                let side = Side::new("odds", sent.map(shown).unwrap_or_default(), shown(odds));
                return Err(Broken::new(Check::Bets, what).beside([side]));
            }
            factors.push(facts.leg(&Leg { outcome: *outcome, version, odds }, placed_at));
        }
        let odds: Cents = state["selections"].as_array().into_iter().flatten().map(|one| of(&one["odds"])).product();
        let most = times(*stake, odds, 100_i128.pow(u32::try_from(self.legs.len()).unwrap_or(0)));
        if of(&state["potential_payout"]) != most || of(&state["stake"]["amount"]) != *stake {
            let what = format!("{bet} could pay {most}: {state}");
            return Err(Broken::new(Check::Bets, what).beside([
                Side::new("stake", shown(*stake), shown(of(&state["stake"]["amount"]))),
                Side::new("could pay", shown(most), shown(of(&state["potential_payout"]))),
            ]));
        }
        let is_lost = factors.contains(&Some(0));
        let is_open = !is_lost && factors.contains(&None);
        let returned = if is_cancelled {
            *stake
        } else if is_lost || is_open {
            0
        } else {
            let numerator = factors.iter().flatten().product();
            times(*stake, numerator, UNIT.pow(u32::try_from(factors.len()).unwrap_or(0)))
        };
        let status = state["status"].as_str().unwrap_or_default();
        let fits = match status {
            "placed" => is_open && !is_cancelled,
            "settled" => !is_open && !is_cancelled,
            "cancelled" => is_cancelled || !is_open,
            _ => false,
        };
        let payout = if state["payout"].is_null() { 0 } else { of(&state["payout"]) };
        let has = if status == "cancelled" { *stake } else { payout };
        if !fits || has != returned {
            let by_customer = if is_cancelled { " and its owner cancelled it" } else { "" };
            let what = format!(
                "{bet} of {stake} is {status} and pays {has}, the model {returned} of {factors:?}{by_customer}: {state}"
            );
            let must = match (is_cancelled, is_open) {
                (true, _) => "cancelled",
                (false, true) => "placed",
                (false, false) => "settled or cancelled",
            };
            let legs = factors.iter().zip(1..).map(|(factor, number)| {
                let factor = factor.map_or("open".to_owned(), |units| shown(units * 100 / UNIT));
                Side::new(format!("leg {number}, per unit of stake"), factor, "")
            });
            let rows = [
                Side::new("stake", shown(*stake), shown(of(&state["stake"]["amount"]))),
                Side::new("status", if fits { status } else { must }, status),
                Side::new("pays", shown(returned), shown(has)),
            ];
            return Err(Broken::new(Check::Bets, what).beside(rows.into_iter().chain(legs)));
        }
        Ok(returned)
    }
}

/// Milliseconds of an RFC 3339 text.
fn moment(value: &Value) -> i64 {
    let parsed = value.as_str().and_then(|text| text.parse::<quoin_events::Timestamp>().ok());
    parsed.map(quoin_events::Timestamp::millis).unwrap_or_else(|| panic!("{value} is not a moment"))
}
