//! One commit as one request, and the answer to it sorted into what a caller can act on.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Delete, Put, ReturnValuesOnConditionCheckFailure as OnFailure,
    TransactWriteItem, Update as SdkUpdate,
};
use quoin_events::Origin;
use quoin_ledger::Wallet;

use crate::commit::{Other, RenderedCommit, RenderedWallet};
use crate::store::Store;
use crate::table::Update;
use crate::wallet_item::{self, SCHEMA};
use crate::{Commit, Item, JournalItem, Key, Lost, StoreError, packed};

const FREE: &str = "attribute_not_exists(pk)";

/// What a part of a transaction is, in the order in which the parts are sent.
#[derive(Clone, Copy)]
enum Part {
    Append(usize),
    Wallet,
    Other(usize),
}

impl Store {
    /// Writes all of `commit`, or nothing.
    ///
    /// # Errors
    /// [`StoreError::Lost`] names what the write lost against; the other classes are those of every request.
    pub async fn commit(&self, commit: Commit, origin: &Origin) -> Result<(), StoreError> {
        let rendered = commit.render(origin, &self.tables.source)?;
        let single = rendered.wallets.is_empty() && rendered.new_wallets.is_empty() && rendered.others.is_empty();
        match (rendered.appends.as_slice(), single) {
            ([append], true) => self.append_one(append.clone()).await,
            (_, true | false) => self.transact(rendered).await,
        }
    }

    // A single put costs half of a transaction of one.
    async fn append_one(&self, item: Item) -> Result<(), StoreError> {
        let request = self.client.put_item().table_name(&self.tables.journal).set_item(Some(packed::stored(&item)));
        let request = request.condition_expression(FREE).return_values_on_condition_check_failure(OnFailure::AllOld);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    lost_append(0, refused.item.clone().unwrap_or_default(), &item)
                }
                _ => Err(unavailable(&error)),
            },
        }
    }

    async fn transact(&self, rendered: RenderedCommit) -> Result<(), StoreError> {
        let (mut parts, mut requests) = (Vec::new(), Vec::new());
        for (index, item) in rendered.appends.iter().enumerate() {
            parts.push(Part::Append(index));
            requests.push(put(&self.tables.journal, packed::stored(item), true)?);
        }
        for wallet in &rendered.wallets {
            parts.push(Part::Wallet);
            requests.push(self.update_wallet(wallet)?);
            // Its key is taken only if the wallet has moved on too, which its own condition tells.
            parts.push(Part::Wallet);
            requests.push(put(&self.tables.journal, packed::stored(&wallet.journal), true)?);
        }
        for item in &rendered.new_wallets {
            parts.push(Part::Wallet);
            requests.push(put(&self.tables.wallets, item.0.clone(), true)?);
        }
        for (index, other) in rendered.others.iter().enumerate() {
            parts.push(Part::Other(index));
            requests.push(other_request(other)?);
        }
        match self.client.transact_write_items().set_transact_items(Some(requests)).send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    cancellation(&parts, cancelled.cancellation_reasons(), &rendered)
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => Err(StoreError::Conflict),
                _ => Err(unavailable(&error)),
            },
        }
    }

    fn update_wallet(&self, wallet: &RenderedWallet) -> Result<TransactWriteItem, StoreError> {
        let count = wallet.changes.len().saturating_add(2);
        let (mut names, mut values) = (HashMap::with_capacity(count), HashMap::with_capacity(count));
        let mut expression = String::with_capacity(96);
        for (name, value) in &wallet.changes {
            expression.push_str(if expression.is_empty() { "SET #" } else { ", #" });
            for part in [name, " = :", name] {
                expression.push_str(part);
            }
            names.insert(format!("#{name}"), (*name).to_owned());
            values.insert(format!(":{name}"), value.clone());
        }
        names.insert("#schema".to_owned(), "schema".to_owned());
        values.insert(":before".to_owned(), AttributeValue::N(wallet.before.to_string()));
        values.insert(":known".to_owned(), AttributeValue::N(SCHEMA.to_string()));
        let update = SdkUpdate::builder()
            .table_name(&self.tables.wallets)
            .set_key(Some(wallet_item::key(&wallet.wallet.user_id).attributes()))
            .update_expression(expression)
            .condition_expression("#v = :before AND #schema = :known")
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map_err(StoreError::corrupt)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Puts `item` into a service's own table if its key is free; says whether it was.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn put_new(&self, table: &str, item: Item) -> Result<bool, StoreError> {
        let request = self.client.put_item().table_name(table).set_item(Some(item.0)).condition_expression(FREE);
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(unavailable(&error)),
            },
        }
    }

    /// Puts `item` into a service's own table in place of whatever stands there.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn put(&self, table: &str, item: Item) -> Result<(), StoreError> {
        let request = self.client.put_item().table_name(table).set_item(Some(item.0));
        request.send().await.map(|_| ()).map_err(|error| unavailable(&error))
    }

    /// Changes an item of a service's own table; says whether the condition held.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn update(&self, update: Update) -> Result<bool, StoreError> {
        let (table, key) = (update.table.clone(), update.key.clone());
        let rendered = update.render();
        let request = self
            .client
            .update_item()
            .table_name(table)
            .set_key(Some(key.attributes()))
            .update_expression(rendered.expression)
            .set_condition_expression(rendered.condition)
            .set_expression_attribute_names(Some(rendered.names))
            .set_expression_attribute_values(Some(rendered.values).filter(|values| !values.is_empty()));
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(unavailable(&error)),
            },
        }
    }

    /// Removes an item of a service's own table.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn delete(&self, table: &str, key: &Key) -> Result<(), StoreError> {
        let request = self.client.delete_item().table_name(table).set_key(Some(key.attributes()));
        request.send().await.map(|_| ()).map_err(|error| unavailable(&error))
    }

    /// Removes an item of a service's own table if its number `name` is at most `value`; says whether it is gone now.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn delete_if_at_most(
        &self,
        table: &str,
        key: &Key,
        name: &str,
        value: impl ToString,
    ) -> Result<bool, StoreError> {
        let request = self
            .client
            .delete_item()
            .table_name(table)
            .set_key(Some(key.attributes()))
            .condition_expression("attribute_not_exists(pk) OR #n <= :most")
            .expression_attribute_names("#n", name)
            .expression_attribute_values(":most", AttributeValue::N(value.to_string()));
        removed(request).await
    }
}

