//! One alteration at a time, each found under its name at its place.

use crate::{Change, Kind};
use proptest::prelude::*;
use quoin_ledger::{Account, Posting};
use quoin_money::{Amount, Asset, Delta};
use quoin_store::{Item, JournalItem};

use super::history::{History, USER, histories};

fn postings(item: &Item) -> Vec<Posting> {
    item.require_json("lines").unwrap()
}

fn with(item: &Item, postings: &[Posting]) -> Item {
    item.clone().json("lines", &postings).unwrap()
}

/// Alters the first posting of the first item, which is a deposit.
fn posting(history: &mut History, alter: impl FnOnce(&mut Posting)) {
    let mut lines = postings(&history.items[0]);
    alter(&mut lines[0]);
    history.items[0] = with(&history.items[0], &lines);
}

/// An alteration of an item or of the wallet, and the name under which it has to be found first.
type Alteration = (&'static str, Kind, fn(&mut History));

const ALTERATIONS: &[Alteration] = &[
    ("an item is gone", Kind::VersionGap, |history| {
        history.items.remove(1);
    }),
    ("an item is there twice", Kind::VersionGap, |history| {
        let item = history.items[1].clone();
        history.items.insert(1, item);
    }),
    ("a sequence is left out", Kind::SequenceGap, |history| {
        let first = history.items[1].get_number("s0").unwrap();
        history.items[1] = history.items[1].clone().number("s0", first + 1);
    }),
    ("time goes back", Kind::TimeBack, |history| {
        history.items[2] = history.items[2].clone().text("at", "1970-01-01T00:00:00.001Z");
    }),
    ("a moment is none", Kind::Unreadable, |history| {
        history.items[1] = history.items[1].clone().text("at", "yesterday");
    }),
    ("a posting moves more", Kind::Posting, |history| {
        posting(history, |posting| posting.delta = posting.delta.and(Delta::plus(Amount::whole(1))).unwrap());
    }),
    ("a posting starts from elsewhere", Kind::Posting, |history| {
        posting(history, |posting| posting.before = Amount::whole(9));
    }),
    ("a balance is negative", Kind::Posting, |history| {
        let after = r#"{"cash":{"available":-5}}"#;
        history.items[0] = history.items[0].clone().text("after", after);
    }),
    ("more is left than was posted", Kind::Posting, |history| {
        let after = r#"{"cash":{"available":1001}}"#;
        history.items[0] = history.items[0].clone().text("after", after);
    }),
    ("a posting is booked on another account", Kind::Sum, |history| {
        posting(history, |posting| posting.account = Account::Stakes);
    }),
    ("more is held than was posted", Kind::Hold, |history| {
        let after = r#"{"cash":{"available":1993,"held":8}}"#;
        history.items[2] = history.items[2].clone().text("after", after);
    }),
    ("an event tells of more", Kind::Event, |history| {
        let texts: Vec<_> = history.items[0].get_texts("ev").iter().map(|text| text.replace("1000", "1001")).collect();
        history.items[0] = history.items[0].clone().texts("ev", texts);
    }),
    ("an event is gone", Kind::Event, |history| {
        history.items[0] = history.items[0].clone().texts("ev", Vec::new());
    }),
    ("an event is another's", Kind::Event, |history| {
        let texts: Vec<_> = history.items[0].get_texts("ev").iter().map(|text| text.replace(USER, "user_2")).collect();
        history.items[0] = history.items[0].clone().texts("ev", texts);
    }),
    ("an event's text is altered where nothing is compared", Kind::Chain, |history| {
        let texts: Vec<_> =
            history.items[0].get_texts("ev").iter().map(|text| text.replace("req_1", "req_2")).collect();
        history.items[0] = history.items[0].clone().texts("ev", texts);
    }),
    ("the cause is another one", Kind::Event, |history| {
        history.items[0] = history.items[0].clone().text("cause", r#"{"type":"payment","id":"other"}"#);
    }),
    ("a hash is another one", Kind::Chain, |history| {
        history.items[1] = history.items[1].clone().text("h", "00");
    }),
    ("the hash before is another one", Kind::Chain, |history| {
        history.items[1] = history.items[1].clone().text("ph", "00");
    }),
    ("the hash of the events is another one", Kind::Chain, |history| {
        history.items[1] = history.items[1].clone().text("evh", "00");
    }),
    ("a transaction id is another one", Kind::Event, |history| {
        posting(history, |posting| posting.transaction_id = "txn_0".to_owned());
    }),
    ("the last item is gone", Kind::Head, |history| {
        history.items.pop();
    }),
    ("the wallet has moved on", Kind::Head, |history| history.wallet.version += 1),
    ("the wallet ends in another hash", Kind::Head, |history| history.wallet.chain_head = "00".to_owned()),
    ("the wallet counts other events", Kind::Head, |history| history.wallet.event_count += 1),
    ("the wallet has more", Kind::Balance, |history| {
        let cash = history.wallet.balances.get_mut(&Asset::Cash).unwrap();
        cash.available = cash.available.plus("0.01".parse().unwrap()).unwrap();
    }),
    ("the wallet has set more aside", Kind::Balance, |history| {
        let cash = history.wallet.balances.get_mut(&Asset::Cash).unwrap();
        cash.held = cash.held.plus(Amount::whole(1)).unwrap();
    }),
    ("the wallet owes more", Kind::Balance, |history| {
        let owed = history.wallet.owed.get(&Asset::Cash).copied().unwrap_or_default();
        history.wallet.owed.insert(Asset::Cash, owed.plus(Amount::whole(1)).unwrap());
    }),
    ("a lot is unknown", Kind::Balance, |history| {
        let lot = quoin_ledger::Lot { amount: Amount::whole(1), expires_at: None, merchant_id: Some("m".to_owned()) };
        history.wallet.balances.entry(Asset::Cash).or_default().lots.push(lot);
    }),
    ("a hold is more than what is held", Kind::Hold, |history| {
        let hold = history.wallet.holds.values_mut().next().unwrap();
        hold.amount = hold.amount.plus(Amount::whole(1)).unwrap();
    }),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_history_that_is_right_has_no_break(history in histories()) {
        let (fold, breaks) = history.check();
        prop_assert_eq!(breaks, Vec::new());
        // A fold survives being kept.
        let text = serde_json::to_string(&fold).unwrap();
        prop_assert_eq!(serde_json::from_str::<crate::Fold>(&text).unwrap(), fold);
    }

    #[test]
    fn each_alteration_is_found_first_under_its_name(history in histories()) {
        for (what, kind, alter) in ALTERATIONS {
            let mut altered = history.clone();
            alter(&mut altered);
            let breaks = altered.check().1;
            prop_assert_eq!(breaks.first().map(|found| found.kind), Some(*kind), "{}: {:?}", what, breaks);
        }
    }

    #[test]
    fn no_bit_of_what_the_chain_covers_can_be_altered(history in histories(), at in any::<prop::sample::Index>(), with in "[0-9a-z]") {
        for name in ["lines", "after", "cause", "at", "evh", "ph", "h"] {
            let mut altered = history.clone();
            let place = at.index(altered.items.len());
            let text = altered.items[place].get_text(name).unwrap().to_owned();
            if text.is_empty() {
                continue;
            }
            let letter = at.index(text.len());
            let mut new = text.clone();
            new.replace_range(letter..=letter, &with);
            if new != text {
                altered.items[place] = altered.items[place].clone().text(name, new);
                prop_assert!(!altered.check().1.is_empty(), "{name} of {place}");
            }
        }
    }
}

#[test]
fn an_item_without_its_texts_cannot_be_read() {
    for name in ["at", "sk"] {
        let item = Item::new().text("pk", "wallet#u").number("sk", 1).text(name, "");
        let unreadable = Change::read(&JournalItem::from(item)).unwrap_err();
        assert_eq!(unreadable.kind, Kind::Unreadable);
    }
}
