//! Payments that stay open: the provider is asked about them, asked again for those it never heard of,
//! and what it does not call paid expires with the time. An expired payment is still asked about, at a slower pace,
//! until the provider decides it: money that comes after all is taken.

use quoin_events::{Cause, Origin, Timestamp};
use quoin_payments::{HttpProvider, Provider, Standing};
use quoin_runtime::{Context, Env, Failure, Invocation, Metrics, open_key, sweep};
use quoin_store::{Item, Update};
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::advance::{advance, find};
use crate::open;
use crate::pace::{Open, Pace};
use crate::payment::{Payment, Report};

/// What one payment may take: a call to the provider and the write after it.
const RESERVE_MS: i64 = 12_000;

/// What one sweep did.
#[derive(Debug, Default, Serialize)]
pub struct Swept {
    looked_at: u64,
    advanced: u64,
    unanswered: u64,
    set_aside: u64,
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
        (Standing::Decided(decision), _) => Need::Report(decision.into()),
        (Standing::Unknown | Standing::Pending, true) => Need::Report(Report::Expired),
        (Standing::Unknown, false) => Need::AskAgain,
        (Standing::Pending, false) => Need::Wait,
    }
}

/// What became of one payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// Its stream went on.
    Advanced,
    /// Nothing new.
    Unchanged,
    /// It is not asked about any more, although it is undecided.
    SetAside,
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
    let looks = Sweep { env, invocation, pace: Pace::of(env)?, now: env.clock.now() };
    let look = async |row: &Item| {
        let open = open::read(row).filter(|open| looks.pace.is_due(open, looks.now))?;
        Some((looks.look(&open).await, open.payment_id))
    };
    let mut swept = Swept::default();
    for (outcome, payment_id) in sweep(env, invocation, env.config.table("payment")?, RESERVE_MS, look).await? {
        swept.count(outcome, &payment_id);
    }
    metrics.metric("OpenPayments", swept.looked_at, "Count");
    metrics.metric("UnansweredPayments", swept.unanswered, "Count");
    Ok(swept)
}

/// One sweep over all shards.
struct Sweep<'a> {
    env: &'a Env,
    invocation: &'a Invocation,
    pace: Pace,
    now: Timestamp,
}

impl Sweep<'_> {
    /// Sees to one payment; says what became of it, or why that is not known.
    async fn look(&self, open: &Open) -> Result<Seen, String> {
        let env = self.env;
        let found = find(env, &open.payment_id).await.map_err(|error| error.to_string())?;
        let found = found.ok_or("there is no such payment")?;
        if !found.state.is_undecided() {
            // It was closed before its row was written.
            self.forget(&open.payment_id).await.map_err(|failure| failure.to_string())?;
            return Ok(Seen::Unchanged);
        }
        let origin = Origin { request_id: found.state.request_id.clone(), traceparent: None, cause: Cause::Request };
        let context = Context::of_message(&env.clock, self.invocation, origin);
        let provider = HttpProvider::of(env, &context).map_err(|failure| failure.to_string())?;
        let is_expired = self.pace.is_expired(open, self.now);
        let asked = ask(&provider, &found.state, is_expired).await;
        let is_answered = asked.is_ok();
        let (is_decided, advanced) = match asked {
            Ok(Some(report)) => {
                let advanced = advance(env, &context, found, &report).await.map_err(|error| error.to_string())?;
                (report.is_decision(), Ok(if advanced { Seen::Advanced } else { Seen::Unchanged }))
            }
            Ok(None) => (false, Ok(Seen::Unchanged)),
            Err(silence) => (false, Err(silence)),
        };
        // The row goes on the provider's word alone, and only once that is in the journal.
        let kept = match rest(is_decided, is_expired, is_answered && self.pace.is_over(open, self.now)) {
            Rest::Forget => self.forget(&open.payment_id).await,
            Rest::Stay => Ok(()),
            Rest::Slow => self.slow(open).await,
            Rest::SetAside => {
                self.set_aside(open).await.map_err(|failure| failure.to_string())?;
                return Ok(Seen::SetAside);
            }
        };
        kept.map_err(|failure| failure.to_string())?;
        advanced
    }

    async fn forget(&self, payment_id: &str) -> Result<(), Failure> {
        Ok(self.env.store.delete(self.env.config.table("payment")?, &open_key(payment_id)).await?)
    }

    async fn slow(&self, open: &Open) -> Result<(), Failure> {
        let update = Update::of(self.env.config.table("payment")?, open_key(&open.payment_id))
            .text("asked_at", self.now.to_string())
            .if_exists();
        // One that is gone has been decided meanwhile.
        self.env.store.update(update).await?;
        Ok(())
    }

    async fn set_aside(&self, open: &Open) -> Result<(), Failure> {
        tracing::warn!(payment_id = open.payment_id, "payment stays undecided");
        self.env.store.put(self.env.config.table("payment")?, open::aside(open, self.now)).await?;
        // Once it is forgotten, no later sweep sees it: rather twice than not at all.
        self.env.count("UndecidedPayments", 1);
        self.forget(&open.payment_id).await
    }
}

