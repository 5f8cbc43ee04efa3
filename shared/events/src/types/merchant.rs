//! `merchant.events`.

use quoin_money::Amount;

use super::event_data;

event_data! {
    /// What the merchant says of an order.
    pub enum MerchantStanding {
        /// It will be delivered.
        Confirmed,
    }
}

event_data! {
    /// The merchant took an order over its interface.
    pub struct BizoneOrderCreated {
        /// The order.
        pub rabtul_order_id: String,
        /// What the merchant calls it.
        pub bizone_order_id: String,
        /// Which merchant.
        pub merchant_id: String,
        /// What the merchant says of it.
        pub status: MerchantStanding,
        /// When it arrives, as the merchant says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub estimated_delivery: Option<String>,
        /// Where it can be followed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub tracking_url: Option<String>,
        /// Lines of the order.
        pub items_count: u32,
        /// What was paid.
        pub total_amount: Amount,
    }
}
