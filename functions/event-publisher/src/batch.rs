//! Which entries go together in one call, and what the answer says of each of them. Pure.

use crate::record::Entry;

/// The bus takes ten entries in one call.
pub(crate) const MAX_ENTRIES: usize = 10;
/// The bus takes 256 KiB in one call; kept below it, since how it counts is its own affair.
pub(crate) const MAX_BYTES: usize = 240 * 1024;

/// What the bus says of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is on the bus.
    Published,
    /// It may be taken later.
    Again(String),
    /// Its call was refused as a whole; in a call of its own it may be taken, or be to blame.
    Apart(String),
    /// It will never be taken.
    Refused(String),
}

impl Verdict {
    /// The verdict behind an entry's error code.
    pub(crate) fn of_code(code: &str, message: &str) -> Self {
        let reason = format!("{code}: {message}");
        match code {
            "AccessDeniedException"
            | "InvalidAccountIdException"
            | "InvalidArgument"
            | "InvalidArgumentException"
            | "MalformedDetail"
            | "NotAuthorizedForDetailTypeException"
            | "NotAuthorizedForSourceException"
            | "PayloadTooLarge"
            | "RedactionFailure"
            | "ValidationException" => Self::Refused(reason),
            // Throttled, an error on the other side, or a code that does not exist yet: never given up.
            _ => Self::Again(reason),
        }
    }
}

/// Entries of one pass, by their place: together they are all, and no place is in two of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sorted {
    pub(crate) published: Vec<usize>,
    pub(crate) again: Vec<(usize, String)>,
    pub(crate) refused: Vec<(usize, String)>,
    /// Those of `again` that are to have a call of their own.
    pub(crate) apart: Vec<usize>,
}

impl Sorted {
    /// Takes over what the bus said of `batch`; an entry that it said nothing of is tried again.
    pub(crate) fn take(&mut self, batch: &[usize], verdicts: Vec<Verdict>) {
        let silence = std::iter::repeat_with(|| Verdict::Again("the bus said nothing of it".to_owned()));
        for (place, verdict) in batch.iter().zip(verdicts.into_iter().chain(silence)) {
            match verdict {
                Verdict::Published => self.published.push(*place),
                Verdict::Again(reason) => self.again.push((*place, reason)),
                Verdict::Apart(reason) => {
                    self.again.push((*place, reason));
                    self.apart.push(*place);
                }
                Verdict::Refused(reason) => self.refused.push((*place, reason)),
            }
        }
    }
}

/// What the bus counts of an entry.
pub(crate) const fn size(entry: &Entry) -> usize {
    entry.topic.len().saturating_add(entry.event.len()).saturating_add(entry.envelope.len())
}

/// Entries at `places`, in order, in as few calls as the limits allow; and those too large for any call.
pub(crate) fn split(entries: &[Entry], places: &[usize]) -> (Vec<Vec<usize>>, Vec<usize>) {
    let (mut batches, mut too_large) = (Vec::new(), Vec::new());
    let (mut batch, mut bytes) = (Vec::new(), 0_usize);
    for place in places {
        let Some(entry) = entries.get(*place) else { continue };
        let more = size(entry);
        if more > MAX_BYTES {
            too_large.push(*place);
            continue;
        }
        if batch.len() == MAX_ENTRIES || bytes.saturating_add(more) > MAX_BYTES {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        batch.push(*place);
        bytes = bytes.saturating_add(more);
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    (batches, too_large)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn entry(place: usize, bytes: usize) -> Entry {
        Entry {
            key: format!("bet#{place}/1"),
            event_id: place.to_string(),
            at: None,
            topic: "betting.events".to_owned(),
            event: "BetPlaced".to_owned(),
            envelope: "x".repeat(bytes),
        }
    }

    #[test]
    fn the_third_and_the_seventh_of_ten_are_tried_again_and_nobody_else() {
        let batch: Vec<usize> = (20..30).collect();
        let mut verdicts = vec![Verdict::Published; 10];
        verdicts[2] = Verdict::of_code("ThrottlingException", "slow down");
        verdicts[6] = Verdict::of_code("InternalFailure", "");
        let mut sorted = Sorted::default();
        sorted.take(&batch, verdicts);
        assert_eq!(sorted.again.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [22, 26]);
        assert_eq!(sorted.published, [20, 21, 23, 24, 25, 27, 28, 29]);
        assert_eq!(sorted.refused, []);
    }

    #[test]
    fn a_malformed_entry_is_refused_and_an_unknown_error_is_not() {
        assert!(matches!(Verdict::of_code("MalformedDetail", ""), Verdict::Refused(_)));
        assert!(matches!(Verdict::of_code("NotAuthorizedForSourceException", ""), Verdict::Refused(_)));
        assert!(matches!(Verdict::of_code("SomethingNew", ""), Verdict::Again(_)));
    }

    #[test]
    fn an_entry_beyond_every_call_is_set_aside() {
        let entries = [entry(0, 10), entry(1, MAX_BYTES), entry(2, 10)];
        assert_eq!(split(&entries, &[0, 1, 2]), (vec![vec![0, 2]], vec![1]));
    }

    proptest! {
        #[test]
        fn no_entry_is_lost_or_repeated_and_the_limits_hold(sizes in prop::collection::vec(0_usize..300 * 1024, 0..60)) {
            let entries: Vec<_> = sizes.iter().enumerate().map(|(place, bytes)| entry(place, *bytes)).collect();
            let places: Vec<_> = (0..entries.len()).collect();
            let (batches, too_large) = split(&entries, &places);
            for batch in &batches {
                prop_assert!((1..=MAX_ENTRIES).contains(&batch.len()));
                prop_assert!(batch.iter().map(|place| size(&entries[*place])).sum::<usize>() <= MAX_BYTES);
            }
            let sent: Vec<_> = batches.concat();
            prop_assert!(sent.is_sorted());
            let mut all = [sent, too_large].concat();
            all.sort_unstable();
            prop_assert_eq!(all, places);
        }

        #[test]
        fn every_entry_of_an_answer_is_in_exactly_one_class(
            codes in prop::collection::vec(prop::option::of("(ThrottlingException|MalformedDetail|Other)"), 0..12),
        ) {
            let batch: Vec<usize> = (0..10).collect();
            let verdicts = codes
                .iter()
                .map(|code| code.as_ref().map_or(Verdict::Published, |code| Verdict::of_code(code, "")))
                .collect();
            let mut sorted = Sorted::default();
            sorted.take(&batch, verdicts);
            let again = sorted.again.iter().map(|(place, _)| *place);
            let refused = sorted.refused.iter().map(|(place, _)| *place);
            let mut all: Vec<_> = sorted.published.iter().copied().chain(again).chain(refused).collect();
            all.sort_unstable();
            prop_assert_eq!(all, batch);
        }
    }
}
