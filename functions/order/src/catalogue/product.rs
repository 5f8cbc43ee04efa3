//! A product as the catalogue has it; its stock is counted apart.

use quoin_events::types::OrderItem;
use quoin_money::{Amount, MoneyError, Rounding};
use quoin_store::{Item, StoreError};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::table;

/// A product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Product {
    pub(crate) product_id: String,
    pub(crate) name: String,
    /// What one costs.
    pub(crate) unit_price: Amount,
}

impl Product {
    /// Reads a product's row.
    pub(crate) fn read(item: &Item) -> Result<Self, StoreError> {
        item.require_json("product")
    }

    /// Its row.
    pub(crate) fn item(&self, merchant_id: &str) -> Result<Item, StoreError> {
        let key = table::product(merchant_id, &self.product_id);
        Item::new().text("pk", key.pk).text("sk", key.sk).json("product", self)
    }

    /// A line of so many of it.
    ///
    /// # Errors
    /// If the line would cost too much.
    pub(crate) fn line(&self, quantity: u32, scale: u32) -> Result<OrderItem, MoneyError> {
        Ok(OrderItem {
            product_id: self.product_id.clone(),
            product_name: self.name.clone(),
            quantity,
            unit_price: self.unit_price,
            total: self.unit_price.times(Decimal::from(quantity), scale, Rounding::HalfUp)?,
        })
    }
}
