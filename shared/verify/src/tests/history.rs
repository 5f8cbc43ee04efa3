//! Histories of one wallet as the store writes them: decided by the ledger, stored as items.

use crate::{Break, Change, Entry, Fold, compare};
use proptest::prelude::*;
use quoin_digest::Sha256;
use quoin_events::types::{WalletCredited, WalletDebited};
use quoin_events::{Draft, EntityRef, Origin, Place, Timestamp, WalletRef};
use quoin_ledger::{Change as Asked, Decision, Link, Movement, Purpose, Wallet, Window, chain_hash, decide};
use quoin_money::{Amount, Asset};
use quoin_store::{Item, JournalItem};

pub(crate) const USER: &str = "user_1";

/// A wallet, the items of its stream, and items of bets that hold its events.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) wallet: Wallet,
    pub(crate) items: Vec<Item>,
    pub(crate) bets: Vec<Item>,
}

pub(crate) fn entry(item: &Item) -> Entry {
    Entry::read(&JournalItem::from(item.clone())).unwrap()
}

/// The first item of the stream `kind#id` with `drafts`.
pub(crate) fn first(kind: &str, id: &str, at: Timestamp, drafts: &[Draft]) -> Item {
    item((kind, id), (1, 1), at, drafts)
}

/// The item at version and first sequence `place` of a stream.
pub(crate) fn item((kind, id): (&str, &str), place: (u64, u64), at: Timestamp, drafts: &[Draft]) -> Item {
    let texts = (place.1..).zip(drafts).map(|(sequence, draft)| {
        let place = Place { kind, id, sequence };
        draft.render(place, &Origin { request_id: "req_1".to_owned(), ..Origin::default() }).unwrap()
    });
    let item = Item::new().text("pk", format!("{kind}#{id}")).number("sk", place.0).number("s0", place.1);
    item.number("n", drafts.len()).text("at", at.to_string()).texts("ev", texts.collect())
}

impl History {
    pub(crate) fn new() -> Self {
        let wallet = Wallet::new(USER.to_owned(), Timestamp::from_millis(0));
        Self { wallet, items: Vec::new(), bets: Vec::new() }
    }

    /// Carries out `movements`, unless the ledger refuses them. The events of a bet stand in the bet's stream.
    pub(crate) fn change(&mut self, cause: &EntityRef, movements: Vec<Movement>, now: Timestamp) -> bool {
        self.change_telling(cause, movements, now, |_| (None, None))
    }

    /// The same with an event before, and one after, those of its postings.
    pub(crate) fn change_telling(
        &mut self,
        cause: &EntityRef,
        movements: Vec<Movement>,
        now: Timestamp,
        tell: impl Fn(&Decision) -> (Option<Draft>, Option<Draft>),
    ) -> bool {
        let asked = Asked { related: cause.clone(), movements };
        let Ok(decision) = decide(&self.wallet, &asked, now, Window::default()) else { return false };
        let mut wallet = decision.wallet.clone();
        let posted = decision.postings.iter().filter_map(|posting| {
            let entry = posting.entry(USER, cause)?;
            let draft = if posting.delta.is_negative() {
                Draft::new(&WalletDebited(entry), wallet.at)
            } else {
                Draft::new(&WalletCredited(entry), wallet.at)
            };
            Some(draft.unwrap())
        });
        let (before, after) = tell(&decision);
        let drafts: Vec<Draft> = before.into_iter().chain(posted).chain(after).collect();
        let numbered = drafts.into_iter().map(|draft| {
            wallet.event_count = wallet.event_count.saturating_add(1);
            let place = WalletRef { id: USER.to_owned(), version: wallet.version, sequence: wallet.event_count };
            draft.of_wallet(place)
        });
        let drafts: Vec<Draft> = numbered.collect();
        let (own, elsewhere) = if cause.kind == "bet" { (Vec::new(), drafts) } else { (drafts, Vec::new()) };
        let sequence = wallet.own_event_count.saturating_add(1);
        let change = item(("wallet", USER), (wallet.version, sequence), wallet.at, &own);
        wallet.own_event_count = wallet.own_event_count.saturating_add(u64::try_from(own.len()).unwrap());
        let mut texts = Vec::new();
        if cause.kind == "bet" {
            let bet = first("bet", &format!("{}-{}", cause.id, wallet.version), wallet.at, &elsewhere);
            texts.extend(entry(&bet).texts);
            self.bets.push(bet);
        }
        texts.extend(entry(&change).texts);
        let events_hash = Sha256::of_each(texts.iter().map(String::as_str)).hex();
        let at = wallet.at.to_string();
        let lines = serde_json::to_string(&decision.postings).unwrap();
        let (after, cause) = (serde_json::to_string(&wallet.balances).unwrap(), serde_json::to_string(cause).unwrap());
        let previous = self.wallet.chain_head.clone();
        wallet.chain_head = chain_hash(Link {
            previous: &previous,
            user_id: USER,
            version: wallet.version,
            at: &at,
            lines: &lines,
            after: &after,
            cause: &cause,
            events_hash: &events_hash,
        });
        let change = change.text("lines", lines).text("after", after).text("cause", cause).text("evh", events_hash);
        self.items.push(change.text("ph", previous).text("h", wallet.chain_head.clone()));
        self.wallet = wallet;
        true
    }

