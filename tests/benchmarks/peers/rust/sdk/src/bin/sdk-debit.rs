//! Job 1: a debit, invoked directly.

use chrono::Utc;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use rust_decimal::Decimal;
use sdk::{ATTEMPTS, Debit, Outcome, Receipt, Stored, Tables, Wallet, exact, is_amount, new_id, shown, text};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Command {
    operation_id: String,
    user_id: String,
    command: String,
    asset: String,
    #[serde(deserialize_with = "exact")]
    amount: Decimal,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    sdk::log();
    let tables = &Tables::from_env().await?;
    run(service_fn(async |event: LambdaEvent<Value>| handle(tables, event).await)).await
}

async fn handle(tables: &Tables, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let payload = event.payload.to_string();
    let answer = match validate(&payload) {
        Ok(command) => match debit(tables, &command, &Receipt::of(command.operation_id.clone(), &payload)).await? {
            Stored::Answer(answer) => answer,
            Stored::Reused => json!({"status": "refused", "code": "IDEMPOTENCY_KEY_REUSED"}),
        },
        Err(field) => json!({"status": "refused", "code": "VALIDATION_FAILED", "field": field}),
    };
    tracing::info!(request_id = event.context.request_id, status = answer["status"].as_str(), "debit");
    Ok(answer)
}

fn validate(payload: &str) -> Result<Command, String> {
    let command: Command = sdk::parse(payload)?;
    let wrong = if command.operation_id.is_empty() {
        "operation_id"
    } else if command.user_id.is_empty() {
        "user_id"
    } else if command.command != "debit" {
        "command"
    } else if command.asset != "cash" {
        "asset"
    } else if !is_amount(command.amount) {
        "amount"
    } else {
        return Ok(command);
    };
    Err(wrong.to_owned())
}

async fn debit(tables: &Tables, command: &Command, receipt: &Receipt) -> Result<Stored, Error> {
    for _ in 0..ATTEMPTS {
        let get = tables.client.get_item().table_name(&tables.wallets).key("user_id", text(&command.user_id));
        let wallet = Wallet::of(get.consistent_read(true).send().await?.item())?;
        let now = Utc::now();
        if wallet.balance < command.amount {
            let available = shown(wallet.balance);
            let refusal = json!({"status": "refused", "code": "WALLET_INSUFFICIENT_BALANCE", "available": available});
            return tables.refuse(receipt, refusal, now).await;
        }
        let debit = Debit {
            user_id: &command.user_id,
            operation: &command.operation_id,
            amount: command.amount,
            wallet,
            entry_id: new_id(),
            at: now,
        };
        let (before, after) = (shown(wallet.balance), shown(wallet.balance - command.amount));
        let event = json!({
            "type": "wallet.debited",
            "user_id": command.user_id,
            "operation_id": command.operation_id,
            "asset": command.asset,
            "amount": shown(command.amount),
            "balance_before": before,
            "balance_after": after,
            "at": sdk::rfc3339(now),
        });
        let answer = json!({
            "status": "applied",
            "entry_id": debit.entry_id,
            "balance_before": before,
            "balance_after": after,
        });
        match tables.commit(tables.debit(&debit, &event)?, receipt, &answer, now).await? {
            Outcome::Done => return Ok(Stored::Answer(answer)),
            Outcome::Repeated => return tables.stored(receipt).await,
            Outcome::Moved => {}
        }
    }
    Err("the wallet moved at every attempt".into())
}
