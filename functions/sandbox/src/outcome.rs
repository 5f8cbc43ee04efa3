//! What becomes of a sandbox payment: decided by its method and the time alone. Pure.

use quoin_events::Timestamp;
use serde::{Deserialize, Serialize};

/// Seconds until the provider has decided, unless the method says otherwise.
const PROMPT_SECONDS: u16 = 1;
/// The longest that a queue holds a message back.
const MAX_DELAY_SECONDS: u16 = 900;

/// What the provider decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// The money is there.
    Succeeded,
    /// There will be no money.
    Failed,
}

/// What the provider will do about a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The decision; a silent payment never gets one.
    pub(crate) verdict: Option<Verdict>,
    /// When it is made.
    pub(crate) decided_at: Timestamp,
    /// Seconds after the request at which the callbacks are sent.
    pub(crate) callbacks: Vec<u16>,
}

impl Plan {
    /// The plan for `payment_id` by `method`: as the method's name says; every other method is approved.
    pub(crate) fn of(method: &str, payment_id: &str, requested_at: Timestamp, late_seconds: u16) -> Self {
        let late = late_seconds.min(MAX_DELAY_SECONDS);
        // A card that has money on some days: as the id says, so that asking again changes nothing.
        let has_money = payment_id.bytes().fold(0_u8, u8::wrapping_add) & 1 == 0;
        let (verdict, delay, callbacks) = match method {
            "tok_sometimes" if has_money => (Some(Verdict::Succeeded), 0, vec![PROMPT_SECONDS]),
            "tok_sometimes" => (Some(Verdict::Failed), 0, vec![PROMPT_SECONDS]),
            // Cards: what a token says is decided before the request is answered.
            "tok_approve" => (Some(Verdict::Succeeded), 0, vec![PROMPT_SECONDS]),
            "tok_decline" => (Some(Verdict::Failed), 0, vec![PROMPT_SECONDS]),
            "tok_twice" => (Some(Verdict::Succeeded), 0, vec![PROMPT_SECONDS, PROMPT_SECONDS.saturating_add(1)]),
            "sandbox_decline" => (Some(Verdict::Failed), PROMPT_SECONDS, vec![PROMPT_SECONDS]),
            "sandbox_late" | "tok_late" => (Some(Verdict::Succeeded), late, vec![late]),
            "sandbox_silent" | "tok_silent" => (None, 0, Vec::new()),
            "sandbox_twice" => {
                (Some(Verdict::Succeeded), PROMPT_SECONDS, vec![PROMPT_SECONDS, PROMPT_SECONDS.saturating_add(1)])
            }
            _ => (Some(Verdict::Succeeded), PROMPT_SECONDS, vec![PROMPT_SECONDS]),
        };
        Self { verdict, decided_at: requested_at.plus_seconds(i64::from(delay)), callbacks }
    }

    /// What it is once the payment was cancelled at `now`: nothing is done about it any more. A decision stands, and one
    /// that is on its way comes.
    pub(crate) fn cancelled(&self, now: Timestamp) -> Self {
        match self.verdict {
            Some(_) => self.clone(),
            None => Self::never(now),
        }
    }

    /// The plan for a payment that was cancelled at `now`, before it was asked for.
    pub(crate) const fn never(now: Timestamp) -> Self {
        Self { verdict: Some(Verdict::Failed), decided_at: now, callbacks: Vec::new() }
    }

    /// What the provider says when it is asked at `now`.
    pub(crate) fn status(&self, now: Timestamp) -> &'static str {
        match self.verdict.filter(|_| now >= self.decided_at) {
            None => "pending",
            Some(Verdict::Succeeded) => "succeeded",
            Some(Verdict::Failed) => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(seconds)
    }

    #[test]
    fn methods_do_what_they_say() {
        for (method, first, later, callbacks) in [
            ("sandbox", "pending", "succeeded", vec![1]),
            ("sandbox_decline", "pending", "failed", vec![1]),
            ("sandbox_late", "pending", "succeeded", vec![20]),
            ("sandbox_silent", "pending", "pending", vec![]),
            ("sandbox_twice", "pending", "succeeded", vec![1, 2]),
            ("card", "pending", "succeeded", vec![1]),
            ("tok_approve", "succeeded", "succeeded", vec![1]),
            ("tok_decline", "failed", "failed", vec![1]),
            ("tok_late", "pending", "succeeded", vec![20]),
            ("tok_silent", "pending", "pending", vec![]),
            ("tok_twice", "succeeded", "succeeded", vec![1, 2]),
            ("tok_sometimes", "succeeded", "succeeded", vec![1]),
        ] {
            let plan = Plan::of(method, "pay_1", at(100), 20);
            assert_eq!((plan.status(at(100)), plan.status(at(121))), (first, later), "{method}");
            assert_eq!(plan.callbacks, callbacks, "{method}");
        }
        assert_eq!(Plan::of("sandbox_late", "pay_1", at(100), 20).status(at(119)), "pending");
        assert_eq!(Plan::of("tok_sometimes", "pay_2", at(100), 20).status(at(100)), "failed");
    }

    #[test]
    fn only_what_nobody_has_decided_is_cancelled() {
        for (method, told) in [("tok_silent", "failed"), ("tok_late", "pending"), ("tok_approve", "succeeded")] {
            assert_eq!(Plan::of(method, "pay_1", at(100), 20).cancelled(at(101)).status(at(101)), told, "{method}");
        }
        assert_eq!(Plan::never(at(100)).status(at(100)), "failed");
    }

    proptest! {
        #[test]
        fn no_callback_comes_before_the_decision_or_later_than_a_queue_can_wait(
            method in "(sandbox|sandbox_decline|sandbox_late|sandbox_silent|sandbox_twice|other)", late in 0_u16..,
        ) {
            let plan = Plan::of(&method, "pay_1", at(100), late);
            for delay in plan.callbacks.iter().copied() {
                prop_assert!(delay <= MAX_DELAY_SECONDS.saturating_add(1));
                prop_assert!(at(100).plus_seconds(i64::from(delay)) >= plan.decided_at);
            }
            prop_assert_eq!(plan.verdict.is_none(), plan.callbacks.is_empty());
        }
    }
}