    pub(crate) fn others(&self) -> Vec<Entry> {
        self.bets.iter().map(entry).collect()
    }

    /// What its stream comes to, and all that is wrong with it.
    pub(crate) fn check(&self) -> (Fold, Vec<Break>) {
        let (mut fold, mut breaks, others) = (Fold::default(), Vec::new(), self.others());
        for item in &self.items {
            match Change::read(&JournalItem::from(item.clone())) {
                Ok(change) => breaks.extend(fold.follow(USER, &change, &others)),
                Err(unreadable) => breaks.push(unreadable),
            }
        }
        breaks.extend(compare(&self.wallet, &fold));
        (fold, breaks)
    }
}

fn movement() -> impl Strategy<Value = Movement> {
    let asset = prop::sample::select(vec![Asset::Cash, Asset::Bonus]);
    let amount = || (1_u32..500).prop_map(Amount::whole);
    let hold_id = prop::sample::select(vec!["a", "b"]).prop_map(str::to_owned);
    prop_oneof![
        3 => (asset.clone(), amount()).prop_map(|(asset, amount)| Movement::Credit {
            asset, amount, purpose: Purpose::CreditDeposit, lots: Vec::new(), counted_at: None,
        }),
        2 => (asset.clone(), amount()).prop_map(|(asset, amount)| Movement::Debit {
            asset, amount, purpose: Purpose::DebitBetStake, merchant_id: None,
        }),
        1 => (asset.clone(), amount()).prop_map(|(asset, amount)| Movement::Collect {
            asset, amount, purpose: Purpose::DebitBetCorrection,
        }),
        2 => (hold_id.clone(), asset, amount()).prop_map(|(hold_id, asset, amount)| Movement::Hold {
            hold_id, asset, amount, expires_at: None,
        }),
        1 => hold_id.clone().prop_map(|hold_id| Movement::Capture { hold_id, amount: None }),
        1 => hold_id.prop_map(|hold_id| Movement::Void { hold_id }),
    ]
}

/// Histories of some changes, each about a payment or a bet.
pub(crate) fn histories() -> impl Strategy<Value = History> {
    let change = (prop::collection::vec(movement(), 1..3), any::<bool>(), 0_i64..5_000);
    prop::collection::vec(change, 3..25).prop_map(|changes| {
        let (mut history, mut now) = (History::new(), Timestamp::from_millis(2_000));
        let deposit = Movement::Credit {
            asset: Asset::Cash,
            amount: Amount::whole(1_000),
            purpose: Purpose::CreditDeposit,
            lots: Vec::new(),
            counted_at: None,
        };
        let cause = |is_bet: bool, id: usize| EntityRef {
            kind: if is_bet { "bet" } else { "payment" }.to_owned(),
            id: id.to_string(),
        };
        // Enough for every alteration to have something to alter.
        for id in 0..2 {
            assert!(history.change(&cause(false, id), vec![deposit.clone()], Timestamp::from_millis(1_000)));
        }
        let hold = Movement::Hold {
            hold_id: "kept".to_owned(),
            asset: Asset::Cash,
            amount: Amount::whole(7),
            expires_at: None,
        };
        assert!(history.change(&cause(false, 2), vec![hold], Timestamp::from_millis(2_000)));
        for (id, (movements, is_bet, step)) in changes.into_iter().enumerate() {
            now = now.plus_millis(step);
            history.change(&cause(is_bet, id.saturating_add(3)), movements, now);
        }
        history
    })
}
