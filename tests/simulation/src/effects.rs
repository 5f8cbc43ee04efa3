//! What a command leaves: the events that its answer tells of, exactly, and of a refusal nothing but its failure.

use crate::actors::{Done, Record};
use crate::books::Books;
use crate::findings::{Broken, Check};
use crate::scenario::Action;

/// Kinds of streams that commands themselves write.
const WRITTEN: [&str; 5] = ["bet", "cmd", "payment", "wallet", "user"];

/// What refusals tell, by their code; every other one tells nothing.
const FAILURES: [(&str, &str); 2] =
    [("WALLET_INSUFFICIENT_BALANCE", "wallet.debit_failed"), ("LIMIT_REACHED", "wallet.limit_reached")];

/// Every command whose events are others.
pub(crate) fn compare(books: &Books, record: &Record) -> Vec<Broken> {
    let wrong = record.done.iter().filter_map(|done| {
        let (is, expected) = told(books, done)?;
        let what = || format!("step {} left {is:?}, its answer means {expected:?}", done.step);
        (is != expected).then(|| Broken::new(Check::Effects, what()))
    });
    wrong.collect()
}

/// The events of a command, and those that its answer means; `None` where it has none of its own.
fn told<'a>(books: &'a Books, done: &Done) -> Option<(Vec<&'a str>, Vec<&'static str>)> {
    let answer = done.answer()?;
    let code = answer.body["code"].as_str().unwrap_or_default();
    let first = |stream: String| told_at(books, &stream, 0);
    let id = |name: &str| answer.body[name].as_str().unwrap_or_default();
    match (&done.step.action, answer.status) {
        (Action::Bet { .. }, 201) => {
            Some((first(format!("bet#{}", id("bet_id"))), vec!["BetPlaced", "wallet.debited"]))
        }
        (Action::Deposit { .. }, 202) => {
            Some((first(format!("payment#{}", id("payment_id"))), vec!["DepositInitiated"]))
        }
        (Action::CancelBet { .. }, 200) => {
            let stream = format!("bet#{}", id("bet_id"));
            let entries = books.streams.get(&stream).map(Vec::len).unwrap_or_default();
            Some((told_at(books, &stream, entries.saturating_sub(1)), vec!["BetCancelled", "wallet.credited"]))
        }
        (Action::Transfer { .. }, 201) => {
            Some((first(format!("cmd#{}", id("transfer_id"))), vec!["wallet.transferred"]))
        }
        (_, 422) => {
            let request = format!("req-step-{}", done.step.number);
            let is_own = |stream: &str| stream.split_once('#').is_some_and(|(kind, _)| WRITTEN.contains(&kind));
            let events = books
                .events()
                .filter(|(stream, _, event)| is_own(stream) && event["metadata"]["request_id"] == request.as_str());
            // Others learn of refused stakes and deposits only.
            let failures = match done.step.action {
                Action::Bet { .. } | Action::Deposit { .. } => FAILURES.as_slice(),
                _ => &[],
            };
            let failures = failures.iter().filter(|(refusal, _)| *refusal == code).map(|(_, event)| *event);
            Some((events.filter_map(|(_, _, event)| event["event"].as_str()).collect(), failures.collect()))
        }
        _ => None,
    }
}

/// Names of the events of an item, without what expired or was repaid along with it.
fn told_at<'a>(books: &'a Books, stream: &str, index: usize) -> Vec<&'a str> {
    let entry = books.streams.get(stream).and_then(|entries| entries.get(index));
    let events = entry.into_iter().flat_map(|entry| &entry.events).filter(|event| {
        let purpose = event["data"]["transaction_type"].as_str().unwrap_or_default();
        !matches!(purpose, "debit_expired" | "debit_owed_repayment")
    });
    events.filter_map(|event| event["event"].as_str()).collect()
}
