//! `gig.events`.

use quoin_money::Amount;

use super::event_data;
use crate::Sealed;

event_data! {
    /// Work was offered.
    pub struct GigCreated {
        /// The gig.
        pub gig_id: String,
        /// Who offers it, and pays for it.
        pub owner_id: String,
        /// What is to be done; sealed under the owner's key.
        pub title: Sealed,
        /// Credits for who does it.
        pub price: Amount,
    }
}

event_data! {
    /// Somebody did what a gig asks for.
    pub struct GigCompleted {
        /// The gig.
        pub gig_id: String,
        /// Who offered it.
        pub owner_id: String,
        /// Who did it.
        pub completed_by: String,
        /// Credits that are due to them.
        pub price: Amount,
    }
}

event_data! {
    /// Somebody looked at a gig of somebody else's: told once of a person and a day, and never who it was.
    pub struct GigViewed {
        /// The gig.
        pub gig_id: String,
        /// The day, in UTC.
        #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
        pub day: String,
    }
}
