//! The result of a market, folded from messages that repeat, arrive late, out of order, and correct each other.
//!
//! A message of the live scouts (certainty 1) comes first and may be wrong; the confirmed one (certainty 2) follows.
//! A stage says from which certainty results pay. What is below that closes the market and is shown as provisional,
//! but never pays. Of several messages that pay, the one with the latest feed time decides; the market was known since
//! the earliest of all, whichever arrived first and whether or not it was corrected: bets that were placed from then
//! on, on odds from before it, are void.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::OutcomeFact;

/// The results of a market's outcomes.
pub(crate) type Outcomes = BTreeMap<String, OutcomeFact>;

/// What one message said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    /// Feed time in milliseconds.
    pub(crate) ts: i64,
    /// 1 live scout, 2 confirmed.
    pub(crate) certainty: u8,
    pub(crate) outcomes: Outcomes,
}

/// All that was said of a market's result.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResultRow {
    /// Earliest feed time of all messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) known_since: Option<i64>,
    /// What bets are paid on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) paying: Option<Said>,
    /// What is not certain enough to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provisional: Option<Said>,
}

impl ResultRow {
    /// With one more message, on a stage that pays from the certainty `pays_from`.
    pub(crate) fn hear(mut self, said: &Said, pays_from: u8) -> Self {
        self.known_since = Some(self.known_since.map_or(said.ts, |since| since.min(said.ts)));
        let place = if said.certainty >= pays_from { &mut self.paying } else { &mut self.provisional };
        let age = |said: &Said| (said.ts, said.certainty);
        if place.as_ref().is_none_or(|before| age(before) < age(said)) {
            *place = Some(said.clone());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(ts: i64, certainty: u8, result: i8) -> Said {
        let fact = OutcomeFact { result, void_tenths: 0, dead_heat: None };
        Said { ts, certainty, outcomes: BTreeMap::from([("1".to_owned(), fact)]) }
    }

    fn heard(messages: &[Said], pays_from: u8) -> ResultRow {
        messages.iter().fold(ResultRow::default(), |row, said| row.hear(said, pays_from))
    }

    #[test]
    fn a_result_is_known_since_its_earliest_message_whichever_came_first() {
        let (early, late) = (said(100, 2, 1), said(200, 2, 1));
        let (forth, back) = (heard(&[early.clone(), late.clone()], 2), heard(&[late.clone(), early], 2));
        assert_eq!(forth, back);
        assert_eq!((back.known_since, back.paying), (Some(100), Some(late)));
    }

    #[test]
    fn the_scouts_result_never_pays_unless_the_stage_says_so() {
        let scout = said(100, 1, 1);
        let shown = heard(std::slice::from_ref(&scout), 2);
        assert_eq!((shown.paying, shown.provisional), (None, Some(scout.clone())));
        let paid = heard(std::slice::from_ref(&scout), 1);
        assert_eq!((paid.paying, paid.provisional), (Some(scout), None));
    }

    #[test]
    fn a_confirmed_result_does_not_pay_less_certain_news_that_comes_later() {
        let (confirmed, scout) = (said(100, 2, 1), said(200, 1, 0));
        let row = heard(&[confirmed.clone(), scout], 2);
        assert_eq!(row.paying, Some(confirmed));
    }

    proptest! {
        #[test]
        fn no_order_and_no_repetition_changes_what_is_known(
            (messages, shuffled) in prop::collection::btree_map((0_i64..500, 1_u8..3), -1_i8..2, 1..12)
                .prop_map(|said_of| said_of.into_iter().map(|((ts, certainty), result)| said(ts, certainty, result)).collect::<Vec<_>>())
                .prop_flat_map(|messages| (Just(messages.clone()), Just(messages).prop_shuffle())),
            pays_from in 1_u8..3,
        ) {
            let row = heard(&messages, pays_from);
            prop_assert_eq!(&heard(&shuffled, pays_from), &row);
            prop_assert_eq!(&shuffled.iter().fold(row.clone(), |row, said| row.hear(said, pays_from)), &row);
            prop_assert_eq!(row.known_since, messages.iter().map(|said| said.ts).min());
        }
    }
}
