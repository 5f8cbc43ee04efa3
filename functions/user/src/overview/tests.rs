#![expect(clippy::arithmetic_side_effects, reason = "the numbers of a test are small")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use quoin_events::Envelope;
use quoin_store::Key;
use serde_json::{Value, json};

use super::*;
use crate::overview::told;

const HOUR_MS: i64 = 3_600_000;
const SEALED: &str = "enc:v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn event(name: &str, at: i64, sequence: u64, data: &Value) -> Envelope {
    let envelope = json!({
        "event": name, "version": "1.0", "timestamp": Timestamp::from_millis(at), "data": data,
        "metadata": {"source": "s", "request_id": "r", "event_id": format!("{name}{sequence}"), "sequence": sequence},
    });
    serde_json::from_str(&envelope.to_string()).unwrap()
}

fn text(key: Key) -> (String, String) {
    (key.pk, key.sk)
}

/// The rows after `events`, each taken in at its moment.
fn rows<'a>(events: impl IntoIterator<Item = (&'a Envelope, i64)>) -> BTreeMap<(String, String), Row> {
    let mut rows: BTreeMap<_, Row> = BTreeMap::new();
    for (event, now) in events {
        for (key, row) in told(event).unwrap() {
            let key = text(key);
            let row = match rows.remove(&key) {
                Some(known) => known.join(row).unwrap(),
                None => row,
            };
            rows.insert(key, row.trimmed(Timestamp::from_millis(now)));
        }
    }
    rows
}

fn boost(number: u8, from: i64, hours: u32, target: &str) -> [Envelope; 2] {
    let until = from + i64::from(hours) * HOUR_MS;
    let at = Timestamp::from_millis;
    let mut data = json!({
        "type": format!("{target}_boost"), "userId": "giver", "targetId": "t", "amount": 7, "duration": hours,
        "eventId": format!("boost_{number}"), "timestamp": at(from), "expiresAt": at(until),
    });
    let given = event(&format!("{target}_boost"), from, 1, &data);
    data["type"] = "boost_expired".into();
    data["targetType"] = if target == "profile" { "user" } else { target }.into();
    data["timestamp"] = json!(at(until + 3));
    [given, event("boost_expired", until + 3, 1, &data)]
}

/// What a clan of four people tells, and who belongs to it and leads it afterwards.
fn clan(moves: &[(u8, bool)]) -> (Vec<Envelope>, Vec<String>) {
    let mut events = vec![event("clan.created", 0, 1, &json!({"clan_id": "c", "founder_id": "0", "name": SEALED}))];
    let mut members = vec!["0".to_owned()];
    for (sequence, (user, joins)) in (2..).zip(moves) {
        let user = (user % 4).to_string();
        let place = members.iter().position(|one| *one == user);
        let at = i64::try_from(sequence).unwrap();
        match (place, joins) {
            (None, true) if !members.is_empty() => {
                members.push(user.clone());
                let data = json!({"clan_id": "c", "user_id": user, "members": members.len()});
                events.push(event("clan.member_joined", at, sequence, &data));
            }
            (Some(place), false) => {
                members.remove(place);
                let mut data = json!({"clan_id": "c", "user_id": user, "members": members.len()});
                if let (0, Some(next)) = (place, members.first()) {
                    data["new_founder_id"] = next.as_str().into();
                }
                events.push(event("clan.member_left", at, sequence, &data));
            }
            (None | Some(_), _) => {}
        }
    }
    (events, members)
}

fn gig() -> Vec<Envelope> {
    let data = json!({"gig_id": "g", "owner_id": "o", "title": SEALED,
        "price": 5, "completed_by": "w"});
    let paid = json!({"type": "gig_payment", "userId": "o", "targetId": "g", "toUserId": "w", "amount": 5,
        "eventId": "p", "timestamp": Timestamp::from_millis(3)});
    vec![event("gig.created", 1, 1, &data), event("gig.completed", 2, 2, &data), event("gig_payment", 3, 3, &paid)]
}

/// Every event at least once, in any order.
fn delivered(events: &[Envelope]) -> impl Strategy<Value = Vec<usize>> + use<> {
    let count = events.len();
    prop::collection::vec(0..count, 0..count)
        .prop_map(move |again| (0..count).chain(again).collect::<Vec<_>>())
        .prop_shuffle()
}

