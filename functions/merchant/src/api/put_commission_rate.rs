//! `PUT /api/merchants/{id}/commission-rate`: the rate of a merchant's own, for orders created after now.

use quoin_money::Amount;
use quoin_runtime::{Env, Problem, Request, Response, Role};
use quoin_store::Key;
use serde::Deserialize;

use crate::commission::Rate;
use crate::{access, table};

/// The most decimals of a percentage.
const MAX_DECIMALS: u32 = 4;

/// The rate that is to hold.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct PutRate {
    /// 0 to 100, with at most four decimals.
    percent: Amount,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sets a merchant's commission rate for orders created after now (operators)")
        .for_operators()
        .takes::<PutRate>()
        .answers::<Rate>(200)
        .refuses(400, &["PERCENT_INVALID"])
        .refuses(404, &["NOT_FOUND"])
}

/// Sets a merchant's rate.
///
/// # Errors
/// 400, 401, 403, 404 for a merchant that does not exist, or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let operator = request.caller_with(Role::Operator)?;
    let merchant_id = request.path("id")?;
    let PutRate { percent } = request.json()?;
    if percent > Amount::whole(100) || percent.value().scale() > MAX_DECIMALS {
        let detail = format!("must be 0 to 100 with at most {MAX_DECIMALS} decimals");
        return Err(Problem::field("PERCENT_INVALID", "/percent", detail));
    }
    access::managers(env, merchant_id).await?.ok_or_else(|| Problem::not_found("merchant"))?;
    let rate = Rate { percent, valid_from: request.context.now, set_by: operator.user_id.clone() };
    let key = Key::new(table::rates_pk(merchant_id), rate.valid_from.to_string());
    env.store.put(table::name(env)?, table::item(key).json("rate", &rate)?).await?;
    Response::json(200, &rate)
}
