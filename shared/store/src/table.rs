//! Reads and writes of the services' own tables.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use crate::{Item, Key, StoreError};

/// A page of a partition.
#[derive(Debug, Clone)]
pub struct Page {
    /// The items, in order of their sort key.
    pub items: Vec<Item>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Key>,
}

/// A read of one partition.
#[derive(Debug, Clone)]
pub struct Query {
    pub(crate) pk: String,
    pub(crate) prefix: Option<String>,
    pub(crate) between: Option<(String, String)>,
    pub(crate) descending: bool,
    pub(crate) limit: Option<u32>,
    pub(crate) after: Option<Key>,
    pub(crate) consistent: bool,
}

impl Query {
    /// All of the partition `pk`, ascending.
    #[must_use]
    pub fn of(pk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            prefix: None,
            between: None,
            descending: false,
            limit: None,
            after: None,
            consistent: false,
        }
    }

    /// Only sort keys that begin with `prefix`.
    #[must_use]
    pub fn begins_with(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Only sort keys from `first` to `last`, both included.
    #[must_use]
    pub fn between(mut self, first: impl Into<String>, last: impl Into<String>) -> Self {
        self.between = Some((first.into(), last.into()));
        self
    }

    /// Highest sort key first.
    #[must_use]
    pub const fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// At most `limit` items.
    #[must_use]
    pub const fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// After `key`.
    #[must_use]
    pub fn after(mut self, key: Option<Key>) -> Self {
        self.after = key;
        self
    }

    /// See every write that has been acknowledged.
    #[must_use]
    pub const fn consistent(mut self) -> Self {
        self.consistent = true;
        self
    }
}

/// A change of one item in place: attributes set, counters added to, under a condition.
#[derive(Debug, Clone)]
pub struct Update {
    pub(crate) table: String,
    pub(crate) key: Key,
    set: Vec<(String, AttributeValue)>,
    once: Vec<(String, AttributeValue)>,
    add: Vec<(String, AttributeValue)>,
    remove: Vec<String>,
    condition: Option<String>,
    extra: HashMap<String, AttributeValue>,
    names: Vec<String>,
}

impl Update {
    /// A change of the item `key` of `table`, created if absent.
    #[must_use]
    pub fn of(table: impl Into<String>, key: Key) -> Self {
        Self {
            table: table.into(),
            key,
            set: Vec::new(),
            once: Vec::new(),
            add: Vec::new(),
            remove: Vec::new(),
            condition: None,
            extra: HashMap::new(),
            names: Vec::new(),
        }
    }

    /// Sets a text.
    #[must_use]
    pub fn text(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set.push((name.to_owned(), AttributeValue::S(value.into())));
        self
    }

    /// Sets a number.
    #[must_use]
    pub fn number(mut self, name: &str, value: impl ToString) -> Self {
        self.set.push((name.to_owned(), AttributeValue::N(value.to_string())));
        self
    }

    /// Sets a number unless there is one already.
    #[must_use]
    pub fn number_once(mut self, name: &str, value: impl ToString) -> Self {
        self.once.push((name.to_owned(), AttributeValue::N(value.to_string())));
        self
    }

    /// Sets a text unless there is one already.
    #[must_use]
    pub fn text_once(mut self, name: &str, value: impl Into<String>) -> Self {
        self.once.push((name.to_owned(), AttributeValue::S(value.into())));
        self
    }

    /// Sets a structured value, as JSON text.
    ///
    /// # Errors
    /// If the value cannot be written as JSON.
    pub fn json(self, name: &str, value: &impl Serialize) -> Result<Self, StoreError> {
        Ok(self.text(name, serde_json::to_string(value)?))
    }

    /// Adds to a counter. Not idempotent by itself: put it in a transaction with what is.
    #[must_use]
    pub fn add(mut self, name: &str, value: impl ToString) -> Self {
        self.add.push((name.to_owned(), AttributeValue::N(value.to_string())));
        self
    }

    /// Takes an attribute away.
    #[must_use]
    pub fn remove(mut self, name: &str) -> Self {
        self.remove.push(name.to_owned());
        self
    }

    /// Only if the item does not exist yet, or its number `name` is below `value`: the latest wins.
    #[must_use]
    pub fn if_newer(mut self, name: &str, value: impl ToString) -> Self {
        let alias = self.alias(name);
        self.condition = Some(format!("attribute_not_exists({alias}) OR {alias} < :if"));
        self.extra.insert(":if".to_owned(), AttributeValue::N(value.to_string()));
        self
    }

