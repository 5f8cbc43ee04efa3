//! The accounts of the house, rolled up from all lines: with the wallets they make nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::commit::{Entry, Line, json};
use super::wallet::Seen;
use crate::findings::{Broken, holds};
use crate::money::Cents;

/// What moved so far.
#[derive(Debug, Clone, Default)]
pub(super) struct House {
    /// By account and asset.
    accounts: BTreeMap<(String, String), Cents>,
    /// What happens once: whose, what for, and what it belongs to.
    once: BTreeSet<(String, String, String)>,
}

/// The account on the other side of each purpose, and what such a change belongs to; anything if it is empty.
pub(crate) const PURPOSES: [(&str, &str, &str); 24] = [
    ("debit_bet_stake", "stakes", "bet"),
    ("credit_bet_refund", "stakes", "bet"),
    ("credit_bet_payout", "payouts", "bet"),
    ("debit_bet_correction", "payouts", "bet"),
    ("credit_deposit", "payments", "payment"),
    ("debit_hold_captured", "payments", "operation"),
    ("credit_bonus", "bonus_cost", "bonus"),
    ("credit_referral", "bonus_cost", "referral"),
    ("debit_expired", "bonus_cost", ""),
    ("debit_transfer", "transfers", "transfer"),
    ("credit_transfer", "transfers", "transfer"),
    ("credit_adjustment", "adjustments", "adjustment operation"),
    ("debit_adjustment", "adjustments", "adjustment operation"),
    ("debit_owed_repayment", "receivables", ""),
    ("debit_hold", "held", "operation"),
    ("credit_hold_voided", "held", "operation"),
    ("debit_order_payment", "orders", "order"),
    ("credit_order_refund", "orders", "order"),
    ("debit_credit_purchase", "credits", "purchase"),
    ("credit_credit_purchase", "credits", "purchase"),
    ("debit_boost", "credits", "boost"),
    ("debit_gig_payment", "transfers", "gig"),
    ("credit_gig_payment", "transfers", "gig"),
    ("debit_clan_contribution", "clans", "contribution"),
];

/// A bet may be settled and corrected often, and repayments follow from any credit.
const OFTEN: [&str; 4] = ["credit_bet_payout", "debit_bet_correction", "debit_owed_repayment", "debit_expired"];

/// Events that happen once, and the members of their data that tell them apart.
const HAPPENS_ONCE: [(&str, &[&str]); 44] = [
    ("UserRegistered", &["user_id"]),
    ("UserDeactivated", &["user_id", "until"]),
    ("BetPlaced", &["bet_id"]),
    ("BetCancelled", &["bet_id"]),
    ("BetSettled", &["bet_id", "settlement_no"]),
    ("DepositInitiated", &["payment_id"]),
    ("DepositSuccess", &["payment_id"]),
    ("DepositFailed", &["payment_id"]),
    ("BonusAwarded", &["bonus_id"]),
    ("SpinChancesAwarded", &["user_id", "reason"]),
    ("ReferralCompleted", &["referral_id"]),
    ("LoyaltyPointsUpdated", &["related_entity", "reason"]),
    ("SMSSent", &["notification_id"]),
    ("EmailSent", &["notification_id"]),
    ("PushNotificationSent", &["notification_id"]),
    ("wallet.transferred", &["transfer_id"]),
    ("order.initiated", &["order_id"]),
    ("wallet.debit_started", &["related_order_id"]),
    ("order.paid", &["order_id"]),
    ("bizone.order_created", &["rabtul_order_id"]),
    ("order.created", &["order_id"]),
    ("order.confirmation_sent", &["order_id"]),
    ("order.failed", &["order_id"]),
    ("wallet.refunded", &["original_order_id"]),
    ("customer.created", &["customer_id"]),
    ("customer.registered", &["customer_id"]),
    ("customer.deleted", &["customer_id"]),
    ("subscription.created", &["subscription_id"]),
    ("subscription.charge_started", &["payment_id"]),
    ("subscription.charge_failed", &["payment_id"]),
    ("payment.processed", &["payment_id"]),
    ("subscription.cancelled", &["subscription_id"]),
    ("credit_purchase", &["eventId"]),
    ("credit_spent", &["eventId"]),
    ("credit_earned", &["eventId"]),
    ("profile_boost", &["eventId"]),
    ("gig_boost", &["eventId"]),
    ("clan_boost", &["eventId"]),
    ("boost_expired", &["eventId"]),
    ("gig.created", &["gig_id"]),
    ("gig.completed", &["gig_id"]),
    ("gig_payment", &["targetId"]),
    ("clan.created", &["clan_id"]),
    ("clan_contribution", &["eventId"]),
];

/// What must not happen again after `event`, if it is of that kind.
pub(super) fn happens_once(event: &Value) -> Option<(String, String)> {
    let name = event["event"].as_str()?;
    let (_, members) = HAPPENS_ONCE.iter().find(|(one, _)| *one == name)?;
    let about: Vec<_> = members.iter().map(|member| event["data"][*member].to_string()).collect();
    Some((name.to_owned(), about.join(" ")))
}

impl House {
    /// Books the lines of a change of the wallet of `user`.
    pub(super) fn book(&mut self, user: &str, entry: &Entry) -> Result<(), Broken> {
        let cause = json(&entry.item, "cause");
        let part = |name: &str| cause[name].as_str().unwrap_or_default().to_owned();
        let (kind, cause) = (part("type"), format!("{}#{}", part("type"), part("id")));
        for line in &entry.lines {
            let Line { purpose, account, asset, .. } = line;
            let known = PURPOSES.iter().find(|(name, _, _)| name == purpose);
            let fits = known.is_some_and(|(_, other, kinds)| {
                other == account && (kinds.is_empty() || kinds.split(' ').any(|one| one == kind))
            });
            let must = known.map_or("no such purpose", |(_, other, _)| other);
            holds!(
                fits,
                Line,
                [purpose.as_str(), must, account],
                "{purpose} of {cause} goes to {account}: {}",
                entry.item
            );
            if !OFTEN.contains(&purpose.as_str()) {
                // An order is paid with several assets.
                let what = if account == "orders" { format!("{purpose} {asset}") } else { purpose.clone() };
                let what = (user.to_owned(), what, cause.clone());
                let of = format!("{purpose} of {cause}");
                holds!(
                    self.once.insert(what),
                    Once,
                    [of, "once", "twice"],
                    "{purpose} of {cause} a second time: {}",
                    entry.item
                );
            }
            *self.accounts.entry((account.clone(), asset.clone())).or_default() -= line.delta;
        }
        Ok(())
    }

    /// All wallets with what is set aside in them, and all accounts of the house, make nothing.
    pub(super) fn balances<'a>(&self, wallets: impl Iterator<Item = &'a Seen>) -> Result<(), Broken> {
        let mut sums: BTreeMap<&str, Cents> = BTreeMap::new();
        for wallet in wallets {
            for (asset, part) in &wallet.assets {
                *sums.entry(asset).or_default() += part.available + part.held;
            }
        }
        // What is held is in the wallets.
        for ((_, asset), sum) in self.accounts.iter().filter(|((account, _), _)| account != "held") {
            *sums.entry(asset).or_default() += sum;
        }
        let is = format!("{sums:?}");
        holds!(
            sums.values().all(|sum| *sum == 0),
            House,
            ["wallets and house", "nothing", is],
            "wallets and house leave {sums:?}: {:?}",
            self.accounts
        );
        Ok(())
    }
}
