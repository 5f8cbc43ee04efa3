//! Payments that stay open, and renewals that nobody was reminded of.
//!
//! An open payment is asked about, asked for again if the provider never heard of it, and when its time is up the
//! provider is asked for the promise that it will never be made: only that ends it unpaid.

use quoin_events::{Cause, Origin, Timestamp};
use quoin_payments::{Decision, HttpProvider, Order, Provider, Standing};
use quoin_runtime::{Context, Env, Failure, Invocation, Metrics, Open, Pace, Personal, open_key, sweep, sweep_due};
use quoin_store::Item;
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::charge::{Charge, Report, Status};
use crate::charging::take_over;
use crate::settle::find_charge;
use crate::{method, renewal, table};

/// What one payment may take: two calls to the provider and the write after them.
const RESERVE_MS: i64 = 15_000;
/// How late the scheduler may be before a renewal is not left to it.
const LATE_MS: i64 = 600_000;

/// What one sweep did.
#[derive(Debug, Default, Serialize)]
pub struct Swept {
    looked_at: u64,
    decided: u64,
    unanswered: u64,
    /// Open although the provider was asked for the promise that they will never be made.
    overdue: u64,
    #[serde(flatten)]
    late: Late,
}

/// Renewals that the scheduler should have called for.
#[derive(Debug, Default, Serialize)]
struct Late {
    late: u64,
    /// Those of them that were made; others were not due any more, or could not be made.
    renewed: u64,
}

/// What became of one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Decided,
    Open,
    Overdue,
}

