//! What a command leaves: the events that its answer tells of, exactly, and of a refusal nothing but its failure.

use crate::actors::{Done, Record};
use crate::books::Books;
use crate::credits::{Deed, Goal};
use crate::findings::{Broken, Check, Side};
use crate::scenario::Action;

/// Kinds of streams that commands themselves write.
const WRITTEN: [&str; 11] =
    ["bet", "cmd", "order", "payment", "wallet", "user", "purchase", "boost", "gig", "clan", "contribution"];

/// What refusals tell, by their code; every other one tells nothing.
const FAILURES: [(&str, &str); 2] =
    [("WALLET_INSUFFICIENT_BALANCE", "wallet.debit_failed"), ("LIMIT_REACHED", "wallet.limit_reached")];

/// How every order begins.
const VALIDATED: [&str; 2] = ["order.validation_started", "order.validation_completed"];

/// The events of an order that was taken, and paid with so many assets.
fn placed(paid: usize) -> Vec<&'static str> {
    let debits = std::iter::repeat_n("wallet.debited", paid);
    let debits = (paid > 0).then_some("wallet.debit_started").into_iter().chain(debits);
    let before = VALIDATED.into_iter().chain(["order.initiated"]);
    before.chain(debits).chain(["order.paid"]).collect()
}

/// What is known of the events of a command.
enum Told<'a> {
    /// They are these, and its answer means those.
    Means(Vec<&'a str>, Vec<&'a str>),
    /// It has none of its own: what follows from the feed is held against the model.
    Nothing,
    /// Nothing says what such an answer means.
    Unlisted,
}

/// Every command whose events are others.
pub(crate) fn compare(books: &Books, record: &Record) -> Vec<Broken> {
    record.done.iter().filter_map(|done| compare_one(books, done)).collect()
}

fn compare_one(books: &Books, done: &Done) -> Option<Broken> {
    let status = done.answer()?.status;
    match told(books, done, status) {
        Told::Means(is, expected) if is != expected => {
            let what = format!("step {} left {is:?}, its answer means {expected:?}", done.step);
            let side = Side::new("events", expected.join(", "), is.join(", "));
            Some(Broken::new(Check::Effects, what).beside([side]))
        }
        Told::Means(..) | Told::Nothing => None,
        Told::Unlisted => {
            let what = format!("nothing says which events step {} leaves when it is answered {status}", done.step);
            let side = Side::new("answer", "one whose events are listed", status);
            Some(Broken::new(Check::Effects, what).beside([side]))
        }
    }
}

