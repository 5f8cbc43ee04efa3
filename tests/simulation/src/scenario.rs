//! What people, providers and the odds feed do in one history: drawn in advance, so that a failing history can be
//! made shorter by leaving steps out.

use std::fmt;

use crate::credits::Deed;
use crate::scheduler::Micros;
use crate::shop::{Cart, Coins, MANNERS, MERCHANTS};

/// Users who are registered when a history begins. The second was referred by the first.
pub const USERS: usize = 4;
/// Sport events.
pub const EVENTS: usize = 3;
/// Each event's markets with their outcomes.
pub const MARKETS: [(&str, Option<&str>, &[&str]); 2] =
    [("1", None, &["1", "2", "3"]), ("18", Some("total=2.5"), &["12", "13"])];

/// A market of an event.
pub type Market = (usize, usize);

/// What one party does. Amounts are in hundredths of cash, users and events are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub enum Action {
    /// A user puts money in.
    Deposit { user: usize, cents: u64, method: &'static str },
    /// A user bets on one outcome of each market.
    Bet { user: usize, legs: Vec<(Market, usize)>, cents: u64, is_bonus: bool, accept: Accept },
    /// A user cancels an accepted bet of theirs, counted from the first.
    CancelBet { user: usize, bet: usize },
    /// A user sends money to another one.
    Transfer { from: usize, to: usize, cents: u64 },
    /// A user sets a limit.
    Limit { user: usize, kind: &'static str, cents: u64 },
    /// An operator gives, or takes what is below zero.
    Adjust { user: usize, cents: i64 },
    /// A caller outside sets money aside, and then pays it out or releases it.
    Hold { user: usize, cents: u64, is_captured: bool },
    /// A user excludes themselves from play.
    Exclude { user: usize },
    /// Odds change, in hundredths; suspended if there are none.
    Odds { market: Market, odds: Vec<u64> },
    /// No more bets on an event.
    Stop { event: usize },
    /// A market's results, from the scout (1) or confirmed (2).
    Result { market: Market, results: Vec<Said>, certainty: u8 },
    /// A market is cancelled for bets within a window around now, in seconds before and after; all of them without.
    CancelMarket { market: Market, window: Option<(u32, u32)> },
    /// The payment provider says yes to a declined deposit after all.
    YesAfterAll { user: usize },
    /// Somebody who does not know the secret says yes to a deposit that is not paid.
    Forged { user: usize },
    /// A message that nobody can read is in a consumer's queue.
    Poison { queue: usize },
    /// A user orders something.
    Order { user: usize, cart: Cart },
    /// An operator gives coins.
    Gift { user: usize, coins: Coins },
    /// A merchant behaves otherwise from now on.
    Behave { merchant: usize, manner: &'static str },
    /// An operator has looked at a user whose orders were held up.
    Clear { user: usize },
    /// Somebody new registers, perhaps somebody else at the same moment.
    Register { who: Contacts, rival: Option<Contacts> },
    /// Somebody becomes a member.
    Join { email: usize, plan: &'static str, token: &'static str },
    /// One of those who became members, counted from the first, does something about it.
    Member { member: usize, what: Matter },
    /// A user does something with credits.
    Credits { user: usize, deed: Deed },
}

/// What a member does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// Pays for the next period now.
    Renew,
    /// Wants this plan from now on.
    Change(&'static str),
    /// Leaves.
    Cancel,
}

/// What can be subscribed to.
const PLANS: [&str; 3] = ["monthly", "monthly", "yearly"];
/// What members pay with.
const TOKENS: [&str; 8] = [
    "tok_approve",
    "tok_approve",
    "tok_decline",
    "tok_late",
    "tok_silent",
    "tok_twice",
    "tok_sometimes",
    "tok_sometimes",
];

/// Where somebody new is reached: an e-mail address and a phone number, each out of a few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct Contacts {
    pub email: usize,
    pub phone: usize,
}

impl Contacts {
    /// So many there are of each; the last one is taken from the beginning.
    pub const COUNT: usize = 5;

    fn draw(chance: &mut fastrand::Rng) -> Self {
        let email = chance.usize(..Self::COUNT);
        // Most people have their own of both.
        let phone = if chance.u32(..4) == 0 { chance.usize(..Self::COUNT) } else { email };
        Self { email, phone }
    }
}

/// What the feed says of one outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// Whether it won.
    pub is_won: bool,
    /// Tenths of the stake that are void.
    pub void: u8,
    /// Thousandths of the odds that it is paid, because others won too.
    pub heat: u16,
}

/// Which odds a user takes; each was shown [`ASKED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// Whatever they are.
    Any,
    /// Those that were shown, or higher ones.
    Better,
    /// Those that were shown.
    Exact,
}

/// The odds that every user was shown, in hundredths.
pub const ASKED: u64 = 200;

