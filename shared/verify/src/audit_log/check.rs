//! A chain checked link by link; pure.

use serde::Serialize;

use super::link::{GENESIS, Link, Stored};

/// A way in which the log is not what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditKind {
    /// An item of a chain is no link.
    Unreadable,
    /// A link's hash is not that of what it says.
    Altered,
    /// A number is missing: a link is gone.
    Gap,
    /// A link does not follow from the one before it: links were added, exchanged or written anew.
    Unlinked,
    /// The mark of a link's event does not lead to the link.
    Unmarked,
    /// An event of the journal has no link.
    Unlogged,
    /// A link is of an event that the journal tells otherwise, or does not know.
    Forged,
}

impl AuditKind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Unreadable, Self::Altered, Self::Gap, Self::Unlinked, Self::Unmarked, Self::Unlogged, Self::Forged];

    /// What it is called.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Altered => "altered",
            Self::Gap => "gap",
            Self::Unlinked => "unlinked",
            Self::Unmarked => "unmarked",
            Self::Unlogged => "unlogged",
            Self::Forged => "forged",
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditBreak {
    /// What.
    pub kind: AuditKind,
    /// Where: a chain and number, or a stream and sequence.
    pub place: String,
    /// What is there.
    pub found: String,
    /// What should be.
    pub expected: String,
}

impl AuditBreak {
    pub(super) fn new(
        kind: AuditKind,
        place: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self { kind, place: place.into(), found: found.into(), expected: expected.into() }
    }
}

/// Where a link is.
pub(super) fn place(link: &Link) -> String {
    format!("chain {} link {}", link.shard, link.number)
}

/// How far a chain is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainCheck {
    /// The number of the last link.
    pub number: u64,
    /// How many links there were.
    pub links: u64,
    /// The hash that the next one has to name; unknown after an item that is no link.
    previous: Option<String>,
}

impl Default for ChainCheck {
    fn default() -> Self {
        Self { number: 0, links: 0, previous: Some(GENESIS.to_owned()) }
    }
}

impl ChainCheck {
    /// Takes the next link.
    pub fn next(&mut self, stored: &Stored) -> Vec<AuditBreak> {
        let (link, mut breaks) = (&stored.link, Vec::new());
        let due = self.number.saturating_add(1);
        let is_next = link.number == due;
        if !is_next {
            let found = format!("link {} follows link {}", link.number, self.number);
            breaks.push(AuditBreak::new(AuditKind::Gap, place(link), found, format!("link {due}")));
        }
        let hash = link.hash();
        if hash != stored.hash {
            breaks.push(AuditBreak::new(AuditKind::Altered, place(link), stored.hash.clone(), hash));
        }
        // What follows on a gap cannot name what is not there.
        if is_next && self.previous.as_ref().is_some_and(|previous| *previous != link.previous) {
            let expected = self.previous.clone().unwrap_or_default();
            breaks.push(AuditBreak::new(AuditKind::Unlinked, place(link), link.previous.clone(), expected));
        }
        self.passed(link.number, Some(stored.hash.clone()));
        breaks
    }

    /// Passes an item that is no link.
    pub(super) fn unreadable(&mut self, shard: u8, sk: &str, reason: &str) -> AuditBreak {
        let number = sk.parse().unwrap_or(self.number);
        self.passed(number, None);
        AuditBreak::new(AuditKind::Unreadable, format!("chain {shard} link {number}"), reason, "a link")
    }

    fn passed(&mut self, number: u64, hash: Option<String>) {
        self.number = number;
        self.links = self.links.saturating_add(1);
        self.previous = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A chain as the logger writes it.
    fn chain(length: u64) -> Vec<Stored> {
        let mut links: Vec<Stored> = Vec::new();
        for number in 1..=length {
            let link = Link {
                shard: 2,
                number,
                previous: links.last().map_or(GENESIS.to_owned(), |last| last.hash.clone()),
                event_id: format!("e{number}"),
                event: "customer.created".to_owned(),
                entity: format!("customer#cust_{number}"),
                sequence: 1,
                timestamp: "2026-01-04T10:17:12.567Z".to_owned(),
                sha256: "ab".repeat(32),
            };
            let hash = link.hash();
            links.push(Stored { link, hash });
        }
        links
    }

    fn kinds(links: &[Stored]) -> Vec<(u64, AuditKind)> {
        let mut check = ChainCheck::default();
        let mut found = Vec::new();
        for stored in links {
            found.extend(check.next(stored).into_iter().map(|one| (stored.link.number, one.kind)));
        }
        found
    }

    fn sealed(mut stored: Stored) -> Stored {
        stored.hash = stored.link.hash();
        stored
    }

    #[test]
    fn a_chain_as_it_was_written_is_whole() {
        assert_eq!(kinds(&chain(9)), []);
        assert_eq!(Stored::read(2, &chain(3)[2].link.item()).unwrap(), chain(3)[2]);
    }

    #[test]
    fn a_link_that_is_gone_leaves_a_gap() {
        let mut links = chain(5);
        links.remove(2);
        assert_eq!(kinds(&links), [(4, AuditKind::Gap)]);
        // Numbered anew, it names a link that is not there.
        for stored in &mut links[2..] {
            stored.link.number -= 1;
        }
        let links: Vec<_> = links.into_iter().map(sealed).collect();
        assert_eq!(kinds(&links)[0], (3, AuditKind::Unlinked));
        let mut without_first = chain(3);
        without_first.remove(0);
        assert_eq!(kinds(&without_first), [(2, AuditKind::Gap)]);
    }

    #[test]
    fn a_link_that_is_added_does_not_follow_or_is_not_followed() {
        let mut links = chain(4);
        let mut added = links[1].clone();
        added.link.event_id = "forged".to_owned();
        added.link.number = 3;
        added.link.previous = links[1].hash.clone();
        links.insert(2, sealed(added));
        for stored in &mut links[3..] {
            stored.link.number += 1;
        }
        let links: Vec<_> = links.into_iter().map(sealed).collect();
        assert_eq!(kinds(&links)[0], (4, AuditKind::Unlinked));
    }

    #[test]
    fn links_that_are_exchanged_do_not_follow() {
        let mut links = chain(5);
        links.swap(1, 3);
        links[1].link.number = 2;
        links[3].link.number = 4;
        let links: Vec<_> = links.into_iter().map(sealed).collect();
        assert_eq!(kinds(&links)[0], (2, AuditKind::Unlinked));
    }

    proptest! {
        #[test]
        fn whatever_is_altered_is_found_where_it_is(
            (length, at) in (1_u64..12).prop_flat_map(|length| (Just(length), 1..=length)), what in 0_usize..7,
        ) {
            let mut links = chain(length);
            let stored = links.iter_mut().find(|stored| stored.link.number == at).unwrap();
            let link = &mut stored.link;
            match what {
                0 => link.event_id.push('x'),
                1 => link.event = "customer.deleted".to_owned(),
                2 => link.entity.push('x'),
                3 => link.sequence = 7,
                4 => link.timestamp = "2026-01-04T10:17:12.568Z".to_owned(),
                5 => link.sha256 = "cd".repeat(32),
                _ => stored.hash = "00".repeat(32),
            }
            let found = kinds(&links);
            prop_assert_eq!(found[0], (at, AuditKind::Altered));
            // Sealed again, the next link does not follow from it; and the last one is the journal's to tell.
            let again: Vec<_> = links.into_iter().map(sealed).collect();
            let expected = (at < length && what < 6).then_some((at.saturating_add(1), AuditKind::Unlinked));
            prop_assert_eq!(kinds(&again).first().copied(), expected);
        }
    }
}
