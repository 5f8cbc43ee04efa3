//! Boosts, commit by commit: each is paid for in its own transaction, no more run at once than may, and each ends once
//! and not before its time.

use std::collections::BTreeMap;

use quoin_events::Timestamp;
use serde_json::Value;

use super::commit::{Commit, Entry};
use crate::cloud::millis;
use crate::findings::{Broken, holds};
use crate::money::of;
use crate::scheduler::Micros;

/// Clocks of functions are wrong by this at most, with what a call takes.
const SLACK_MS: i64 = 300_000;
const HOUR_MS: i64 = 3_600_000;
/// So many boosts of one target run at once.
const MOST: usize = 20;
/// The events that give one.
const GIVE: [&str; 3] = ["profile_boost", "gig_boost", "clan_boost"];

/// Boosts by their ids: the event that told of each, and until when it runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Boosts(BTreeMap<String, (Value, i64)>);

impl Boosts {
    /// Looks at what `commit` does to boosts.
    pub(super) fn check(&mut self, now: Micros, commit: &Commit) -> Result<(), Broken> {
        for entry in &commit.entries {
            for event in &entry.events {
                let data = &event.value["data"];
                match event.value["event"].as_str() {
                    Some(name) if GIVE.contains(&name) => self.given(commit, entry, data)?,
                    Some("boost_expired") => self.ended(now, entry, data)?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn given(&mut self, commit: &Commit, entry: &Entry, data: &Value) -> Result<(), Broken> {
        let (id, place) = (name(data, "eventId"), &entry.pk);
        let (from, until) = (moment(data, "timestamp"), moment(data, "expiresAt"));
        let hours = data["duration"].as_i64().unwrap_or(0);
        holds!(
            *place == format!("boost#{id}") && until == from + hours * HOUR_MS,
            Boosts,
            ["until", from + hours * HOUR_MS, until],
            "{place} gives {data}"
        );
        let wallet = commit.entries.iter().find(|one| one.wallet() == data["userId"].as_str());
        let lines = wallet.into_iter().flat_map(|one| &one.lines).filter(|line| line.purpose == "debit_boost");
        let paid: Vec<_> = lines.map(|line| (line.asset.as_str(), -line.delta)).collect();
        let must = vec![("credits", of(&data["amount"]))];
        holds!(
            paid == must,
            Boosts,
            ["paid for", format!("{must:?}"), format!("{paid:?}")],
            "{place} is not paid for with it: {data}"
        );
        // Whoever gave one before may have been ahead of time.
        let runs = |(one, end): &&(Value, i64)| one["targetId"] == data["targetId"] && *end > from + 2 * SLACK_MS;
        let running = self.0.values().filter(runs).count();
        holds!(running < MOST, Boosts, ["boosts that run", MOST, running + 1], "{place} is one too many: {data}");
        self.0.insert(id.to_owned(), (data.clone(), until));
        Ok(())
    }

    fn ended(&self, now: Micros, entry: &Entry, data: &Value) -> Result<(), Broken> {
        let (id, place) = (name(data, "eventId"), &entry.pk);
        let known = self.0.get(id);
        let is = |part: &str| known.is_some_and(|(given, _)| given[part] == data[part]);
        let is_its = ["userId", "targetId", "amount", "duration", "expiresAt"].into_iter().all(is);
        let given = known.map_or(Value::Null, |(given, _)| given.clone());
        holds!(
            is_its && *place == format!("expiry#{id}"),
            Boosts,
            ["the boost", given, data],
            "{place} ends another boost: {data}"
        );
        let until = known.map_or(0, |(_, until)| *until);
        holds!(
            millis(now) >= until - SLACK_MS,
            Boosts,
            ["its end", Timestamp::from_millis(until), Timestamp::from_millis(millis(now))],
            "{place} is ended before its time: {data}"
        );
        Ok(())
    }
}

fn name<'a>(data: &'a Value, member: &str) -> &'a str {
    data[member].as_str().unwrap_or_default()
}

fn moment(data: &Value, member: &str) -> i64 {
    name(data, member).parse().map_or(0, Timestamp::millis)
}
