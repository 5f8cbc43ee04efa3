//! What an order needs to know of who orders: the little of the profile that it goes on with.

use quoin_events::Sealed;
use quoin_store::{Item, StoreError};
use serde::Deserialize;

use crate::rules::KycStatus;

/// A person, as the profile has them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Person {
    #[serde(rename = "full_name")]
    pub(crate) name: Sealed,
    #[serde(default)]
    pub(crate) phone: Option<Sealed>,
    #[serde(default)]
    pub(crate) kyc_status: Option<KycStatus>,
}

impl Person {
    /// Reads a profile's row.
    pub(crate) fn read(item: &Item) -> Result<Self, StoreError> {
        item.require_json("user")
    }
}
