//! Whether an answer is one that the platform could give: of the codes that fit the action, and a refusal only for a
//! reason that was there between asking and answering. The states that the platform was in are those of its tables;
//! what they mean is written again here.

mod credits;
mod orders;

use serde_json::Value;

use crate::actors::{Answer, Done, Record, ids};
use crate::audit::{Seen, json};
use crate::books::Books;
use crate::cloud::{Cloud, millis};
use crate::findings::{Broken, Check, Side};
use crate::members;
use crate::model::boosts::{self, Boost};
use crate::money::{Cents, of, shown};
use crate::newcomers;
use crate::people::People;
use crate::scenario::{Action, MARKETS, Market};
use crate::scheduler::Micros;

/// Clocks of functions are wrong by this at most, with what a call takes.
const SLACK_MS: i64 = 300_000;

/// Every answer that does not fit.
pub(crate) fn judge(cloud: &Cloud, books: &Books, record: &Record, people: &People) -> Vec<Broken> {
    let (mut broken, boosts) = (Vec::new(), boosts::given(record));
    for done in &record.done {
        for (index, answer) in done.commands.iter().enumerate().filter_map(|(index, all)| Some((index, all.first()?))) {
            let case =
                Case { cloud, books, people, record, boosts: &boosts, is_settled: record.is_settled, done, answer };
            if let Some(why) = case.misfit(index) {
                let what = format!("step {} was answered {} {}: {why}", done.step, answer.status, answer.body);
                let is = format!("{} {}", answer.status, answer.body["code"].as_str().unwrap_or_default());
                broken.push(Broken::new(Check::Expected, what).beside(case.sides(&is)));
            }
        }
    }
    broken
}

/// An answer and all that it is judged by.
struct Case<'a> {
    cloud: &'a Cloud,
    books: &'a Books,
    people: &'a People,
    record: &'a Record,
    boosts: &'a [Boost],
    is_settled: bool,
    done: &'a Done,
    answer: &'a Answer,
}

