//! `POST /api/bets`: one batch read and one transaction of three items; a refusal is one item.

use std::collections::BTreeSet;

use quoin_events::types::{BetType, Money};
use quoin_events::{Draft, EntityRef, Timestamp};
use quoin_ledger::{Balance, BalanceView, Change, Movement, Purpose, Rejection, Wallet, decide};
use quoin_money::{Amount, Asset, Odds, Rounding};
use quoin_runtime::{Env, Problem, Request, Response, command, idempotent_command};
use quoin_store::{Answer, Append, Commit, Key, Proposal, Receipt, Snapshot, WalletWrite, body_hash};
use serde::{Deserialize, Serialize};

use crate::bet::{Bet, BetStatus, REFUSED};
use crate::market_rows::{BOARD_ROWS, board_keys, read_board};
use crate::rules::{AcceptOdds, Board, Refusal, Selection, accept};
use crate::table::{MarketKey, TABLE};

/// The most legs of an accumulator.
const MAX_LEGS: usize = 20;

/// A bet as it is asked for.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct PlaceBet {
    /// How the selections depend on each other.
    #[serde(rename = "type")]
    kind: BetType,
    /// What is staked.
    stake: Stake,
    /// One of a single, 2 to 20 of an accumulator, each of another sport event.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = MAX_LEGS)))]
    selections: Vec<Selection>,
    /// What is accepted when the odds have moved.
    accept_odds: AcceptOdds,
}

/// A stake as it is asked for: unlike an event's money, it refuses members that it does not know.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Stake {
    /// How much; above zero, in the asset's unit, at most its decimals.
    amount: Amount,
    /// `cash` or `bonus`.
    asset: Asset,
}

/// A bet that is accepted.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AcceptedBet<'a> {
    /// Its id.
    bet_id: &'a str,
    /// `placed`.
    status: BetStatus,
    /// What was staked.
    stake: &'a Money,
    /// The product of the odds.
    total_odds: Odds,
    /// Stake times odds, at the asset's scale.
    potential_payout: Amount,
    /// What is left.
    wallet: WalletAfter,
}

/// The wallet after a bet.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct WalletAfter {
    /// Its version.
    version: u64,
    /// What is there.
    balances: Vec<BalanceView>,
}

/// What a stage allows.
struct House {
    min_stake: Amount,
    max_stake: Amount,
    max_payout: Amount,
    scales: quoin_money::Scales,
    calendar: quoin_ledger::Window,
}

impl House {
    fn of(env: &Env) -> Result<Self, Problem> {
        Ok(Self {
            min_stake: env.config.parse_or("MIN_STAKE", Amount::ZERO)?,
            max_stake: env.config.parse_or("MAX_STAKE", Amount::whole(100_000))?,
            max_payout: env.config.parse_or("MAX_PAYOUT", Amount::whole(1_000_000))?,
            scales: env.config.scales()?,
            calendar: env.config.calendar()?,
        })
    }
}

/// The wallet, and the market of each selection, in the order of the selections.
struct Table {
    wallet: Option<Wallet>,
    boards: Vec<Board>,
}

impl Snapshot for Table {
    fn rebase(&mut self, wallet: Wallet) {
        self.wallet = Some(wallet);
    }
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Places a bet")
        .idempotent()
        .takes::<PlaceBet>()
        .answers::<AcceptedBet<'_>>(201)
        .refuses(400, &["ASSET_NOT_ACCEPTED", "AMOUNT_ZERO", "AMOUNT_TOO_PRECISE"])
        .refuses(400, &["SELECTIONS_COUNT", "SELECTION_INVALID", "SELECTIONS_RELATED"])
        .refuses(404, &["NOT_FOUND"])
        .refuses(422, &["WALLET_INSUFFICIENT_BALANCE", "ODDS_CHANGED", "MARKET_SUSPENDED", "LIMIT_REACHED"])
        .refuses(422, &["SELF_EXCLUDED", "WALLET_CLOSED", "STAKE_OUT_OF_RANGE", "AMOUNT_OUT_OF_RANGE"])
}

