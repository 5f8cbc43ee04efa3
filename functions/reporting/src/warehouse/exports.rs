//! Two exports at once over a table and a bucket, step by step, with failures between any two steps.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quoin_store::Key;

use super::line::tests::line_of;
use super::packed::{pack, unpack};
use super::{Line, Part, Partition, Parts, Row, Settled};

/// The table's rows and the bucket's objects, each with its version.
#[derive(Default)]
struct World {
    rows: BTreeMap<Key, Vec<u8>>,
    objects: BTreeMap<(Partition, usize), (u32, Vec<u8>)>,
    written: u32,
    size: usize,
}

impl World {
    fn stage<'a>(&mut self, pk: &str, lines: impl IntoIterator<Item = &'a str>) {
        for packed in pack(lines).unwrap() {
            self.written = self.written.saturating_add(1);
            self.rows.insert(Key::new(pk, format!("{:06}", self.written)), packed);
        }
    }

    /// The events that are in rows or in objects.
    fn held(&self) -> BTreeSet<String> {
        let rows = self.rows.values().flat_map(|packed| unpack(packed).unwrap()).map(|(_, line)| line.event_id);
        let objects = self.objects.values().flat_map(|(_, body)| Part::read(body).unwrap().into_lines());
        rows.chain(objects.map(|line| line.event_id)).collect()
    }
}

/// What an export is going to do next.
#[derive(Default)]
enum Step {
    #[default]
    Take,
    Read,
    Put(Partition, usize, Option<u32>, Part, Parts),
    StageAgain,
    Remove(BTreeSet<Key>),
}

/// An export that goes on step by step.
#[derive(Default)]
struct Exporter {
    step: Step,
    rows: Vec<Row>,
    lines: BTreeMap<Partition, Vec<Line>>,
    parts: BTreeMap<Partition, Parts>,
    unwritten: BTreeSet<Partition>,
}

impl Exporter {
    fn give_up(&mut self, partition: Partition) {
        self.lines.remove(&partition);
        self.unwritten.insert(partition);
    }

    /// Does one step; `fails` is whether the bucket fails, if it is asked. Says whether that was the last one.
    fn go_on(&mut self, world: &mut World, fails: bool) -> bool {
        match std::mem::take(&mut self.step) {
            Step::Take => {
                for (key, packed) in &world.rows {
                    let row = Row { key: key.clone(), packed: packed.clone() };
                    for (partition, line) in row.lines().unwrap() {
                        self.lines.entry(partition).or_default().push(line);
                    }
                    self.rows.push(row);
                }
                self.step = Step::Read;
            }
            Step::Read => self.step = self.read(world, fails),
            Step::Put(partition, number, version, part, parts) => {
                let place = (partition.clone(), number);
                if fails || world.objects.get(&place).map(|(version, _)| *version) != version {
                    self.give_up(partition);
                } else {
                    world.objects.insert(place, (version.unwrap_or(0).saturating_add(1), part.body()));
                    self.parts.insert(partition, parts);
                }
                self.step = Step::Read;
            }
            Step::StageAgain => {
                let Settled { over, again } = Settled::of(&self.rows, &self.unwritten.iter().collect());
                for (pk, lines) in again {
                    world.stage(&pk, lines.iter().map(|(_, text)| text.as_str()));
                }
                self.step = Step::Remove(over);
            }
            Step::Remove(over) => {
                world.rows.retain(|key, _| !over.contains(key));
                return true;
            }
        }
        false
    }

    fn read(&mut self, world: &World, fails: bool) -> Step {
        let next = self.lines.iter().find_map(|(of, lines)| Some((of.clone(), lines.iter().map(|l| l.at).min()?)));
        let Some((partition, at)) = next else { return Step::StageAgain };
        if fails {
            self.give_up(partition);
            return Step::Read;
        }
        let mut parts = self.parts.get(&partition).cloned().unwrap_or_default();
        let number = parts.of(at);
        let object = world.objects.get(&(partition.clone(), number));
        let mut part = object.map(|(_, body)| Part::read(body).unwrap()).unwrap_or_default();
        let added = parts.merge(number, &mut part, self.lines.get_mut(&partition).unwrap(), world.size);
        if added == 0 {
            self.parts.insert(partition, parts);
            return Step::Read;
        }
        Step::Put(partition, number, object.map(|(version, _)| *version), part, parts)
    }
}

