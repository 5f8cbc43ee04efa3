//! Gigs and clans: what was done to them makes them what they are, and they stand in lists where their scores put them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::boosts::{Boost, Target, contributions};
use super::sums::Sums;
use crate::actors::{Read, Record};
use crate::audit::{json, number, text};
use crate::books::{Books, Entry};
use crate::cloud::Cloud;
use crate::credits::{Deed, PRICE};
use crate::findings::{Broken, Check, Side};
use crate::money::Cents;
use crate::people::People;
use crate::scenario::Action;

/// Something that lists show.
#[derive(Debug, Clone)]
pub(crate) struct Thing {
    pub(crate) target: Target,
    /// Since when it is there.
    pub(crate) since: String,
    pub(crate) is_open: bool,
    /// What it counts without boosts.
    pub(crate) base: u64,
    /// Of a gig its owner, its price and who did it; of a clan its members, the longest one first.
    state: Value,
}

/// Every gig and every clan, as their events have it and as clans were given to.
pub(crate) fn things(books: &Books, record: &Record) -> Vec<Thing> {
    let gigs = books.of_kind("gig").map(|(id, entries)| gig(id, entries));
    let clans = books.of_kind("clan").map(|(id, entries)| clan(id, entries, record));
    gigs.chain(clans).collect()
}

/// Those of a kind that lists show, in the order of what they count with `boosts` at a moment; and what they count.
pub(crate) fn ranked<'a>(things: &'a [Thing], kind: &str, boosts: &[Boost], at: i64) -> Vec<(u64, &'a Thing)> {
    let score = |thing: &Thing| {
        let own = boosts.iter().filter(|boost| boost.target == thing.target);
        thing.base + own.map(|boost| boost.counts(at)).sum::<u64>()
    };
    let shown = things.iter().filter(|thing| thing.target.kind == kind && thing.is_open);
    let mut ranked: Vec<_> = shown.map(|thing| (score(thing), thing)).collect();
    ranked.sort_by(|(one, first), (other, second)| {
        (other, &second.since, &second.target.id).cmp(&(one, &first.since, &first.target.id))
    });
    ranked
}

fn events(entries: &[Entry]) -> impl Iterator<Item = (&str, &Value)> {
    entries.iter().flat_map(|entry| &entry.events).map(|event| (event["event"].as_str().unwrap_or(""), &event["data"]))
}

fn since(entries: &[Entry]) -> String {
    entries.first().map(|entry| entry.at.clone()).unwrap_or_default()
}

fn gig(id: &str, entries: &[Entry]) -> Thing {
    let mut state = json!({"status": "open"});
    for (name, data) in events(entries) {
        match name {
            "gig.created" => {
                state["owner_id"] = data["owner_id"].clone();
                state["price"] = data["price"].clone();
            }
            "gig.completed" => {
                state["status"] = "completed".into();
                state["completed_by"] = data["completed_by"].clone();
            }
            "gig_payment" => state["status"] = "paid".into(),
            _ => {}
        }
    }
    let is_open = state["status"] == "open";
    Thing { target: Target::new("gig", id), since: since(entries), is_open, base: 0, state }
}

fn clan(id: &str, entries: &[Entry], record: &Record) -> Thing {
    let (mut members, mut founder): (Vec<Value>, _) = (Vec::new(), Value::Null);
    for (name, data) in events(entries) {
        match name {
            "clan.created" => {
                founder = data["founder_id"].clone();
                members.push(founder.clone());
            }
            "clan.member_joined" => members.push(data["user_id"].clone()),
            "clan.member_left" => {
                members.retain(|one| *one != data["user_id"]);
                if founder == data["user_id"] {
                    founder = members.first().unwrap_or(&founder).clone();
                }
            }
            _ => {}
        }
    }
    let base = contributions(record).filter(|one| one.1 == id).map(|one| one.3).sum();
    let status = if members.is_empty() { "closed" } else { "open" };
    let is_open = !members.is_empty();
    let state = json!({"status": status, "members": members, "founder_id": founder});
    Thing { target: Target::new("clan", id), since: since(entries), is_open, base, state }
}