impl Accept {
    /// Whether odds in hundredths are taken.
    #[must_use]
    pub fn takes(self, odds: i128) -> bool {
        match self {
            Self::Any => true,
            Self::Better => odds >= i128::from(ASKED),
            Self::Exact => odds == i128::from(ASKED),
        }
    }

    /// As the API spells it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Better => "better",
            Self::Exact => "exact",
        }
    }
}

/// An action and when it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its number, which its idempotency keys follow from.
    pub number: usize,
    /// When.
    pub at: Micros,
    /// What.
    pub action: Action,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>3} at {:>8} s  {:?}", self.number, Seconds(self.at), self.action)
    }
}

struct Seconds(Micros);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.0 / 1_000_000, self.0 / 100_000 % 10))
    }
}

const SECOND: Micros = 1_000_000;
const DAY: Micros = 86_400 * SECOND;
/// By then the first deposits have arrived, unless faults hold them up.
const OPENED: Micros = 20 * SECOND;
const PLOT_BEAT: Micros = 120 * SECOND;
const METHODS: [&str; 7] =
    ["sandbox", "sandbox", "sandbox_decline", "sandbox_decline", "sandbox_late", "sandbox_silent", "sandbox_twice"];

/// Draws `count` steps: two fifths of them at most are money, coins and odds, so that there is something to bet and to
/// pay with, and something to bet on.
pub fn draw(chance: &mut fastrand::Rng, count: usize) -> Vec<Step> {
    let mut steps = Vec::with_capacity(count);
    // Most histories are dense, and in half of them things are done at the same moments, so that they meet.
    let span = SECOND / 2 * [1, 4, 40, 1_200, 14_400].get(chance.usize(..5)).copied().unwrap_or(40);
    // In some, half of it comes after a pause that no bonus outlasts.
    let pause = if chance.u32(..8) == 0 { DAY * (35 + chance.u64(..11)) } else { 0 };
    let beat = if chance.bool() { span / 4 } else { 1 };
    // Some are about credits.
    let is_of_credits = chance.u32(..5) == 0;
    let opening = if is_of_credits {
        (count * 3 / 5).min(OPENING_OF_CREDITS)
    } else {
        (count * 2 / 5).min(USERS + GIFTS + EVENTS * MARKETS.len())
    };
    for number in 0..count {
        let (action, at) = if number < opening && is_of_credits {
            let action = opening_of_credits(chance, number);
            let at = if matches!(action, Action::Deposit { .. }) { 0 } else { OPENED };
            (action, at + chance.u64(..SECOND))
        } else if number < opening {
            (self::opening(chance, number), chance.u64(..SECOND))
        } else {
            let action = if is_of_credits && chance.u32(..4) > 0 { deed(chance) } else { later(chance) };
            // Mostly, what ends bets follows them.
            let after = match &action {
                Action::Result { .. } | Action::CancelMarket { .. } | Action::Stop { .. } => span / 2,
                Action::CancelBet { .. } => span / 4,
                _ => 0,
            };
            let after = if chance.u32(..4) == 0 { 0 } else { after };
            let pause = if chance.bool() { pause } else { 0 };
            (action, OPENED + pause + after + chance.u64(..span) / beat * beat)
        };
        steps.push(Step { number, at, action });
    }
    if count > 2 * PLOT + opening && !is_of_credits {
        match chance.u32(..6) {
            0 | 1 => plot(chance, &mut steps, span, pause),
            2 => spree(chance, &mut steps, pause),
            _ => {}
        }
    }
    steps.sort_by_key(|step| step.at);
    steps
}

/// Everybody of a crowd comes within this.
const RUSH: Micros = 20 * SECOND;

/// Draws `count` people, each with an address of their own, who become members if their payments let them.
pub(crate) fn rush(chance: &mut fastrand::Rng, count: usize) -> Vec<Step> {
    let mut steps: Vec<_> = (0..count)
        .map(|number| {
            let (plan, token) = membership(chance);
            let action = Action::Join { email: Contacts::COUNT + number, plan, token };
            Step { number, at: chance.u64(..RUSH), action }
        })
        .collect();
    steps.sort_by_key(|step| step.at);
    steps
}

