//! Routes of the wallet.

pub mod get_wallet;
