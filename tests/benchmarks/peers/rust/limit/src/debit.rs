//! Job 1: a debit, invoked directly.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::clock::Moment;
use crate::endpoint::body;
use crate::json::{Number, amount, quoted, shown, text};
use crate::receipt::{Receipt, Stored};
use crate::table::{Outcome, Tables, outcome};
use crate::{ATTEMPTS, Error};

/// What arrived; each member is read on its own, so that a refusal names it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(borrow)]
    operation_id: Option<&'a RawValue>,
    #[serde(borrow)]
    user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    command: Option<&'a RawValue>,
    #[serde(borrow)]
    asset: Option<&'a RawValue>,
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
}

struct Debit<'a> {
    operation_id: Cow<'a, str>,
    user_id: Cow<'a, str>,
    amount: Decimal,
}

/// The wallet as it is read.
#[derive(Deserialize)]
pub(crate) struct Wallet<'a> {
    #[serde(borrow)]
    balance: Number<'a>,
    #[serde(borrow)]
    version: Number<'a>,
}

impl Wallet<'_> {
    /// Balance and version; who has no wallet yet has nothing.
    pub(crate) fn stand(found: Option<&Self>) -> Result<(Decimal, u64), Error> {
        found.map_or(Ok((Decimal::ZERO, 0)), |wallet| Ok((wallet.balance.decimal()?, wallet.version.n.parse()?)))
    }
}

#[derive(Deserialize)]
struct Found<'a> {
    #[serde(rename = "Item", borrow)]
    item: Option<Wallet<'a>>,
}

/// Debits a wallet once per operation.
pub fn handle(tables: &mut Tables, payload: &[u8]) -> Result<String, Error> {
    let event: Event<'_> = match serde_json::from_slice(payload) {
        Ok(event) => event,
        Err(_) => return Ok(invalid("event")),
    };
    let debit = match read(&event) {
        Ok(debit) => debit,
        Err(field) => return Ok(invalid(field)),
    };
    let receipt = Receipt::of(&debit.operation_id, payload);
    Ok(match attempt(tables, &debit, &receipt)? {
        Stored::Answer(answer) => answer,
        Stored::Reused => r#"{"status":"refused","code":"IDEMPOTENCY_KEY_REUSED"}"#.to_owned(),
    })
}

fn read<'a>(event: &Event<'a>) -> Result<Debit<'a>, &'static str> {
    let debit = Debit {
        operation_id: text(event.operation_id).ok_or("operation_id")?,
        user_id: text(event.user_id).ok_or("user_id")?,
        amount: amount(event.amount).ok_or("amount")?,
    };
    text(event.command).filter(|command| command == "debit").ok_or("command")?;
    text(event.asset).filter(|asset| asset == "cash").ok_or("asset")?;
    Ok(debit)
}

fn attempt(tables: &mut Tables, debit: &Debit<'_>, receipt: &Receipt) -> Result<Stored, Error> {
    let user = quoted(&debit.user_id);
    let get =
        format!(r#"{{"TableName":"{}","ConsistentRead":true,"Key":{{"user_id":{{"S":{user}}}}}}}"#, tables.wallets);
    for _ in 0..ATTEMPTS {
        let reply = tables.call("GetItem", &get)?;
        let wallet = serde_json::from_slice::<Found<'_>>(body(&reply)?)?.item;
        let (before, version) = Wallet::stand(wallet.as_ref())?;
        let now = Moment::now();
        if before < debit.amount {
            let available = shown(before);
            let refusal =
                format!(r#"{{"status":"refused","code":"WALLET_INSUFFICIENT_BALANCE","available":"{available}"}}"#);
            return receipt.refuse(tables, refusal, now);
        }
        let entry = Entry {
            user: &user,
            operation: &quoted(&debit.operation_id),
            amount: debit.amount,
            before,
            after: before - debit.amount,
            version,
            id: tables.id(now)?,
            at: now.rfc3339(),
        };
        let answer = format!(
            r#"{{"status":"applied","entry_id":"{}","balance_before":"{}","balance_after":"{}"}}"#,
            entry.id,
            shown(before),
            shown(entry.after)
        );
        let event = format!(
            r#"{{"type":"wallet.debited","user_id":{user},"operation_id":{operation},"asset":"cash","amount":"{amount}","balance_before":"{before}","balance_after":"{after}","at":"{at}"}}"#,
            operation = entry.operation,
            amount = shown(debit.amount),
            before = shown(before),
            after = shown(entry.after),
            at = entry.at
        );
        let transaction = format!(
            r#"{{"TransactItems":[{},{{"Put":{{{}}}}}]}}"#,
            entry.items(tables, &event)?,
            receipt.put(tables, &answer, now)
        );
        match outcome(&tables.call("TransactWriteItems", &transaction)?)? {
            Outcome::Done => return Ok(Stored::Answer(answer)),
            Outcome::Repeated => return receipt.stored(tables),
            Outcome::Moved => {}
        }
    }
    Err("the wallet moved at every attempt".into())
}

/// An entry of a wallet's ledger.
pub(crate) struct Entry<'a> {
    /// The user, quoted.
    pub(crate) user: &'a str,
    /// The operation, quoted.
    pub(crate) operation: &'a str,
    pub(crate) amount: Decimal,
    pub(crate) before: Decimal,
    pub(crate) after: Decimal,
    pub(crate) version: u64,
    pub(crate) id: String,
    pub(crate) at: String,
}

impl Entry<'_> {
    /// The wallet's update, the entry, and the event.
    pub(crate) fn items(&self, tables: &Tables, event: &str) -> Result<String, Error> {
        Ok(format!(
            concat!(
                r#"{{"Update":{{"TableName":"{wallets}","Key":{{"user_id":{{"S":{user}}}}},"#,
                r#""UpdateExpression":"SET balance = :after, version = :next","#,
                r#""ConditionExpression":"version = :version","ExpressionAttributeValues":{{"#,
                r#"":after":{{"N":"{after}"}},":next":{{"N":"{next}"}},":version":{{"N":"{version}"}}}}}}}},"#,
                r#"{{"Put":{{"TableName":"{ledger}","ConditionExpression":"attribute_not_exists(entry_id)","Item":{{"#,
                r#""user_id":{{"S":{user}}},"entry_id":{{"S":"{id}"}},"operation":{{"S":{operation}}},"#,
                r#""asset":{{"S":"cash"}},"amount":{{"N":"-{amount}"}},"balance_before":{{"N":"{before}"}},"#,
                r#""balance_after":{{"N":"{after}"}},"at":{{"S":"{at}"}}}}}}}},"#,
                r#"{{"Put":{{"TableName":"{outbox}","Item":{{"event_id":{{"S":"{event_id}"}},"#,
                r#""event":{{"S":{event}}},"at":{{"S":"{at}"}}}}}}}}"#,
            ),
            wallets = tables.wallets,
            ledger = tables.ledger,
            outbox = tables.outbox,
            amount = shown(self.amount),
            before = shown(self.before),
            after = shown(self.after),
            user = self.user,
            id = self.id,
            operation = self.operation,
            at = self.at,
            version = self.version,
            next = self.version + 1,
            event_id = tables.id(Moment::now())?,
            event = quoted(event),
        ))
    }
}

fn invalid(field: &str) -> String {
    format!(r#"{{"status":"refused","code":"VALIDATION_FAILED","field":"{field}"}}"#)
}