fn wrong(what: String, of: &str, expected: impl std::fmt::Display, is: impl std::fmt::Display) -> Broken {
    Broken::new(Check::Listed, what).beside([Side::new(of, expected, is)])
}

/// Compares what gigs and clans are with what they must be, and adds what credits moved for.
pub(super) fn compare(
    cloud: &Cloud,
    books: &Books,
    record: &Record,
    people: &People,
    boosts: &[Boost],
    sums: &mut Sums,
) -> Vec<Broken> {
    let things = things(books, record);
    let mut broken = money(record, people, boosts, &things, sums);
    broken.extend(rows(cloud, &things));
    broken.extend(given(cloud, record, people));
    broken.extend(record.lists.iter().flat_map(|list| shown(cloud, &things, list)));
    broken
}

/// What stood still while somebody looked at a list is on it, once, and in its order.
fn shown(cloud: &Cloud, things: &[Thing], list: &Read) -> Vec<Broken> {
    let kind = list.target.kind;
    let ids: Vec<&str> = list.answer.body["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| item["gig_id"].as_str().or_else(|| item["clan_id"].as_str()).unwrap_or_default())
        .collect();
    let score = |row: &Value| number(row, "boosted") + json(row, "entity")["contributed"].as_u64().unwrap_or(0);
    let still = things.iter().filter(|thing| thing.target.kind == kind).filter_map(|thing| {
        let key = json!({"pk": {"S": format!("{kind}#{}", thing.target.id)}, "sk": {"S": kind}});
        let table = if kind == "gig" { "GigsTable" } else { "ClansTable" };
        let states = cloud.states(table, &key, list.span.0, list.span.1);
        let [state] = states.as_slice() else { return None };
        (text(state, "status") == "open").then(|| (score(state), thing.since.as_str(), thing.target.id.as_str()))
    });
    let mut still: Vec<_> = still.collect();
    still.sort_unstable_by(|one, other| other.cmp(one));
    let must: Vec<_> = still.into_iter().map(|(_, _, id)| id).collect();
    let is: Vec<_> = ids.iter().copied().filter(|id| must.contains(id)).collect();
    if is == must {
        return Vec::new();
    }
    let what = format!("a list of {kind}s was shown otherwise: {}", list.answer.body);
    vec![wrong(what, "of what stood still", must.join(", "), is.join(", "))]
}

/// What credits moved for; a gig is paid by its owner to who did it, at its price.
fn money(record: &Record, people: &People, boosts: &[Boost], things: &[Thing], sums: &mut Sums) -> Vec<Broken> {
    let mut broken = Vec::new();
    let whole = |credits: u64| 100 * Cents::from(credits);
    for boost in boosts {
        sums.add(people.id(boost.user), "credits", "boosts", -whole(boost.credits));
    }
    for (_, _, user, credits, _) in contributions(record) {
        sums.add(people.id(user), "credits", "contributions", -whole(credits));
    }
    for done in &record.done {
        let Action::Credits { user, deed } = done.step.action else { continue };
        let (Some(body), target) = (done.accepted(), record.targets.get(&done.step.number)) else { continue };
        let gig = target.and_then(|target| things.iter().find(|one| one.target == *target)).map(|one| &one.state);
        let offered = target.and_then(|target| record.offered(&target.id));
        match (deed, gig, offered) {
            (Deed::Buy { credits }, _, _) => {
                sums.add(people.id(user), "cash", "purchases", -Cents::from(credits * PRICE));
                sums.add(people.id(user), "credits", "purchases", whole(credits));
            }
            (Deed::Pay { .. }, Some(gig), Some(offered)) => {
                let worker = body["to_user_id"].as_str().unwrap_or_default();
                let is = json!([worker, people.id(offered.owner), offered.price, "paid"]);
                let must = json!([gig["completed_by"], gig["owner_id"], gig["price"], gig["status"]]);
                if is != must {
                    broken.push(wrong(format!("a gig was paid, {body}"), "who was paid by whom", &must, &is));
                }
                sums.add(people.id(offered.owner), "credits", "gigs", -whole(offered.price));
                sums.add(worker, "credits", "gigs", whole(offered.price));
            }
            (Deed::Complete { .. }, Some(gig), _) if gig["completed_by"] != people.id(user) => {
                let what = format!("{user} was told to have completed {body}");
                broken.push(wrong(what, "completed_by", people.id(user), &gig["completed_by"]));
            }
            _ => {}
        }
    }
    broken
}

/// Each gig and each clan is what it must be, and stands once in each list if it is open.
fn rows(cloud: &Cloud, things: &[Thing]) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (kind, table) in [("gig", "GigsTable"), ("clan", "ClansTable")] {
        let (mut rows, mut places) = (BTreeMap::new(), Vec::new());
        for item in cloud.scan(table) {
            let (pk, sk) = (text(&item, "pk").to_owned(), text(&item, "sk").to_owned());
            if sk == kind {
                rows.insert(pk, item);
            } else if pk.starts_with("by-score#") || pk.starts_with("newest#") {
                places.push((pk.split('#').next().unwrap_or_default().to_owned(), sk));
            }
        }
        let mut expected = Vec::new();
        for thing in things.iter().filter(|thing| thing.target.kind == kind) {
            let id = &thing.target.id;
            let row = rows.remove(&format!("{kind}#{id}")).unwrap_or_default();
            // Nothing runs any more.
            let must = json!({"state": thing.state, "base": thing.base, "boosted": 0});
            let is = state_of(kind, &row);
            if is != must {
                broken.push(wrong(format!("{kind} {id} is {row}"), id, &must, &is));
            }
            for (list, score) in [("by-score", thing.base), ("newest", 0)].into_iter().filter(|_| thing.is_open) {
                expected.push((list.to_owned(), format!("{score:020}#{}#{id}", thing.since)));
            }
        }
        broken.extend(
            rows.into_keys().map(|pk| wrong(format!("{pk} is there and was never made"), &pk, "nothing", "a row")),
        );
        expected.sort_unstable();
        places.sort_unstable();
        if expected != places {
            broken.push(wrong(
                format!("{table} lists what it should not, or otherwise"),
                "places",
                format!("{expected:?}"),
                format!("{places:?}"),
            ));
        }
    }
    broken
}

