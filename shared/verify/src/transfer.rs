//! A transfer's lines against the transfer: what one wallet gives, the other one gets.

use quoin_events::EventData;
use quoin_events::types::WalletTransferred;
use quoin_ledger::{Posting, Purpose};
use quoin_money::Delta;

use crate::{Break, Entry, Kind};

/// The break where `posting`, in the wallet of `user_id` at `place`, is a line of a transfer that the transfer's own
/// stream does not tell of.
#[must_use]
pub fn explain_transfer(user_id: &str, place: &str, posting: &Posting, stream: &[Entry]) -> Option<Break> {
    let pays = posting.purpose == Purpose::DebitTransfer;
    if !pays && posting.purpose != Purpose::CreditTransfer {
        return None;
    }
    let told = stream.iter().flat_map(|entry| &entry.events).filter(|event| event.event == WalletTransferred::NAME);
    let told: Vec<WalletTransferred> = told.filter_map(|event| event.data().ok()).collect();
    let line = |transfer: &WalletTransferred| {
        let (party, delta) = if pays {
            (&transfer.from_user_id, Delta::minus(transfer.amount))
        } else {
            (&transfer.to_user_id, Delta::plus(transfer.amount))
        };
        party == user_id && transfer.asset == posting.asset && delta == posting.delta
    };
    if told.iter().any(line) {
        return None;
    }
    let expected = told.first().map_or_else(
        || "a transfer that is told of".to_owned(),
        |transfer| {
            let WalletTransferred { from_user_id, to_user_id, amount, asset, .. } = transfer;
            format!("{amount} {asset} from {from_user_id} to {to_user_id}")
        },
    );
    let found = format!("{} {} {}", posting.purpose.as_str(), posting.delta, posting.asset);
    Some(Break::new(Kind::Transfer, place, found, expected))
}
