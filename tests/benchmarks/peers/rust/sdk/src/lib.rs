//! What the two functions share: the tables, decimals, and the answers kept under a key.

use std::collections::HashMap;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use chrono::{DateTime, SecondsFormat, Utc};
use lambda_runtime::Error;
use rust_decimal::Decimal;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How often a commit is tried while the wallet moves underneath.
pub const ATTEMPTS: usize = 5;

/// How long an answer is kept.
const KEPT_SECONDS: i64 = 86_400;

const CONDITION: &str = "ConditionalCheckFailed";

/// An item of a table.
pub type Item = HashMap<String, AttributeValue>;

/// The client, and the tables that both functions know.
pub struct Tables {
    /// The SDK's client.
    pub client: Client,
    /// Balances.
    pub wallets: String,
    ledger: String,
    outbox: String,
    idempotency: String,
}

/// A wallet as it was read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wallet {
    /// What is there.
    pub balance: Decimal,
    /// Counts its changes.
    pub version: u64,
}

/// A debit that is about to be written.
pub struct Debit<'a> {
    /// Whose wallet.
    pub user_id: &'a str,
    /// Why.
    pub operation: &'a str,
    /// How much.
    pub amount: Decimal,
    /// The wallet before.
    pub wallet: Wallet,
    /// The ledger entry.
    pub entry_id: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What makes a request the same request.
pub struct Receipt {
    /// The key.
    pub id: String,
    /// The digest of what was asked for.
    pub hash: String,
}

/// What was found under a key.
pub enum Stored {
    /// The answer that was given.
    Answer(Value),
    /// The key of another request.
    Reused,
}

/// What came of a transaction.
pub enum Outcome {
    /// Written.
    Done,
    /// The wallet moved meanwhile: to be read again.
    Moved,
    /// The operation was done before.
    Repeated,
}

impl Tables {
    /// As the SDK is set up by default.
    pub async fn from_env() -> Result<Self, Error> {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        Ok(Self {
            client: Client::new(&config),
            wallets: std::env::var("TABLE_WALLETS")?,
            ledger: std::env::var("TABLE_LEDGER")?,
            outbox: std::env::var("TABLE_OUTBOX")?,
            idempotency: std::env::var("TABLE_IDEMPOTENCY")?,
        })
    }

    /// The wallet's update, the ledger entry and the event, in this order.
    pub fn debit(&self, debit: &Debit<'_>, event: &Value) -> Result<Vec<TransactWriteItem>, Error> {
        let Debit { user_id, wallet, .. } = debit;
        let after = wallet.balance - debit.amount;
        let update = Update::builder()
            .table_name(&self.wallets)
            .key("user_id", text(*user_id))
            .update_expression("SET balance = :after, version = :next")
            .condition_expression("version = :version")
            .expression_attribute_values(":after", number(after))
            .expression_attribute_values(":next", number(wallet.version + 1))
            .expression_attribute_values(":version", number(wallet.version))
            .build()?;
        let entry = Put::builder()
            .table_name(&self.ledger)
            .item("user_id", text(*user_id))
            .item("entry_id", text(&debit.entry_id))
            .item("operation", text(debit.operation))
            .item("asset", text("cash"))
            .item("amount", number(-debit.amount))
            .item("balance_before", number(wallet.balance))
            .item("balance_after", number(after))
            .item("at", text(rfc3339(debit.at)))
            .condition_expression("attribute_not_exists(entry_id)")
            .build()?;
        let outbox = Put::builder()
            .table_name(&self.outbox)
            .item("event_id", text(new_id()))
            .item("event", text(event.to_string()))
            .item("at", text(rfc3339(debit.at)))
            .build()?;
        Ok(vec![
            TransactWriteItem::builder().update(update).build(),
            TransactWriteItem::builder().put(entry).build(),
            TransactWriteItem::builder().put(outbox).build(),
        ])
    }