/// What a row says, as the model has it.
fn state_of(kind: &str, row: &Value) -> Value {
    let entity = json(row, "entity");
    if kind == "gig" {
        let (gig, mut state) = (&entity["gig"], json!({"status": text(row, "status")}));
        for name in ["owner_id", "price", "completed_by"] {
            if !gig[name].is_null() {
                state[name] = gig[name].clone();
            }
        }
        return json!({"state": state, "base": 0, "boosted": number(row, "boosted")});
    }
    let clan = &entity["clan"];
    let members: Vec<_> = clan["members"].as_array().into_iter().flatten().map(|one| one["user_id"].clone()).collect();
    let state = json!({"status": text(row, "status"), "members": members, "founder_id": clan["founder_id"]});
    json!({"state": state, "base": entity["contributed"], "boosted": number(row, "boosted")})
}

/// What each member has given is what they were told that they gave.
fn given(cloud: &Cloud, record: &Record, people: &People) -> Vec<Broken> {
    let mut must: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (_, clan, user, credits, _) in contributions(record) {
        *must.entry((format!("given#{clan}"), people.id(user).to_owned())).or_default() += credits;
    }
    let rows = cloud.scan("ClansTable").into_iter().filter(|item| text(item, "pk").starts_with("given#"));
    let is: BTreeMap<_, _> = rows
        .map(|item| ((text(&item, "pk").to_owned(), text(&item, "sk").to_owned()), number(&item, "credits")))
        .collect();
    let what = || "members gave to clans what they did not give".to_owned();
    (must != is).then(|| wrong(what(), "given", format!("{must:?}"), format!("{is:?}"))).into_iter().collect()
}