impl Swept {
    fn count(&mut self, outcome: Result<Seen, String>, payment_id: &str) {
        self.looked_at = self.looked_at.saturating_add(1);
        match outcome {
            Ok(Seen::Advanced) => self.advanced = self.advanced.saturating_add(1),
            Ok(Seen::SetAside) => self.set_aside = self.set_aside.saturating_add(1),
            Ok(Seen::Unchanged) => {}
            Err(reason) => {
                self.unanswered = self.unanswered.saturating_add(1);
                tracing::warn!(payment_id, reason, "payment stays open");
            }
        }
    }
}

/// What becomes of the row of a payment that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Stay,
    Slow,
    SetAside,
    Forget,
}

const fn rest(is_decided: bool, is_expired: bool, is_over: bool) -> Rest {
    match (is_decided, is_expired, is_over) {
        (true, _, _) => Rest::Forget,
        (false, _, true) => Rest::SetAside,
        (false, true, false) => Rest::Slow,
        (false, false, false) => Rest::Stay,
    }
}

/// What is to be written about a payment, after all that can be asked has been asked.
async fn ask(provider: &impl Provider, payment: &Payment, is_expired: bool) -> Result<Option<Report>, String> {
    let standing = provider.standing(&payment.order()).await.map_err(|silence| silence.0)?;
    match need(standing, is_expired) {
        Need::Report(report) => Ok(Some(report)),
        Need::AskAgain => {
            provider.initiate(&payment.order()).await.map(|taken| Some(taken.into())).map_err(|silence| silence.0)
        }
        Need::Wait => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::tests::payment;
    use quoin_payments::{Decision, Order, Silence, Taken};

    /// A provider that gives one answer to each question.
    struct Says(Result<Standing, Silence>);

    impl Provider for Says {
        async fn initiate(&self, _: &Order<'_>) -> Result<Taken, Silence> {
            Ok(Taken { reference: "r".to_owned(), redirect_url: None, decision: None })
        }

        async fn standing(&self, _: &Order<'_>) -> Result<Standing, Silence> {
            self.0.clone()
        }

        async fn cancel(&self, _: &Order<'_>) -> Result<Standing, Silence> {
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
        let paid = Decision::Succeeded { reference: "r".to_owned() };
        assert_eq!(asked(Ok(Standing::Decided(paid.clone())), true), Ok(Some(paid.into())));
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
    fn a_row_ends_only_with_the_word_of_the_provider() {
        for (is_expired, is_over) in [(false, false), (true, false), (true, true)] {
            assert_eq!(rest(true, is_expired, is_over), Rest::Forget);
            assert_ne!(rest(false, is_expired, is_over), Rest::Forget);
        }
        assert_eq!(rest(false, true, false), Rest::Slow);
        assert_eq!(rest(false, true, true), Rest::SetAside);
        assert!(!Report::Expired.is_decision() && !taken().is_decision());
    }

    #[test]
    fn an_expired_payment_that_turns_out_paid_succeeds() {
        let now = Timestamp::from_millis(2_000);
        let expired = asked(Ok(Standing::Pending), true).unwrap().unwrap();
        let (expired, _) = payment().after(&expired).outcome(now).unwrap().unwrap();
        assert!(expired.is_undecided());
        let paid = Standing::Decided(Decision::Succeeded { reference: "r".to_owned() });
        let report = asked(Ok(paid), true).unwrap().unwrap();
        assert!(report.is_decision());
        let (paid, event) = expired.after(&report).outcome(now).unwrap().unwrap();
        assert_eq!((paid.is_undecided(), event.unwrap().event()), (false, "DepositSuccess"));
    }

    #[test]
    fn a_pending_payment_waits_until_it_expires() {
        assert_eq!(asked(Ok(Standing::Pending), false), Ok(None));
        assert_eq!(asked(Ok(Standing::Pending), true), Ok(Some(Report::Expired)));
    }
}
