//! Looks at what is boosted: a fact of the journal per thing, day and person who looked.
//!
//! Each has a stream of its own, whose key can be taken once: that is all that tells a second look from the first, and
//! nobody waits for anybody else. The stream's name is a hash, so neither it nor the event says who looked.

use quoin_events::{Draft, EventData};
use quoin_runtime::{Context, Env};
use quoin_store::{Append, Commit, StoreError, Stream, derived_id};

use crate::Boosted;

/// The kind of streams of looks.
const VIEW: &str = "view";

/// Notes that `viewer` looked at `target_id`, as `event` makes it of the day. What was asked for is answered all the
/// same: a look that cannot be noted is a warning, and counted.
pub async fn note_view<T: Boosted, E: EventData>(
    env: &Env,
    context: &Context,
    target_id: &str,
    viewer: &str,
    event: impl FnOnce(String) -> E,
) {
    let day = context.now.day();
    let stream = stream::<T>(target_id, &day, viewer);
    match note(env, context, stream, &event(day)).await {
        // Somebody who looks again finds that it is noted.
        Ok(()) | Err(StoreError::Lost(_)) => {}
        Err(error) => {
            tracing::warn!(target_id, %error, "a view cannot be noted");
            env.count("UnnotedViews", 1);
        }
    }
}

async fn note(env: &Env, context: &Context, stream: Stream, event: &impl EventData) -> Result<(), StoreError> {
    let append = Append::first(stream, context.now).events([Draft::new(event, context.now)?]);
    env.store.commit(Commit::new().append(append), &context.origin).await
}

fn stream<T: Boosted>(target_id: &str, day: &str, viewer: &str) -> Stream {
    Stream::new(VIEW, derived_id(T::TARGET.as_str(), &[target_id, day, viewer]))
}
