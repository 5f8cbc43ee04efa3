//! `clan.events`.

use super::event_data;
use crate::Sealed;

event_data! {
    /// A clan was founded; its founder is its first member.
    pub struct ClanCreated {
        /// The clan.
        pub clan_id: String,
        /// Who founded it.
        pub founder_id: String,
        /// What it is called; sealed under the founder's key.
        pub name: Sealed,
    }
}

event_data! {
    /// Somebody joined a clan.
    pub struct ClanMemberJoined {
        /// The clan.
        pub clan_id: String,
        /// Who joined.
        pub user_id: String,
        /// How many members it has now.
        pub members: u32,
    }
}

event_data! {
    /// Somebody left a clan; with its last member it is closed.
    pub struct ClanMemberLeft {
        /// The clan.
        pub clan_id: String,
        /// Who left.
        pub user_id: String,
        /// How many members it has now; none if it is closed.
        pub members: u32,
        /// Who leads it from now on, if it was led by who left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub new_founder_id: Option<String>,
    }
}

event_data! {
    /// Somebody who does not belong to a clan looked at it: told once of a person and a day, and never who it was.
    pub struct ClanViewed {
        /// The clan.
        pub clan_id: String,
        /// The day, in UTC.
        #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
        pub day: String,
    }
}
