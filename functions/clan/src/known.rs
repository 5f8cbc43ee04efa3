//! A clan with its name as everybody reads it and what its members have given to it, as its row knows it.

use quoin_events::Timestamp;
use quoin_ranks::Listed;
use serde::{Deserialize, Serialize};

use crate::clan::{Clan, Status};

/// A clan, its name and what it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// The clan.
    pub(crate) clan: Clan,
    /// Credits that members, and those who have left, have given to it.
    pub(crate) contributed: u64,
    /// What it is called; absent once who named it was forgotten and nobody else belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Who named it was forgotten.
    #[serde(default)]
    pub(crate) is_author_forgotten: bool,
}

impl Known {
    /// A clan that nothing has been given to.
    pub(crate) const fn new(clan: Clan, name: String) -> Self {
        Self { clan, contributed: 0, name: Some(name), is_author_forgotten: false }
    }

    /// The same of a clan that has changed.
    pub(crate) fn of(&self, clan: Clan) -> Self {
        Self { clan, ..self.clone() }.named()
    }

    /// Once `credits` more were given.
    pub(crate) fn given(&self, credits: u64) -> Self {
        Self { contributed: self.contributed.saturating_add(credits), ..self.clone() }
    }

    /// A name is its clan's while somebody belongs to it besides who gave it.
    fn named(self) -> Self {
        let is_anybodys = self.clan.members.iter().any(|member| member.user_id != self.clan.named_by);
        if self.is_author_forgotten && !is_anybodys { Self { name: None, ..self } } else { self }
    }
}

impl Listed for Known {
    const KIND: &'static str = "clan";
    type State = Clan;

    fn state(&self) -> &Clan {
        &self.clan
    }

    fn id(&self) -> &str {
        &self.clan.clan_id
    }

    fn since(&self) -> Timestamp {
        self.clan.created_at
    }

    fn status(&self) -> &'static str {
        match self.clan.status {
            Status::Open => "open",
            Status::Closed => "closed",
        }
    }

    fn is_listed(&self) -> bool {
        self.clan.status == Status::Open
    }

    fn base(&self) -> u64 {
        self.contributed
    }

    fn author(&self) -> &str {
        &self.clan.named_by
    }

    fn without_author(&self) -> Self {
        Self { is_author_forgotten: true, ..self.clone() }.named()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clan::tests::clan;

    #[test]
    fn a_name_goes_with_who_gave_it_unless_others_belong_to_the_clan_and_then_with_the_last_of_them() {
        let at = Timestamp::from_millis(1);
        let alone = Known::new(clan(), "Brains".to_owned());
        assert_eq!(alone.without_author().name, None);
        let both = alone.of(clan().joined("1", at).unwrap().unwrap()).without_author();
        assert_eq!(both.name.as_deref(), Some("Brains"));
        assert_eq!(both.without_author(), both);
        assert_eq!(both.of(both.clan.left("0").unwrap()).name.as_deref(), Some("Brains"));
        assert_eq!(both.of(both.clan.left("1").unwrap()).name, None);
        assert_eq!(alone.of(alone.clan.left("0").unwrap()).without_author().name, None);
        assert_eq!(alone.of(alone.clan.left("0").unwrap()).name.as_deref(), Some("Brains"));
    }
}
