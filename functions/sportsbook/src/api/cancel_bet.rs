//! `POST /api/bets/{id}/cancel`: inside the window, the exact stake comes back in the same transaction.

use quoin_events::Timestamp;
use quoin_events::types::{CancelReason, Money};
use quoin_ledger::Wallet;
use quoin_runtime::{Env, Problem, Request, Response, command, idempotent_command};
use quoin_store::{Answer, Append, Commit, Head, Proposal, Receipt, Snapshot, Stream, body_hash};
use serde::Serialize;

use crate::bet::{Bet, BetStatus, StoredBet};
use crate::market_rows::{BOARD_ROWS, board_keys, read_board};
use crate::rules::Board;
use crate::settlement::{CancelError, cancellation};
use crate::table::TABLE;

/// A bet, the end of its stream, its markets and its owner's wallet.
struct BetAndWallet {
    head: Head,
    boards: Vec<Board>,
    wallet: Option<Wallet>,
}

impl Snapshot for BetAndWallet {
    fn rebase(&mut self, wallet: Wallet) {
        self.wallet = Some(wallet);
    }
}

fn accepted(head: &Head) -> Option<Bet> {
    match StoredBet::read(head.state.as_deref()?) {
        Ok(StoredBet::Accepted(bet)) => Some(*bet),
        Ok(StoredBet::Refused) | Err(_) => None,
    }
}

/// A bet that is cancelled.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CancelledBet"))]
struct Cancelled<'a> {
    /// The bet.
    bet_id: &'a str,
    /// `cancelled`.
    status: BetStatus,
    /// The stake, paid back.
    refund: &'a Money,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Cancels a bet inside the window and pays the stake back")
        .idempotent()
        .answers::<Cancelled<'_>>(200)
        .refuses(422, &["MARKET_SUSPENDED", "BET_CANCEL_TOO_LATE", "BET_SETTLED", "BET_CANCELLED"])
}

/// Cancels a bet.
///
/// # Errors
/// 400, 401, 404, 422 or 429.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = request.caller()?.user_id.as_str();
    let bet_id = request.path("id")?;
    let command_id = idempotent_command(request, "cmd")?;
    let window_seconds: i64 = env.config.parse_or("BET_CANCEL_SECONDS", 60)?;
    let hash = body_hash(&bet_id)?;
    let table = env.config.table(TABLE)?;
    let load = async || {
        let head = env.store.head(&Bet::stream(bet_id)).await?;
        let bet = accepted(&head);
        let keys: Vec<_> = bet.iter().flat_map(Bet::markets).flat_map(|market| board_keys(&market)).collect();
        let wanted: Vec<_> = keys.into_iter().map(|key| (table, key)).collect();
        let (mut wallets, items) = env.store.read(&[user_id], &wanted).await?;
        let boards = items.chunks(BOARD_ROWS).map(read_board).collect::<Result<_, _>>()?;
        Ok(BetAndWallet { head, boards, wallet: wallets.pop().flatten() })
    };
    let propose = |found: &BetAndWallet, now: Timestamp| {
        let bet = accepted(&found.head);
        let bet = bet.filter(|bet| bet.user_id == user_id).ok_or_else(|| Problem::not_found("bet"))?;
        let wallet = found.wallet.clone().ok_or_else(|| Problem::not_found("wallet"))?;
        let refusal = match bet.status {
            // Settled before and reopened by a correction: its payout is not the stake.
            BetStatus::Placed if bet.settlement_no > 0 => Some(("BET_SETTLED", "the bet was settled before")),
            // Somebody who sees a goal before the feed does must not take the stake back.
            BetStatus::Placed if !found.boards.iter().all(|board| board.open().is_some()) => {
                Some(("MARKET_SUSPENDED", "a market of the bet is not open"))
            }
            BetStatus::Placed if now <= bet.placed_at.plus_seconds(window_seconds) => None,
            BetStatus::Placed => Some(("BET_CANCEL_TOO_LATE", "the time in which the bet could be cancelled is over")),
            BetStatus::Settled => Some(("BET_SETTLED", "the bet is settled")),
            BetStatus::Cancelled => Some(("BET_CANCELLED", "the bet is cancelled")),
        };
        let receipt = |answer: Answer| {
            let receipt = Receipt { body_hash: hash.clone(), answer: Some(answer) };
            Append::first(Stream::new("cmd", command_id.clone()), now).receipt(receipt)
        };
        let (commit, answer) = match refusal {
            Some((code, detail)) => {
                let answer = Problem::refused(code, detail).answer(request.context.request_id())?;
                (Commit::new().append(receipt(answer.clone())), answer)
            }
            None => {
                let body = Cancelled { bet_id, status: BetStatus::Cancelled, refund: &bet.stake };
                let answer = Answer::new(200, &body)?;
                let cancelled = cancellation(env, &bet, &found.head, wallet, CancelReason::Customer).map_err(
                    |error| match error {
                        CancelError::Rejected(rejection) => Problem::from(&rejection),
                        CancelError::Config(error) => error.into(),
                        CancelError::Store(error) => error.into(),
                        CancelError::Json(error) => error.into(),
                    },
                )?;
                (cancelled.append(receipt(answer.clone())), answer)
            }
        };
        Ok(Proposal { commit, body_hash: hash.clone(), answer: Some(answer) })
    };
    command(env, &request.context, load, propose).await
}
