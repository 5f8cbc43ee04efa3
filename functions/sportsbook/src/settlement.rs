//! Settling: which bets a market's result concerns, and what each of them pays.

use quoin_events::types::{BetCancelled, BetResult, BetSettled, CancelReason, Money, StakeRefund};
use quoin_events::{Draft, EntityRef, Origin, Timestamp};
use quoin_ledger::{Change, Lot, Movement, Purpose, decide};
use quoin_money::Amount;
use quoin_runtime::{Context, Env, Failure, Message, Outcome};
use quoin_store::{Append, Commit, Head, StoreError, WalletWrite};
use serde::{Deserialize, Serialize};

use crate::bet::{Bet, BetStatus, StoredBet};
use crate::consumers::projection;
use crate::market_rows::{FACT_ROWS, fact_keys, read_facts};
use crate::rules::{LegFate, MarketFacts, Verdict, evaluate};
use crate::table::{MarketKey, TABLE};

/// A market whose result or cancellation is written: its bets are to be looked up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MarketTask {
    pub(crate) market: MarketKey,
    /// Where to go on.
    #[serde(default)]
    pub(crate) shard: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
    request_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
}

/// Bets of a market that are to be settled on these facts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BetsTask {
    pub(crate) market: MarketKey,
    pub(crate) facts: MarketFacts,
    pub(crate) bets: Vec<String>,
    request_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
}

impl MarketTask {
    pub(crate) fn new(market: MarketKey, origin: &Origin) -> Self {
        let (request_id, traceparent) = (origin.request_id.clone(), origin.traceparent.clone());
        Self { market, shard: 0, after: None, request_id, traceparent }
    }

    /// The same from the index row `after` of `shard` on.
    pub(crate) fn from(&self, shard: u8, after: Option<String>) -> Self {
        Self { shard, after, ..self.clone() }
    }

    pub(crate) fn bets(&self, facts: &MarketFacts, bets: Vec<String>) -> BetsTask {
        BetsTask {
            market: self.market.clone(),
            facts: facts.clone(),
            bets,
            request_id: self.request_id.clone(),
            traceparent: self.traceparent.clone(),
        }
    }
}

impl Message for MarketTask {
    fn origin(&self) -> Origin {
        Origin { request_id: self.request_id.clone(), traceparent: self.traceparent.clone(), ..Origin::default() }
    }

    fn label(&self) -> &'static str {
        "market"
    }
}

impl Message for BetsTask {
    fn origin(&self) -> Origin {
        Origin { request_id: self.request_id.clone(), traceparent: self.traceparent.clone(), ..Origin::default() }
    }

    fn label(&self) -> &'static str {
        "bets"
    }
}

/// What is known of `markets`, read consistently in one round trip.
pub(crate) async fn facts(env: &Env, markets: &[MarketKey]) -> Result<Vec<MarketFacts>, Failure> {
    let table = env.config.table(TABLE)?;
    let wanted: Vec<_> = markets.iter().flat_map(fact_keys).map(|key| (table, key)).collect();
    let items = env.store.batch(&wanted).await?;
    markets.iter().zip(items.chunks(FACT_ROWS)).map(|(market, rows)| Ok(read_facts(market, rows)?)).collect()
}

