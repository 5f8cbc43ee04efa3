//! What is boosted.

use serde::{Deserialize, Serialize};

/// A kind of things that are boosted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "BoostedKind"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Gigs.
    Gig,
    /// Clans.
    Clan,
    /// People's profiles.
    Profile,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Gig, Self::Clan, Self::Profile];

    /// The name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Gig => "gig",
            Self::Clan => "clan",
            Self::Profile => "profile",
        }
    }
}