/// An event of one of a few types and moments, which its number tells.
fn event(number: u8) -> Line {
    let ms = i64::from(number % 7).saturating_mul(20_000_000);
    line_of(&format!("type{}", number % 3), ms, &format!("e{number}"))
}

proptest! {
    #[test]
    fn however_batches_overlap_fail_and_repeat_each_event_is_in_one_part(
        batches in proptest::collection::vec(proptest::collection::vec(0_u8..60, 1..12), 1..12),
        script in proptest::collection::vec((0_usize..2, 0_u8..30), 0..300),
        size in 1_usize..900,
    ) {
        let mut world = World { size, ..World::default() };
        let mut exporters = [Exporter::default(), Exporter::default()];
        let (mut batches, mut staged) = (batches.iter(), BTreeSet::new());
        let mut stage = |world: &mut World, staged: &mut BTreeSet<String>| {
            let Some(batch) = batches.next() else { return false };
            let lines: Vec<Line> = batch.iter().map(|number| event(*number)).collect();
            world.stage(&format!("stage#{}", lines.len() % 2), lines.iter().map(|line| line.text.as_str()));
            staged.extend(lines.into_iter().map(|line| line.event_id));
            true
        };
        for (who, what) in script {
            match what {
                0 | 1 => { stage(&mut world, &mut staged); }
                // It ends in the middle, and what it knew is gone.
                2 => exporters[who] = Exporter::default(),
                what => {
                    if exporters[who].go_on(&mut world, what < 5) {
                        exporters[who] = Exporter::default();
                        prop_assert_eq!(&world.held(), &staged, "an event was lost");
                    }
                }
            }
        }
        while stage(&mut world, &mut staged) {}
        prop_assert_eq!(&world.held(), &staged, "an event was lost");
        // One export without failures leaves nothing behind.
        let mut last = Exporter::default();
        while !last.go_on(&mut world, false) {}
        prop_assert!(world.rows.is_empty());
        let mut seen = BTreeSet::new();
        for ((partition, number), (_, body)) in &world.objects {
            for line in Part::read(body).unwrap().into_lines() {
                prop_assert_eq!(&Line::placed(&line.text).unwrap().0, partition);
                prop_assert!(seen.insert(line.event_id.clone()), "{} twice, in part {number}", line.event_id);
            }
        }
        prop_assert_eq!(seen, staged);
    }

    #[test]
    fn a_partition_that_fails_always_keeps_its_lines_alone_and_its_rows_as_they_are(
        batches in proptest::collection::vec(proptest::collection::vec(0_u8..60, 1..12), 1..12),
    ) {
        let stuck = |partition: &Partition| partition.event == "type1";
        let mut world = World { size: 500, ..World::default() };
        for batch in &batches {
            let lines: Vec<Line> = batch.iter().map(|number| event(*number)).collect();
            world.stage("stage#0", lines.iter().map(|line| line.text.as_str()));
        }
        let mut left = None;
        for _ in 0..3 {
            let mut export = Exporter::default();
            loop {
                let fails = matches!(export.step, Step::Read) && export.lines.keys().next().is_some_and(stuck);
                if export.go_on(&mut world, fails) {
                    break;
                }
                export.lines.retain(|_, lines| !lines.is_empty());
            }
            for packed in world.rows.values() {
                prop_assert!(unpack(packed).unwrap().iter().all(|(partition, _)| stuck(partition)));
            }
            prop_assert!(left.as_ref().is_none_or(|left| *left == world.rows));
            left = Some(world.rows.clone());
        }
        prop_assert!(world.objects.keys().all(|(partition, _)| !stuck(partition)));
        let all: BTreeSet<String> = batches.iter().flatten().map(|number| event(*number).event_id).collect();
        prop_assert_eq!(world.held(), all);
    }
}
