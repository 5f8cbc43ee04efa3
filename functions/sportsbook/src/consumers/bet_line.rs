//! The line of a bet in its owner's list: always the newest state that was read, whatever came first.

use quoin_runtime::{Env, Failure, Outcome};
use quoin_store::Update;

use crate::bet::Bet;
use crate::table::{self, TABLE};

/// Writes the line of `bet` as of `version` of its stream.
pub(super) async fn write(env: &Env, bet: &Bet, version: u64) -> Result<Outcome, Failure> {
    let key = table::bet_line(&bet.user_id, bet.placed_at, &bet.bet_id);
    let update = Update::of(env.config.table(TABLE)?, key)
        .number("version", version)
        .json("bet", bet)?
        .if_newer("version", version);
    Ok(if env.store.update(update).await? { Outcome::Applied } else { Outcome::Ignored("the line is newer") })
}

/// Reads the bet and writes its line.
pub(super) async fn refresh(env: &Env, bet_id: &str) -> Result<Outcome, Failure> {
    let head = env.store.head(&Bet::stream(bet_id)).await?;
    let bet = head.state.as_deref().map(serde_json::from_str::<Bet>).transpose().map_err(Failure::poison)?;
    match bet {
        Some(bet) => write(env, &bet, head.version).await,
        None => Err(Failure::Transient("the bet does not exist yet".to_owned())),
    }
}