/// What somebody subscribes to, and what they pay with.
fn membership(chance: &mut fastrand::Rng) -> (&'static str, &'static str) {
    let pick = |chance: &mut fastrand::Rng, all: &[&'static str]| all.get(chance.usize(..all.len())).copied();
    let (plan, token) = (pick(chance, &PLANS), pick(chance, &TOKENS));
    (plan.unwrap_or("monthly"), token.unwrap_or("tok_approve"))
}

/// Steps of a plot.
const PLOT: usize = 5;

/// In place of the last steps: somebody stakes what they paid in, wins, gives the win away before the result is
/// corrected or the market cancelled, and pays in again what they owe by then.
fn plot(chance: &mut fastrand::Rng, steps: &mut [Step], span: Micros, pause: Micros) {
    let (user, market) = (USERS - 1, (EVENTS - 1, MARKETS.len() - 1));
    let find = |wanted: &dyn Fn(&Action) -> Option<u64>| steps.iter().find_map(|step| wanted(&step.action));
    let paid = find(&|action| match action {
        Action::Deposit { user: one, cents, .. } if *one == user => Some(*cents),
        _ => None,
    });
    let odds = find(&|action| match action {
        Action::Odds { market: one, odds } if *one == market => odds.first().copied(),
        _ => None,
    });
    let (Some(paid), Some(odds)) = (paid, odds) else { return };
    let said = |is_won| Said { is_won, void: 0, heat: 1_000 };
    let results = |won: usize| (0..outcomes(market)).map(|one| said(one == won)).collect();
    let actions = [
        Action::Bet { user, legs: vec![(market, 0)], cents: paid, is_bonus: false, accept: Accept::Any },
        Action::Result { market, results: results(0), certainty: 2 },
        Action::Transfer { from: user, to: 0, cents: paid * odds / 100 },
        if chance.bool() {
            Action::Result { market, results: results(1), certainty: 2 }
        } else {
            Action::CancelMarket { market, window: None }
        },
        Action::Deposit { user, cents: cents(chance), method: "sandbox" },
    ];
    // Each has the time to come to its end, unless faults hold it up.
    let beat = span.max(PLOT_BEAT);
    let begin = steps.len() - PLOT;
    for ((step, action), place) in steps[begin..].iter_mut().zip(actions).zip(1..) {
        let pause = if place > 2 { pause } else { 0 };
        (step.action, step.at) = (action, OPENED + pause + place * beat);
    }
}

/// In place of the last steps: somebody orders again and again within minutes.
fn spree(chance: &mut fastrand::Rng, steps: &mut [Step], pause: Micros) {
    let begin = steps.len() - PLOT;
    for (step, place) in steps[begin..].iter_mut().zip(1..) {
        step.action = Action::Order { user: 0, cart: Cart::draw(chance) };
        step.at = OPENED + pause + place * PLOT_BEAT / 2;
    }
}

/// In the beginning coins are given to the one who does most, and the first merchant begins to behave as it likes.
const GIFTS: usize = 2;

fn opening(chance: &mut fastrand::Rng, number: usize) -> Action {
    let Some(number) = number.checked_sub(USERS) else {
        return Action::Deposit { user: number, cents: 10_000 + chance.u64(..30_000), method: "sandbox" };
    };
    let Some(market) = number.checked_sub(GIFTS) else {
        let gift = Action::Gift { user: 0, coins: Coins::draw(chance) };
        return if number == 0 { gift } else { behave(chance, 0) };
    };
    let market = (market % EVENTS, market / EVENTS % MARKETS.len());
    Action::Odds { market, odds: open(chance, market) }
}

/// With so much a history begins that is about credits.
const OPENING_OF_CREDITS: usize = 8;

/// Two pay in and buy credits, and there is something to boost.
fn opening_of_credits(chance: &mut fastrand::Rng, number: usize) -> Action {
    match Deed::opening(number, chance) {
        Ok((user, deed)) => Action::Credits { user, deed },
        Err(user) => opening(chance, user),
    }
}

fn deed(chance: &mut fastrand::Rng) -> Action {
    let user = if chance.bool() { 0 } else { chance.usize(..USERS) };
    Action::Credits { user, deed: Deed::draw(chance) }
}

fn later(chance: &mut fastrand::Rng) -> Action {
    // One user does as much as all others, and most bet where odds were posted at the beginning.
    let user = if chance.bool() { 0 } else { chance.usize(..USERS) };
    let market = (event(chance), usize::from(chance.u32(..4) == 0));
    match chance.u32(..150) {
        0..=9 => {
            let method = METHODS.get(chance.usize(..METHODS.len())).copied().unwrap_or("sandbox");
            Action::Deposit { user, cents: cents(chance), method }
        }
        10..=41 => bet(chance, user),
        42..=50 => Action::CancelBet { user, bet: chance.usize(..3) },
        51..=54 => {
            Action::Transfer { from: user, to: (user + 1 + chance.usize(..USERS - 1)) % USERS, cents: cents(chance) }
        }
        55..=58 => {
            let kind = ["stake", "loss", "deposit"].get(chance.usize(..3)).copied().unwrap_or("stake");
            Action::Limit { user, kind, cents: if chance.bool() { cents(chance) } else { 10 * cents(chance) } }
        }
        59..=61 => {
            let amount = i64::try_from(cents(chance)).unwrap_or(1);
            Action::Adjust { user, cents: if chance.bool() { amount } else { -amount } }
        }
        62..=65 => Action::Hold { user, cents: cents(chance), is_captured: chance.bool() },
        66 => Action::Exclude { user },
        67..=74 => Action::Odds { market, odds: odds(chance, market) },
        75 => Action::Stop { event: market.0 },
        76..=90 => {
            let count = outcomes(market);
            let winner = chance.usize(..count);
            // Now and then several share the win.
            let (winners, heat) = [(1, 1_000), (1, 1_000), (1, 1_000), (2, 500), (count, 333)]
                .get(chance.usize(..5))
                .copied()
                .unwrap_or((1, 1_000));
            let void = |chance: &mut fastrand::Rng| [0, 0, 0, 0, 5, 10].get(chance.usize(..6)).copied().unwrap_or(0);
            let said = |one: usize| Said { is_won: (one + count - winner) % count < winners, void: void(chance), heat };
            let results = (0..count).map(said).collect();
            Action::Result { market, results, certainty: if chance.u32(..4) == 0 { 1 } else { 2 } }
        }
        91..=93 => {
            let window = chance.bool().then(|| (chance.u32(..600), chance.u32(..600)));
            Action::CancelMarket { market, window }
        }
        94..=95 => Action::YesAfterAll { user },
        96..=97 => Action::Forged { user },
        98..=99 => Action::Poison { queue: chance.usize(..64) },
        100..=121 => Action::Order { user, cart: Cart::draw(chance) },
        122..=125 => Action::Gift { user, coins: Coins::draw(chance) },
        126..=130 => {
            let merchant = chance.usize(..MERCHANTS.len());
            behave(chance, merchant)
        }
        131 => Action::Clear { user },
        138..=140 => {
            let (plan, token) = membership(chance);
            Action::Join { email: chance.usize(..Contacts::COUNT + 2), plan, token }
        }
        144..=149 => deed(chance),
        141..=143 => {
            let plan = PLANS.get(chance.usize(..PLANS.len())).copied().unwrap_or("monthly");
            let what = [Matter::Renew, Matter::Change(plan), Matter::Change(plan), Matter::Cancel];
            let what = what.get(chance.usize(..4)).copied().unwrap_or(Matter::Renew);
            Action::Member { member: chance.usize(..3), what }
        }
        _ => {
            let who = Contacts::draw(chance);
            // The same address, the same number, or the same person with two windows open.
            let rival = match chance.u32(..6) {
                0 => Some(who),
                1 => Some(Contacts { phone: chance.usize(..Contacts::COUNT), ..who }),
                2 => Some(Contacts { email: chance.usize(..Contacts::COUNT), ..who }),
                _ => None,
            };
            Action::Register { who, rival }
        }
    }
}

fn behave(chance: &mut fastrand::Rng, merchant: usize) -> Action {
    let manner = MANNERS.get(chance.usize(..MANNERS.len())).copied().unwrap_or_default();
    Action::Behave { merchant, manner }
}

fn bet(chance: &mut fastrand::Rng, user: usize) -> Action {
    let count = [1, 1, 1, 2, 3].get(chance.usize(..5)).copied().unwrap_or(1);
    let first = event(chance);
    let legs = (0..count).map(|leg| {
        let market = ((first + leg) % EVENTS, usize::from(chance.u32(..4) == 0));
        (market, chance.usize(..outcomes(market)))
    });
    let legs = legs.collect();
    let accept = [Accept::Any, Accept::Any, Accept::Any, Accept::Better, Accept::Exact];
    let accept = accept.get(chance.usize(..5)).copied().unwrap_or(Accept::Any);
    Action::Bet { user, legs, cents: cents(chance).div_ceil(4), is_bonus: chance.u32(..4) == 0, accept }
}

/// One event has as much going on as all others, so that bets are settled, corrected and cancelled.
fn event(chance: &mut fastrand::Rng) -> usize {
    if chance.bool() { 0 } else { chance.usize(..EVENTS) }
}

fn outcomes(market: Market) -> usize {
    MARKETS.get(market.1).map_or(1, |(_, _, outcomes)| outcomes.len())
}

fn odds(chance: &mut fastrand::Rng, market: Market) -> Vec<u64> {
    if chance.u32(..10) == 0 {
        return Vec::new();
    }
    open(chance, market)
}

fn open(chance: &mut fastrand::Rng, market: Market) -> Vec<u64> {
    // The odds that users were shown are not rare.
    let one = |chance: &mut fastrand::Rng| if chance.u32(..4) == 0 { ASKED } else { 101 + chance.u64(..400) };
    (0..outcomes(market)).map(|_| one(chance)).collect()
}

fn cents(chance: &mut fastrand::Rng) -> u64 {
    match chance.u32(..3) {
        0 => 1 + chance.u64(..500),
        1 => 100 * (1 + chance.u64(..50)),
        _ => 1 + chance.u64(..20_000),
    }
}
