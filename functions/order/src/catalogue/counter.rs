//! Counters in parts: what is left of a product or of a campaign's uses. The parts together are exact; each takes only
//! what it has, so no more is given away than there is.

use quoin_store::Item;

use crate::order::Taken;
use crate::table::LEFT;

/// One part of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    pub(crate) number: u8,
    /// What it has left; below zero where fewer uses are allowed now than were taken before.
    pub(crate) left: i64,
}

impl Shard {
    /// Part `number` as it was read; one that was never written has nothing.
    pub(crate) fn read(number: u8, item: Option<&Item>) -> Self {
        Self { number, left: item.and_then(|item| item.get_number(LEFT)).unwrap_or(0) }
    }

    fn units(self) -> u32 {
        u32::try_from(self.left.max(0)).unwrap_or(u32::MAX)
    }
}

/// What all parts together have left.
pub(crate) fn left(shards: &[Shard]) -> i64 {
    shards.iter().fold(0, |sum, shard| sum.saturating_add(shard.left))
}

/// `whole` in `parts` parts that differ by one at most. What is below zero stays in the first part, so that no part
/// gives away what another one lacks.
pub(crate) fn split(whole: i64, parts: u8) -> Vec<i64> {
    let count = i64::from(parts.max(1));
    let (each, rest) = (whole.max(0).div_euclid(count), whole.max(0).rem_euclid(count));
    let debt = whole.min(0);
    let part = |place: i64| {
        let extra = i64::from(place < rest);
        each.saturating_add(extra).saturating_add(if place == 0 { debt } else { 0 })
    };
    (0..count).map(part).collect()
}

/// Takes `quantity` out of as few of the `shards` as can be; the first one alone, if it has enough. `None` if all of
/// them have too little.
pub(crate) fn least_pieces(quantity: u32, shards: &[Shard]) -> Option<Vec<Taken>> {
    if let Some(first) = shards.first()
        && first.units() >= quantity
    {
        return Some(vec![Taken { shard: first.number, quantity }]);
    }
    let mut fullest: Vec<Shard> = shards.to_vec();
    fullest.sort_by_key(|shard| std::cmp::Reverse(shard.left));
    let (mut rest, mut taken) = (quantity, Vec::new());
    for shard in fullest {
        let part = shard.units().min(rest);
        if part > 0 {
            taken.push(Taken { shard: shard.number, quantity: part });
            rest = rest.saturating_sub(part);
        }
    }
    (rest == 0).then_some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shards(left: &[i64]) -> Vec<Shard> {
        (0..).zip(left).map(|(number, left)| Shard { number, left: *left }).collect()
    }

    #[test]
    fn the_first_part_is_taken_from_while_it_has_enough() {
        let taken = least_pieces(3, &shards(&[3, 100])).unwrap();
        assert_eq!(taken, [Taken { shard: 0, quantity: 3 }]);
    }

    #[test]
    fn the_last_piece_is_found_wherever_it_is() {
        assert_eq!(least_pieces(1, &shards(&[0, 0, 1, 0])).unwrap(), [Taken { shard: 2, quantity: 1 }]);
        assert_eq!(least_pieces(2, &shards(&[0, 0, 1, 0])), None);
        assert_eq!(least_pieces(1, &shards(&[-3])), None);
    }

    proptest! {
        #[test]
        fn exactly_what_is_asked_for_is_taken_or_nothing(
            quantity in 1_u32..40, left in prop::collection::vec(-5_i64..20, 1..8),
        ) {
            let shards = shards(&left);
            let there: i64 = left.iter().filter(|left| **left > 0).sum();
            match least_pieces(quantity, &shards) {
                None => prop_assert!(there < i64::from(quantity)),
                Some(taken) => {
                    prop_assert_eq!(taken.iter().map(|taken| taken.quantity).sum::<u32>(), quantity);
                    for taken in taken {
                        prop_assert!(taken.quantity > 0);
                        prop_assert!(i64::from(taken.quantity) <= left[usize::from(taken.shard)]);
                    }
                }
            }
        }

        #[test]
        fn parts_add_up_and_none_has_what_another_lacks(whole in -1000_i64..100_000, parts in 1_u8..9) {
            let split = split(whole, parts);
            prop_assert_eq!(split.len(), usize::from(parts));
            prop_assert_eq!(split.iter().sum::<i64>(), whole);
            prop_assert!(whole < 0 || split.iter().all(|part| *part >= 0));
            prop_assert!(whole >= 0 || split.iter().all(|part| *part <= 0));
        }
    }
}
