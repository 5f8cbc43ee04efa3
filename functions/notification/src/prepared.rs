//! The confirmation of an order, prepared when the order is initiated and sent when it is created.
//!
//! The row keeps what was known when the person ordered: amounts, and the language and the channels of the message.
//! Both events may come first; whichever does writes the row, and the other leaves it as it is.

use quoin_events::Timestamp;
use quoin_events::types::{Channel, OrderCreated, OrderInitiated};
use quoin_money::Amount;
use quoin_store::{Item, StoreError};
use serde::{Deserialize, Serialize};

use crate::contact::Contact;
use crate::person;
use crate::preferences::Preferences;
use crate::routing::Rule;
use crate::table;

/// How long the row stays: as long as copies of `order.initiated`.
const KEEP_SECONDS: i64 = 30 * 86_400;

/// A prepared confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Prepared {
    /// The order.
    pub(crate) order_id: String,
    /// Who ordered.
    pub(crate) user_id: String,
    /// From whom.
    pub(crate) merchant_name: String,
    /// Lines of the order.
    pub(crate) items_count: u32,
    /// Prices times quantities.
    pub(crate) order_value: Amount,
    /// What the campaign takes off.
    pub(crate) discount: Amount,
    /// What is paid.
    pub(crate) final_amount: Amount,
    /// In which language the person is told.
    pub(crate) language: String,
    /// Over what.
    pub(crate) channels: Vec<Channel>,
    /// When it was prepared.
    pub(crate) prepared_at: Timestamp,
}

impl Prepared {
    /// The confirmation of an order that was initiated.
    pub(crate) fn initiated(
        order: OrderInitiated,
        contact: &Contact,
        preferences: &Preferences,
        rule: &Rule,
        now: Timestamp,
    ) -> Self {
        Self {
            order_id: order.order_id,
            user_id: order.user_id,
            merchant_name: order.merchant_name,
            items_count: order.items_count,
            order_value: order.order_value,
            discount: order.discount,
            final_amount: order.final_amount,
            language: person::language(contact, preferences).to_owned(),
            channels: rule.channels_for(preferences, contact.phone.is_some()),
            prepared_at: now,
        }
    }

    /// The confirmation of an order that is final before it was heard of.
    pub(crate) fn created(
        order: &OrderCreated,
        contact: &Contact,
        preferences: &Preferences,
        rule: &Rule,
        now: Timestamp,
    ) -> Self {
        Self {
            order_id: order.order_id.clone(),
            user_id: order.user_id.clone(),
            merchant_name: order.merchant_name.clone(),
            items_count: u32::try_from(order.items.len()).unwrap_or(u32::MAX),
            order_value: order.pricing.subtotal,
            discount: order.pricing.discount,
            final_amount: order.pricing.total,
            language: person::language(contact, preferences).to_owned(),
            channels: rule.channels_for(preferences, contact.phone.is_some()),
            prepared_at: now,
        }
    }

    /// The confirmation of a row.
    ///
    /// # Errors
    /// If the row is not one.
    pub(crate) fn read(row: &Item) -> Result<Self, StoreError> {
        row.require_json("confirmation")
    }

    /// Its row.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(crate) fn row(&self) -> Result<Item, StoreError> {
        let expires = self.prepared_at.plus_seconds(KEEP_SECONDS).seconds();
        Ok(table::item(table::confirmation(&self.order_id)).json("confirmation", self)?.number("expires", expires))
    }

    /// The channels over which the person is told: those of then, less what was switched off since.
    pub(crate) fn channels(&self, preferences: &Preferences, rule: &Rule) -> Vec<Channel> {
        // Those of then leave out what the person cannot be reached over.
        let now = rule.channels_for(preferences, true);
        self.channels.iter().copied().filter(|channel| now.contains(channel)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order_facts::CONFIRMED;
    use crate::routing::rule;

    fn prepared(channels: &[Channel]) -> Prepared {
        Prepared {
            order_id: "o".to_owned(),
            user_id: "u".to_owned(),
            merchant_name: "Fresh Mart".to_owned(),
            items_count: 2,
            order_value: Amount::whole(500),
            discount: Amount::whole(50),
            final_amount: Amount::whole(450),
            language: "de".to_owned(),
            channels: channels.to_vec(),
            prepared_at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn a_row_reads_back_and_goes_after_thirty_days() {
        let one = prepared(&[Channel::Sms, Channel::Push]);
        let row = one.row().unwrap();
        assert_eq!(Prepared::read(&row).unwrap(), one);
        assert_eq!(row.get_number("expires"), Some(30 * 86_400));
    }

    #[test]
    fn what_was_switched_off_since_is_not_used_and_what_was_added_waits_for_the_next_order() {
        let rule = rule("order.created", CONFIRMED).unwrap();
        let wishes = |sms, email| Preferences { sms, email, ..Preferences::default() };
        let one = prepared(&[Channel::Sms]);
        assert_eq!(one.channels(&wishes(true, true), rule), [Channel::Sms]);
        assert_eq!(one.channels(&wishes(false, true), rule), []);
    }
}
