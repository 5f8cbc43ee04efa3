//! Boosts: each counts by the quarters of its time, is taken in once whatever its event went through, and ends once.

use std::collections::{BTreeMap, BTreeSet};

use quoin_events::Timestamp;
use serde_json::{Value, json};

use crate::actors::{Read, Record};
use crate::audit::{json, number, text};
use crate::books::Books;
use crate::cloud::{Cloud, millis};
use crate::credits::Deed;
use crate::findings::{Broken, Check, Side};
use crate::scenario::Action;

const HOUR_MS: i64 = 3_600_000;
/// Clocks of functions are wrong by this at most, with what a call takes.
const SLACK_MS: i64 = 300_000;

/// What is boosted: its kind as boosts call it, and its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
}

impl Target {
    pub(crate) fn new(kind: &'static str, id: &str) -> Self {
        Self { kind, id: id.to_owned() }
    }

    /// Where its score is read.
    pub(crate) fn path(&self) -> String {
        match self.kind {
            "user" => format!("/api/users/{}/visibility", self.id),
            "gig" => format!("/api/gigs/{}/priority", self.id),
            _ => format!("/api/clans/{}/reputation", self.id),
        }
    }

    fn partition(&self) -> String {
        format!("{}#{}", self.kind, self.id)
    }
}

/// Kinds of what is boosted, with the events of their boosts and the tables that keep what is told of them.
pub(crate) const KINDS: [(&str, &str, &str, &str); 3] = [
    ("user", "profile_boost", "UserBoostEventsTable", "UserCreditEventsTable"),
    ("gig", "gig_boost", "GigBoostEventsTable", "GigCreditEventsTable"),
    ("clan", "clan_boost", "ClanBoostEventsTable", "ClanCreditEventsTable"),
];

/// A boost as its giver was told of it.
#[derive(Debug, Clone)]
pub(crate) struct Boost {
    pub(crate) id: String,
    pub(crate) user: usize,
    pub(crate) target: Target,
    pub(crate) credits: u64,
    hours: u64,
    /// Milliseconds since 1970.
    from: i64,
}

impl Boost {
    /// The boost that `body` says was given, if it says so.
    pub(crate) fn told(user: usize, target: &Target, deed: Deed, body: &Value) -> Option<Self> {
        let Deed::Boost { credits, hours, .. } = deed else { return None };
        let until: Timestamp = body["expiresAt"].as_str()?.parse().ok()?;
        let from = until.millis() - i64::try_from(hours).ok()? * HOUR_MS;
        Some(Self { id: body["eventId"].as_str()?.to_owned(), user, target: target.clone(), credits, hours, from })
    }

    fn eighths(&self, eighths: u64) -> i64 {
        self.from + i64::try_from(self.hours * eighths).unwrap_or(0) * HOUR_MS / 8
    }

    /// From when on it counts.
    pub(crate) fn begins(&self) -> i64 {
        self.from
    }

    pub(crate) fn until(&self) -> i64 {
        self.eighths(8)
    }

    /// When half of a quarter is over; of the fifth one the boost has nothing any more.
    pub(crate) fn middle_of(&self, quarter: u64) -> i64 {
        self.eighths(2 * quarter + 1)
    }

    /// The quarter that it is in, from 0 on; 4 when it is over.
    fn quarter(&self, at: i64) -> u64 {
        (1..=4).filter(|quarter| self.eighths(2 * quarter) <= at).count() as u64
    }

    /// What it counts.
    pub(crate) fn counts(&self, at: i64) -> u64 {
        self.credits * (4 - self.quarter(at)) / 4
    }

    /// Whether what it counts changes within so many milliseconds of a moment.
    pub(crate) fn changes_near(&self, at: i64, within: i64) -> bool {
        self.counts(at - within) != self.counts(at + within)
    }

    fn row(&self) -> Value {
        let sk = format!("{}#{}", Timestamp::from_millis(self.from), self.id);
        json!({"pk": {"S": self.target.partition()}, "sk": {"S": sk}})
    }

