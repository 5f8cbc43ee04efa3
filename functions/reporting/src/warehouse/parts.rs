//! The parts of an event type's day, and which of them an event belongs to.
//!
//! A part that has reached its size is closed at the latest moment that it holds: from then on it takes only events up
//! to that moment, which no event added later can move. So the bound of a closed part is told by the part itself and
//! stays what it is, each part holds the events of a span of time, and an event belongs to the first part whose bound
//! is not before it, or else to the open one. Nothing else has to be remembered to find an event that came before.

use std::collections::BTreeMap;

use quoin_events::Timestamp;

use super::Line;

/// What an object of the warehouse holds: its lines in order of time, then of their events' ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Part {
    lines: BTreeMap<(Timestamp, String), String>,
    bytes: usize,
}

impl Part {
    /// The part in an object.
    ///
    /// # Errors
    /// If it is not text, or a line of it no event.
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
        let mut part = Self::default();
        for line in text.lines() {
            part.add(Line::read(line).map_err(|error| error.to_string())?);
        }
        Ok(part)
    }

    /// Adds `line` unless its event is there; says whether it was added. What was there stays as it was.
    pub(crate) fn add(&mut self, line: Line) -> bool {
        let key = (line.at, line.event_id);
        if self.lines.contains_key(&key) {
            return false;
        }
        // And the end of the line.
        self.bytes = self.bytes.saturating_add(line.text.len()).saturating_add(1);
        self.lines.insert(key, line.text);
        true
    }

    /// Its lines, in order.
    pub(crate) fn into_lines(self) -> Vec<Line> {
        self.lines.into_iter().map(|((at, event_id), text)| Line { at, event_id, text }).collect()
    }

    /// The moment at which it is closed, if it has reached `size` bytes.
    pub(crate) fn bound(&self, size: usize) -> Option<Timestamp> {
        let ((at, _), _) = self.lines.last_key_value()?;
        (self.bytes >= size).then_some(*at)
    }

    /// Whether `at` belongs here as long as there is no further part.
    fn takes(&self, at: Timestamp, size: usize) -> bool {
        self.bound(size).is_none_or(|bound| at <= bound)
    }

    /// The object.
    pub(crate) fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.bytes);
        for line in self.lines.values() {
            body.extend_from_slice(line.as_bytes());
            body.push(b'\n');
        }
        body
    }
}

/// The bounds of the closed parts of a day that are known, in order; there may be more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parts(pub(crate) Vec<Timestamp>);

impl Parts {
    /// Which part an event of `at` belongs to, as far as is known.
    pub(crate) fn of(&self, at: Timestamp) -> usize {
        self.0.partition_point(|bound| *bound < at)
    }

    /// Moves those of `lines` into `part`, the `number`th, that belong there and says how many of them are new.
    /// Where the part turns out to be closed, its bound is known from then on, and the rest is left for the next one.
    pub(crate) fn merge(&mut self, number: usize, part: &mut Part, lines: &mut Vec<Line>, size: usize) -> usize {
        let known = self.0.get(number).copied();
        let (mut added, mut left): (usize, Vec<Line>) = Default::default();
        lines.sort_by(|a, b| (a.at, &a.event_id).cmp(&(b.at, &b.event_id)));
        for line in lines.drain(..) {
            let belongs = match known {
                Some(bound) => self.of(line.at) == number && line.at <= bound,
                None => self.of(line.at) == number && part.takes(line.at, size),
            };
            if belongs {
                added = added.saturating_add(usize::from(part.add(line)));
            } else {
                left.push(line);
            }
        }
        *lines = left;
        if known.is_none() {
            self.0.extend(part.bound(size));
        }
        added
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::line::tests::line;
    use proptest::prelude::*;

    /// Exports `lines` over `objects`, as the function does, knowing `parts` of them.
    fn export(objects: &mut Vec<Vec<u8>>, parts: &mut Parts, mut lines: Vec<Line>, size: usize) {
        while let Some(at) = lines.iter().map(|line| line.at).min() {
            let number = parts.of(at);
            if number >= objects.len() {
                objects.resize(number.saturating_add(1), Vec::new());
            }
            let mut part = Part::read(&objects[number]).unwrap();
            if parts.merge(number, &mut part, &mut lines, size) > 0 {
                objects[number] = part.body();
            }
        }
    }

    #[test]
    fn a_part_is_closed_at_its_size_and_takes_late_events_up_to_its_bound_only() {
        let size = line(0, "a").text.len() * 2;
        let (mut objects, mut parts) = Default::default();
        export(&mut objects, &mut parts, vec![line(10, "a"), line(20, "b"), line(20, "c"), line(30, "d")], size);
        // Those of one moment are never torn apart.
        assert_eq!(parts.0, [line(20, "b").at]);
        assert_eq!(objects.len(), 2);
        export(&mut objects, &mut parts, vec![line(5, "late"), line(21, "e"), line(20, "c")], size);
        let ids = |object: &[u8]| {
            let part = Part::read(object).unwrap();
            part.lines.keys().map(|(_, id)| id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&objects[0]), ["late", "a", "b", "c"]);
        assert_eq!(ids(&objects[1]), ["e", "d"]);
    }

    #[test]
    fn what_is_no_object_of_the_warehouse_is_not_written_over() {
        assert!(Part::read(b"{}\n").is_err());
        assert!(Part::read(b"\xff").is_err());
        assert_eq!(Part::read(b"").unwrap(), Part::default());
    }

    proptest! {
        #[test]
        fn however_events_come_each_is_in_one_part_and_what_was_known_of_parts_does_not_matter(
            events in proptest::collection::vec((0_i64..50, 0_u8..40), 0..120),
            cuts in proptest::collection::vec(0_usize..30, 0..12),
            size in 1_usize..900,
            forgets in proptest::collection::vec(proptest::bool::ANY, 12),
        ) {
            // An event has one moment: a second one of its id is the same event again.
            let mut moments = BTreeMap::new();
            let lines: Vec<Line> = events
                .into_iter()
                .map(|(at, id)| line(*moments.entry(id).or_insert(at), &format!("e{id}")))
                .collect();
            let (mut objects, mut parts): (Vec<Vec<u8>>, Parts) = Default::default();
            let mut rest = lines.as_slice();
            for (index, cut) in cuts.iter().chain([&usize::MAX]).enumerate() {
                let (batch, more) = rest.split_at((*cut).min(rest.len()));
                rest = more;
                if forgets.get(index).copied().unwrap_or(false) {
                    parts = Parts::default();
                }
                export(&mut objects, &mut parts, batch.to_vec(), size);
            }
            let mut seen = std::collections::BTreeSet::new();
            let mut last = None;
            for object in &objects {
                let part = Part::read(object).unwrap();
                for (at, id) in part.lines.keys() {
                    prop_assert!(seen.insert(id.clone()), "{id} twice");
                    prop_assert!(last < Some(*at) || part.lines.keys().next().is_some_and(|(first, _)| first <= at));
                }
                let first = part.lines.keys().next().map(|(at, _)| *at);
                prop_assert!(last.is_none() || first.is_none() || first > last, "parts overlap");
                last = part.lines.keys().last().map(|(at, _)| *at).or(last);
                prop_assert_eq!(part.body(), object.clone());
            }
            prop_assert_eq!(seen.len(), moments.len());
        }
    }
}
