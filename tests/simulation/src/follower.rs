//! A consumer in order, beside the platform's own: it follows every bet, payment and wallet, writes down what it is
//! told, and for a while refuses some of it, so that what comes after has to wait and a sweep has to fill the gap.

use std::collections::BTreeMap;

use quoin_events::{Envelope, Timestamp};
use quoin_runtime::{Env, Failure, InOrder, Program, in_order, sweep_in_order};
use quoin_stack::{Application, Function, Pattern, Queue, Rule, Schedule, Table};
use quoin_store::{Commit, Item};
use serde_json::{Value, json};

use crate::audit::{number, text};
use crate::books::Books;
use crate::cloud::Cloud;
use crate::findings::{Broken, Check, Side};
use crate::invariants::under;

const TABLE: &str = "FollowerTable";
const CONSUMER: &str = "quoin-dev-follower";
const SWEEPER: &str = "quoin-dev-follower-sweeper";
const DEAD_LETTERS: &str = "quoin-dev-follower-dlq";
const ENTITIES: [&str; 3] = ["bet", "payment", "wallet"];
/// For so long it refuses what it refuses: beyond the last retry.
const REFUSED_MS: i64 = 3 * 3_600_000;

/// The consumer.
struct Follower;

impl InOrder for Follower {
    const NAME: &'static str = "follower";
    const TABLE: &'static str = "follower";
    /// Longer than any history: each of its effects is told from the others.
    const KEEP_DAYS: u16 = 3_650;
    /// How many events it was told of.
    type State = u64;

