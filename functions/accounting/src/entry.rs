//! A journal entry: legs that each debit one account and credit another with the same amount of one asset.

use quoin_events::{EntityRef, Timestamp};
use quoin_money::{Amount, Asset};
use serde::{Deserialize, Serialize};

use crate::chart::Account;

/// Moves an amount from one account to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "GlLeg"))]
pub(crate) struct Leg {
    /// The account that is debited.
    pub(crate) debit: Account,
    /// The account that is credited.
    pub(crate) credit: Account,
    /// Of what.
    pub(crate) asset: Asset,
    /// How much; above zero.
    pub(crate) amount: Amount,
}

/// The two sides of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "GlSide"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    /// The left one.
    Debit,
    /// The right one.
    Credit,
}

impl Side {
    pub(crate) const ALL: [Self; 2] = [Self::Debit, Self::Credit];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Debit => "debit",
            Self::Credit => "credit",
        }
    }
}

impl Leg {
    /// The account on `side`.
    pub(crate) const fn on(self, side: Side) -> Account {
        match side {
            Side::Debit => self.debit,
            Side::Credit => self.credit,
        }
    }
}

/// What one posting or event is in the general ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "GlEntry"))]
pub(crate) struct Entry {
    /// The transaction of a wallet's posting, the event of anything else: entered once.
    pub(crate) entry_id: String,
    /// When it happened.
    pub(crate) at: Timestamp,
    /// The event that told of it.
    pub(crate) event: String,
    /// Its id.
    pub(crate) event_id: String,
    /// What a wallet's posting was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) transaction_type: Option<String>,
    /// Whose wallet or order.
    pub(crate) user_id: String,
    /// What it belongs to.
    pub(crate) related_entity: EntityRef,
    /// What it moves.
    pub(crate) legs: Vec<Leg>,
    /// The tax that its amount included, in percent of the net; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tax_percent: Option<Amount>,
    /// The day that it is entered on, where that is not the day of `at`: its month was closed.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) entered_on: Option<String>,
    /// Why its source may not make it; absent for what fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) misposted: Option<String>,
}

impl Entry {
    /// The day that it counts for, in UTC.
    pub(crate) fn day(&self) -> String {
        self.entered_on.clone().unwrap_or_else(|| self.at.day())
    }

    /// Whether both tell of the same posting. A month that was closed meanwhile, or another rate of the tax, makes
    /// another entry of it; what was entered first stays.
    pub(crate) fn is_same_posting(&self, other: &Self) -> bool {
        let told = |entry: &Self| Self { tax_percent: None, entered_on: None, legs: entry.untaxed(), ..entry.clone() };
        told(self) == told(other)
    }

    /// Its legs; of one whose amount included a tax, each with the account that is debited alone, as the split of the
    /// amount follows from the rate.
    fn untaxed(&self) -> Vec<Leg> {
        if self.tax_percent.is_none() {
            return self.legs.clone();
        }
        let mut whole: Vec<Leg> = Vec::new();
        for leg in &self.legs {
            match whole.iter_mut().find(|one| (one.debit, one.asset) == (leg.debit, leg.asset)) {
                Some(one) => one.amount = one.amount.plus(leg.amount).unwrap_or(one.amount),
                None => whole.push(Leg { credit: leg.debit, ..*leg }),
            }
        }
        whole
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A payment of 118 with 18 % tax.
    pub(crate) fn taxed() -> Entry {
        let leg = |credit, amount| Leg {
            debit: Account::Payments,
            credit,
            asset: Asset::Cash,
            amount: Amount::whole(amount),
        };
        Entry {
            entry_id: "e".to_owned(),
            at: "2026-01-31T23:59:59.999Z".parse().unwrap(),
            event: "payment.processed".to_owned(),
            event_id: "e".to_owned(),
            transaction_type: None,
            user_id: "u".to_owned(),
            related_entity: EntityRef { kind: "charge".to_owned(), id: "pay".to_owned() },
            legs: vec![leg(Account::SubscriptionRevenue, 100), leg(Account::TaxPayable, 18)],
            tax_percent: Some(Amount::whole(18)),
            entered_on: None,
            misposted: None,
        }
    }

    #[test]
    fn a_closed_month_and_another_rate_make_no_other_posting_of_it() {
        let first = taxed();
        let mut again = Entry { entered_on: Some("2026-02-01".to_owned()), tax_percent: Some(Amount::ZERO), ..taxed() };
        again.legs = vec![Leg { amount: Amount::whole(118), ..first.legs[0] }];
        assert!(first.is_same_posting(&again));
        assert_eq!((first.day(), again.day()), ("2026-01-31".to_owned(), "2026-02-01".to_owned()));
        again.legs[0].amount = Amount::whole(117);
        assert!(!first.is_same_posting(&again));
        assert!(!first.is_same_posting(&Entry { user_id: "v".to_owned(), ..taxed() }));
    }
}
