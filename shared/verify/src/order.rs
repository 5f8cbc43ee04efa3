//! What an order took from a wallet, and what came back of it, against what the order's own stream says.

use quoin_events::types::{OrderPaid, WalletRefunded};
use quoin_events::{Envelope, EventData};
use quoin_ledger::{Posting, Purpose};
use quoin_money::{Amount, Asset};
use serde::Deserialize;

use crate::{Break, Entry, Kind};

/// The break where `posting`, in the wallet of `user_id` at `place`, pays for an order or refunds one that does not tell
/// of it, or gives back other than was taken.
#[must_use]
pub fn explain_order(user_id: &str, place: &str, posting: &Posting, stream: &[Entry]) -> Option<Break> {
    let is_payment = posting.purpose == Purpose::DebitOrderPayment;
    if !is_payment && posting.purpose != Purpose::CreditOrderRefund {
        return None;
    }
    let amount = posting.delta.magnitude().unwrap_or_default();
    let broken = |expected: String| {
        let found = format!("{} {} {}", posting.purpose.as_str(), posting.delta, posting.asset);
        Some(Break::new(Kind::Order, place, found, expected))
    };
    let Some(paid) = first::<OrderPaid>(stream) else { return broken("an order that was paid".to_owned()) };
    let is_told = if is_payment {
        true
    } else {
        let refunded = first::<WalletRefunded>(stream);
        refunded.is_some_and(|refunded| refunded.refund_transaction_ids.contains(&posting.transaction_id))
    };
    let is_part = paid.payment_breakdown.iter().any(|part| {
        let is_it = !is_payment || part.transaction_id == posting.transaction_id;
        is_it && (part.kind, part.amount) == (posting.asset, amount)
    });
    if is_told && is_part && paid.user_id == user_id { None } else { broken(describe(&paid)) }
}

/// The data of the one event of type `T`.
fn first<T: EventData + for<'a> Deserialize<'a>>(stream: &[Entry]) -> Option<T> {
    let mut events = stream.iter().flat_map(|entry| &entry.events).filter(|event: &&Envelope| event.event == T::NAME);
    events.next().and_then(|event| event.data().ok())
}

fn describe(paid: &OrderPaid) -> String {
    let part = |asset: Asset, amount: Amount, id: &str| format!("{amount} {asset} ({id})");
    let parts = paid.payment_breakdown.iter().map(|one| part(one.kind, one.amount, &one.transaction_id));
    format!("{} for {}", parts.collect::<Vec<_>>().join(", "), paid.user_id)
}