/// Settles one bet as far as its markets are known; `known` spares the read for one of them.
pub(crate) async fn settle_bet(
    env: &Env,
    context: &Context,
    bet_id: &str,
    known: Option<(&MarketKey, &MarketFacts)>,
) -> Result<Outcome, Failure> {
    // Each round lost means that the bet has moved on; it has few reasons to.
    for _ in 0..20 {
        let head = env.store.head(&Bet::stream(bet_id)).await?;
        let Some(state) = &head.state else { return Err(Failure::Transient("the bet does not exist yet".to_owned())) };
        let bet = match StoredBet::read(state).map_err(Failure::poison)? {
            StoredBet::Accepted(bet) => *bet,
            StoredBet::Refused => return Ok(Outcome::Ignored("the bet was refused")),
        };
        if bet.status == BetStatus::Cancelled {
            return Ok(Outcome::Ignored("the bet is cancelled"));
        }
        let facts = facts_of(env, &bet, known).await?;
        let stamps: Vec<_> = facts.iter().map(|facts| facts.revision).collect();
        if bet.settled_on.iter().zip(&stamps).any(|(before, now)| now < before) {
            return Ok(Outcome::Ignored("settled on newer facts"));
        }
        let fates: Vec<_> =
            facts.iter().zip(&bet.selections).map(|(facts, leg)| facts.fate(leg, bet.placed_at)).collect();
        let scale = env.config.scales()?.of(bet.stake.asset);
        let verdict = evaluate(&bet, &fates, scale).map_err(Failure::poison)?;
        let settled = Settled { head: &head, bet: &bet, stamps };
        let commit = match verdict {
            Verdict::Wait if bet.status == BetStatus::Settled => Some(settled.reopened(env)?),
            Verdict::Wait if settled.is_taken_back(&facts, &fates) => Some(settled.looked_at(env)?),
            // No event tells that it was reopened.
            Verdict::Wait if bet.settlement_no > 0 => return projection::refresh(env, bet_id).await,
            Verdict::Wait => return Ok(Outcome::Ignored("a leg is open")),
            Verdict::CancelledByFeed if bet.settlement_no == 0 => settled.cancelled(env).await?,
            // Paid before: the correction is a difference like any other.
            Verdict::CancelledByFeed => settled.pays(env, BetResult::Void, bet.stake.amount)?,
            Verdict::Pays { result, payout } => settled.pays(env, result, payout)?,
        };
        let Some(commit) = commit else { return Ok(Outcome::Duplicate) };
        match env.store.commit(commit, &context.origin).await {
            // Reopened, or looked at: the next round renews the rows that it is looked up by, or finds nothing to do.
            Ok(()) if verdict == Verdict::Wait => {}
            Ok(()) => return Ok(Outcome::Applied),
            Err(StoreError::Lost(_) | StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::Transient("the bet kept moving".to_owned()))
}

async fn facts_of(
    env: &Env,
    bet: &Bet,
    known: Option<(&MarketKey, &MarketFacts)>,
) -> Result<Vec<MarketFacts>, Failure> {
    let markets: Vec<_> = bet.markets().collect();
    match (known, markets.as_slice()) {
        (Some((market, facts)), [only]) if only == market => Ok(vec![facts.clone()]),
        _ => facts(env, &markets).await,
    }
}

/// A bet and the facts that decide it.
struct Settled<'a> {
    head: &'a Head,
    bet: &'a Bet,
    stamps: Vec<i64>,
}

impl Settled<'_> {
    /// The next settlement, or the newer stamps alone if nothing else changes; `None` if they are not newer.
    fn pays(&self, env: &Env, result: BetResult, payout: Amount) -> Result<Option<Commit>, Failure> {
        let bet = self.bet;
        let append = Append::after(Bet::stream(&bet.bet_id), self.head, env.clock.now());
        if bet.result == Some(result) && bet.payout == payout {
            return if self.stamps == bet.settled_on { Ok(None) } else { self.looked_at(env).map(Some) };
        }
        let settlement_no = bet.settlement_no.saturating_add(1);
        let event = BetSettled {
            bet_id: bet.bet_id.clone(),
            user_id: bet.user_id.clone(),
            settlement_no,
            result,
            stake: bet.stake.clone(),
            payout_total: payout,
            payout_delta: payout.delta_from(bet.payout).map_err(Failure::poison)?,
            payout_expires_at: Lot::latest_end(&bet.stake_lots, bet.stake.amount),
            refund: (result == BetResult::Void && settlement_no == 1).then(|| refund_of(bet)),
        };
        let next = Bet {
            status: BetStatus::Settled,
            settlement_no,
            payout,
            result: Some(result),
            settled_on: self.stamps.clone(),
            ..bet.clone()
        };
        let draft = Draft::new(&event, append.at()).map_err(Failure::poison)?;
        Ok(Some(Commit::new().append(append.state(&next)?.events([draft]))))
    }

    /// Whether newer facts than were looked at leave a leg open whose market has a result, which may have decided it.
    fn is_taken_back(&self, facts: &[MarketFacts], fates: &[LegFate]) -> bool {
        let mut legs = facts.iter().zip(fates).zip(&self.bet.selections);
        self.stamps != self.bet.settled_on
            && legs.any(|((facts, fate), leg)| *fate == LegFate::Open && facts.has_result_for(leg))
    }

    /// The newer stamps alone: older facts that come later must find that newer ones were looked at.
    fn looked_at(&self, env: &Env) -> Result<Commit, Failure> {
        let append = Append::after(Bet::stream(&self.bet.bet_id), self.head, env.clock.now());
        Ok(Commit::new().append(append.state(&Bet { settled_on: self.stamps.clone(), ..self.bet.clone() })?))
    }

    /// Waits again: a correction took the decision back. What was paid stays paid until the next one.
    fn reopened(&self, env: &Env) -> Result<Commit, Failure> {
        let append = Append::after(Bet::stream(&self.bet.bet_id), self.head, env.clock.now());
        let next = Bet { status: BetStatus::Placed, result: None, settled_on: self.stamps.clone(), ..self.bet.clone() };
        Ok(Commit::new().append(append.state(&next)?))
    }

    /// The exact refund, in one transaction with the cancellation.
    async fn cancelled(&self, env: &Env) -> Result<Option<Commit>, Failure> {
        let wallet = env.store.wallet(&self.bet.user_id).await?;
        let wallet = wallet.ok_or_else(|| Failure::Transient("the wallet does not exist".to_owned()))?;
        let commit = cancellation(env, self.bet, self.head, wallet, CancelReason::Feed).map_err(Failure::poison)?;
        Ok(Some(commit))
    }
}