/// Removes an item under a condition; says whether it held.
async fn removed(request: DeleteItemFluentBuilder) -> Result<bool, StoreError> {
    match request.send().await {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
            _ => Err(unavailable(&error)),
        },
    }
}

fn put(table: &str, attributes: HashMap<String, AttributeValue>, new: bool) -> Result<TransactWriteItem, StoreError> {
    let mut put = Put::builder().table_name(table).set_item(Some(attributes));
    if new {
        put = put.condition_expression(FREE).return_values_on_condition_check_failure(OnFailure::AllOld);
    }
    Ok(TransactWriteItem::builder().put(put.build().map_err(StoreError::corrupt)?).build())
}

fn other_request(other: &Other) -> Result<TransactWriteItem, StoreError> {
    match other {
        Other::PutNew { table, item } => put(table, item.0.clone(), true),
        Other::Put { table, item } => put(table, item.0.clone(), false),
        Other::Delete { table, key, must_exist } => {
            let condition = must_exist.then(|| "attribute_exists(pk)".to_owned());
            let delete = Delete::builder().table_name(table).set_key(Some(key.attributes()));
            let delete = delete.set_condition_expression(condition);
            Ok(TransactWriteItem::builder().delete(delete.build().map_err(StoreError::corrupt)?).build())
        }
        Other::Update(update) => {
            let (table, key) = (update.table.clone(), update.key.clone());
            let rendered = update.clone().render();
            let update = SdkUpdate::builder()
                .table_name(table)
                .set_key(Some(key.attributes()))
                .update_expression(rendered.expression)
                .set_condition_expression(rendered.condition)
                .set_expression_attribute_names(Some(rendered.names))
                .set_expression_attribute_values(Some(rendered.values).filter(|values| !values.is_empty()))
                .return_values_on_condition_check_failure(OnFailure::AllOld)
                .build()
                .map_err(StoreError::corrupt)?;
            Ok(TransactWriteItem::builder().update(update).build())
        }
    }
}

// Receipts and appends come first in a transaction, so a repeated command is recognised before a moved wallet.
fn cancellation(parts: &[Part], reasons: &[CancellationReason], rendered: &RenderedCommit) -> Result<(), StoreError> {
    let failed =
        |code: &str| parts.iter().zip(reasons).filter(move |(_, r)| r.code() == Some(code)).collect::<Vec<_>>();
    let mut refused = failed("ConditionalCheckFailed");
    refused.sort_by_key(|(part, _)| match part {
        Part::Append(_) => 0,
        Part::Wallet => 1,
        Part::Other(_) => 2,
    });
    let Some((part, reason)) = refused.first() else {
        let codes: Vec<_> =
            reasons.iter().filter_map(CancellationReason::code).filter(|code| *code != "None").collect();
        return match codes.first() {
            Some(&"TransactionConflict") => Err(StoreError::Conflict),
            Some(&"ValidationError" | &"ItemCollectionSizeLimitExceeded") => {
                let message = reasons.iter().find_map(CancellationReason::message).unwrap_or_default();
                Err(StoreError::Refused(message.to_owned()))
            }
            Some(_) | None => Err(StoreError::Unavailable(codes.join(", "))),
        };
    };
    let found = reason.item.clone().unwrap_or_default();
    match part {
        Part::Append(index) => {
            let ours = rendered.appends.get(*index).cloned().unwrap_or_default();
            lost_append(*index, found, &ours)
        }
        Part::Wallet => Err(StoreError::Lost(Box::new(Lost::Wallet(moved_wallet(Item(found))?)))),
        Part::Other(index) => {
            let current = Some(Item(found)).filter(|item| !item.0.is_empty());
            Err(StoreError::Lost(Box::new(Lost::Other { item: *index, current })))
        }
    }
}

fn moved_wallet(item: Item) -> Result<Option<Wallet>, StoreError> {
    // A journal item stands for a wallet that moved between two reads: the caller reads again.
    if item.get_text("assets").is_none() { Ok(None) } else { wallet_item::read(&item).map(Some) }
}

// A put whose reply was lost finds itself: that is success, not a race.
fn lost_append(append: usize, found: HashMap<String, AttributeValue>, ours: &Item) -> Result<(), StoreError> {
    let found = JournalItem::loaded(found)?;
    if found.0 == *ours {
        return Ok(());
    }
    Err(StoreError::Lost(Box::new(Lost::Append { append, item: found })))
}

/// Sorts every failure that is not a lost condition.
pub(crate) fn unavailable<E, R>(error: &SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    match code {
        Some("TransactionConflictException") => StoreError::Conflict,
        Some(
            code @ ("ValidationException"
            | "AccessDeniedException"
            | "ResourceNotFoundException"
            | "IdempotentParameterMismatchException"
            | "UnrecognizedClientException"
            | "SerializationException"),
        ) => {
            let message = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
            StoreError::Refused(format!("{code}: {message}"))
        }
        Some(code) => StoreError::Unavailable(code.to_owned()),
        None => StoreError::Unavailable(describe(error)),
    }
}

fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
