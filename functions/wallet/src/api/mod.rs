//! Routes of the wallet.

pub mod adjust_wallet;
pub mod create_transfer;
pub mod get_user_wallet;
pub mod get_wallet;
pub mod list_entries;
pub mod set_limit;

pub(crate) use create_transfer::transfer_between;

use quoin_money::{Amount, Asset};
use quoin_runtime::{Env, Problem};

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("adjust-wallet", adjust_wallet::contract),
    ("create-transfer", create_transfer::contract),
    ("get-user-wallet", get_user_wallet::contract),
    ("get-wallet", get_wallet::contract),
    ("list-entries", list_entries::contract),
    ("set-limit", set_limit::contract),
];

/// Refuses an amount of nothing, or with more decimals than the asset has.
pub(crate) fn usable(env: &Env, asset: Asset, amount: Amount) -> Result<(), Problem> {
    if amount.is_zero() {
        return Err(Problem::field("AMOUNT_ZERO", "/amount", "must be above zero"));
    }
    amount
        .in_scale(asset, env.config.scales()?)
        .map(|_| ())
        .map_err(|error| Problem::field("AMOUNT_TOO_PRECISE", "/amount", error.to_string()))
}

/// Refuses a merchant with anything but coins of one merchant, and those without: nobody could spend them.
pub(crate) fn fits_merchant(asset: Asset, merchant_id: Option<&str>) -> Result<(), Problem> {
    let invalid = |detail| Err(Problem::field("MERCHANT_INVALID", "/merchant_id", detail));
    if (asset == Asset::BrandedCoins) != merchant_id.is_some() {
        return invalid("is required for branded_coins, and for nothing else");
    }
    // The wallet keeps it with every lot.
    if merchant_id.is_some_and(|id| id.trim().is_empty() || !is_printable(id, 100)) {
        return invalid("must be 1 to 100 printable characters");
    }
    Ok(())
}

/// Whether a text has at most `most` characters, and no control characters.
pub(crate) fn is_printable(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(char::is_control)
}