    /// Whether its service had taken it in by then.
    fn was_known(&self, cloud: &Cloud, at: u64) -> bool {
        let table = KINDS.iter().find(|one| one.0 == self.target.kind).map_or("", |one| one.2);
        cloud.states(table, &self.row(), at, at).iter().any(|item| !item.is_null())
    }
}

/// Every boost of which somebody was told that it is given.
pub(crate) fn given(record: &Record) -> Vec<Boost> {
    let mut all = Vec::new();
    for done in &record.done {
        let Action::Credits { user, deed } = done.step.action else { continue };
        let Some(target) = record.targets.get(&done.step.number) else { continue };
        let accepted = done.commands.iter().filter_map(|answers| answers.iter().find(|one| one.status == 201));
        all.extend(accepted.filter_map(|answer| Boost::told(user, target, deed, &answer.body)));
    }
    all
}

/// What clans were given: the contribution, the clan, who gave and credits, and when it was asked for.
pub(crate) fn contributions(record: &Record) -> impl Iterator<Item = (&str, &str, usize, u64, u64)> {
    record.done.iter().filter_map(|done| {
        let Action::Credits { user, deed: Deed::Give { credits, .. } } = done.step.action else { return None };
        let body = done.accepted()?;
        Some((body["contribution_id"].as_str()?, body["clan_id"].as_str()?, user, credits, done.span.0))
    })
}

/// Compares what boosts are and were with what they must have been.
pub(super) fn compare(cloud: &Cloud, books: &Books, record: &Record) -> Vec<Broken> {
    let boosts = given(record);
    let mut broken: Vec<_> =
        record.reads.iter().filter_map(|read| looked(cloud, record, &boosts, read).err()).collect();
    broken.extend(told(books, &boosts));
    for (kind, event, table, others) in KINDS {
        broken.extend(rows(cloud, &boosts, (kind, event, table)));
        broken.extend(copies(cloud, books, kind, others));
    }
    broken
}

fn wrong(what: String, of: &str, expected: impl std::fmt::Display, is: impl std::fmt::Display) -> Broken {
    Broken::new(Check::Boosts, what).beside([Side::new(of, expected, is)])
}

/// What is shown of a target, by boost: credits, what counts of them, until when.
type Shown = BTreeMap<String, (u64, u64, String)>;

/// What an answer shows, and at which moment.
pub(crate) fn shown(answer: &Value) -> Option<(i64, Shown)> {
    let at: Timestamp = answer["as_of"].as_str()?.parse().ok()?;
    let (boosts, mut shown) = (answer["boosts"].as_array()?, Shown::new());
    for one in boosts {
        let part = (one["amount"].as_u64()?, one["counts"].as_u64()?, one["until"].as_str()?.to_owned());
        shown.insert(one["eventId"].as_str()?.to_owned(), part);
    }
    (shown.len() == boosts.len()).then_some((at.millis(), shown))
}

