//! `POST /api/replays`: events of a span of time are sent to one consumer again, once what was wrong with it is mended.

use std::collections::BTreeSet;

use quoin_events::Timestamp;
use quoin_runtime::{Env, Problem, Request, Response, Role};
use serde::Deserialize;

use super::replay_view::ReplayView;
use crate::replay::{self, MOST_DAYS, Replay};

/// What is to be sent, and to whom.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct StartReplay {
    /// Events from this moment on …
    from: Timestamp,
    /// … up to this one, which belongs to them and is not to come; at most 366 days later.
    to: Timestamp,
    /// Only events of these types; all that the consumer takes if it is left out.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    events: Option<BTreeSet<String>>,
    /// The consumer, as its function and its queue are called.
    consumer: String,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sends events of a span of time to one consumer again (operators)")
        .for_operators()
        .takes::<StartReplay>()
        .answers::<ReplayView<'_>>(202)
        .refuses(400, &["CONSUMER_UNKNOWN", "EVENTS_INVALID", "PERIOD_INVALID"])
}

/// Notes the replay, which goes on by itself.
///
/// # Errors
/// 400, 401, 403 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let started_by = request.caller_with(Role::Operator)?.user_id.clone();
    let wanted: StartReplay = request.json()?;
    let now = request.context.now;
    wanted.period(now)?;
    let events = wanted.events()?;
    let StartReplay { from, to, consumer, .. } = wanted;
    let replay_id = format!("replay_{:032x}", env.clock.random_u128());
    let replay = Replay::begun(replay_id, consumer, (from, to), events, (now, started_by));
    env.store.put(env.config.table("reporting")?, replay.row()?).await?;
    tracing::info!(replay_id = replay.replay_id, consumer = replay.consumer, "a replay was asked for");
    Response::json(202, &ReplayView::from(&replay))
}

impl StartReplay {
    fn period(&self, now: Timestamp) -> Result<(), Problem> {
        let refused = |pointer: &str, detail: String| Err(Problem::field("PERIOD_INVALID", pointer, detail));
        if self.from > self.to {
            return refused("/from", "must not be after to".to_owned());
        }
        if self.to > now {
            return refused("/to", "must not be to come".to_owned());
        }
        if self.from.plus_seconds(MOST_DAYS.saturating_mul(86_400)) < self.to {
            return refused("/from", format!("must be at most {MOST_DAYS} days before to"));
        }
        Ok(())
    }

    /// The types of what is sent, all of which the consumer takes.
    fn events(&self) -> Result<Vec<String>, Problem> {
        let Some(consumer) = replay::find(&self.consumer) else {
            let detail = format!("must be one of {}", replay::names().collect::<Vec<_>>().join(", "));
            return Err(Problem::field("CONSUMER_UNKNOWN", "/consumer", detail));
        };
        let taken: Vec<String> = consumer.events().map(|known| known.name.to_owned()).collect();
        let Some(wanted) = &self.events else { return Ok(taken) };
        let other = wanted.iter().find(|event| !taken.contains(event));
        if wanted.is_empty() || other.is_some() {
            let is = other.map_or_else(String::new, |event| format!("{event} is not: "));
            let detail = format!("must be types that {} takes; {is}{}", self.consumer, taken.join(", "));
            return Err(Problem::field("EVENTS_INVALID", "/events", detail));
        }
        Ok(taken.into_iter().filter(|event| wanted.contains(event)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(body: &str) -> StartReplay {
        serde_json::from_str(body).unwrap()
    }

    fn of(events: &str, consumer: &str) -> StartReplay {
        asked(&format!(
            r#"{{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"{events},"consumer":"{consumer}"}}"#
        ))
    }

    #[test]
    fn what_is_left_out_is_everything_that_the_consumer_takes() {
        assert_eq!(of("", "gig-credit-queue").events().unwrap(), ["gig_boost", "credit_spent", "gig_payment"]);
        let one = of(r#","events":["credit_spent"]"#, "gig-credit-queue");
        assert_eq!(one.events().unwrap(), ["credit_spent"]);
    }

    #[test]
    fn what_the_consumer_is_never_told_of_is_refused_and_says_what_it_is() {
        for events in [r#","events":[]"#, r#","events":["profile_boost"]"#, r#","events":["credit_spent","x"]"#] {
            let problem = of(events, "gig-credit-queue").events().unwrap_err();
            assert_eq!((problem.code, problem.errors[0].pointer.as_str()), ("EVENTS_INVALID", "/events"));
            assert!(problem.errors[0].detail.contains("gig_boost"));
        }
        let problem = of("", "gig").events().unwrap_err();
        assert_eq!((problem.code, problem.errors[0].pointer.as_str()), ("CONSUMER_UNKNOWN", "/consumer"));
        assert!(problem.errors[0].detail.contains("gig-credit-queue"));
    }

    #[test]
    fn a_span_is_in_the_past_and_no_longer_than_copies_are_kept() {
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        let span = |from: &str, to: &str| {
            let problem = asked(&format!(r#"{{"from":"{from}","to":"{to}","consumer":"audit"}}"#)).period(now);
            problem.err().map(|problem| problem.errors[0].pointer.clone())
        };
        assert_eq!(span("2025-06-01T00:00:00Z", "2026-06-01T00:00:00Z"), None);
        assert_eq!(span("2026-06-01T00:00:00Z", "2026-06-01T00:00:00Z"), None);
        assert_eq!(span("2026-05-02T00:00:00Z", "2026-05-01T00:00:00Z").as_deref(), Some("/from"));
        assert_eq!(span("2025-05-30T00:00:00Z", "2026-06-01T00:00:00Z").as_deref(), Some("/from"));
        assert_eq!(span("2026-05-02T00:00:00Z", "2026-06-01T00:00:00.001Z").as_deref(), Some("/to"));
    }
}