/// Places a bet.
///
/// # Errors
/// 400, 401 or 429; a refusal (422) is an answer like any other and stands in the journal.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = request.caller()?.user_id.as_str();
    let bet_id = idempotent_command(request, "bet")?;
    let house = House::of(env)?;
    let order: PlaceBet = request.json()?;
    check(&order, &house)?;
    let placing = Placing {
        hash: body_hash(&order)?,
        request_id: request.context.request_id(),
        order: &order,
        house: &house,
        bet_id: &bet_id,
        user_id,
    };
    let table = env.config.table(TABLE)?;
    let keys = keys(&order);
    let load = async || {
        let wanted: Vec<_> = keys.iter().map(|key| (table, key.clone())).collect();
        let (mut wallets, items) = env.store.read(&[user_id], &wanted).await?;
        let boards = items.chunks(BOARD_ROWS).map(read_board).collect::<Result<_, _>>()?;
        Ok(Table { wallet: wallets.pop().flatten(), boards })
    };
    command(env, &request.context, load, |table: &Table, now| placing.propose(table, now)).await
}

fn keys(order: &PlaceBet) -> Vec<Key> {
    let keys = |leg: &Selection| board_keys(&MarketKey::new(&leg.event_id, &leg.market_id, leg.specifiers.as_deref()));
    order.selections.iter().flat_map(keys).collect()
}

/// What is wrong with the request itself, whatever the odds and the wallet.
fn check(order: &PlaceBet, house: &House) -> Result<(), Problem> {
    let Stake { amount, asset } = order.stake;
    if !matches!(asset, Asset::Cash | Asset::Bonus) {
        return Err(Problem::field("ASSET_NOT_ACCEPTED", "/stake/asset", "bets are staked in cash or bonus"));
    }
    if amount.is_zero() {
        return Err(Problem::field("AMOUNT_ZERO", "/stake/amount", "must be above zero"));
    }
    amount
        .in_scale(asset, house.scales)
        .map_err(|error| Problem::field("AMOUNT_TOO_PRECISE", "/stake/amount", error.to_string()))?;
    let legs = order.selections.len();
    let (fits, detail) = match order.kind {
        BetType::Single => (legs == 1, "a single has exactly one selection".to_owned()),
        BetType::Accumulator => {
            ((2..=MAX_LEGS).contains(&legs), format!("an accumulator has 2 to {MAX_LEGS} selections"))
        }
    };
    if !fits {
        return Err(Problem::field("SELECTIONS_COUNT", "/selections", detail));
    }
    for (index, leg) in order.selections.iter().enumerate() {
        let texts = [
            ("event_id", Some(&leg.event_id)),
            ("market_id", Some(&leg.market_id)),
            ("outcome_id", Some(&leg.outcome_id)),
            ("specifiers", leg.specifiers.as_ref()),
        ];
        for (name, text) in texts {
            let usable =
                |text: &String| (name == "specifiers" || !text.is_empty()) && text.len() <= 200 && !text.contains('#');
            if !text.is_none_or(usable) {
                return Err(Problem::field(
                    "SELECTION_INVALID",
                    format!("/selections/{index}/{name}"),
                    "is not an id of the feed",
                ));
            }
        }
    }
    let events: BTreeSet<_> = order.selections.iter().map(|leg| &leg.event_id).collect();
    if events.len() < legs {
        return Err(Problem::field("SELECTIONS_RELATED", "/selections", "selections of one event cannot be combined"));
    }
    Ok(())
}

/// A bet in the making.
struct Placing<'a> {
    hash: String,
    request_id: &'a str,
    order: &'a PlaceBet,
    house: &'a House,
    bet_id: &'a str,
    user_id: &'a str,
}

/// What stands in the journal of a refused bet.
#[derive(Serialize)]
struct Refused<'a> {
    status: &'static str,
    user_id: &'a str,
    code: &'a str,
}