/// Each boost that is shown counts what it must at that moment, and each that was known is shown unless it is over.
fn looked(cloud: &Cloud, record: &Record, boosts: &[Boost], read: &Read) -> Result<(), Broken> {
    let (target, body) = (&read.target, &read.answer.body);
    let place = format!("{} {}", target.kind, target.id);
    let Some((at, shown)) = shown(body).filter(|_| read.answer.status == 200) else {
        let unknown = target.id.ends_with("_nowhere") && read.answer.status == 404;
        let what = format!("{place} is read as {} {body}", read.answer.status);
        return if unknown { Ok(()) } else { Err(wrong(what, "answer", "boosts, each once", body)) };
    };
    let own = || boosts.iter().filter(|boost| boost.target == *target);
    let mut score = 0;
    for (id, is) in &shown {
        let known = own().find(|boost| boost.id == *id);
        let must =
            known.map(|boost| (boost.credits, boost.counts(at), Timestamp::from_millis(boost.until()).to_string()));
        if must.as_ref() != Some(is) {
            let what = format!("{place} has {id} in quarter {:?} as {is:?}", known.map(|boost| boost.quarter(at)));
            return Err(wrong(what, id, format!("{must:?}"), format!("Some({is:?})")));
        }
        score += is.1;
        cloud.count(&format!("reached: a boost, read in quarter {}", known.map_or(0, |boost| boost.quarter(at)) + 1));
    }
    // Whoever ended it may have been ahead of time, and whoever read it behind.
    let missing = own().find(|boost| {
        !shown.contains_key(&boost.id) && at + 2 * SLACK_MS < boost.until() && boost.was_known(cloud, read.span.0)
    });
    if let Some(boost) = missing {
        let what = format!("{place} is read at {} without {}", Timestamp::from_millis(at), boost.id);
        return Err(wrong(what, &boost.id, boost.counts(at), 0));
    }
    if own().any(|boost| boost.until() <= at) {
        cloud.count("reached: a boost, not read after its end");
    }
    let clan = body["contributed"].as_u64().unwrap_or(0);
    if body["score"].as_u64() != Some(score + clan) {
        let what = format!("the score of {place} is not what it is made of: {body}");
        return Err(wrong(what, "score", score + clan, &body["score"]));
    }
    let given = || contributions(record).filter(|one| target.kind == "clan" && one.1 == target.id);
    let was_counted = |id: &str| {
        let key = json!({"pk": {"S": format!("counted#{}", target.id)}, "sk": {"S": id}});
        cloud.states("ClansTable", &key, read.span.0, read.span.0).iter().any(|item| !item.is_null())
    };
    let least: u64 = given().filter(|one| was_counted(one.0)).map(|one| one.3).sum();
    let most: u64 = given().filter(|one| one.4 <= read.span.1).map(|one| one.3).sum();
    if !(least..=most).contains(&clan) {
        let what = format!("{place} was given {clan}");
        return Err(wrong(what, "contributed", format!("{least} to {most}"), clan));
    }
    let (from, to) = (millis(read.span.0) - SLACK_MS, millis(read.span.1) + SLACK_MS);
    if !(from..=to).contains(&at) {
        return Err(wrong(format!("{place} is read at another moment"), "as_of", format!("{from} to {to}"), at));
    }
    Ok(())
}

/// Each boost was told once and its end was told once, and of nothing else either was.
fn told(books: &Books, boosts: &[Boost]) -> Vec<Broken> {
    let mut broken = Vec::new();
    let count = |names: &[&str]| {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, _, event) in
            books.events().filter(|(_, _, event)| names.contains(&event["event"].as_str().unwrap_or("")))
        {
            *counts.entry(event["data"]["eventId"].as_str().unwrap_or_default()).or_default() += 1;
        }
        counts
    };
    let ids: BTreeSet<&str> = boosts.iter().map(|boost| boost.id.as_str()).collect();
    for (names, what) in
        [(&KINDS.map(|one| one.1)[..], "boosts that were told"), (&["boost_expired"], "ends that were told")]
    {
        let told = count(names);
        let all: BTreeSet<&str> = ids.iter().copied().chain(told.keys().copied()).collect();
        for id in all {
            let (must, is) = (usize::from(ids.contains(id)), told.get(id).copied().unwrap_or(0));
            if must != is {
                broken.push(wrong(format!("{id}: {what}"), what, must, is));
            }
        }
    }
    broken
}

