//! `GET /api/activity`: what the caller did and what was done for the caller, newest first.

use quoin_events::Timestamp;
use quoin_runtime::{Env, Pages, Problem, Request, Response};
use quoin_store::{Item, Key, Query, StoreError};
use serde::Deserialize;

use crate::activity::{Activity, Kind};
use crate::table;

/// The most reads for a page whose kind is rare; the cursor goes on from there.
const MOST_READS: usize = 10;
/// Rows of a read when one kind is looked for.
const SIFTED: u32 = 100;

/// What the caller wants to see.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AskedActivity {
    /// The earliest: a moment, or a day in UTC, both as RFC 3339 has them.
    from: Option<String>,
    /// The latest: a moment, or a day in UTC that is included.
    to: Option<String>,
    /// Only what is about this.
    kind: Option<Kind>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("What the caller did, newest first")
        .asks::<AskedActivity>("KIND_INVALID")
        .lists::<Activity>()
        .refuses(400, &["DATE_INVALID", "PERIOD_INVALID"])
}

/// Answers with a page of the caller's activity. A page may be shorter than `limit` although more follow.
///
/// # Errors
/// 400 for a period, kind, limit or cursor that is not one, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let pk = table::activity(&request.caller()?.user_id);
    let asked: AskedActivity = request.parameters("KIND_INVALID")?;
    let (first, last) = period(asked.from.as_deref(), asked.to.as_deref())?;
    let pages = request.pages(&pk)?;
    // The table refuses to go on from outside of what is asked for.
    if pages.after.as_ref().is_some_and(|key| key.sk < first || key.sk > last) {
        return Err(Problem::field("CURSOR_INVALID", "/cursor", "is not a cursor of this period"));
    }
    let (mut items, mut next) = (Vec::new(), pages.after);
    for _ in 0..MOST_READS {
        let most = if asked.kind.is_some() { SIFTED } else { pages.limit };
        let query = Query::of(&pk).between(&first, &last).descending().limit(most).after(next.take());
        let page = env.store.query(table::name(env)?, query).await?;
        let wanted = usize::try_from(pages.limit).unwrap_or(usize::MAX);
        let is_wanted = |activity: &Activity| asked.kind.is_none_or(|kind| kind == activity.kind);
        next = take(&page.items, page.next, (&mut items, wanted), request.context.now, is_wanted)?;
        if next.is_none() || items.len() >= wanted {
            break;
        }
    }
    Response::json(200, &Pages::body(items, next.as_ref()))
}

/// Adds to `items` what is wanted of `rows`, until there are enough; gives where to go on.
fn take(
    rows: &[Item],
    after_rows: Option<Key>,
    (items, enough): (&mut Vec<Activity>, usize),
    now: Timestamp,
    is_wanted: impl Fn(&Activity) -> bool,
) -> Result<Option<Key>, StoreError> {
    let mut rows = rows.iter().peekable();
    while let Some(row) = rows.next() {
        // The table removes a row only some days after its time.
        let is_kept = row.get_number("expires").is_none_or(|expires| expires > now.seconds());
        let activity: Activity = row.require_json("activity")?;
        if is_kept && is_wanted(&activity) {
            items.push(activity);
        }
        if items.len() >= enough && rows.peek().is_some() {
            return Ok(Some(Key::new(row.require_text("pk")?, row.require_text("sk")?)));
        }
    }
    Ok(after_rows)
}

/// Sort keys from the first to the last of a period.
fn period(from: Option<&str>, to: Option<&str>) -> Result<(String, String), Problem> {
    let invalid = |pointer: &str| Problem::field("DATE_INVALID", pointer, "must be a moment or a day as 2026-01-31");
    let from = from.map(|text| moment(text, Edge::First).ok_or_else(|| invalid("/from"))).transpose()?;
    let to = to.map(|text| moment(text, Edge::Last).ok_or_else(|| invalid("/to"))).transpose()?;
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(Problem::field("PERIOD_INVALID", "/to", "must not be before from"));
    }
    // Sort keys begin with a year.
    Ok((from.map_or_else(|| "0".to_owned(), |at| at.to_string()), to.map_or_else(|| ":".to_owned(), table::until)))
}