    /// Writes everything, and the answer, or nothing. The first item is the wallet's.
    pub async fn commit(
        &self,
        items: Vec<TransactWriteItem>,
        receipt: &Receipt,
        answer: &Value,
        now: DateTime<Utc>,
    ) -> Result<Outcome, Error> {
        let put = Put::builder()
            .table_name(&self.idempotency)
            .set_item(Some(receipt.item(answer, now)))
            .condition_expression("attribute_not_exists(id)")
            .build()?;
        let write = self.client.transact_write_items().set_transact_items(Some(items));
        let write = write.transact_items(TransactWriteItem::builder().put(put).build());
        let Err(error) = write.send().await else {
            return Ok(Outcome::Done);
        };
        if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() {
            let codes: Vec<_> = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect();
            if codes.last() == Some(&CONDITION) {
                return Ok(Outcome::Repeated);
            }
            if codes.first() == Some(&CONDITION) || codes.contains(&"TransactionConflict") {
                return Ok(Outcome::Moved);
            }
        }
        Err(error.into())
    }

    /// Keeps a refusal, which no transaction writes; or the answer that was given before.
    pub async fn refuse(&self, receipt: &Receipt, answer: Value, now: DateTime<Utc>) -> Result<Stored, Error> {
        let put = self
            .client
            .put_item()
            .table_name(&self.idempotency)
            .set_item(Some(receipt.item(&answer, now)))
            .condition_expression("attribute_not_exists(id)");
        match put.send().await {
            Ok(_) => Ok(Stored::Answer(answer)),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                self.stored(receipt).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The answer that was given.
    pub async fn stored(&self, receipt: &Receipt) -> Result<Stored, Error> {
        let get = self.client.get_item().table_name(&self.idempotency).key("id", text(&receipt.id));
        let item = get.consistent_read(true).send().await?.item.ok_or("the answer is gone")?;
        if string(&item, "hash")? != receipt.hash {
            return Ok(Stored::Reused);
        }
        Ok(Stored::Answer(serde_json::from_str(string(&item, "answer")?)?))
    }
}

impl Wallet {
    /// The wallet of an item; nothing where there is none.
    pub fn of(item: Option<&Item>) -> Result<Self, Error> {
        let Some(item) = item else {
            return Ok(Self::default());
        };
        Ok(Self { balance: decimal(item, "balance")?, version: digits(item, "version")?.parse()? })
    }
}

impl Receipt {
    /// Of a request under a key.
    pub fn of(id: String, request: &str) -> Self {
        let hash = Sha256::digest(request.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { id, hash }
    }

    fn item(&self, answer: &Value, now: DateTime<Utc>) -> Item {
        let members = [
            ("id", text(&self.id)),
            ("answer", text(answer.to_string())),
            ("hash", text(&self.hash)),
            ("expires", number(now.timestamp() + KEPT_SECONDS)),
        ];
        members.map(|(name, value)| (name.to_owned(), value)).into()
    }
}

/// JSON into a type, or the path of the member that is wrong.
pub fn parse<T: DeserializeOwned>(json: &str) -> Result<T, String> {
    let parsed = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(json));
    parsed.map_err(|error| error.path().to_string())
}

/// A JSON number, digit by digit as it was sent.
pub fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let digits = Number::deserialize(deserializer)?.to_string();
    let read = if digits.contains(['e', 'E']) { Decimal::from_scientific } else { Decimal::from_str_exact };
    read(&digits).map(|decimal| decimal.normalize()).map_err(D::Error::custom)
}

/// An amount of money: above zero, two places at most.
pub fn is_amount(amount: Decimal) -> bool {
    amount > Decimal::ZERO && amount.normalize().scale() <= 2
}

/// A decimal as it is shown: without zeros at the end.
pub fn shown(decimal: Decimal) -> String {
    decimal.normalize().to_string()
}

/// RFC 3339 with milliseconds.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An id that sorts by its moment.
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}

/// DynamoDB's text.
pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// DynamoDB's number.
pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A text of an item.
pub fn string<'a>(item: &'a Item, name: &str) -> Result<&'a str, Error> {
    let value = item.get(name).and_then(|value| value.as_s().ok());
    Ok(value.ok_or_else(|| format!("an item without the text {name}"))?)
}

/// A decimal of an item.
pub fn decimal(item: &Item, name: &str) -> Result<Decimal, Error> {
    Ok(Decimal::from_str_exact(digits(item, name)?)?)
}

fn digits<'a>(item: &'a Item, name: &str) -> Result<&'a str, Error> {
    let value = item.get(name).and_then(|value| value.as_n().ok());
    Ok(value.ok_or_else(|| format!("an item without the number {name}"))?)
}

/// One JSON line per event, from INFO up.
pub fn log() {
    tracing_subscriber::fmt().json().with_max_level(tracing::Level::INFO).init();
}
