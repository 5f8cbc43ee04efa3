//! An item of a table without the SDK's types.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

/// Attributes by name. Structured values are JSON texts, so amounts keep every digit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Item(pub(crate) HashMap<String, AttributeValue>);

impl Item {
    /// No attributes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How large it is as DynamoDB counts it, which charges writes by the kilobyte: names, values, and the places of a
    /// list.
    #[must_use]
    pub fn size(&self) -> usize {
        size(&self.0)
    }

    /// With a text.
    #[must_use]
    pub fn text(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::S(value.into()));
        self
    }

    /// With a text, if there is one.
    #[must_use]
    pub fn text_opt(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// With a number.
    #[must_use]
    pub fn number(mut self, name: &str, value: impl ToString) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::N(value.to_string()));
        self
    }

    /// With bytes.
    #[must_use]
    pub fn bytes(mut self, name: &str, value: Vec<u8>) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::B(Blob::new(value)));
        self
    }

    /// With a list of texts.
    #[must_use]
    pub fn texts(mut self, name: &str, values: Vec<String>) -> Self {
        let values = values.into_iter().map(AttributeValue::S).collect();
        self.0.insert(name.to_owned(), AttributeValue::L(values));
        self
    }

    /// With a structured value, as JSON text.
    ///
    /// # Errors
    /// If the value cannot be written as JSON.
    pub fn json(self, name: &str, value: &impl Serialize) -> Result<Self, StoreError> {
        Ok(self.text(name, serde_json::to_string(value)?))
    }

    /// The text called `name`.
    #[must_use]
    pub fn get_text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_s().ok().map(String::as_str)
    }

    /// The number called `name`.
    #[must_use]
    pub fn get_number(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_n().ok()?.parse().ok()
    }

    /// The exact text of the number called `name`.
    #[must_use]
    pub fn get_digits(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_n().ok().map(String::as_str)
    }

    /// The bytes called `name`.
    #[must_use]
    pub fn get_bytes(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name)?.as_b().ok().map(AsRef::as_ref)
    }

    /// The list of texts called `name`; empty if there is none.
    #[must_use]
    pub fn get_texts(&self, name: &str) -> Vec<String> {
        let list = self.0.get(name).and_then(|value| value.as_l().ok());
        list.into_iter().flatten().filter_map(|value| value.as_s().ok().cloned()).collect()
    }

    /// The structured value called `name`, if there is one.
    ///
    /// # Errors
    /// If it does not have the shape of `T`.
    pub fn get_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        self.get_text(name).map(|text| serde_json::from_str(text).map_err(StoreError::from)).transpose()
    }

    /// The structured value called `name`, which must be there.
    ///
    /// # Errors
    /// If it is missing or does not have the shape of `T`.
    pub fn require_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        self.get_json(name)?.ok_or_else(|| StoreError::corrupt(format!("the attribute {name} is missing")))
    }

    /// The text called `name`, which must be there.
    ///
    /// # Errors
    /// If it is missing.
    pub fn require_text(&self, name: &str) -> Result<&str, StoreError> {
        self.get_text(name).ok_or_else(|| StoreError::corrupt(format!("the attribute {name} is missing")))
    }

    /// Numbers by attribute name, for counters whose names are data.
    pub fn numbers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_n().ok()?.as_str())))
    }
}

/// The size of an item with these attributes.
pub(crate) fn size(attributes: &HashMap<String, AttributeValue>) -> usize {
    let sizes = attributes.iter().map(|(name, value)| name.len().saturating_add(size_of(value)));
    sizes.fold(0, usize::saturating_add)
}

fn size_of(value: &AttributeValue) -> usize {
    match (value.as_s(), value.as_n(), value.as_b(), value.as_l()) {
        (Ok(text), ..) => text.len(),
        // Two digits take a byte.
        (_, Ok(digits), ..) => digits.len().div_ceil(2).saturating_add(1),
        (_, _, Ok(blob), _) => blob.as_ref().len(),
        (.., Ok(values)) => values.iter().map(|one| size_of(one).saturating_add(1)).fold(3, usize::saturating_add),
        // Nothing else is ever written.
        (Err(_), Err(_), Err(_), Err(_)) => 1,
    }
}

/// The key of an item of a service's own table: partition `pk` and sort key `sk`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Partition.
    pub pk: String,
    /// Sort key; empty for tables without one.
    pub sk: String,
}

impl Key {
    /// The key `pk`, `sk`.
    #[must_use]
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    /// A key of a table that has only a partition key.
    #[must_use]
    pub fn single(pk: impl Into<String>) -> Self {
        Self::new(pk, "")
    }

    pub(crate) fn attributes(&self) -> HashMap<String, AttributeValue> {
        let mut key = HashMap::with_capacity(2);
        key.insert("pk".to_owned(), AttributeValue::S(self.pk.clone()));
        if !self.sk.is_empty() {
            key.insert("sk".to_owned(), AttributeValue::S(self.sk.clone()));
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_kept_apart_from_texts() {
        let item = Item::new().bytes("packed", vec![0, 255, 10]).text("text", "a");
        assert_eq!(item.get_bytes("packed"), Some([0, 255, 10].as_slice()));
        assert_eq!(item.get_text("packed"), None);
        assert_eq!(item.get_bytes("text"), None);
        assert_eq!(item.get_bytes("none"), None);
    }
}
