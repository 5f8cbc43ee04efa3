//! Lists of a hundred thousand gigs, over the real handler: each page is the part of the order that it should be, and
//! costs what a page of ten gigs costs.

use std::path::Path;

use quoin_simulation::history::Stage;
use quoin_simulation::rehearsal::Ask;
use quoin_store::{Key, encode_cursor};
use serde_json::{Value, json};

const GIGS: usize = 100_000;
/// Gigs of a page.
const PAGE: usize = 50;
/// Partitions of a list.
const SHARDS: usize = 4;
/// Where pages begin that are read: two in front, one in the middle, and the last one, which is not full.
const BEGINS: [usize; 4] = [0, PAGE, GIGS / 2 + 7, GIGS - PAGE / 2];

/// A gig with its priority; several have the same one.
struct Gig {
    id: String,
    score: usize,
    since: String,
}

impl Gig {
    fn made(number: usize) -> Self {
        let (hours, seconds) = (number / 3_600 % 24, number % 3_600);
        let since = format!("2026-01-0{}T{hours:02}:{:02}:{:02}.000Z", 1 + number / 86_400, seconds / 60, seconds % 60);
        // Scores are spread, so that neighbours in the list are none in time.
        Self { id: format!("gig_{:032x}", number * 7_919), score: number * 7_919 % 30_011, since }
    }

    fn place(&self) -> String {
        format!("{:020}#{}#{}", self.score, self.since, self.id)
    }

    /// Its row in the list.
    fn listed(&self) -> Value {
        let shard = self.id.bytes().fold(0_u8, u8::wrapping_add) as usize % SHARDS;
        json!({"pk": {"S": format!("by-score#{shard}")}, "sk": {"S": self.place()}, "id": {"S": self.id}})
    }

    /// Its own row.
    fn row(&self) -> Value {
        let gig = json!({
            "gig_id": self.id, "owner_id": "user_1", "title": format!("enc:v1:{}", "A".repeat(40)), "price": 10,
            "status": "open", "created_at": self.since,
        });
        let entity = json!({"gig": gig, "title": "Paint a fence"});
        json!({
            "pk": {"S": format!("gig#{}", self.id)}, "sk": {"S": "gig"}, "status": {"S": "open"},
            "entity": {"S": entity.to_string()}, "boosted": {"N": self.score.to_string()}, "v": {"N": "1"},
        })
    }
}

fn ask(path: String) -> Ask {
    Ask { user: 0, roles: "user", method: "GET", path, body: Value::Null }
}

/// The page after the gig in place `begin` less one, as it is asked for.
fn page(gigs: &[Gig], begin: usize) -> Ask {
    let before = begin.checked_sub(1).and_then(|last| gigs.get(last));
    let cursor = before.map(|gig| format!("&cursor={}", encode_cursor(&Key::new("by-score", gig.place()))));
    ask(format!("/api/gigs?sort=priority&limit={PAGE}{}", cursor.unwrap_or_default()))
}

/// What each request of a trace cost: its queries and batches, and the items that they read.
fn costs(lines: &[String]) -> (usize, usize) {
    let requests = lines.iter().filter(|line| line.contains("quoin-dev-list-gigs -> ")).count();
    let read = lines
        .iter()
        .filter_map(|line| line.strip_suffix(" items are read")?.split(' ').next_back()?.parse::<usize>().ok());
    (requests, read.sum())
}

/// Pages of so many gigs that begin there, each by itself: what is on it, whether it goes on, and what it cost.
fn read(stage: &Stage, count: usize, begins: &[usize]) -> Vec<(Vec<String>, bool, (usize, usize))> {
    let mut gigs: Vec<_> = (0..count).map(Gig::made).collect();
    gigs.sort_by_key(|gig| std::cmp::Reverse(gig.place()));
    let mut items: Vec<_> = gigs.iter().map(Gig::listed).collect();
    // What no page shows needs no row of its own.
    let shown = begins.iter().flat_map(|begin| gigs.iter().skip(*begin).take(PAGE));
    items.extend(shown.map(Gig::row));
    let asks = begins.iter().map(|begin| page(&gigs, *begin)).collect();
    let (answers, trace) = stage.rehearse_over("GigsTable", &items, asks).unwrap();
    let lines = trace.lines();
    let starts: Vec<_> =
        (0..lines.len()).filter(|line| lines[*line].contains("list-gigs -> Query by-score#0")).collect();
    assert_eq!(starts.len(), begins.len(), "one query of each partition for each page");
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    let costs: Vec<_> = starts.iter().zip(ends).map(|(start, end)| costs(&lines[*start..end])).collect();
    let pages = answers.into_iter().zip(costs).zip(begins).map(|(((status, body), cost), begin)| {
        assert_eq!(status, 200, "{body}");
        let ids: Vec<_> =
            body["items"].as_array().unwrap().iter().map(|item| item["gig_id"].as_str().unwrap().to_owned()).collect();
        let expected: Vec<_> = gigs.iter().skip(*begin).take(PAGE).map(|gig| gig.id.clone()).collect();
        assert_eq!(ids, expected, "the page that begins in place {begin} of {count}");
        (ids, body["next_cursor"].is_string(), cost)
    });
    pages.collect()
}

#[test]
#[ignore = "`make test` runs it: it takes some seconds"]
fn a_page_of_a_hundred_thousand_gigs_is_in_order_and_costs_what_one_of_few_does() {
    let stage = Stage::set(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    let many = read(&stage, GIGS, &BEGINS);
    let few = read(&stage, 10 * PAGE, &[0]);
    // A query of each partition, and one batch for what is shown.
    let most = (SHARDS + 1, SHARDS * (PAGE + 2) + PAGE);
    for (ids, _, cost) in &many {
        assert!(*cost <= most, "{cost:?} for {} gigs", ids.len());
    }
    assert_eq!(many[0].2, few[0].2);
    assert_eq!(many.iter().map(|(_, goes_on, _)| *goes_on).collect::<Vec<_>>(), [true, true, true, false]);
}
