//! `GET /api/order-rules` and `PUT /api/order-rules/{rule}`: the five validations of an order, as operators set them.

use quoin_runtime::{Env, Problem, Request, Response, Role};
use quoin_store::Update;
use serde::Serialize;

use crate::rules::{Rule, Rules, SettingChange, SettingView};
use crate::table::{self, TABLE};

/// How the validations are set.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct OrderRules {
    /// In the order in which an order's failure is named after them.
    items: Vec<SettingView>,
}

/// What `GET` takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn get_contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("How the validations of orders are set (operators)")
        .for_operators()
        .answers::<OrderRules>(200)
}

/// What `PUT` takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn put_contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sets a validation of orders; a parameter that is left out stays (operators)")
        .for_operators()
        .takes::<SettingChange>()
        .answers::<SettingView>(200)
        .refuses(400, &["PARAMETER_UNKNOWN", "ACCEPTED_EMPTY", "AMOUNT_TOO_PRECISE"])
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with all settings.
///
/// # Errors
/// 401, 403 or 503.
pub async fn get(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    Response::json(200, &OrderRules { items: load(env).await?.views() })
}

/// Sets one validation; orders go by it from the next one on.
///
/// # Errors
/// 400, 401, 403, 404 for a rule that there is not, or 503.
pub async fn put(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let rule = Rule::parse(request.path("rule")?).ok_or_else(|| Problem::not_found("rule"))?;
    let change: SettingChange = request.json()?;
    let setting = load(env).await?.setting(rule).changed(rule, change, env.config.scales()?)?;
    // Each rule is an attribute of its own: two operators who set two rules do not undo each other.
    let update = Update::of(env.config.table(TABLE)?, table::rules()).json(rule.as_str(), &setting)?;
    env.store.update(update).await?;
    Response::json(200, &setting.view(rule))
}

async fn load(env: &Env) -> Result<Rules, Problem> {
    let item = env.store.get(env.config.table(TABLE)?, &table::rules(), true).await?;
    Ok(Rules::read(item.as_ref())?)
}