fn told<'a>(books: &'a Books, done: &'a Done, status: u16) -> Told<'a> {
    let body = done.answer().map(|answer| &answer.body);
    let member = |name: &str| body.and_then(|body| body[name].as_str()).unwrap_or_default();
    let first = |stream: String| told_at(books, &stream, 0);
    let own = || of_request(books, done, &WRITTEN);
    match (&done.step.action, status) {
        (Action::Bet { .. }, 201) => {
            Told::Means(first(format!("bet#{}", member("bet_id"))), vec!["BetPlaced", "wallet.debited"])
        }
        (Action::Order { .. }, 201) => {
            let paid = body.and_then(|body| body["payment"]["transaction_ids"].as_array()).map_or(0, Vec::len);
            Told::Means(first(format!("order#{}", member("order_id"))), placed(paid))
        }
        (Action::Order { .. }, 422) => {
            let debit = matches!(member("code"), "WALLET_INSUFFICIENT_BALANCE" | "WALLET_CLOSED");
            let debit = debit.then_some("wallet.debit_failed");
            let expected = VALIDATED.into_iter().chain(debit).chain(["order.failed"]).collect();
            Told::Means(own(), expected)
        }
        (Action::Register { .. }, 201 | 422) => {
            let accepted = done.commands.iter().filter(|answers| answers.iter().any(|one| one.status == 201));
            let is = of_request(books, done, &["user"]).into_iter().chain(of_rival(books, done));
            Told::Means(is.collect(), vec!["UserRegistered"; accepted.count()])
        }
        (Action::Gift { .. }, 201) => Told::Means(own(), vec!["wallet.credited"]),
        (Action::Credits { deed, .. }, _) => of_deed(books, done, *deed, status),
        // Held against the provider and the streams, in `members`.
        (Action::Join { .. } | Action::Member { .. }, _) => Told::Nothing,
        (Action::Behave { .. } | Action::Clear { .. }, 200 | 404) => Told::Nothing,
        (Action::Deposit { .. }, 202) => {
            Told::Means(first(format!("payment#{}", member("payment_id"))), vec!["DepositInitiated"])
        }
        (Action::CancelBet { .. }, 200) => {
            let stream = format!("bet#{}", member("bet_id"));
            let entries = books.streams.get(&stream).map(Vec::len).unwrap_or_default();
            let last = told_at(books, &stream, entries.saturating_sub(1));
            Told::Means(last, vec!["BetCancelled", "wallet.credited"])
        }
        (Action::Transfer { .. }, 201) => {
            Told::Means(first(format!("cmd#{}", member("transfer_id"))), vec!["wallet.transferred"])
        }
        (Action::Adjust { cents, .. }, 201) => {
            Told::Means(own(), vec![if *cents < 0 { "wallet.debited" } else { "wallet.credited" }])
        }
        // Only what is paid out is told.
        (Action::Hold { is_captured, .. }, 201) => {
            Told::Means(own(), if *is_captured { vec!["wallet.debited"] } else { Vec::new() })
        }
        (Action::Limit { .. }, 200) | (Action::Forged { .. }, 401) => Told::Means(own(), Vec::new()),
        (Action::Exclude { .. }, 200) => {
            let until = member("self_excluded_until");
            let is_so = |event: &serde_json::Value| {
                event["event"] == "UserDeactivated"
                    && event["data"]["user_id"] == member("user_id")
                    && event["data"]["until"] == until
            };
            let is_told = books.of_kind("user").flat_map(|(_, entries)| entries).flat_map(|one| &one.events).any(is_so);
            // It takes no key: each time that it is asked for may make it longer.
            let is = own();
            let expected = if is_told { is.len() } else { is.len() + 1 };
            Told::Means(is, vec!["UserDeactivated"; expected])
        }
        (Action::Exclude { .. }, 422) => {
            // So it may be in its own way.
            let is = own();
            let expected = vec!["UserDeactivated"; is.len()];
            Told::Means(is, expected)
        }
        (Action::YesAfterAll { .. }, 204) => {
            // Whoever says so first.
            let is = of_request(books, done, &["payment"]);
            let expected = vec!["DepositSuccess"; is.len().min(1)];
            Told::Means(is, expected)
        }
        (_, 422) => {
            // Others learn of refused stakes and deposits only.
            let failures = match done.step.action {
                Action::Bet { .. } | Action::Deposit { .. } => FAILURES.as_slice(),
                _ => &[],
            };
            let code = member("code");
            let failures = failures.iter().filter(|(refusal, _)| *refusal == code).map(|(_, event)| *event);
            Told::Means(own(), failures.collect())
        }
        (Action::Odds { .. } | Action::Stop { .. } | Action::Result { .. } | Action::CancelMarket { .. }, 204) => {
            Told::Nothing
        }
        _ => Told::Unlisted,
    }
}

