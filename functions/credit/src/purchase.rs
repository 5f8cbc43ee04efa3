//! A purchase of credits: pure, from the wallet to the commit.

use quoin_events::types::{CreditEventType, CreditPaymentMethod, CreditPurchase};
use quoin_events::{Draft, Timestamp};
use quoin_ledger::{Change, Movement, Purpose, Wallet, Window, decide};
use quoin_money::{Amount, Asset, MoneyError, Rounding};
use quoin_runtime::Problem;
use quoin_store::{Answer, Commit, Proposal, Snapshot, WalletWrite};
use serde::Serialize;

use crate::receipt::Command;

/// The stream of a purchase.
pub(crate) const PURCHASE: &str = "purchase";

/// A purchase that is done.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Purchased<'a> {
    /// The purchase.
    event_id: &'a str,
    /// Credits.
    amount: Amount,
    /// What they cost, in cash.
    price: Amount,
    /// Credits that can be spent now.
    balance: Amount,
}

/// What `credits` cost at `each` apiece, in cash of `scale` decimals.
pub(crate) fn price(credits: Amount, each: Amount, scale: u32) -> Result<Amount, MoneyError> {
    credits.times(each.value(), scale, Rounding::HalfUp)
}

/// The wallet that pays.
pub(crate) struct Payer(pub(crate) Option<Wallet>);

impl Snapshot for Payer {
    fn rebase(&mut self, wallet: Wallet) {
        self.0 = Some(wallet);
    }
}

/// A purchase in the making.
pub(crate) struct Buying<'a> {
    pub(crate) command: Command<'a>,
    pub(crate) credits: Amount,
    pub(crate) price: Amount,
    pub(crate) payment_method: CreditPaymentMethod,
    pub(crate) calendar: Window,
}

impl Buying<'_> {
    /// Takes the cash and gives the credits, or refuses.
    ///
    /// # Errors
    /// 404 without a wallet; nothing is written then.
    pub(crate) fn propose(&self, payer: &Payer, now: Timestamp) -> Result<Proposal, Problem> {
        let wallet = payer.0.as_ref().ok_or_else(|| Problem::not_found("wallet"))?;
        let decision = match decide(wallet, &self.change(), now, self.calendar) {
            Ok(decision) => decision,
            Err(rejection) => return self.command.rejected(now, &rejection, Purpose::DebitCreditPurchase),
        };
        let mut write = WalletWrite::new(wallet.clone(), decision)?;
        let (at, balance) = (write.wallet().at, write.wallet().available(Asset::Credits));
        let told = CreditPurchase {
            kind: CreditEventType::CreditPurchase,
            user_id: self.command.user_id.to_owned(),
            amount: self.credits,
            price: self.price,
            payment_method: self.payment_method,
            event_id: self.command.id.to_owned(),
            timestamp: at,
        };
        let answer = Purchased { event_id: self.command.id, amount: self.credits, price: self.price, balance };
        let answer = Answer::new(201, &answer)?;
        let mut events = vec![Draft::new(&told, at)?];
        events.extend(write.take_events());
        Ok(self.command.done(Commit::new().wallet(write), at, &told, events, answer)?)
    }

    fn change(&self) -> Change {
        let debit = Movement::Debit {
            asset: Asset::Cash,
            amount: self.price,
            purpose: Purpose::DebitCreditPurchase,
            merchant_id: None,
        };
        let credit = Movement::Credit {
            asset: Asset::Credits,
            amount: self.credits,
            purpose: Purpose::CreditCreditPurchase,
            lots: Vec::new(),
            counted_at: None,
        };
        Change { related: self.command.entity(), movements: vec![debit, credit] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_has_the_decimals_of_cash() {
        let of =
            |credits: u32, each: &str| price(Amount::whole(credits), each.parse().unwrap(), 2).unwrap().to_string();
        assert_eq!(of(500, "0.10"), "50");
        assert_eq!(of(3, "0.115"), "0.35");
        assert_eq!(of(1, "0.004"), "0");
    }
}
