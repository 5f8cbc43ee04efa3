//! A clan and its members: pure.

use quoin_events::{Sealed, Timestamp};
use quoin_runtime::Problem;
use serde::{Deserialize, Serialize};

/// The most members of a clan.
pub(crate) const MAX_MEMBERS: usize = 100;

/// Whether a clan is there for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ClanStatus"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// People may join it; lists show it.
    Open,
    /// Its last member has left.
    Closed,
}

/// Somebody who belongs to a clan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    /// Who.
    pub(crate) user_id: String,
    /// Since when.
    pub(crate) since: Timestamp,
}

/// People who belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clan {
    /// The clan.
    pub(crate) clan_id: String,
    /// What it is called, sealed under the key of who named it.
    pub(crate) name: Sealed,
    /// Who founded it, and named it.
    pub(crate) named_by: String,
    /// Who leads it: who founded it, or has been there longest since that one left.
    pub(crate) founder_id: String,
    /// Who belongs to it, the longest member first.
    pub(crate) members: Vec<Member>,
    /// Whether it is there for people.
    pub(crate) status: Status,
    /// When it was founded.
    pub(crate) created_at: Timestamp,
}

/// Why somebody does not join a clan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It has as many members as it may have.
    Full,
    /// There is nobody left in it.
    Closed,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Full => {
                Self::refused("CLAN_FULL", format!("the clan has {MAX_MEMBERS} members, which is the most"))
            }
            Refusal::Closed => Self::refused("CLAN_CLOSED", "the last member has left the clan"),
        }
    }
}

impl Clan {
    /// A clan whose founder is its only member.
    pub(crate) fn founded(clan_id: String, name: Sealed, founder_id: String, at: Timestamp) -> Self {
        let founder = Member { user_id: founder_id.clone(), since: at };
        let named_by = founder_id.clone();
        Self { clan_id, name, named_by, founder_id, members: vec![founder], status: Status::Open, created_at: at }
    }

    /// How many members it has.
    pub(crate) fn size(&self) -> u32 {
        u32::try_from(self.members.len()).unwrap_or(u32::MAX)
    }

    /// Whether `user_id` belongs to it.
    pub(crate) fn has(&self, user_id: &str) -> bool {
        self.members.iter().any(|member| member.user_id == user_id)
    }

    /// The clan once `user_id` has joined; `None` if they belong to it.
    ///
    /// # Errors
    /// If it takes nobody.
    pub(crate) fn joined(&self, user_id: &str, at: Timestamp) -> Result<Option<Self>, Refusal> {
        if self.has(user_id) {
            return Ok(None);
        }
        if self.status == Status::Closed {
            return Err(Refusal::Closed);
        }
        if self.members.len() >= MAX_MEMBERS {
            return Err(Refusal::Full);
        }
        let mut next = self.clone();
        next.members.push(Member { user_id: user_id.to_owned(), since: at });
        Ok(Some(next))
    }

    /// The clan once `user_id` has left; `None` if they do not belong to it. Who has been there longest leads it if its
    /// founder leaves, and with its last member it is closed.
    pub(crate) fn left(&self, user_id: &str) -> Option<Self> {
        let mut next = self.clone();
        next.members.retain(|member| member.user_id != user_id);
        if next.members.len() == self.members.len() {
            return None;
        }
        match next.members.first() {
            Some(longest) if self.founder_id == user_id => next.founder_id = longest.user_id.clone(),
            Some(_) => {}
            None => next.status = Status::Closed,
        }
        Some(next)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn clan() -> Clan {
        Clan::founded(
            "clan_1".to_owned(),
            format!("enc:v1:{}", "A".repeat(40)).parse().unwrap(),
            "0".to_owned(),
            Timestamp::from_millis(0),
        )
    }

    #[test]
    fn a_founder_who_leaves_passes_the_clan_on_and_the_last_one_closes_it() {
        let at = Timestamp::from_millis(1);
        let clan = clan().joined("1", at).unwrap().unwrap().joined("2", at).unwrap().unwrap();
        assert_eq!(clan.joined("1", at), Ok(None));
        assert_eq!(clan.left("3"), None);
        assert_eq!(clan.left("1").unwrap().founder_id, "0");
        let passed_on = clan.left("0").unwrap();
        assert_eq!((passed_on.founder_id.as_str(), passed_on.size()), ("1", 2));
        let closed = passed_on.left("1").unwrap().left("2").unwrap();
        assert_eq!((closed.status, closed.size()), (Status::Closed, 0));
        assert_eq!(closed.joined("4", at), Err(Refusal::Closed));
    }

    proptest! {
        #[test]
        fn a_clan_that_is_open_is_led_by_a_member_and_never_too_large(
            moves in prop::collection::vec((0_u8..110, prop::bool::weighted(0.8)), 0..400),
        ) {
            let mut clan = clan();
            for (at, (user, joins)) in (1..).zip(moves) {
                let user = user.to_string();
                let next = if joins {
                    clan.joined(&user, Timestamp::from_millis(at)).ok().flatten()
                } else {
                    clan.left(&user)
                };
                clan = next.unwrap_or(clan);
                prop_assert_eq!(clan.status == Status::Open, clan.has(&clan.founder_id));
                prop_assert!(clan.members.len() <= MAX_MEMBERS);
                prop_assert!(clan.members.is_sorted_by_key(|member| member.since));
                let mut ids: Vec<_> = clan.members.iter().map(|member| &member.user_id).collect();
                ids.sort();
                ids.dedup();
                prop_assert_eq!(ids.len(), clan.members.len());
            }
        }
    }
}
