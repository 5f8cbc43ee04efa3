//! What is sold: merchants, products and their stock, campaigns and their uses.

mod campaign;
mod counter;
pub(crate) mod fields;
mod merchant;
mod product;

pub(crate) use campaign::{Campaign, Discount, DiscountKind};
pub(crate) use counter::{Shard, least_pieces, left, split};
pub(crate) use merchant::{Merchant, managed};
pub(crate) use product::Product;
