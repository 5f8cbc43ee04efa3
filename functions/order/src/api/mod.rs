//! Routes of the order service.

pub mod get_merchant;
pub mod get_order;
pub mod get_order_timeline;
pub mod list_orders;
pub mod list_products;
pub mod order_rules;
pub mod place_order;
pub mod put_merchant;
pub mod put_order_campaign;
pub mod put_product;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("get-merchant", get_merchant::contract),
    ("get-order", get_order::contract),
    ("get-order-timeline", get_order_timeline::contract),
    ("get-order-rules", order_rules::get_contract),
    ("list-orders", list_orders::contract),
    ("list-products", list_products::contract),
    ("place-order", place_order::contract),
    ("put-merchant", put_merchant::contract),
    ("put-order-campaign", put_order_campaign::contract),
    ("put-order-rules", order_rules::put_contract),
    ("put-product", put_product::contract),
];
