//! `wallet-command`: money commands for callers outside the platform's own transactions, invoked by IAM.

use quoin_events::{EntityRef, Timestamp};
use quoin_ledger::{Lot, Movement, Purpose};
use quoin_money::{Amount, Asset};
use quoin_runtime::{Context, Env, Failure, Invocation, Metrics, Problem};
use quoin_store::{Stream, body_hash};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::transfer_between;
use crate::moving::{Moving, carry_out};

/// A command and the operation it is: the same operation id is carried out once and answered alike.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WalletCommand {
    operation_id: String,
    user_id: String,
    #[serde(default)]
    request_id: Option<String>,
    command: CommandName,
    #[serde(default)]
    asset: Option<Asset>,
    #[serde(default)]
    amount: Option<Amount>,
    #[serde(default)]
    hold_id: Option<String>,
    #[serde(default)]
    expires_at: Option<Timestamp>,
    #[serde(default)]
    merchant_id: Option<String>,
    #[serde(default)]
    to_user_id: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum CommandName {
    Credit,
    Debit,
    Hold,
    Capture,
    Void,
    Transfer,
}

/// What the caller is answered.
#[derive(Debug, Serialize)]
pub struct CommandReply {
    /// As of HTTP.
    status: u16,
    /// Whether the operation had been carried out before.
    repeated: bool,
    /// The answer, or the problem.
    body: Value,
}

/// Carries out a command.
///
/// # Errors
/// Transient: nothing was written and the same command may be sent again.
pub async fn wallet_command(
    env: &Env,
    invocation: &Invocation,
    event: Value,
    metrics: &mut Metrics,
) -> Result<CommandReply, Failure> {
    let request_id = event.get("request_id").and_then(Value::as_str);
    let context = Context::of_request(&env.clock, invocation, request_id, None);
    metrics.say("correlation_id", context.request_id());
    let outcome = Box::pin(run(env, &context, &event)).await;
    match outcome {
        Ok(reply) => Ok(reply),
        Err(problem) if problem.status >= 500 || problem.status == 429 => Err(Failure::Transient(problem.detail)),
        Err(problem) => {
            let body = serde_json::from_str(&problem.document(context.request_id())).map_err(Failure::poison)?;
            Ok(CommandReply { status: problem.status, repeated: false, body })
        }
    }
}

async fn run(env: &Env, context: &Context, event: &Value) -> Result<CommandReply, Problem> {
    let command = read(event)?;
    if command.operation_id.is_empty() || command.operation_id.len() > 200 {
        return Err(Problem::field("OPERATION_ID_INVALID", "/operation_id", "must be 1 to 200 characters"));
    }
    for (pointer, id) in [("/user_id", Some(&command.user_id)), ("/to_user_id", command.to_user_id.as_ref())] {
        if id.is_some_and(|id| !(1..=200).contains(&id.len())) {
            return Err(Problem::field("USER_ID_INVALID", pointer, "must be 1 to 200 characters"));
        }
    }
    // A capture names no asset, so its decimals are bounded by those of the operating currency.
    if let Some(amount) = command.amount {
        super::api::usable(env, command.asset.unwrap_or(Asset::Cash), amount)?;
    }
    let hash = body_hash(&WalletCommandIdentity::of(&command))?;
    let receipt = Stream::new("cmd", format!("direct#{}", command.operation_id));
    let executed = if let CommandName::Transfer = command.command {
        let (asset, amount) = money(env, &command)?;
        let to = command.to_user_id.as_deref().ok_or_else(|| required("/to_user_id"))?;
        transfer_between(env, context, receipt, hash, (&command.user_id, to), (asset, amount), None).await?
    } else {
        let moving = Moving {
            receipt,
            body_hash: hash,
            user_id: &command.user_id,
            related: EntityRef { kind: "operation".to_owned(), id: command.operation_id.clone() },
            movements: vec![movement(env, &command)?],
            because: None,
        };
        carry_out(env, context, &moving).await?
    };
    let answer = executed.answer.ok_or_else(|| Problem::new(500, "INTERNAL", "the operation has no answer"))?;
    Ok(CommandReply {
        status: answer.status,
        repeated: executed.repeated,
        body: serde_json::from_str(answer.body.get())?,
    })
}

// Through its text: a value in memory hands most numbers with decimals over as floats, which no amount is read from.
fn read(event: &Value) -> Result<WalletCommand, Problem> {
    let malformed = |error: serde_json::Error| Problem::new(400, "COMMAND_MALFORMED", error.to_string());
    serde_json::from_str(&event.to_string()).map_err(malformed)
}

/// What makes two commands the same; the correlation id does not.
#[derive(Serialize)]
struct WalletCommandIdentity<'a> {
    user_id: &'a str,
    command: CommandName,
    asset: Option<Asset>,
    amount: Option<Amount>,
    hold_id: Option<&'a str>,
    to_user_id: Option<&'a str>,
    merchant_id: Option<&'a str>,
    expires_at: Option<Timestamp>,
}

impl<'a> WalletCommandIdentity<'a> {
    fn of(command: &'a WalletCommand) -> Self {
        Self {
            user_id: &command.user_id,
            command: command.command,
            asset: command.asset,
            amount: command.amount,
            hold_id: command.hold_id.as_deref(),
            to_user_id: command.to_user_id.as_deref(),
            merchant_id: command.merchant_id.as_deref(),
            expires_at: command.expires_at,
        }
    }
}

fn movement(env: &Env, command: &WalletCommand) -> Result<Movement, Problem> {
    let hold_id = || command.hold_id.clone().ok_or_else(|| required("/hold_id"));
    Ok(match command.command {
        CommandName::Credit | CommandName::Transfer => {
            let (asset, amount) = money(env, command)?;
            crate::api::fits_merchant(asset, command.merchant_id.as_deref())?;
            let lot = Lot { amount, expires_at: command.expires_at, merchant_id: command.merchant_id.clone() };
            Movement::Credit { asset, amount, purpose: Purpose::CreditAdjustment, lots: vec![lot], counted_at: None }
        }
        CommandName::Debit => {
            let (asset, amount) = money(env, command)?;
            let merchant_id = command.merchant_id.clone();
            Movement::Debit { asset, amount, purpose: Purpose::DebitAdjustment, merchant_id }
        }
        CommandName::Hold => {
            let (asset, amount) = money(env, command)?;
            Movement::Hold { hold_id: hold_id()?, asset, amount, expires_at: command.expires_at }
        }
        CommandName::Capture => Movement::Capture { hold_id: hold_id()?, amount: command.amount },
        CommandName::Void => Movement::Void { hold_id: hold_id()? },
    })
}

fn money(env: &Env, command: &WalletCommand) -> Result<(Asset, Amount), Problem> {
    let asset = command.asset.ok_or_else(|| required("/asset"))?;
    let amount = command.amount.ok_or_else(|| required("/amount"))?;
    crate::api::usable(env, asset, amount)?;
    Ok((asset, amount))
}

fn required(pointer: &str) -> Problem {
    Problem::field("FIELD_MISSING", pointer, "is required for this command")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_with_decimals_are_read_from_a_value() {
        for amount in ["2.36", "12.5", "100", "\"0.07\"", "123456789012345.678901"] {
            let text = format!(
                r#"{{"operation_id":"o","user_id":"u","command":"hold","asset":"cash","hold_id":"h","amount":{amount}}}"#
            );
            let command = read(&serde_json::from_str(&text).unwrap()).unwrap();
            assert_eq!(command.amount.unwrap(), amount.trim_matches('"').parse().unwrap());
        }
        assert!(read(&serde_json::json!({"operation_id": 5})).is_err());
    }
}
