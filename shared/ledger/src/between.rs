//! Money from one wallet to another: two changes that belong together.

use quoin_events::{EntityRef, Timestamp};
use quoin_money::{Amount, Asset};

use crate::{Change, Decision, Movement, Purpose, Rejection, Status, Wallet, Window, decide};

/// What moves from one wallet to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passing {
    /// What it belongs to.
    pub related: EntityRef,
    /// The asset.
    pub asset: Asset,
    /// How much; above zero.
    pub amount: Amount,
    /// What it is for, in the wallet that pays and in the one that is paid.
    pub purposes: (Purpose, Purpose),
}

/// Takes what moves from `from` and gives it to `to`, with the bounds that it has there: what expires does so with
/// whoever has it.
///
/// # Errors
/// The first reason why it is refused; a closed wallet neither pays nor is paid.
pub fn decide_between(
    from: &Wallet,
    to: &Wallet,
    passing: &Passing,
    now: Timestamp,
    calendar: Window,
) -> Result<(Decision, Decision), Rejection> {
    if [from, to].iter().any(|wallet| wallet.status.at(now) == Status::Closed) {
        return Err(Rejection::Closed);
    }
    let Passing { related, asset, amount, purposes: (paying, paid) } = passing.clone();
    let change = |movement| Change { related: related.clone(), movements: vec![movement] };
    let taken = Movement::Debit { asset, amount, purpose: paying, merchant_id: None };
    let debit = decide(from, &change(taken), now, calendar)?;
    let lots = debit.lots(paying, asset);
    let given = Movement::Credit { asset, amount, purpose: paid, lots, counted_at: None };
    let credit = decide(to, &change(given), now, calendar)?;
    Ok((debit, credit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Balance, Lot};

    fn wallet(user: &str, credits: u32, expiring: u32) -> Wallet {
        let mut wallet = Wallet::new(user.to_owned(), Timestamp::from_millis(1));
        let expires_at = Some(Timestamp::from_millis(9_000));
        let lots = vec![Lot { amount: Amount::whole(expiring), expires_at, merchant_id: None }];
        let lots = lots.into_iter().filter(|lot| !lot.amount.is_zero()).collect();
        let balance = Balance { available: Amount::whole(credits), lots, ..Balance::default() };
        wallet.balances.insert(Asset::Credits, balance);
        wallet
    }

    fn passed(from: &Wallet, to: &Wallet, amount: u32) -> Result<(Decision, Decision), Rejection> {
        let passing = Passing {
            related: EntityRef { kind: "gig".to_owned(), id: "g".to_owned() },
            asset: Asset::Credits,
            amount: Amount::whole(amount),
            purposes: (Purpose::DebitGigPayment, Purpose::CreditGigPayment),
        };
        decide_between(from, to, &passing, Timestamp::from_millis(5), Window::default())
    }

    #[test]
    fn what_one_pays_the_other_has_and_it_expires_as_before() {
        let (payer, payee) = (wallet("a", 10, 4), wallet("b", 1, 0));
        let (debit, credit) = passed(&payer, &payee, 7).unwrap();
        assert_eq!(debit.wallet.available(Asset::Credits), Amount::whole(3));
        assert_eq!(credit.wallet.available(Asset::Credits), Amount::whole(8));
        let lots = credit.lots(Purpose::CreditGigPayment, Asset::Credits);
        assert_eq!(lots, debit.lots(Purpose::DebitGigPayment, Asset::Credits));
        assert_eq!(lots.iter().map(|lot| lot.amount).collect::<Vec<_>>(), [Amount::whole(4)]);
    }

    #[test]
    fn who_has_too_little_or_is_closed_passes_nothing_on() {
        let closed = Wallet { status: Status::Closed, ..wallet("c", 50, 0) };
        let (payer, payee) = (wallet("a", 10, 0), wallet("b", 0, 0));
        assert!(matches!(passed(&payer, &payee, 11), Err(Rejection::InsufficientBalance { .. })));
        assert_eq!(passed(&payer, &closed, 1), Err(Rejection::Closed));
        assert_eq!(passed(&closed, &payee, 1), Err(Rejection::Closed));
    }
}