    async fn apply(env: &Env, event: &Envelope, state: Option<u64>) -> Result<(Commit, u64), Failure> {
        let (entity, sequence) = (event.metadata.entity.as_ref().unwrap(), event.metadata.sequence.unwrap());
        if sequence != state.unwrap_or(0) + 1 {
            return Err(Failure::poison(format!("{sequence} after {state:?}")));
        }
        if env.config.get("REFUSES").is_some() && is_refused(event, env.clock.now()) {
            return Err(Failure::transient("not yet"));
        }
        let row = Item::new()
            .text("pk", format!("applied#{}#{}", entity.kind, entity.id))
            .text("sk", format!("{sequence:012}"))
            .text("event_id", event.event_id())
            .text("by", env.config.get("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default());
        Ok((Commit::new().put_new(env.config.table(Self::TABLE)?, row), sequence))
    }
}

/// One event in eight, while it is young.
fn is_refused(event: &Envelope, now: Timestamp) -> bool {
    let at: Timestamp = event.timestamp.parse().unwrap();
    event.event_id().ends_with(['3', 'b']) && now.millis() - at.millis() < REFUSED_MS
}

/// The program called `name`, if it is one of the follower's.
pub(crate) fn program(name: &str) -> Option<Program> {
    match name {
        "follower" => Some(Program::consumer(in_order::<Follower>)),
        "follower-sweeper" => Some(Program::direct(sweep_in_order::<Follower>)),
        _ => None,
    }
}

/// The application with the follower in it.
pub(crate) fn join(application: &mut Application) {
    let url = |queue: &str| format!("https://sqs.us-east-1.amazonaws.com/000000000000/{queue}");
    let both = [("TABLE_FOLLOWER", TABLE.to_owned()), ("STAGE", "dev".to_owned())];
    let queued = [("QUEUE_URL", url(CONSUMER)), ("DLQ_URL", url(DEAD_LETTERS)), ("REFUSES", "yes".to_owned())];
    let function = |program: &str, more: &[(&str, String)]| Function {
        program: program.to_owned(),
        variables: both.iter().chain(more).map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        timeout_s: 30,
    };
    application.functions.insert(CONSUMER.to_owned(), function("follower", &queued));
    let journal = [("JOURNAL_TABLE", "JournalTable".to_owned())];
    application.functions.insert(SWEEPER.to_owned(), function("follower-sweeper", &journal));
    let queue = Queue {
        retention_s: 4 * 86_400,
        visibility_s: 180,
        dead_letters: Some((DEAD_LETTERS.to_owned(), 10)),
        consumer: Some((CONSUMER.to_owned(), 10)),
        window_s: 1,
    };
    application.queues.insert(CONSUMER.to_owned(), queue);
    let dead_letters = Queue { retention_s: 14 * 86_400, ..Queue::default() };
    application.queues.insert(DEAD_LETTERS.to_owned(), dead_letters);
    let pattern = json!({"source": [{"suffix": ".events"}], "detail": {"metadata": {"entity": {"type": ENTITIES}}}});
    application.rules.push(Rule { pattern: Pattern::new(pattern), queues: vec![CONSUMER.to_owned()] });
    application.schedules.push(Schedule { function: SWEEPER.to_owned(), expression: "rate(1 minute)".to_owned() });
    let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
    let properties = json!({
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions":
            [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}],
        "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
    });
    application.tables.push(Table { name: TABLE.to_owned(), properties });
}

/// What it wrote down is every event of every stream, once; and nothing waits any more.
pub(crate) fn followed(cloud: &Cloud, books: &Books, counts: &mut BTreeMap<String, u64>) -> Vec<Broken> {
    if !cloud.application.functions.contains_key(CONSUMER) {
        return Vec::new();
    }
    let mut broken = Vec::new();
    let mut told: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut lasts: BTreeMap<String, u64> = BTreeMap::new();
    let mut parked = Vec::new();
    for item in cloud.scan(TABLE) {
        let (pk, sk) = (text(&item, "pk").to_owned(), text(&item, "sk").to_owned());
        if let Some(stream) = pk.strip_prefix("applied#") {
            let by = if text(&item, "by") == SWEEPER { "a gap, filled" } else { "an event, followed" };
            *counts.entry(format!("reached: {by}")).or_default() += 1;
            told.entry(stream.to_owned()).or_default().push(item);
        } else if let Some(stream) = pk.strip_prefix("inorder#follower#") {
            match sk.strip_prefix("park#") {
                Some(sequence) => parked.push((stream.to_owned(), sequence.parse::<u64>().unwrap())),
                None => drop(lasts.insert(stream.to_owned(), number(&item, "last"))),
            }
        } else {
            broken.push((format!("{pk} {sk} waits still"), Side::new(pk, "nothing waits", sk)));
        }
    }
    for (stream, sequence) in parked {
        // A request that landed late may leave a row of what was applied.
        if lasts.get(&stream).is_none_or(|last| sequence > *last) {
            let side = Side::new(&stream, format!("nothing after {:?}", lasts.get(&stream)), sequence);
            broken.push((format!("{stream} {sequence} is parked still"), side));
        }
    }
    for (stream, entries) in &books.streams {
        let kind = stream.split('#').next().unwrap_or_default();
        if !ENTITIES.contains(&kind) {
            continue;
        }
        let events = entries.iter().flat_map(|entry| &entry.events);
        let wanted: Vec<_> =
            events.map(|event| event["metadata"]["event_id"].as_str().unwrap_or_default().to_owned()).collect();
        let mut rows = told.remove(stream).unwrap_or_default();
        rows.sort_by_key(|row| text(row, "sk").to_owned());
        let found: Vec<_> = rows.iter().map(|row| text(row, "event_id").to_owned()).collect();
        let last = lasts.get(stream).copied().unwrap_or(0);
        if found != wanted || usize::try_from(last) != Ok(wanted.len()) {
            let side = Side::new(stream, format!("{wanted:?}"), format!("{found:?} to {last}"));
            broken.push((format!("{stream} was followed to {last}: {found:?} of {wanted:?}"), side));
        }
    }
    let none = |stream: &String| (format!("{stream} is no stream"), Side::new(stream, "no stream", "followed"));
    broken.extend(told.keys().map(none));
    under(Check::Followed, broken)
}
