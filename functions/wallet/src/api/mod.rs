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
