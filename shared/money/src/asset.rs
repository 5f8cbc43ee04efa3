//! The assets a wallet can hold, and the number of decimals each of them has.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a balance is counted in. Spelled on the wire as in the event catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Asset {
    /// The stage's operating currency.
    Cash,
    /// Money given by marketing, in the operating currency.
    Bonus,
    /// Whole coins of a promotion.
    PromoCoins,
    /// Whole coins that only their merchant accepts.
    BrandedCoins,
    /// Whole coins of the platform.
    RezCoins,
    /// Whole credits that buy boosts.
    Credits,
}

impl Asset {
    /// Every asset, in the order in which the catalogue lists them.
    pub const ALL: [Self; 6] =
        [Self::Cash, Self::Bonus, Self::PromoCoins, Self::BrandedCoins, Self::RezCoins, Self::Credits];

    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Bonus => "bonus",
            Self::PromoCoins => "promo_coins",
            Self::BrandedCoins => "branded_coins",
            Self::RezCoins => "rez_coins",
            Self::Credits => "credits",
        }
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is not an asset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown asset")]
pub struct UnknownAsset;

impl FromStr for Asset {
    type Err = UnknownAsset;

    fn from_str(name: &str) -> Result<Self, UnknownAsset> {
        Self::ALL.into_iter().find(|asset| asset.as_str() == name).ok_or(UnknownAsset)
    }
}

/// How many decimals each asset has at this stage; the operating currency decides for cash and bonus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scales {
    cash: u32,
}

impl Scales {
    /// The most decimals a currency may have.
    pub const MAX: u32 = 8;

    /// Scales for an operating currency with `cash` decimals; `None` above [`Scales::MAX`].
    #[must_use]
    pub const fn try_new(cash: u32) -> Option<Self> {
        if cash > Self::MAX { None } else { Some(Self { cash }) }
    }

    /// Decimals of `asset`.
    #[must_use]
    pub const fn of(self, asset: Asset) -> u32 {
        match asset {
            Asset::Cash | Asset::Bonus => self.cash,
            Asset::PromoCoins | Asset::BrandedCoins | Asset::RezCoins | Asset::Credits => 0,
        }
    }
}

impl Default for Scales {
    fn default() -> Self {
        Self { cash: 2 }
    }
}