impl Case<'_> {
    /// The answer, beside the states in which a reason for it was looked for.
    fn sides(&self, is: &str) -> Vec<Side> {
        let answer = Side::new("answer", "one that a state below is a reason for", is);
        let user = match self.done.step.action {
            Action::Deposit { user, .. }
            | Action::Bet { user, .. }
            | Action::CancelBet { user, .. }
            | Action::Transfer { from: user, .. }
            | Action::Adjust { user, .. }
            | Action::Hold { user, .. }
            | Action::Exclude { user }
            | Action::Credits { user, .. }
            | Action::Order { user, .. } => Some(user),
            _ => None,
        };
        let wallets = user.into_iter().flat_map(|user| self.wallets(user));
        let wallets = wallets.flat_map(|seen| {
            let of = |what: &str| format!("{what} at {}", millis(seen.since));
            let assets: Vec<_> = seen
                .assets
                .iter()
                .map(|(asset, part)| format!("{} {asset}, {} held", shown(part.available), shown(part.held)))
                .collect();
            [
                Side::new(of("wallet"), "", assets.join("; ")),
                Side::new(of("status"), "", &seen.status),
                Side::new(of("limits"), "", &seen.limits),
            ]
        });
        let markets = self.markets_of_step().into_iter().map(|market| {
            let (rows, stops, _) = self.boards(market);
            Side::new(format!("market {market:?}"), "", format!("{rows:?}, stopped at {stops:?}"))
        });
        std::iter::once(answer).chain(wallets).chain(markets).collect()
    }

    /// The markets that the step is about.
    fn markets_of_step(&self) -> Vec<Market> {
        match &self.done.step.action {
            Action::Bet { legs, .. } => legs.iter().map(|(market, _)| *market).collect(),
            Action::CancelBet { .. } => self.markets(),
            _ => Vec::new(),
        }
    }

    /// Why the answer to the command number `index` of the step does not fit.
    fn misfit(&self, index: usize) -> Option<&'static str> {
        let code = self.answer.body["code"].as_str().unwrap_or_default();
        let fits = match (&self.done.step.action, self.answer.status, code) {
            (Action::Deposit { user, .. }, 202, _) => !self.always_excluded(*user),
            (Action::Deposit { user, .. }, 422, "SELF_EXCLUDED") => self.ever_excluded(*user),
            (Action::Deposit { user, cents, .. }, 422, "LIMIT_REACHED") => {
                self.limited(*user, "cash", *cents, "deposit")
            }
            (Action::Bet { user, legs, .. }, 201, _) => {
                !self.always_excluded(*user)
                    && legs.iter().all(|(market, outcome)| self.could_be_open(*market, *outcome))
            }
            (Action::Bet { user, .. }, 422, "SELF_EXCLUDED") => self.ever_excluded(*user),
            (Action::Bet { user, cents, is_bonus, .. }, 422, "WALLET_INSUFFICIENT_BALANCE") => {
                self.poor(*user, if *is_bonus { "bonus" } else { "cash" }, *cents)
            }
            (Action::Bet { user, cents, is_bonus, .. }, 422, "LIMIT_REACHED") => {
                let asset = if *is_bonus { "bonus" } else { "cash" };
                self.limited(*user, asset, *cents, "stake") || self.limited(*user, asset, *cents, "loss")
            }
            (Action::Bet { legs, .. }, 422, "MARKET_SUSPENDED") => {
                legs.iter().any(|(market, outcome)| self.could_be_closed(*market, *outcome))
            }
            (Action::Bet { accept, .. }, 422, "ODDS_CHANGED") => !accept.takes(of(&self.answer.body["odds"])),
            (Action::CancelBet { .. }, 200, _) => self.is_in_time(-SLACK_MS),
            (Action::CancelBet { .. }, 422, "BET_CANCEL_TOO_LATE") => !self.is_in_time(SLACK_MS),
            (Action::CancelBet { .. }, 422, "BET_SETTLED") => self.bet_was_told("BetSettled"),
            (Action::CancelBet { .. }, 422, "BET_CANCELLED") => self.bet_was_told("BetCancelled"),
            (Action::CancelBet { .. }, 422, "MARKET_SUSPENDED") => {
                self.markets().iter().any(|market| self.market_could_be_closed(*market))
            }
            (Action::Transfer { from, cents, .. }, 422, "WALLET_INSUFFICIENT_BALANCE") => {
                self.poor(*from, "cash", *cents)
            }
            (Action::Adjust { user, cents }, 422, "WALLET_INSUFFICIENT_BALANCE") => {
                *cents < 0 && self.poor(*user, "cash", cents.unsigned_abs())
            }
            (Action::Hold { user, cents, .. }, 422, "WALLET_INSUFFICIENT_BALANCE") => {
                index == 0 && self.poor(*user, "cash", *cents)
            }
            (Action::Order { user, cart }, status, code) => self.fits_order(*user, cart, status, code),
            (Action::Credits { user, deed }, _, _) => self.fits_deed(*user, *deed),
            (Action::Gift { coins, .. }, status, code) => self.fits_gift(coins, status, code),
            (Action::Clear { user }, 404, "NOT_FOUND") => self.marks(*user).iter().any(Value::is_null),
            (Action::Register { .. }, 201, _) => true,
            (Action::Register { .. }, 422, code) => self.could_be_taken(index, code),
            (Action::Join { .. } | Action::Member { .. }, status, code) => {
                let (from, to) = self.span();
                members::fits(&self.done.step.action, status, code, to.saturating_sub(from))
            }
            (Action::Exclude { user }, 422, "SELF_EXCLUSION_NOT_LONGER") => self.ever_excluded(*user),
            (Action::Transfer { .. } | Action::Adjust { .. } | Action::Hold { .. }, 201, _)
            | (Action::Limit { .. } | Action::Exclude { .. } | Action::Behave { .. } | Action::Clear { .. }, 200, _)
            | (
                Action::Odds { .. }
                | Action::Stop { .. }
                | Action::Result { .. }
                | Action::CancelMarket { .. }
                | Action::YesAfterAll { .. },
                204,
                _,
            )
            | (Action::Forged { .. }, 401, _) => true,
            _ => return Some("no such answer fits the action"),
        };
        (!fits).then_some("nothing that the platform knew then is a reason for it")
    }

    /// Whether somebody had the address or the number in one of the states while the step went on.
    fn could_be_taken(&self, index: usize, code: &str) -> bool {
        let key = newcomers::contacts(&self.done.step.action).get(index).and_then(|who| who.reason(code));
        let (from, to) = self.span();
        key.is_some_and(|key| self.cloud.states("UsersTable", &key, from, to).iter().any(|item| !item.is_null()))
    }

    fn span(&self) -> (Micros, Micros) {
        self.done.span
    }

    fn wallets(&self, user: usize) -> Vec<Seen> {
        let (from, to) = self.span();
        self.cloud.wallet_between(self.people.id(user), from, to)
    }

    /// Whether the wallet could not pay in one of its states.
    fn poor(&self, user: usize, asset: &str, cents: u64) -> bool {
        let at = moment(millis(self.span().1) + SLACK_MS);
        self.wallets(user).iter().any(|seen| seen.spendable(asset, &at) < Cents::from(cents))
    }

    fn ever_excluded(&self, user: usize) -> bool {
        let at = moment(millis(self.span().0) - SLACK_MS);
        self.wallets(user).iter().any(|seen| is_excluded(seen, &at))
    }

    fn always_excluded(&self, user: usize) -> bool {
        let at = moment(millis(self.span().1) + SLACK_MS);
        self.wallets(user).iter().all(|seen| is_excluded(seen, &at))
    }

    /// Whether a limit of `kind` left too little in one of the wallet's states.
    fn limited(&self, user: usize, asset: &str, cents: u64, kind: &str) -> bool {
        let reached = |limit: &Value| {
            limit["kind"] == kind
                && limit["asset"] == asset
                && of(&limit["used"]) + Cents::from(cents) > of(&limit["amount"])
        };
        self.wallets(user).iter().any(|seen| seen.limits.as_array().into_iter().flatten().any(reached))
    }

    /// Odds rows and stops of a market while the step went on.
    fn boards(&self, market: Market) -> (Vec<Value>, Vec<i64>, bool) {
        let (from, to) = self.span();
        let event = format!("event#sr:match:{}", market.0);
        let (id, specifiers) = MARKETS.get(market.1).map_or(("", ""), |one| (one.0, one.1.unwrap_or_default()));
        let key = |sk: String| serde_json::json!({"pk": {"S": event}, "sk": {"S": sk}});
        let rows = |sk: String| self.cloud.states("SportsbookTable", &key(sk), from, to);
        let markets = rows(format!("market#{id}#{specifiers}")).iter().map(|item| json(item, "row")).collect();
        let stopped: Vec<Vec<i64>> = rows("event".to_owned())
            .iter()
            .map(|item| json(item, "row")["stops"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect())
            .collect();
        let first = stopped.first().cloned().unwrap_or_default();
        let last = stopped.last().cloned().unwrap_or_default();
        // Stops are only ever added.
        let is_same = first == last;
        (markets, if is_same { first } else { last }, is_same)
    }

    /// Whether bets on the outcome were refused in one of the market's states.
    fn could_be_closed(&self, market: Market, outcome: usize) -> bool {
        let id = ids(market).get(outcome).copied().unwrap_or_default();
        let (rows, stops, _) = self.boards(market);
        rows.iter().any(|row| !is_open(row, &stops) || row["outcomes"][id]["odds"].is_null())
    }

    fn market_could_be_closed(&self, market: Market) -> bool {
        let (rows, stops, _) = self.boards(market);
        rows.iter().any(|row| !is_open(row, &stops))
    }

    /// Whether bets on the outcome were taken in one of the market's states.
    fn could_be_open(&self, market: Market, outcome: usize) -> bool {
        let id = ids(market).get(outcome).copied().unwrap_or_default();
        let (rows, stops, is_same) = self.boards(market);
        let none = Vec::new();
        let stops = if is_same { &stops } else { &none };
        rows.iter().any(|row| is_open(row, stops) && !row["outcomes"][id]["odds"].is_null())
    }

    /// The bet that the step cancels.
    fn bet(&self) -> Option<&Value> {
        self.books.state(&format!("bet#{}", self.done.about.as_deref()?))
    }

    fn markets(&self) -> Vec<Market> {
        let selections = self.bet().and_then(|bet| bet["selections"].as_array()).into_iter().flatten();
        let event = |selection: &Value| selection["event_id"].as_str()?.rsplit(':').next()?.parse().ok();
        let index = |selection: &Value| MARKETS.iter().position(|one| selection["market_id"] == one.0);
        selections.filter_map(|selection| Some((event(selection)?, index(selection)?))).collect()
    }

    /// Whether the bet could be cancelled `slack` milliseconds later than the step went on.
    fn is_in_time(&self, slack: i64) -> bool {
        let variables = self.cloud.application.functions.get("quoin-dev-cancel-bet").map(|one| &one.variables);
        let seconds = variables.and_then(|all| all.get("BET_CANCEL_SECONDS")).and_then(|text| text.parse::<i64>().ok());
        let placed = self.bet().and_then(|bet| bet["placed_at"].as_str()?.parse::<quoin_events::Timestamp>().ok());
        let (Some(seconds), Some(placed)) = (seconds, placed) else { return false };
        let (from, to) = self.span();
        let at = millis(if slack < 0 { from } else { to }) + slack;
        at <= placed.millis() + 1000 * seconds
    }

    /// Whether the bet had been told of so by the end of the step.
    fn bet_was_told(&self, name: &str) -> bool {
        let Some(bet) = &self.done.about else { return false };
        let until = moment(millis(self.span().1) + SLACK_MS);
        let entries = self.books.streams.get(&format!("bet#{bet}")).map(Vec::as_slice).unwrap_or_default();
        entries.iter().any(|entry| entry.at <= until && entry.events.iter().any(|event| event["event"] == name))
    }
}

fn is_open(row: &Value, stops: &[i64]) -> bool {
    row["status"] == "active" && row["ts"].as_i64().is_some_and(|ts| stops.iter().all(|stop| *stop < ts))
}

fn is_excluded(seen: &Seen, at: &str) -> bool {
    seen.status["state"] == "self_excluded" && seen.status["until"].as_str().is_some_and(|until| until > at)
}

fn moment(millis: i64) -> String {
    quoin_events::Timestamp::from_millis(millis).to_string()
}
