//! Payments that stay open: the provider is asked about them, asked again for those it never heard of,
//! and only what it does not call paid ends with the time.

use futures_util::{StreamExt, stream};
use quoin_events::{Cause, Origin, Timestamp};
use quoin_runtime::{Context, Env, Failure, Invocation, Metrics};
use quoin_store::{Key, Query};
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::advance::{advance, find};
use crate::open;
use crate::payment::{Payment, Report, Status};
use crate::provider::{HttpProvider, Provider, Standing};

/// Payments asked about at once.
const CONCURRENCY: usize = 8;
/// What one payment may take: a call to the provider and the write after it.
const RESERVE_MS: i64 = 12_000;
/// Rows of a page.
const PAGE: u32 = 100;

/// What one sweep did.
#[derive(Debug, Default, Serialize)]
pub struct Swept {
    looked_at: u64,
    advanced: u64,
    unanswered: u64,
}

/// What one payment asks for, once the provider has said where it stands.
#[derive(Debug, PartialEq, Eq)]
enum Need {
    Report(Report),
    AskAgain,
    Wait,
}

fn need(standing: Standing, is_expired: bool) -> Need {
    match (standing, is_expired) {
        (Standing::Decided(report), _) => Need::Report(report),
        (Standing::Unknown | Standing::Pending, true) => Need::Report(Report::Expired),
        (Standing::Unknown, false) => Need::AskAgain,
        (Standing::Pending, false) => Need::Wait,
    }
}

/// Looks at every payment that has been open for long.
///
/// # Errors
/// If the table of open payments cannot be read; a payment that fails is looked at by the next sweep.
pub async fn handle(
    env: &Env,
    invocation: &Invocation,
    _event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Swept, Failure> {
    let now = env.clock.now();
    let ask_ms = seconds(env, "PAYMENT_ASK_SECONDS", 60)?.saturating_mul(1000);
    let expiry_ms = seconds(env, "PAYMENT_EXPIRY_SECONDS", 1_800)?.saturating_mul(1000);
    let stop = invocation.deadline.plus_millis(RESERVE_MS.saturating_neg());
    let mut swept = Swept::default();
    for shard in 0..open::SHARDS {
        let mut after = None;
        loop {
            let query = Query::of(open::partition(shard)).limit(PAGE).after(after.take());
            let page = env.store.query(env.config.table("payment")?, query).await?;
            let old = page.items.iter().filter_map(|row| {
                let at: Timestamp = row.get_text("at")?.parse().ok()?;
                let payment_id = row.get_text("sk")?.to_owned();
                (now >= at.plus_millis(ask_ms)).then_some((payment_id, now >= at.plus_millis(expiry_ms)))
            });
            let looks = old.map(async |(payment_id, is_expired)| {
                if env.clock.now() >= stop {
                    return None;
                }
                Some((look(env, invocation, &payment_id, is_expired).await, payment_id))
            });
            let seen: Vec<_> = stream::iter(looks).buffer_unordered(CONCURRENCY).collect().await;
            for (outcome, payment_id) in seen.into_iter().flatten() {
                swept.looked_at = swept.looked_at.saturating_add(1);
                match outcome {
                    Ok(advanced) => swept.advanced = swept.advanced.saturating_add(u64::from(advanced)),
                    Err(reason) => {
                        swept.unanswered = swept.unanswered.saturating_add(1);
                        tracing::warn!(payment_id, reason, "payment stays open");
                    }
                }
            }
            after = page.next;
            if after.is_none() || env.clock.now() >= stop {
                break;
            }
        }
    }
    metrics.metric("OpenPayments", swept.looked_at, "Count");
    metrics.metric("UnansweredPayments", swept.unanswered, "Count");
    Ok(swept)
}

fn seconds(env: &Env, name: &str, default: i64) -> Result<i64, Failure> {
    Ok(env.config.parse_or(name, default)?)
}

/// Sees to one payment; says whether its stream went on, or why that is not known.
async fn look(env: &Env, invocation: &Invocation, payment_id: &str, is_expired: bool) -> Result<bool, String> {
    let found = find(env, payment_id).await.map_err(|error| error.to_string())?;
    let Some(found) = found.filter(|found| found.payment.status == Status::Initiated) else {
        // It was closed before its row was written.
        forget(env, &open::key(payment_id)).await.map_err(|failure| failure.to_string())?;
        return Ok(false);
    };
    let origin = Origin { request_id: found.payment.request_id.clone(), traceparent: None, cause: Cause::Request };
    let context = Context::of_message(&env.clock, invocation, origin);
    let provider = HttpProvider::of(env, &context).map_err(|failure| failure.to_string())?;
    let Some(report) = ask(&provider, &found.payment, is_expired).await? else { return Ok(false) };
    advance(env, &context, found, &report).await.map_err(|error| error.to_string())
}

/// What is to be written about a payment, after all that can be asked has been asked.
async fn ask(provider: &impl Provider, payment: &Payment, is_expired: bool) -> Result<Option<Report>, String> {
    let standing = provider.standing(payment).await.map_err(|silence| silence.0)?;
    match need(standing, is_expired) {
        Need::Report(report) => Ok(Some(report)),
        Need::AskAgain => provider.initiate(payment).await.map(Some).map_err(|silence| silence.0),
        Need::Wait => Ok(None),
    }
}

async fn forget(env: &Env, key: &Key) -> Result<(), Failure> {
    Ok(env.store.delete(env.config.table("payment")?, key).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::tests::payment;
    use crate::provider::Silence;

    /// A provider that gives one answer to each question.
    struct Says(Result<Standing, Silence>);

    impl Provider for Says {
        async fn initiate(&self, _: &Payment) -> Result<Report, Silence> {
            Ok(taken())
        }

        async fn standing(&self, _: &Payment) -> Result<Standing, Silence> {
            self.0.clone()
        }
    }

    fn taken() -> Report {
        Report::Taken { reference: "r".to_owned(), redirect_url: None }
    }

    fn asked(answer: Result<Standing, Silence>, is_expired: bool) -> Result<Option<Report>, String> {
        futures_util::FutureExt::now_or_never(ask(&Says(answer), &payment(), is_expired)).unwrap()
    }

    #[test]
    fn what_the_provider_calls_paid_never_expires() {
        let paid = Report::Succeeded { reference: "r".to_owned() };
        assert_eq!(asked(Ok(Standing::Decided(paid.clone())), true), Ok(Some(paid)));
    }

    #[test]
    fn an_unreachable_provider_lets_nothing_expire() {
        assert!(asked(Err(Silence("timed out".to_owned())), true).is_err());
    }

    #[test]
    fn a_payment_that_the_provider_never_heard_of_is_asked_for_again_until_it_expires() {
        assert_eq!(asked(Ok(Standing::Unknown), false), Ok(Some(taken())));
        assert_eq!(asked(Ok(Standing::Unknown), true), Ok(Some(Report::Expired)));
    }

    #[test]
    fn a_pending_payment_waits_until_it_expires() {
        assert_eq!(asked(Ok(Standing::Pending), false), Ok(None));
        assert_eq!(asked(Ok(Standing::Pending), true), Ok(Some(Report::Expired)));
    }
}
