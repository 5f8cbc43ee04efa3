//! What an event says of the days of things that are boosted.

use quoin_events::types::{
    BoostGiven, ClanBoost, ClanMemberJoined, ClanViewed, GigBoost, GigCompleted, GigViewed, ProfileBoost, ProfileViewed,
};
use quoin_events::{Envelope, EventData};
use quoin_uplift::{Day, MOST_DAYS};

use super::{Kind, day};

/// What happened to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Somebody looked at it.
    View,
    /// What it is for came about: a gig was completed, a clan joined, somebody completed a gig.
    Order,
    /// A boost touches the day.
    Boost,
}

/// Something that happened to a target on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) kind: Kind,
    pub(crate) target_id: String,
    pub(crate) day: Day,
    pub(crate) what: What,
}

/// What `event` says, in order of days; nothing if it is about something else.
///
/// # Errors
/// If its data does not have the shape of its type, or no such days.
pub(crate) fn facts(event: &Envelope) -> Result<Vec<Fact>, String> {
    let unreadable = |error: serde_json::Error| format!("the data of {} cannot be read: {error}", event.event);
    let view = |kind, target_id, day: &str| {
        let day = day::number(day).ok_or_else(|| format!("{day} is no day"))?;
        Ok(vec![Fact { kind, target_id, day, what: What::View }])
    };
    let order = |kind, target_id| {
        let at = event.timestamp.parse().map_err(|error| format!("the timestamp {error}"))?;
        Ok::<_, String>(Fact { kind, target_id, day: day::of(at), what: What::Order })
    };
    match event.event.as_str() {
        GigViewed::NAME => {
            let GigViewed { gig_id, day } = event.data().map_err(unreadable)?;
            view(Kind::Gig, gig_id, &day)
        }
        ClanViewed::NAME => {
            let ClanViewed { clan_id, day } = event.data().map_err(unreadable)?;
            view(Kind::Clan, clan_id, &day)
        }
        ProfileViewed::NAME => {
            let ProfileViewed { user_id, day } = event.data().map_err(unreadable)?;
            view(Kind::Profile, user_id, &day)
        }
        GigCompleted::NAME => {
            let done: GigCompleted = event.data().map_err(unreadable)?;
            Ok(vec![order(Kind::Gig, done.gig_id)?, order(Kind::Profile, done.completed_by)?])
        }
        ClanMemberJoined::NAME => {
            let joined: ClanMemberJoined = event.data().map_err(unreadable)?;
            Ok(vec![order(Kind::Clan, joined.clan_id)?])
        }
        GigBoost::NAME => boosted(Kind::Gig, event.data().map_err(unreadable)?),
        ClanBoost::NAME => boosted(Kind::Clan, event.data().map_err(unreadable)?),
        ProfileBoost::NAME => boosted(Kind::Profile, event.data().map_err(unreadable)?),
        _ => Ok(Vec::new()),
    }
}

/// Each day that a boost touches.
fn boosted(kind: Kind, boost: BoostGiven) -> Result<Vec<Fact>, String> {
    // The moment at which it is over is no part of it.
    let (first, last) = (day::of(boost.timestamp), day::of(boost.expires_at.plus_millis(-1)));
    if boost.expires_at <= boost.timestamp || last.saturating_sub(first) >= MOST_DAYS {
        return Err(format!("a boost from {} to {} is none", boost.timestamp, boost.expires_at));
    }
    let fact = |day| Fact { kind, target_id: boost.target_id.clone(), day, what: What::Boost };
    Ok((first..=last).map(fact).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(event: &str) -> Envelope {
        let path = format!("{}/../../events/catalogue/{event}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn said(event: &str) -> Vec<(Kind, String, String, What)> {
        let facts = facts(&sample(event)).unwrap();
        facts.into_iter().map(|fact| (fact.kind, fact.target_id, day::text(fact.day), fact.what)).collect()
    }

    #[test]
    fn views_and_orders_are_of_their_days() {
        let one = |kind, target: &str, day: &str, what| (kind, target.to_owned(), day.to_owned(), what);
        assert_eq!(said("gig.viewed"), [one(Kind::Gig, "gig789", "2025-06-29", What::View)]);
        assert_eq!(said("clan.viewed"), [one(Kind::Clan, "clan456", "2025-06-29", What::View)]);
        assert_eq!(said("profile.viewed"), [one(Kind::Profile, "user123", "2025-06-29", What::View)]);
        assert_eq!(said("clan.member_joined"), [one(Kind::Clan, "clan456", "2025-06-21", What::Order)]);
        // Who did it is found for it as much as the gig was.
        let done = [
            one(Kind::Gig, "gig789", "2025-07-01", What::Order),
            one(Kind::Profile, "user123", "2025-07-01", What::Order),
        ];
        assert_eq!(said("gig.completed"), done);
        assert_eq!(said("gig.created"), []);
    }

    #[test]
    fn a_boost_is_of_each_day_that_it_touches() {
        let boost = |from: &str, until: &str| {
            let mut boost: BoostGiven = sample("gig_boost").data().unwrap();
            (boost.timestamp, boost.expires_at) = (from.parse().unwrap(), until.parse().unwrap());
            boosted(Kind::Gig, boost).map(|facts| facts.into_iter().map(|fact| day::text(fact.day)).collect::<Vec<_>>())
        };
        assert_eq!(boost("2025-06-29T23:30:00Z", "2025-06-30T00:30:00Z").unwrap(), ["2025-06-29", "2025-06-30"]);
        assert_eq!(boost("2025-06-29T23:00:00Z", "2025-06-30T00:00:00Z").unwrap(), ["2025-06-29"]);
        assert_eq!(boost("2025-06-01T12:00:00Z", "2025-06-08T12:00:00Z").unwrap().len(), 8);
        assert!(boost("2025-06-01T12:00:00Z", "2025-06-01T12:00:00Z").is_err());
        assert!(boost("2025-06-01T12:00:00Z", "2025-06-09T12:00:00Z").is_err());
    }
}