    /// Only if the item is there and its number `name` is below `value`: the latest wins, and what is gone stays gone.
    #[must_use]
    pub fn if_below(mut self, name: &str, value: impl ToString) -> Self {
        let alias = self.alias(name);
        self.condition = Some(format!("{alias} < :if"));
        self.extra.insert(":if".to_owned(), AttributeValue::N(value.to_string()));
        self
    }

    /// Only if the text `name` is `value`.
    #[must_use]
    pub fn if_text(mut self, name: &str, value: &str) -> Self {
        let alias = self.alias(name);
        self.condition = Some(format!("{alias} = :if"));
        self.extra.insert(":if".to_owned(), AttributeValue::S(value.to_owned()));
        self
    }

    /// Only if the number `name` is `value`.
    #[must_use]
    pub fn if_number(mut self, name: &str, value: impl ToString) -> Self {
        let alias = self.alias(name);
        self.condition = Some(format!("{alias} = :if"));
        self.extra.insert(":if".to_owned(), AttributeValue::N(value.to_string()));
        self
    }

    /// Only if the item, or its attribute `name`, does not exist.
    #[must_use]
    pub fn if_absent(mut self, name: &str) -> Self {
        let alias = self.alias(name);
        self.condition = Some(format!("attribute_not_exists({alias})"));
        self
    }

    /// Takes whole units off the number `name`, only if there are so many.
    #[must_use]
    pub fn take(mut self, name: &str, units: u32) -> Self {
        let alias = self.alias(name);
        self.condition = Some(format!("{alias} >= :if"));
        self.extra.insert(":if".to_owned(), AttributeValue::N(units.to_string()));
        self.add(name, i64::from(units).saturating_neg())
    }

    /// Only if the item exists.
    #[must_use]
    pub fn if_exists(mut self) -> Self {
        let alias = self.alias("pk");
        self.condition = Some(format!("attribute_exists({alias})"));
        self
    }

    fn alias(&mut self, name: &str) -> String {
        self.names.push(name.to_owned());
        format!("#n{}", self.names.len().saturating_sub(1))
    }

    fn place(
        &mut self,
        name: &str,
        value: AttributeValue,
        values: &mut HashMap<String, AttributeValue>,
    ) -> (String, String) {
        let alias = self.alias(name);
        let placeholder = alias.replace('#', ":");
        values.insert(placeholder.clone(), value);
        (alias, placeholder)
    }

    pub(crate) fn render(mut self) -> RenderedUpdate {
        let mut values = std::mem::take(&mut self.extra);
        let mut clauses = Vec::new();
        let (set, once, add) =
            (std::mem::take(&mut self.set), std::mem::take(&mut self.once), std::mem::take(&mut self.add));
        let mut sets = Vec::with_capacity(set.len().saturating_add(once.len()));
        let mut adds = Vec::with_capacity(add.len());
        for (name, value) in set {
            let (alias, placeholder) = self.place(&name, value, &mut values);
            sets.push(format!("{alias} = {placeholder}"));
        }
        for (name, value) in once {
            let (alias, placeholder) = self.place(&name, value, &mut values);
            sets.push(format!("{alias} = if_not_exists({alias}, {placeholder})"));
        }
        for (name, value) in add {
            let (alias, placeholder) = self.place(&name, value, &mut values);
            adds.push(format!("{alias} {placeholder}"));
        }
        for (word, terms) in [("SET", sets), ("ADD", adds)] {
            if !terms.is_empty() {
                clauses.push(format!("{word} {}", terms.join(", ")));
            }
        }
        let removed: Vec<_> = std::mem::take(&mut self.remove).iter().map(|name| self.alias(name)).collect();
        if !removed.is_empty() {
            clauses.push(format!("REMOVE {}", removed.join(", ")));
        }
        let names = self.names.into_iter().enumerate().map(|(i, name)| (format!("#n{i}"), name)).collect();
        RenderedUpdate { expression: clauses.join(" "), condition: self.condition, names, values }
    }
}

/// An update in DynamoDB's expression language.
pub(crate) struct RenderedUpdate {
    pub(crate) expression: String,
    pub(crate) condition: Option<String>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: HashMap<String, AttributeValue>,
}
