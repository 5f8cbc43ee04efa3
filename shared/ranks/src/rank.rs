//! Where something stands: pure, from a score to the sort key whose order is that of the list.

use quoin_events::Timestamp;

/// Where something stands among others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// The higher, the further in front.
    pub score: u64,
    /// Since when it is there: of two with one score, the newer one is in front.
    pub since: Timestamp,
    /// What it is, which tells two of one moment apart.
    pub id: String,
}

impl Rank {
    /// The sort key. Keys have the order of ranks, since every number in them has all its digits.
    #[must_use]
    pub fn sort_key(&self) -> String {
        format!("{:020}#{}#{}", self.score, self.since, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rank() -> impl Strategy<Value = Rank> {
        let score = prop_oneof![0_u64..4, any::<u64>()];
        let since = prop_oneof![0_i64..3, 0_i64..253_402_300_799_999];
        (score, since, "[a-z]{1,3}").prop_map(|(score, since, id)| Rank {
            score,
            since: Timestamp::from_millis(since),
            id,
        })
    }

    proptest! {
        #[test]
        fn keys_have_the_order_of_ranks(one in rank(), other in rank()) {
            prop_assert_eq!(one.sort_key().cmp(&other.sort_key()), one.cmp(&other));
        }
    }
}
