//! A wallet as its owner sees it, wherever a service shows it.

use quoin_money::{Amount, Asset};
use serde::Serialize;

use crate::Status;

/// Whether the owner may play, without the end of an exclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// No restriction.
    Active,
    /// No play until the exclusion ends.
    SelfExcluded,
    /// No play ever.
    Closed,
}

impl From<Status> for Standing {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Active,
            Status::SelfExcluded { .. } => Self::SelfExcluded,
            Status::Closed => Self::Closed,
        }
    }
}

/// One asset of a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BalanceView {
    /// What it is counted in.
    pub asset: Asset,
    /// Can be spent.
    pub available: Amount,
    /// Set aside by holds.
    pub held: Amount,
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_events::Timestamp;

    #[test]
    fn a_standing_goes_by_the_name_of_its_status() {
        let until = Timestamp::from_millis(1);
        for status in [Status::Active, Status::SelfExcluded { until }, Status::Closed] {
            assert_eq!(serde_json::to_value(Standing::from(status)).unwrap(), status.as_str());
        }
    }
}
