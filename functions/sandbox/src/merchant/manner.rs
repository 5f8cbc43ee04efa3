//! How a merchant behaves: as the end of its id says, unless it was switched. Pure.

use serde::{Deserialize, Serialize};

/// A merchant's behaviour towards each order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxManner"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Manner {
    /// Takes it and says so.
    #[default]
    Takes,
    /// Says no.
    Rejects,
    /// Says no once and yes to whoever asks again.
    RejectsOnce,
    /// Takes it, and its first answer comes too late.
    SilentOnce,
    /// Takes it, and no answer ever comes through.
    Silent,
    /// Takes it, its first answer does not come through, and it does not know the order when asked where it stands.
    Forgets,
    /// Takes it, and its first answer says nothing that makes sense.
    Garbled,
    /// Takes it, and calls it something else each time.
    Twice,
    /// Decides after a while.
    Late,
    /// Is not available for anything.
    Down,
    /// Is not available, but lets orders be.
    Closed,
    /// Is not available the first time.
    DownOnce,
    /// Is not available the first three times.
    DownThrice,
}

impl Manner {
    const ALL: [(&'static str, Self); 12] = [
        ("_rejects", Self::Rejects),
        ("_rejects_once", Self::RejectsOnce),
        ("_silent_once", Self::SilentOnce),
        ("_silent", Self::Silent),
        ("_forgets", Self::Forgets),
        ("_garbled", Self::Garbled),
        ("_twice", Self::Twice),
        ("_late", Self::Late),
        ("_down", Self::Down),
        ("_closed", Self::Closed),
        ("_down_once", Self::DownOnce),
        ("_down_thrice", Self::DownThrice),
    ];

    /// What the id of a merchant says of it.
    pub(crate) fn of(merchant_id: &str) -> Self {
        Self::ALL.iter().find(|(end, _)| merchant_id.ends_with(end)).map_or(Self::Takes, |(_, manner)| *manner)
    }

    /// How many requests to take an order are not served at all.
    pub(crate) const fn unserved(self) -> u32 {
        match self {
            Self::Down | Self::Closed => u32::MAX,
            Self::DownOnce => 1,
            Self::DownThrice => 3,
            Self::Takes
            | Self::Rejects
            | Self::RejectsOnce
            | Self::SilentOnce
            | Self::Silent
            | Self::Forgets
            | Self::Garbled
            | Self::Twice
            | Self::Late => 0,
        }
    }

    /// What becomes of the answers to requests to take an order.
    pub(crate) const fn spoiling(self) -> Spoiling {
        match self {
            Self::SilentOnce => Spoiling::FirstIsLate,
            Self::Silent => Spoiling::AllAreLost,
            Self::Forgets => Spoiling::FirstIsLost,
            Self::Garbled => Spoiling::FirstIsGarbled,
            Self::Takes
            | Self::Rejects
            | Self::RejectsOnce
            | Self::Twice
            | Self::Late
            | Self::Down
            | Self::Closed
            | Self::DownOnce
            | Self::DownThrice => Spoiling::Nothing,
        }
    }
}

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoiling {
    Nothing,
    FirstIsLate,
    FirstIsLost,
    FirstIsGarbled,
    AllAreLost,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_id_says_what_the_merchant_does() {
        for (end, manner) in Manner::ALL {
            assert_eq!(Manner::of(&format!("m1{end}")), manner, "{end}");
        }
        assert_eq!(Manner::of("merch_bizone_001"), Manner::Takes);
        assert_eq!(Manner::of("m_down_town"), Manner::Takes);
    }

    #[test]
    fn a_manner_is_switched_by_its_name() {
        assert_eq!(serde_json::from_str::<Manner>(r#""silent_once""#).unwrap(), Manner::SilentOnce);
        assert!(serde_json::from_str::<Manner>(r#""sleeps""#).is_err());
    }
}
