//! What is boosted, as the service has it that it belongs to.

use quoin_events::types::TargetType;
use quoin_runtime::{ConfigError, Env, Problem};
use quoin_store::{Item, Key};
use serde::Serialize;

/// What a boost is meant for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Target {
    pub(crate) kind: TargetType,
    pub(crate) id: String,
}

impl Target {
    /// Where the request names it.
    pub(crate) const fn pointer(&self) -> &'static str {
        match self.kind {
            TargetType::User => "/targetUserId",
            TargetType::Gig => "/targetGigId",
            TargetType::Clan => "/targetClanId",
        }
    }

    /// The target that is named `id`.
    ///
    /// # Errors
    /// 400 for what is no id of anything.
    pub(crate) fn named(kind: TargetType, id: String) -> Result<Self, Problem> {
        let target = Self { kind, id };
        let is_id =
            (1..=200).contains(&target.id.len()) && !target.id.contains(|one: char| one == '#' || one.is_control());
        if is_id {
            return Ok(target);
        }
        Err(Problem::field("TARGET_INVALID", target.pointer(), "must be an id of 1 to 200 characters"))
    }

    /// Where it stands.
    pub(crate) fn row<'a>(&self, env: &'a Env) -> Result<(&'a str, Key), ConfigError> {
        Ok(match self.kind {
            TargetType::User => (env.config.require("USERS_TABLE")?, Key::new(format!("user#{}", self.id), "profile")),
            TargetType::Gig => (env.config.table("gigs")?, Key::new(format!("gig#{}", self.id), "gig")),
            TargetType::Clan => (env.config.table("clans")?, Key::new(format!("clan#{}", self.id), "clan")),
        })
    }

    /// Whether nothing can be made of a boost of it any more.
    pub(crate) fn is_ended(&self, row: &Item) -> bool {
        let status = row.get_text("status");
        match self.kind {
            TargetType::User => false,
            TargetType::Gig => status != Some("open"),
            TargetType::Clan => status == Some("closed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_open_gigs_and_clans_that_are_not_closed_are_boosted() {
        let ended = |kind, status: Option<&str>| {
            Target { kind, id: "x".to_owned() }.is_ended(&Item::new().text_opt("status", status))
        };
        assert!(!ended(TargetType::Gig, Some("open")));
        assert!(ended(TargetType::Gig, Some("completed")) && ended(TargetType::Gig, Some("paid")));
        assert!(ended(TargetType::Gig, None));
        assert!(!ended(TargetType::Clan, None) && ended(TargetType::Clan, Some("closed")));
        assert!(!ended(TargetType::User, Some("closed")));
    }

    #[test]
    fn what_is_no_id_is_named_by_its_field() {
        for (kind, pointer) in [
            (TargetType::User, "/targetUserId"),
            (TargetType::Gig, "/targetGigId"),
            (TargetType::Clan, "/targetClanId"),
        ] {
            for wrong in ["", "a#b", "a\nb", &"x".repeat(201)] {
                assert_eq!(Target::named(kind, wrong.to_owned()).unwrap_err().errors[0].pointer, pointer);
            }
            assert_eq!(Target::named(kind, "user123".to_owned()).unwrap().id, "user123");
        }
    }
}