/// An edge of a day.
#[derive(Debug, Clone, Copy)]
enum Edge {
    First,
    Last,
}

fn moment(text: &str, edge: Edge) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let clock = match edge {
        Edge::First => "00:00:00.000",
        Edge::Last => "23:59:59.999",
    };
    let at: Timestamp = format!("{text}T{clock}Z").parse().ok()?;
    // Only what is written as the calendar writes it.
    (at.day() == text).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::{self, tests::samples};

    fn pointer(from: Option<&str>, to: Option<&str>) -> (&'static str, String) {
        let problem = period(from, to).unwrap_err();
        (problem.code, problem.errors[0].pointer.clone())
    }

    #[test]
    fn days_are_included_and_moments_are_taken_as_they_are() {
        let (first, last) = period(Some("2026-01-04"), Some("2026-01-04")).unwrap();
        let inside = table::at("2026-01-04T23:59:59.999Z".parse().unwrap(), "e");
        assert!(first < inside && inside < last, "{first} {last}");
        let outside = table::at("2026-01-05T00:00:00.000Z".parse().unwrap(), "e");
        assert!(outside > last);
        let (first, last) = period(None, None).unwrap();
        assert!(first < inside && inside < last);
        let (first, _) = period(Some("2026-01-04T12:00:00+02:00"), None).unwrap();
        assert_eq!(first, "2026-01-04T10:00:00.000Z");
    }

    #[test]
    fn wrong_edges_are_pointed_at() {
        for wrong in ["yesterday", "2026-02-30", "2026-1-4", " 2026-01-04"] {
            assert_eq!(pointer(Some(wrong), None), ("DATE_INVALID", "/from".to_owned()), "{wrong}");
            assert_eq!(pointer(None, Some(wrong)), ("DATE_INVALID", "/to".to_owned()), "{wrong}");
        }
        assert_eq!(pointer(Some("2026-01-05"), Some("2026-01-04")), ("PERIOD_INVALID", "/to".to_owned()));
    }

    /// Rows of one person, as they stand in the table.
    fn rows(expires: i64) -> Vec<Item> {
        let done = samples().into_iter().flat_map(|event| activity::of(&event).unwrap());
        let row = |(index, (_, activity)): (usize, (String, Activity))| {
            let key = Key::new("user#u", format!("{index:02}"));
            table::item(key).json("activity", &activity).unwrap().number("expires", expires)
        };
        done.enumerate().map(row).collect()
    }

    #[test]
    fn pages_of_one_kind_pass_nothing_over_and_repeat_nothing() {
        let rows = rows(i64::MAX);
        for kind in [None, Some(Kind::Wallet), Some(Kind::Account)] {
            let is_wanted = |activity: &Activity| kind.is_none_or(|kind| kind == activity.kind);
            let (mut seen, mut from) = (Vec::new(), 0);
            loop {
                let mut items = Vec::new();
                let next = take(&rows[from..], None, (&mut items, 2), Timestamp::default(), is_wanted).unwrap();
                assert!(items.len() <= 2);
                seen.extend(items);
                let Some(next) = next else { break };
                from = next.sk.parse::<usize>().unwrap() + 1;
            }
            let all: Vec<Activity> = rows.iter().map(|row| row.require_json("activity").unwrap()).collect();
            let all: Vec<_> = all.into_iter().filter(is_wanted).collect();
            assert!(!all.is_empty());
            assert_eq!(seen, all);
        }
    }

    #[test]
    fn what_has_expired_is_not_shown_although_the_table_still_has_it() {
        let mut items = Vec::new();
        let next = take(&rows(10), None, (&mut items, 100), Timestamp::from_millis(10_000), |_| true).unwrap();
        assert!(items.is_empty() && next.is_none());
    }
}