fn refund_of(bet: &Bet) -> StakeRefund {
    StakeRefund { placed_at: bet.placed_at, lots: bet.stake_lots.iter().cloned().map(Into::into).collect() }
}

/// Why a bet cannot be cancelled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CancelError {
    #[error(transparent)]
    Config(#[from] quoin_runtime::ConfigError),
    #[error(transparent)]
    Rejected(#[from] quoin_ledger::Rejection),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// The commit that cancels a bet and pays its stake back.
pub(crate) fn cancellation(
    env: &Env,
    bet: &Bet,
    head: &Head,
    wallet: quoin_ledger::Wallet,
    reason: CancelReason,
) -> Result<Commit, CancelError> {
    let now: Timestamp = env.clock.now();
    let Money { amount, asset } = bet.stake;
    let change = Change {
        related: EntityRef { kind: "bet".to_owned(), id: bet.bet_id.clone() },
        movements: vec![Movement::Credit {
            asset,
            amount,
            purpose: Purpose::CreditBetRefund,
            lots: bet.stake_lots.clone(),
            counted_at: Some(bet.placed_at),
        }],
    };
    let decision = decide(&wallet, &change, now, env.config.calendar()?)?;
    let mut write = WalletWrite::new(wallet, decision)?;
    let append = Append::after(Bet::stream(&bet.bet_id), head, now);
    let event =
        BetCancelled { bet_id: bet.bet_id.clone(), user_id: bet.user_id.clone(), reason, asset, refund: amount };
    let next = Bet { status: BetStatus::Cancelled, ..bet.clone() };
    let events = std::iter::once(Draft::new(&event, append.at())?).chain(write.take_events());
    Ok(Commit::new().append(append.state(&next)?.events(events)).wallet(write))
}
