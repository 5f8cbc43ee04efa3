//! The chart of accounts, as data. A house account of the wallets' ledger is one of these; others are the ledger's own.

use std::str::FromStr;

use quoin_ledger as ledger;
use serde::{Deserialize, Serialize};

/// What an account tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "GlAccountKind"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// What the house owes.
    Liability,
    /// What the house has, or is owed.
    Asset,
    /// What the house earns.
    Income,
    /// What the house spends.
    Expense,
    /// What is on its way; zero once it has arrived.
    Clearing,
}

/// Declares the accounts: name on the wire, kind, what stands there.
macro_rules! chart {
    ($($(#[$doc:meta])* $account:ident = $name:literal, $kind:ident;)*) => {
        /// An account.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "GlAccount"))]
        pub(crate) enum Account { $($(#[$doc])* #[serde(rename = $name)] $account,)* }

        impl Account {
            /// Every account, in the order of the chart.
            pub(crate) const ALL: &[Self] = &[$(Self::$account,)*];

            /// The name on the wire.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$account => $name,)* }
            }

            /// What it tells.
            pub(crate) const fn kind(self) -> Kind {
                match self { $(Self::$account => Kind::$kind,)* }
            }
        }
    };
}

chart! {
    /// What users have in their wallets, held parts included.
    UserWallets = "user_wallets", Liability;
    /// Money at payment providers.
    Payments = "payments", Asset;
    /// What wallets repaid of what they owed.
    Receivables = "receivables", Asset;
    /// Stakes taken, less those given back.
    Stakes = "stakes", Income;
    /// Winnings paid, less those taken back.
    Payouts = "payouts", Expense;
    /// What marketing gives away, less what expired.
    BonusCost = "bonus_cost", Expense;
    /// Operators' corrections.
    Adjustments = "adjustments", Expense;
    /// Money on its way between two wallets.
    Transfers = "transfers", Clearing;
    /// Debits of orders that are not paid yet, as far as the ledger has heard.
    OrderClearing = "order_clearing", Clearing;
    /// Paid orders, less those that failed.
    OrderRevenue = "order_revenue", Income;
    /// Credits sold for cash, less those given out; what is spent on boosts comes back.
    Credits = "credits", Income;
    /// Credits that members gave to their clans.
    Clans = "clans", Liability;
    /// What members paid for their subscriptions, without the tax; earned when it is paid.
    SubscriptionRevenue = "subscription_revenue", Income;
    /// Taxes that prices included, until they are handed on.
    TaxPayable = "tax_payable", Liability;
    /// Postings that their source may not make, until people have looked.
    Suspense = "suspense", Clearing;
}

/// A name that is not in the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnknownAccount;

impl FromStr for Account {
    type Err = UnknownAccount;

    fn from_str(name: &str) -> Result<Self, UnknownAccount> {
        Self::ALL.iter().copied().find(|account| account.as_str() == name).ok_or(UnknownAccount)
    }
}

/// The account of the chart for a house account of the wallets' ledger; `None` where both sides are the user's own.
pub(crate) const fn of(house: ledger::Account) -> Option<Account> {
    Some(match house {
        ledger::Account::Stakes => Account::Stakes,
        ledger::Account::Payouts => Account::Payouts,
        ledger::Account::Payments => Account::Payments,
        ledger::Account::BonusCost => Account::BonusCost,
        ledger::Account::Transfers => Account::Transfers,
        ledger::Account::Adjustments => Account::Adjustments,
        ledger::Account::Receivables => Account::Receivables,
        ledger::Account::Orders => Account::OrderClearing,
        ledger::Account::Credits => Account::Credits,
        ledger::Account::Clans => Account::Clans,
        ledger::Account::Held => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_accounts() {
        for account in Account::ALL {
            assert_eq!(account.as_str().parse(), Ok(*account));
            assert_eq!(serde_json::to_value(account).unwrap(), account.as_str());
        }
        assert_eq!("petty_cash".parse::<Account>(), Err(UnknownAccount));
    }
}
