//! The events of a type's day, in the order in which they are sent: what is staged, then part after part.
//!
//! An event that is exported meanwhile has been seen among what was staged, or is seen in a part: rows are read first.

use quoin_events::Timestamp;
use quoin_runtime::{Env, Failure};

use super::record::Replay;
use crate::warehouse::{Line, Lines, Part, Partition, known_bounds, staged_between};

/// What is staged behind `after`.
///
/// # Errors
/// If the table cannot be read.
pub(crate) async fn staged(
    env: &Env,
    replay: &Replay,
    partition: &Partition,
    after: Option<&str>,
) -> Result<Lines, Failure> {
    let from = after.map_or_else(|| replay.from.to_string(), str::to_owned);
    // Behind every id of that moment.
    let to = format!("{}$", replay.to);
    let found = staged_between(env, env.config.table("warehouse")?, partition, (&from, &to)).await?;
    Ok(Lines { lines: left(found.lines, replay, after), has_more: found.has_more })
}

/// The number of the first part that can hold events of the replay.
///
/// # Errors
/// The classes of every request.
pub(crate) async fn first_part(env: &Env, from: Timestamp, partition: &Partition) -> Result<usize, Failure> {
    Ok(known_bounds(env, env.config.table("warehouse")?, partition).await?.of(from))
}

/// What a part holds behind `after`; `None` if there is no such part.
///
/// # Errors
/// If the bucket does not answer, or the object is no part.
pub(crate) async fn part(
    env: &Env,
    replay: &Replay,
    partition: &Partition,
    number: usize,
    after: Option<&str>,
) -> Result<Option<Lines>, Failure> {
    let key = partition.object_key(number);
    let Some(object) = env.get_object(env.config.bucket("warehouse")?, &key).await? else { return Ok(None) };
    let part = Part::read(&object.body).map_err(|error| Failure::poison(format!("{key}: {error}")))?;
    Ok(Some(Lines { lines: left(part.into_lines(), replay, after), has_more: false }))
}

fn left(lines: Vec<Line>, replay: &Replay, after: Option<&str>) -> Vec<Line> {
    let is_left = |line: &Line| {
        line.at >= replay.from && line.at <= replay.to && after.is_none_or(|after| line.place().as_str() > after)
    };
    lines.into_iter().filter(is_left).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::record::tests::replay;
    use crate::warehouse::line_of_test as line;

    #[test]
    fn lines_of_the_span_are_left_behind_what_was_sent() {
        let replay = replay("2026-01-04T00:00:00.010Z", "2026-01-04T00:00:00.030Z", &["X"]);
        let all = || vec![line(9, "a"), line(10, "b"), line(20, "c"), line(20, "d"), line(30, "e"), line(31, "f")];
        let ids =
            |after: Option<&str>| -> String { left(all(), &replay, after).into_iter().map(|l| l.event_id).collect() };
        assert_eq!(ids(None), "bcde");
        assert_eq!(ids(Some(&line(20, "c").place())), "de");
        assert_eq!(ids(Some(&line(30, "e").place())), "");
    }
}
