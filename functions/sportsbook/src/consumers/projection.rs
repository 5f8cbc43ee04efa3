//! A bet as it is looked up: its line in its owner's list, and its row under each of its markets, by which settlement
//! finds it and exposure is summed. Both carry the version of the bet's stream and lose against a newer one, so a
//! repeated, late or reordered event changes nothing, and a corrected settlement counts once: the row is set to how
//! the bet stands, nothing is added to anything.

use quoin_runtime::{Env, Failure, Outcome};
use quoin_store::Update;

use crate::bet::Bet;
use crate::rules::IndexedLeg;
use crate::table::{self, TABLE};

/// Writes the rows of `bet` as of `version` of its stream.
pub(crate) async fn write(env: &Env, bet: &Bet, version: u64) -> Result<Outcome, Failure> {
    let table = env.config.table(TABLE)?;
    for (leg, market) in bet.markets().enumerate() {
        let Some(row) = IndexedLeg::of(bet, leg) else { continue };
        let update = Update::of(table, table::index(&market, &bet.bet_id, leg))
            .number("version", version)
            .text("bet_id", bet.bet_id.clone())
            .json("leg", &row)?;
        env.store.update(update.if_newer("version", version)).await?;
    }
    let line = Update::of(table, table::bet_line(&bet.user_id, bet.placed_at, &bet.bet_id))
        .number("version", version)
        .json("bet", bet)?
        .if_newer("version", version);
    Ok(if env.store.update(line).await? { Outcome::Applied } else { Outcome::Ignored("the line is newer") })
}

/// Reads the bet and writes its rows.
pub(crate) async fn refresh(env: &Env, bet_id: &str) -> Result<Outcome, Failure> {
    let head = env.store.head(&Bet::stream(bet_id)).await?;
    let bet = head.state.as_deref().map(serde_json::from_str::<Bet>).transpose().map_err(Failure::poison)?;
    match bet {
        Some(bet) => write(env, &bet, head.version).await,
        None => Err(Failure::Transient("the bet does not exist yet".to_owned())),
    }
}
