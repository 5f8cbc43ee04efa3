//! Lines of bets, deposits and transfers against what bets, payments and transfers say.

use crate::{BetLines, BetStanding, BetStory, Entry, Kind, explain_deposit, explain_transfer};
use quoin_events::types::{
    BetCancelled, BetPlaced, BetResult, BetSettled, BetType, CancelReason, DepositSuccess, Money, StakeRefund,
    WalletTransferred,
};
use quoin_events::{Draft, EventData, Timestamp};
use quoin_ledger::{Account, Posting, Purpose};
use quoin_money::{Amount, Asset};

use super::history::{USER, entry, first, item};

fn at(seconds: i64) -> Timestamp {
    Timestamp::default().plus_seconds(seconds)
}

fn draft<T: EventData>(data: &T) -> Draft {
    Draft::new(data, at(1)).unwrap()
}

fn posting(purpose: Purpose, delta: &str, owed: &str) -> Posting {
    Posting {
        transaction_id: "txn_1".to_owned(),
        asset: Asset::Cash,
        delta: delta.parse().unwrap(),
        before: Amount::ZERO,
        after: Amount::ZERO,
        purpose,
        account: Account::Stakes,
        owed: owed.parse().unwrap(),
        lots: Vec::new(),
    }
}

fn placed() -> Draft {
    draft(&BetPlaced {
        bet_id: "b".to_owned(),
        user_id: USER.to_owned(),
        kind: BetType::Single,
        stake: Money { amount: Amount::whole(10), asset: Asset::Cash },
        total_odds: "2".parse().unwrap(),
        potential_payout: Amount::whole(20),
        selections: Vec::new(),
    })
}

fn settled(number: u32, delta: &str) -> Draft {
    draft(&settlement(number, delta))
}

fn settlement(number: u32, delta: &str) -> BetSettled {
    BetSettled {
        bet_id: "b".to_owned(),
        user_id: USER.to_owned(),
        settlement_no: number,
        result: BetResult::Won,
        stake: Money { amount: Amount::whole(10), asset: Asset::Cash },
        payout_total: Amount::ZERO,
        payout_delta: delta.parse().unwrap(),
        payout_expires_at: None,
        refund: None,
    }
}

fn cancelled() -> Draft {
    draft(&BetCancelled {
        bet_id: "b".to_owned(),
        user_id: USER.to_owned(),
        reason: CancelReason::Customer,
        asset: Asset::Cash,
        refund: Amount::whole(10),
    })
}

/// The story of a bet whose stream has one item per draft, a second apart.
fn story(drafts: &[Draft]) -> BetStory {
    let items = (1_u64..).zip(drafts).map(|(version, draft)| {
        item(("bet", "b"), (version, version), at(i64::try_from(version).unwrap()), std::slice::from_ref(draft))
    });
    let entries: Vec<Entry> = items.map(|item| entry(&item)).collect();
    BetStory::read(&entries).unwrap()
}

fn standing(story: &BetStory, postings: &[Posting]) -> BetStanding {
    let mut bet = BetLines::default();
    postings.iter().for_each(|posting| bet.add(posting));
    bet.standing(story)
}

fn stake() -> Posting {
    posting(Purpose::DebitBetStake, "-10", "0")
}

fn is_broken(standing: &BetStanding) -> bool {
    matches!(standing, BetStanding::Broken(..))
}

#[test]
fn an_open_bet_waits_and_a_lost_one_is_complete() {
    assert_eq!(standing(&story(&[placed()]), &[stake()]), BetStanding::Waiting(None));
    assert_eq!(standing(&story(&[placed(), settled(1, "0")]), &[stake()]), BetStanding::Complete);
}

#[test]
fn a_payout_is_on_its_way_until_it_is_there_and_comes_once() {
    let (won, payout) = (story(&[placed(), settled(1, "20")]), posting(Purpose::CreditBetPayout, "20", "0"));
    assert_eq!(standing(&won, &[stake()]), BetStanding::Waiting(Some(at(2))));
    assert_eq!(standing(&won, &[stake(), payout.clone()]), BetStanding::Complete);
    assert!(is_broken(&standing(&won, &[stake(), payout.clone(), payout])));
    assert!(is_broken(&standing(&won, &[stake(), posting(Purpose::CreditBetPayout, "20.01", "0")])));
}