fn everything() -> impl Strategy<Value = (Vec<Envelope>, Vec<String>)> {
    let moves = prop::collection::vec((0_u8..4, any::<bool>()), 0..12);
    let boosts = prop::collection::vec((0_i64..5, 1_u32..4, 0_usize..3), 0..4);
    (moves, boosts).prop_map(|(moves, boosts)| {
        let (mut events, members) = clan(&moves);
        events.extend(gig());
        for (number, (from, hours, target)) in (0..).zip(boosts) {
            events.extend(boost(number, from * HOUR_MS, hours, ["profile", "gig", "clan"][target]));
        }
        (events, members)
    })
}

proptest! {
    #[test]
    fn any_order_with_any_repetition_makes_the_same_rows(
        (events, members, order, again) in everything().prop_flat_map(|(events, members)| {
            let order = delivered(&events);
            let again = delivered(&events);
            (Just(events), Just(members), order, again)
        }),
    ) {
        let rows = rows(order.iter().map(|index| (&events[*index], 0)));
        prop_assert_eq!(&rows, &self::rows(again.iter().map(|index| (&events[*index], 0))));
        // As the clan itself has it, and as the gig went.
        for user in 0..4_usize {
            let user = user.to_string();
            let seen = rows.get(&(format!("user#{user}"), "clan#c".to_owned()));
            let Some(Row::Clan(seen)) = seen else {
                prop_assert!(!members.contains(&user));
                continue;
            };
            prop_assert_eq!(seen.is_member(), members.contains(&user));
            prop_assert_eq!(seen.is_leader(), members.first() == Some(&user));
        }
        for user in ["o", "w"] {
            let Some(Row::Gig(gig)) = rows.get(&(format!("user#{user}"), "gig#g".to_owned())) else {
                panic!("no gig of {user}");
            };
            prop_assert_eq!((gig.completed_by.as_deref(), gig.paid_at.is_some()), (Some("w"), true));
        }
        for row in rows.values() {
            if let Row::Boost(row) = row {
                prop_assert_eq!(row.ended_at, Some(row.boost.until().plus_millis(3)));
            }
            prop_assert_eq!(&serde_json::from_str::<Row>(&serde_json::to_string(row).unwrap()).unwrap(), row);
        }
    }

    #[test]
    fn what_is_shown_to_run_does_not_depend_on_when_it_was_heard_of(
        (events, order, moments) in everything().prop_flat_map(|(events, _)| {
            let order = delivered(&events);
            let moments = prop::collection::vec(0..9 * HOUR_MS, events.len() * 2);
            (Just(events), order, moments)
        }),
        at in 0..9 * HOUR_MS,
    ) {
        let at = at.max(moments.iter().copied().max().unwrap_or(0));
        let shown = |rows: &BTreeMap<(String, String), Row>| -> Vec<_> {
            let runs = rows.iter().filter_map(|(key, row)| match row {
                Row::Runs(running) => Some((key.clone(), running.standing(Timestamp::from_millis(at)).boosts)),
                Row::Gig(_) | Row::Clan(_) | Row::Boost(_) => None,
            });
            runs.filter(|(_, boosts)| !boosts.is_empty()).collect()
        };
        let late = rows(order.iter().zip(&moments).map(|(index, now)| (&events[*index], *now)));
        prop_assert_eq!(shown(&late), shown(&rows(events.iter().map(|event| (event, 0)))));
    }
}

#[test]
fn who_has_left_is_gone_although_the_join_comes_later_and_back_once_they_have_joined_again() {
    let (events, _) = clan(&[(1, true), (1, false), (1, true)]);
    let [_, joined, left, again] = &events[..] else { panic!("{events:?}") };
    let is_member = |events: &[&Envelope]| {
        let rows = rows(events.iter().map(|event| (*event, 0)));
        let Some(row) = rows.values().next() else { panic!("no row") };
        let Row::Clan(clan) = row else { panic!("no clan: {row:?}") };
        (clan.is_member(), row.expires().is_some())
    };
    assert_eq!(is_member(&[left, joined]), (false, true));
    assert_eq!(is_member(&[again, left, joined]), (true, false));
}

#[test]
fn no_row_holds_what_somebody_wrote() {
    let (mut events, _) = clan(&[]);
    events.extend(gig());
    for row in rows(events.iter().map(|event| (event, 0))).values() {
        let text = serde_json::to_string(row).unwrap();
        assert!(!text.contains("enc:v1:"), "{text}");
    }
}
