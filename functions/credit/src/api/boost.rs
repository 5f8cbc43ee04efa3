//! What the three routes of boosts have in common.

use quoin_boosts::{Boost, BoostError};
use quoin_money::Amount;
use quoin_runtime::{Env, Problem, Request, Response, command, idempotent_command};
use quoin_store::body_hash;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::boost::{BOOST, Boosting, Loaded};
use crate::receipt::Command;
use crate::table::{self, TABLE};
use crate::target::Target;

/// What each of them answers.
#[cfg(feature = "schema")]
pub(super) fn contract(summary: &'static str) -> quoin_runtime::Contract {
    quoin_runtime::Contract::new(summary)
        .idempotent()
        .answers::<crate::boost::Boosted<'_>>(201)
        .refuses(400, &["TARGET_INVALID", "CREDITS_INVALID", "DURATION_INVALID"])
        .refuses(404, &["NOT_FOUND", "TARGET_NOT_FOUND"])
        .refuses(422, &["BOOSTS_AT_MOST", "WALLET_INSUFFICIENT_BALANCE", "WALLET_CLOSED"])
}

/// A boost as it is asked for.
#[derive(Serialize)]
pub(super) struct Asked {
    pub(super) target: Target,
    pub(super) amount: Amount,
    pub(super) duration: u32,
}

/// Gives the boost that `asked` makes of a body.
pub(super) async fn give<B: DeserializeOwned>(
    env: &Env,
    request: &Request,
    asked: impl FnOnce(B) -> Result<Asked, Problem>,
) -> Result<Response, Problem> {
    let user_id = request.caller()?.user_id.as_str();
    let boost_id = idempotent_command(request, BOOST)?;
    let asked = asked(request.json()?)?;
    let wrong = |code: &'static str, pointer: &str| {
        let pointer = pointer.to_owned();
        move |error: BoostError| Problem::field(code, pointer, error.to_string())
    };
    let credits = Boost::credits(asked.amount).map_err(wrong("CREDITS_INVALID", "/amount"))?;
    let hours = Boost::hours(asked.duration).map_err(wrong("DURATION_INVALID", "/duration"))?;
    let boosting = Boosting {
        command: Command {
            kind: BOOST,
            id: &boost_id,
            user_id,
            request_id: request.context.request_id(),
            body_hash: body_hash(&asked)?,
        },
        target: &asked.target,
        credits,
        hours,
        table: env.config.table(TABLE)?,
        calendar: env.config.calendar()?,
    };
    let keys = [asked.target.row(env)?, (boosting.table, table::slots(asked.target.kind, &asked.target.id))];
    let load = async || {
        let (mut wallets, items) = env.store.read(&[user_id], &keys).await?;
        let mut items = items.into_iter();
        let (target, slots) = (items.next().flatten(), items.next().flatten());
        Ok(Loaded { wallet: wallets.pop().flatten(), target, slots })
    };
    command(env, &request.context, load, |loaded: &Loaded, now| boosting.propose(loaded, now)).await
}
