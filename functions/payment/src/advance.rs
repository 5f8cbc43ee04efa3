//! Writing what a report changes at the end of the payment's stream.

use quoin_events::Timestamp;
use quoin_runtime::{Context, Env};
use quoin_store::{Append, Commit, ExecuteError, StoreError, Stream};

use crate::payment::{Payment, Report};

/// A payment and where its stream ends.
pub(crate) type Found = quoin_runtime::Found<Payment>;

fn stream(payment_id: &str) -> Stream {
    Stream::new("payment", payment_id)
}

/// The payment `payment_id`, if there is one.
pub(crate) async fn find(env: &Env, payment_id: &str) -> Result<Option<Found>, StoreError> {
    Found::find(env, &stream(payment_id)).await
}

/// Takes over `report`; says whether it changed anything.
pub(crate) async fn advance(
    env: &Env,
    context: &Context,
    found: Found,
    report: &Report,
) -> Result<bool, ExecuteError<StoreError>> {
    let payment_id = found.state.payment_id.clone();
    // What the provider says belongs to the request that the payment came with.
    let context = context.on_behalf_of(&found.state.request_id);
    let load = async || {
        let found = find(env, &payment_id).await?;
        found.ok_or_else(|| StoreError::Unavailable("no such payment".to_owned()))
    };
    let decide = |found: &Found, now: Timestamp| {
        let Some((next, event)) = found.state.after(report).outcome(now)? else { return Ok(None) };
        let append = Append::after(stream(&payment_id), &found.head, now).state(&next)?;
        Ok(Some(Commit::new().append(append.events(event))))
    };
    quoin_runtime::advance(env, &context, Some(found), load, decide).await
}