/// Looks at every payment that has been open for long, and at what was due and is not charged.
///
/// # Errors
/// If the rows cannot be read; what fails is looked at by the next sweep.
pub async fn handle(
    env: &Env,
    invocation: &Invocation,
    _event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Swept, Failure> {
    let (pace, now) = (Pace::of(env, ("PAYMENT_ASK_SECONDS", 60), ("PAYMENT_EXPIRY_SECONDS", 1_800))?, env.clock.now());
    let see = async |row: &Item| {
        let open = Open::read(row).filter(|open| pace.is_due(open, now))?;
        Some((look(env, invocation, &open, pace.is_over(&open, now)).await, open.id))
    };
    // Neither renewals nor payments may take all of the time.
    let half = now.plus_millis(invocation.deadline.millis().saturating_sub(now.millis()) / 2);
    let mut swept = Swept::default();
    let renewed = swept.late.renew(env, invocation, now, half).await;
    for (outcome, payment_id) in sweep(env, invocation, table::name(env)?, RESERVE_MS, see).await? {
        swept.count(outcome, &payment_id);
    }
    metrics.metric("OpenCharges", swept.looked_at.saturating_sub(swept.decided), "Count");
    metrics.metric("UnansweredCharges", swept.unanswered, "Count");
    metrics.metric("OverdueCharges", swept.overdue, "Count");
    metrics.metric("LateRenewals", swept.late.renewed, "Count");
    renewed.map(|()| swept)
}

impl Swept {
    fn count(&mut self, outcome: Result<Seen, String>, payment_id: &str) {
        self.looked_at = self.looked_at.saturating_add(1);
        match outcome {
            Ok(Seen::Decided) => self.decided = self.decided.saturating_add(1),
            Ok(Seen::Open) => {}
            Ok(Seen::Overdue) => {
                self.overdue = self.overdue.saturating_add(1);
                tracing::warn!(payment_id, "payment does not end although nobody waits for it any more");
            }
            Err(reason) => {
                self.unanswered = self.unanswered.saturating_add(1);
                tracing::warn!(payment_id, reason, "payment stays open");
            }
        }
    }
}

/// Sees to one payment.
async fn look(env: &Env, invocation: &Invocation, open: &Open, is_expired: bool) -> Result<Seen, String> {
    let found = find_charge(env, &open.id).await.map_err(|error| error.to_string())?;
    let charge = found.ok_or("there is no such payment")?.state;
    if charge.status != Status::Initiated {
        // It ended by a try whose outcome was not known, before its row was written.
        let table = table::name(env).map_err(|error| error.to_string())?;
        env.store.delete(table, &open_key(&open.id)).await.map_err(|error| error.to_string())?;
        return Ok(Seen::Decided);
    }
    let origin = Origin { request_id: charge.request_id.clone(), traceparent: None, cause: Cause::Request };
    let context = Context::of_message(&env.clock, invocation, origin);
    let provider = HttpProvider::of(env, &context).map_err(|failure| failure.to_string())?;
    let token = method::of(env, &charge).await.map_err(|failure| failure.to_string())?;
    let report = ask(&provider, &charge, token.as_ref(), is_expired).await?;
    let Some(report) = report else { return Ok(if is_expired { Seen::Overdue } else { Seen::Open }) };
    take_over(env, &context, &charge, &report).await?;
    Ok(match report {
        Report::Taken { .. } => Seen::Open,
        Report::Succeeded { .. } | Report::Declined { .. } | Report::Cancelled { .. } => Seen::Decided,
    })
}

/// What is learnt of a payment, after all that can be asked has been asked.
async fn ask(
    provider: &impl Provider,
    charge: &Charge,
    token: Option<&Personal>,
    is_expired: bool,
) -> Result<Option<Report>, String> {
    let order = charge.order(token.map_or("", Personal::reveal));
    let standing = provider.standing(&order).await.map_err(|silence| silence.0)?;
    match (standing, token) {
        (Standing::Decided(decision), _) => Ok(Some(decision.into())),
        (Standing::Unknown, Some(_)) if !is_expired => {
            provider.initiate(&order).await.map(|taken| Some(taken.into())).map_err(|silence| silence.0)
        }
        (Standing::Pending, _) if !is_expired => Ok(None),
        // Nobody waits for it any more, or there is nothing left to pay with.
        (Standing::Unknown | Standing::Pending, _) => cancel(provider, &order).await,
    }
}

async fn cancel(provider: &impl Provider, order: &Order<'_>) -> Result<Option<Report>, String> {
    Ok(match provider.cancel(order).await.map_err(|silence| silence.0)? {
        Standing::Decided(Decision::Succeeded { reference }) => Some(Report::Succeeded { reference }),
        Standing::Decided(Decision::Failed { reference }) => Some(Report::Cancelled { reference }),
        Standing::Unknown | Standing::Pending => None,
    })
}

impl Late {
    /// Renews what is late at `now`. None is begun after `stop`.
    async fn renew(
        &mut self,
        env: &Env,
        invocation: &Invocation,
        now: Timestamp,
        stop: Timestamp,
    ) -> Result<(), Failure> {
        let late = now.plus_millis(LATE_MS.saturating_neg()).to_string();
        let see = async |id: &str| renewal::renew(env, invocation, id).await;
        sweep_due(env, table::name(env)?, &late, stop, see, |id, outcome| self.count(id, outcome)).await
    }

    fn count(&mut self, subscription_id: &str, outcome: Result<renewal::Outcome, Failure>) {
        self.late = self.late.saturating_add(1);
        match outcome {
            Ok(renewal::Outcome::NotDue) => {}
            Ok(renewal::Outcome::Charged | renewal::Outcome::Renewed) => self.renewed = self.renewed.saturating_add(1),
            Err(failure) => tracing::warn!(subscription_id, reason = %failure, "renewal stays due"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charge::tests::charge;
    use quoin_payments::{Silence, Taken};

    /// A provider that gives one answer to each question.
    struct Says {
        standing: Result<Standing, Silence>,
        cancelled: Standing,
    }

    impl Provider for Says {
        async fn initiate(&self, _: &Order<'_>) -> Result<Taken, Silence> {
            Ok(Taken { reference: "r".to_owned(), redirect_url: None, decision: None })
        }

        async fn standing(&self, _: &Order<'_>) -> Result<Standing, Silence> {
            self.standing.clone()
        }

        async fn cancel(&self, _: &Order<'_>) -> Result<Standing, Silence> {
            Ok(self.cancelled.clone())
        }
    }

    fn asked(
        standing: Result<Standing, Silence>,
        cancelled: Standing,
        is_expired: bool,
    ) -> Result<Option<Report>, String> {
        let token = Personal::new("tok");
        let says = Says { standing, cancelled };
        futures_util::FutureExt::now_or_never(ask(&says, &charge(), Some(&token), is_expired)).unwrap()
    }

    fn failed() -> Standing {
        Standing::Decided(Decision::Failed { reference: None })
    }

    fn paid() -> Decision {
        Decision::Succeeded { reference: "r".to_owned() }
    }

    #[test]
    fn only_the_promise_of_the_provider_ends_a_payment_unpaid() {
        for standing in [Standing::Unknown, Standing::Pending] {
            assert_eq!(asked(Ok(standing.clone()), failed(), true), Ok(Some(Report::Cancelled { reference: None })));
            assert_eq!(asked(Ok(standing.clone()), Standing::Pending, true), Ok(None));
            let made = Report::Succeeded { reference: "r".to_owned() };
            assert_eq!(asked(Ok(standing), Standing::Decided(paid()), true), Ok(Some(made)));
        }
        assert!(asked(Err(Silence("timed out".to_owned())), failed(), true).is_err());
    }

    #[test]
    fn what_the_provider_never_heard_of_is_asked_for_again() {
        let taken = Report::Taken { reference: "r".to_owned() };
        assert_eq!(asked(Ok(Standing::Unknown), failed(), false), Ok(Some(taken)));
        assert_eq!(asked(Ok(Standing::Pending), failed(), false), Ok(None));
        assert_eq!(asked(Ok(Standing::Decided(paid())), failed(), true), Ok(Some(paid().into())));
    }
}