/// Each boost has one row that says when it ended; nothing runs, and nothing is due.
fn rows(cloud: &Cloud, boosts: &[Boost], (kind, event, table): (&str, &str, &str)) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut known: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    // Rows are let go after 90 days.
    for item in cloud.ever(table).into_iter().filter(|item| text(item, "event") == event) {
        let id = json(&item, "boost")["eventId"].as_str().unwrap_or_default().to_owned();
        known.entry(id).or_default().push(item);
    }
    for boost in boosts.iter().filter(|boost| boost.target.kind == kind) {
        let rows = known.remove(&boost.id).unwrap_or_default();
        if rows.len() != 1 {
            broken.push(wrong(format!("{table} has {} so often", boost.id), "rows", 1, rows.len()));
        }
        for row in rows {
            let ended: Option<Timestamp> = text(&row, "ended_at").parse().ok();
            let is_ended = ended.is_some_and(|at| at.millis() >= boost.until() - SLACK_MS);
            let is_its = json!({"pk": row["pk"], "sk": row["sk"]}) == boost.row();
            if !is_ended || !is_its {
                let until = Timestamp::from_millis(boost.until());
                let what = format!("{} of {table} is {row}", boost.id);
                broken.push(wrong(what, "ended_at", format!("not before {until}"), text(&row, "ended_at")));
            }
        }
    }
    broken.extend(
        known.into_keys().map(|id| wrong(format!("{table} has {id}, which nobody gave"), &id, "none", "a row")),
    );
    for item in cloud.scan(table) {
        let place = format!("{}/{}", text(&item, "pk"), text(&item, "sk"));
        let is_due = place.starts_with("due#") || !item["due"].is_null();
        let is_over = text(&item, "sk") != "standing" || text(&item, "running") == "[]" && number(&item, "score") == 0;
        if is_due || !is_over {
            broken.push(wrong(format!("{place} of {table} is {item}"), &place, "nothing runs or is due", "something"));
        }
    }
    broken
}

/// What else credits moved for is kept once, where it belongs.
fn copies(cloud: &Cloud, books: &Books, kind: &str, table: &str) -> Vec<Broken> {
    let is_kept = |event: &Value| match event["event"].as_str() {
        Some("credit_purchase" | "credit_earned") => kind == "user",
        Some("credit_spent") => kind == "user" || event["data"]["targetType"] == kind,
        Some("gig_payment") => kind == "gig",
        Some("clan_contribution") => kind == "clan",
        _ => false,
    };
    let events = books.events().filter(|(_, _, event)| is_kept(event));
    let must: BTreeSet<String> =
        events.map(|(_, _, event)| event["metadata"]["event_id"].as_str().unwrap_or_default().to_owned()).collect();
    let mut is: BTreeMap<String, usize> = BTreeMap::new();
    for item in cloud.ever(table).iter().filter(|item| !text(item, "event").is_empty()) {
        let id = text(item, "sk").rsplit('#').next().unwrap_or_default().to_owned();
        *is.entry(id).or_default() += 1;
    }
    let all: BTreeSet<&String> = must.iter().chain(is.keys()).collect();
    let differing = all.into_iter().filter_map(|id| {
        let (must, is) = (usize::from(must.contains(id)), is.get(id).copied().unwrap_or(0));
        (must != is).then(|| wrong(format!("{table} has the event {id} so often"), "rows", must, is))
    });
    differing.collect()
}

/// How often each interesting thing happened.
pub(crate) fn counts(books: &Books, record: &Record) -> [(&'static str, usize); 6] {
    let answers = record.done.iter().flat_map(|done| &done.commands).filter_map(|answers| answers.first());
    let too_many = answers.filter(|answer| answer.body["code"] == "BOOSTS_AT_MOST");
    let ends = || books.of_kind("expiry").filter_map(|(_, entries)| entries.first());
    let swept = ends().filter(|entry| entry.source.ends_with("-boost-sweeper"));
    let late = ends().filter(|entry| entry.source.ends_with("-credit-queue"));
    let paid_again = record.done.iter().filter(|done| {
        matches!(done.step.action, Action::Credits { deed: Deed::Pay { .. }, .. })
            && done.commands.iter().flatten().filter(|answer| answer.status == 201).count() > 1
    });
    [
        ("a boost that ended", ends().count()),
        ("a boost that the clean-up ended", swept.count()),
        ("a boost too many, refused", too_many.count()),
        ("a boost that was over when it was heard of", late.count()),
        ("a gig payment that was asked for again, paid once", paid_again.count()),
        ("a clan that was given credits", contributions(record).count()),
    ]
}
