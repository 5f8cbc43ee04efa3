//! `POST /api/credits/purchases`: cash of the wallet becomes credits of the same wallet, in one transaction of three
//! items; a refusal is one item.

use quoin_events::types::CreditPaymentMethod;
use quoin_money::{Amount, Asset};
use quoin_runtime::{Env, Problem, Request, Response, command, idempotent_command};
use quoin_store::body_hash;
use serde::{Deserialize, Serialize};

use crate::purchase::{Buying, PURCHASE, Payer, price};
use crate::receipt::Command;

/// The most credits of one purchase.
const MOST_CREDITS: u32 = 1_000_000;

/// A purchase as it is asked for.
#[derive(Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct BuyCredits {
    /// Credits: a whole number from 1 to 1000000.
    amount: Amount,
    /// `wallet`: with the cash of the wallet. Whoever pays by card deposits first.
    payment_method: String,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Buys credits")
        .idempotent()
        .takes::<BuyCredits>()
        .answers::<crate::purchase::Purchased<'_>>(201)
        .refuses(400, &["CREDITS_INVALID"])
        .refuses(404, &["NOT_FOUND"])
        .refuses(422, &["PAYMENT_METHOD_NOT_ACCEPTED"])
        .refuses(422, &["WALLET_INSUFFICIENT_BALANCE", "WALLET_CLOSED", "AMOUNT_ZERO", "AMOUNT_OUT_OF_RANGE"])
}

/// Buys credits.
///
/// # Errors
/// 400, 401, 422 for a method that is none, or 429; what the wallet refuses (422) is an answer like any other and stands
/// in the journal.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = request.caller()?.user_id.as_str();
    let purchase_id = idempotent_command(request, PURCHASE)?;
    let asked: BuyCredits = request.json()?;
    let is_whole = asked.amount.value().is_integer();
    if !is_whole || asked.amount.is_zero() || asked.amount > Amount::whole(MOST_CREDITS) {
        let detail = format!("must be a whole number of credits from 1 to {MOST_CREDITS}");
        return Err(Problem::field("CREDITS_INVALID", "/amount", detail));
    }
    if asked.payment_method != "wallet" {
        let problem = Problem::refused("PAYMENT_METHOD_NOT_ACCEPTED", "credits are paid with the wallet");
        return Err(problem.at("/payment_method", "must be wallet"));
    }
    let each = env.config.parse_or("CREDIT_PRICE", Amount::ZERO)?;
    let price = price(asked.amount, each, env.config.scales()?.of(Asset::Cash))
        .map_err(|error| Problem::refused("AMOUNT_OUT_OF_RANGE", error.to_string()))?;
    let buying = Buying {
        command: Command {
            kind: PURCHASE,
            id: &purchase_id,
            user_id,
            request_id: request.context.request_id(),
            body_hash: body_hash(&asked)?,
        },
        credits: asked.amount,
        price,
        payment_method: CreditPaymentMethod::Wallet,
        calendar: env.config.calendar()?,
    };
    let load = async || Ok(Payer(env.store.wallet(user_id).await?));
    command(env, &request.context, load, |payer: &Payer, now| buying.propose(payer, now)).await
}