#[test]
fn a_correction_is_what_was_taken_and_what_is_owed_together() {
    let corrected = story(&[placed(), settled(1, "20"), settled(2, "-20")]);
    let payout = posting(Purpose::CreditBetPayout, "20", "0");
    let part = posting(Purpose::DebitBetCorrection, "-5", "15");
    assert_eq!(standing(&corrected, &[stake(), payout.clone(), part.clone()]), BetStanding::Complete);
    // Differences commute: the second one may come first.
    assert_eq!(standing(&corrected, &[stake(), part, payout.clone()]), BetStanding::Complete);
    assert!(is_broken(&standing(&corrected, &[stake(), payout, posting(Purpose::DebitBetCorrection, "-5", "14")])));
}

#[test]
fn a_refund_is_the_stake_and_comes_only_when_the_bet_is_cancelled() {
    let refund = posting(Purpose::CreditBetRefund, "10", "0");
    let over = story(&[placed(), cancelled()]);
    assert_eq!(standing(&over, &[stake(), refund.clone()]), BetStanding::Complete);
    assert_eq!(standing(&over, &[stake()]), BetStanding::Waiting(Some(at(2))));
    assert!(is_broken(&standing(&story(&[placed()]), &[stake(), refund])));
}

#[test]
fn the_stake_of_a_void_bet_comes_back_as_a_refund() {
    let refund = StakeRefund { placed_at: at(1), lots: Vec::new() };
    let void = draft(&BetSettled { refund: Some(refund), ..settlement(1, "10") });
    let over = story(&[placed(), void, settled(2, "10")]);
    let (refund, payout) = (posting(Purpose::CreditBetRefund, "10", "0"), posting(Purpose::CreditBetPayout, "10", "0"));
    assert_eq!(standing(&over, &[stake(), refund.clone(), payout.clone()]), BetStanding::Complete);
    assert!(is_broken(&standing(&over, &[stake(), payout.clone(), payout])));
    assert!(is_broken(&standing(&over, &[stake(), refund.clone(), refund])));
}

#[test]
fn another_stake_than_the_bets_is_a_break() {
    let open = story(&[placed()]);
    assert!(is_broken(&standing(&open, &[posting(Purpose::DebitBetStake, "-9", "0")])));
    assert!(is_broken(&standing(&open, &[stake(), stake()])));
    assert_eq!(BetStory::read(&[]), None);
}

#[test]
fn a_deposit_is_credited_as_the_provider_confirmed_it() {
    let success = DepositSuccess {
        payment_id: "p".to_owned(),
        user_id: USER.to_owned(),
        amount: Amount::whole(50),
        asset: Asset::Cash,
        method: "m".to_owned(),
        provider: "p".to_owned(),
        provider_reference: "r".to_owned(),
        limit_counted_at: None,
    };
    let paid = [entry(&first("payment", "p", at(1), &[draft(&success)]))];
    let kind = |user: &str, posting: &Posting, stream: &[Entry]| {
        explain_deposit(user, "wallet#u 1", posting, stream).map(|found| found.kind)
    };
    let line = posting(Purpose::CreditDeposit, "50", "0");
    assert_eq!(kind(USER, &line, &paid), None);
    assert_eq!(kind(USER, &line, &[]), Some(Kind::Deposit));
    assert_eq!(kind("user_2", &line, &paid), Some(Kind::Deposit));
    assert_eq!(kind(USER, &posting(Purpose::CreditDeposit, "50.01", "0"), &paid), Some(Kind::Deposit));
}

#[test]
fn a_transfer_gives_one_what_it_takes_from_the_other() {
    let transfer = WalletTransferred {
        transfer_id: "t".to_owned(),
        from_user_id: "from".to_owned(),
        to_user_id: "to".to_owned(),
        asset: Asset::Cash,
        amount: Amount::whole(5),
        note: None,
    };
    let told = [entry(&first("cmd", "t", at(1), &[draft(&transfer)]))];
    let kind =
        |user: &str, posting: &Posting| explain_transfer(user, "wallet#u 1", posting, &told).map(|found| found.kind);
    let (paid, got) = (posting(Purpose::DebitTransfer, "-5", "0"), posting(Purpose::CreditTransfer, "5", "0"));
    assert_eq!((kind("from", &paid), kind("to", &got)), (None, None));
    assert_eq!((kind("to", &paid), kind("from", &got)), (Some(Kind::Transfer), Some(Kind::Transfer)));
    assert_eq!(kind("to", &posting(Purpose::CreditTransfer, "6", "0")), Some(Kind::Transfer));
    assert_eq!(kind("to", &posting(Purpose::DebitExpired, "-5", "0")), None);
}