/// The same of what is done with credits.
fn of_deed<'a>(books: &'a Books, done: &'a Done, deed: Deed, status: u16) -> Told<'a> {
    let own = of_request(books, done, &WRITTEN);
    let code = done.answer().and_then(|answer| answer.body["code"].as_str()).unwrap_or_default();
    // What takes no key may be done by each time that it is asked for, or by none if it was so already.
    let often = |own: Vec<&'a str>, least: usize, event: &'static str| {
        let count = own.len().max(least);
        Told::Means(own, vec![event; count])
    };
    match (deed, status) {
        (Deed::Boost { times: 1, goal, .. }, 201) => {
            let boost = match goal {
                Goal::Profile(_) => "profile_boost",
                Goal::Gig(_) | Goal::Nowhere => "gig_boost",
                Goal::Clan(_) => "clan_boost",
            };
            Told::Means(own, vec![boost, "credit_spent", "wallet.debited"])
        }
        // Some of them are refused; each is held against the wallets and what its target has.
        (Deed::Boost { times, .. }, _) if times > 1 => Told::Nothing,
        (Deed::Buy { .. }, 201) => Told::Means(own, vec!["credit_purchase", "wallet.debited", "wallet.credited"]),
        (Deed::Give { .. }, 201) => Told::Means(own, vec!["wallet.debited", "clan_contribution", "credit_spent"]),
        (Deed::Pay { .. }, 201) => {
            let told = ["wallet.debited", "wallet.credited", "gig_payment", "credit_spent", "credit_earned"];
            Told::Means(own, told.to_vec())
        }
        (Deed::Offer { .. }, 201) => often(own, 1, "gig.created"),
        (Deed::Found, 201) => often(own, 1, "clan.created"),
        (Deed::Complete { .. }, 200) => often(own, 0, "gig.completed"),
        (Deed::Join { .. }, 200) => often(own, 0, "clan.member_joined"),
        (Deed::Leave { .. }, 204) => often(own, 0, "clan.member_left"),
        (Deed::Look { .. } | Deed::Browse { .. }, _) => Told::Nothing,
        (_, 400 | 404 | 422) => {
            let failures = FAILURES.iter().filter(|(refusal, _)| *refusal == code).map(|(_, event)| *event);
            Told::Means(own, failures.collect())
        }
        _ => Told::Unlisted,
    }
}

/// Names of the events in streams of `kinds` that the step's requests led to.
fn of_request<'a>(books: &'a Books, done: &Done, kinds: &[&str]) -> Vec<&'a str> {
    of_key(books, &format!("req-step-{}", done.step.number), kinds)
}

/// The same of the one who did the same at the same moment.
fn of_rival<'a>(books: &'a Books, done: &Done) -> Vec<&'a str> {
    of_key(books, &format!("req-step-{}-rival", done.step.number), &["user"])
}

fn of_key<'a>(books: &'a Books, request: &str, kinds: &[&str]) -> Vec<&'a str> {
    let is_own = |stream: &str| stream.split_once('#').is_some_and(|(kind, _)| kinds.contains(&kind));
    let events =
        books.events().filter(|(stream, _, event)| is_own(stream) && event["metadata"]["request_id"] == request);
    named(events.map(|(_, _, event)| event))
}

fn told_at<'a>(books: &'a Books, stream: &str, index: usize) -> Vec<&'a str> {
    let entry = books.streams.get(stream).and_then(|entries| entries.get(index));
    named(entry.into_iter().flat_map(|entry| &entry.events))
}

/// Names of events, without what expired or was repaid along with them.
fn named<'a>(events: impl Iterator<Item = &'a serde_json::Value>) -> Vec<&'a str> {
    let events = events.filter(|event| {
        let purpose = event["data"]["transaction_type"].as_str().unwrap_or_default();
        !matches!(purpose, "debit_expired" | "debit_owed_repayment")
    });
    events.filter_map(|event| event["event"].as_str()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::actors::Answer;
    use crate::scenario::Step;

    fn found(action: Action, status: u16) -> bool {
        let answer = Answer { status, body: json!({"code": "LIMIT_REACHED"}), is_repeated: false };
        let step = Step { number: 1, at: 0, action };
        let done = Done { step, span: (0, 0), commands: vec![vec![answer]], about: None };
        compare_one(&Books::default(), &done).is_some()
    }

    #[test]
    fn every_answer_means_something() {
        let hold = |is_captured| Action::Hold { user: 0, cents: 1, is_captured };
        let limit = Action::Limit { user: 0, kind: "stake", cents: 1 };
        // Nothing is in the books, so only what leaves nothing fits.
        assert!(found(Action::Adjust { user: 0, cents: 1 }, 201));
        assert!(found(hold(true), 201) && !found(hold(false), 201) && !found(hold(true), 422));
        assert!(found(Action::Exclude { user: 0 }, 200));
        assert!(!found(limit.clone(), 200) && found(limit, 201));
        assert!(found(Action::Deposit { user: 0, cents: 1, method: "sandbox" }, 422));
        assert!(found(Action::Forged { user: 0 }, 204) && !found(Action::Forged { user: 0 }, 401));
        assert!(!found(Action::Stop { event: 0 }, 204) && found(Action::Stop { event: 0 }, 404));
    }
}