impl Placing<'_> {
    fn propose(&self, table: &Table, now: Timestamp) -> Result<Proposal, Problem> {
        let wallet = table.wallet.as_ref().ok_or_else(|| Problem::not_found("wallet"))?;
        let mut bet = match self.accept(&table.boards, now.max(wallet.at)) {
            Ok(bet) => bet,
            Err(problem) => return self.refuse(now, &problem, None),
        };
        let Money { amount, asset } = bet.stake;
        let change = Change {
            related: EntityRef { kind: "bet".to_owned(), id: self.bet_id.to_owned() },
            movements: vec![Movement::Debit { asset, amount, purpose: Purpose::DebitBetStake, merchant_id: None }],
        };
        let decision = match decide(wallet, &change, now, self.house.calendar) {
            Ok(decision) => decision,
            Err(rejection) => return self.refuse(now, &Problem::from(&rejection), Some(&rejection)),
        };
        bet.stake_lots = decision.lots(Purpose::DebitBetStake, asset);
        let mut write = WalletWrite::new(wallet.clone(), decision)?;
        let line = |(asset, balance): (&Asset, &Balance)| BalanceView {
            asset: *asset,
            available: balance.available,
            held: balance.held,
        };
        let wallet = WalletAfter {
            version: write.wallet().version,
            balances: write.wallet().balances.iter().map(line).collect(),
        };
        let answer = AcceptedBet {
            bet_id: &bet.bet_id,
            status: bet.status,
            stake: &bet.stake,
            total_odds: bet.total_odds,
            potential_payout: bet.potential_payout,
            wallet,
        };
        let answer = Answer::new(201, &answer)?;
        let placed = Draft::new(&bet.placed(), bet.placed_at)?;
        let append = Append::first(Bet::stream(self.bet_id), bet.placed_at)
            .state(&bet)?
            .receipt(Receipt { body_hash: self.hash.clone(), answer: Some(answer.clone()) })
            .events(std::iter::once(placed).chain(write.take_events()));
        let commit = Commit::new().append(append).wallet(write);
        Ok(Proposal { commit, body_hash: self.hash.clone(), answer: Some(answer) })
    }

    /// The bet at the odds of now.
    fn accept(&self, boards: &[Board], now: Timestamp) -> Result<Bet, Problem> {
        let Stake { amount, asset } = self.order.stake;
        if amount < self.house.min_stake || amount > self.house.max_stake {
            let range = format!("the stake must be {} to {}", self.house.min_stake, self.house.max_stake);
            return Err(Problem::refused("STAKE_OUT_OF_RANGE", range));
        }
        let (mut selections, mut total) = (Vec::with_capacity(boards.len()), Some(Odds::ONE));
        for (index, (leg, board)) in self.order.selections.iter().zip(boards).enumerate() {
            let pointer = format!("/selections/{index}");
            let placed = accept(leg, self.order.accept_odds, board).map_err(|refusal| match refusal {
                Refusal::Suspended => Problem::refused("MARKET_SUSPENDED", "the market is not open for bets")
                    .at(pointer, "is not open for bets"),
                Refusal::OddsChanged(odds) => Problem::refused("ODDS_CHANGED", "the odds have changed")
                    .at(format!("{pointer}/odds"), format!("the odds are {odds} now"))
                    .with("odds", odds),
            })?;
            total = total.and_then(|total| total.and(placed.odds).ok());
            selections.push(placed);
        }
        let scale = self.house.scales.of(asset);
        let payout = |odds: Odds| amount.times(odds.value(), scale, Rounding::HalfUp).ok();
        let within =
            total.and_then(|odds| Some((odds, payout(odds)?))).filter(|(_, pays)| *pays <= self.house.max_payout);
        let Some((total_odds, potential_payout)) = within else {
            let most = format!("the bet could pay more than {}", self.house.max_payout);
            return Err(Problem::refused("STAKE_OUT_OF_RANGE", most));
        };
        Ok(Bet {
            bet_id: self.bet_id.to_owned(),
            user_id: self.user_id.to_owned(),
            kind: self.order.kind,
            status: BetStatus::Placed,
            stake: Money { amount, asset },
            stake_lots: Vec::new(),
            total_odds,
            potential_payout,
            selections,
            placed_at: now,
            settlement_no: 0,
            payout: Amount::ZERO,
            result: None,
            settled_on: Vec::new(),
        })
    }

    /// One item: the receipt with the refusal, and its failure event where the wallet refused.
    fn refuse(&self, now: Timestamp, problem: &Problem, rejection: Option<&Rejection>) -> Result<Proposal, Problem> {
        let answer = problem.answer(self.request_id)?;
        let refused = Refused { status: REFUSED, user_id: self.user_id, code: problem.code };
        let append = Append::first(Bet::stream(self.bet_id), now)
            .state(&refused)?
            .receipt(Receipt { body_hash: self.hash.clone(), answer: Some(answer.clone()) })
            .events(self.failure(now, rejection)?);
        Ok(Proposal { commit: Commit::new().append(append), body_hash: self.hash.clone(), answer: Some(answer) })
    }

    fn failure(&self, now: Timestamp, rejection: Option<&Rejection>) -> Result<Option<Draft>, Problem> {
        let bet = EntityRef { kind: "bet".to_owned(), id: self.bet_id.to_owned() };
        let failed = rejection.and_then(|one| one.debit_failed(self.user_id, Purpose::DebitBetStake, &bet));
        Ok(match (failed, rejection) {
            (Some(failed), _) => Some(Draft::new(&failed, now)?),
            (None, Some(Rejection::LimitReached(reached))) => Some(Draft::new(reached.as_ref(), now)?),
            (None, _) => None,
        })
    }
}
