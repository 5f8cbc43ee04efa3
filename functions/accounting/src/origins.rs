//! Who may post what, as data: the streams whose events may tell of a posting, and what it may belong to.

use quoin_ledger::Purpose;

/// Where a posting may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origins {
    /// Whether it takes from the wallet.
    pub(crate) is_debit: bool,
    /// Kinds of streams that may hold it.
    pub(crate) streams: &'static [&'static str],
    /// Kinds of things that it may belong to; `None` for any.
    pub(crate) related: Option<&'static [&'static str]>,
}

/// The wallet's own stream, as for everything that follows from an event or an operator.
const WALLET: &[&str] = &["wallet"];
/// What happens along with any other change of a wallet.
const ANY: &[&str] = &["wallet", "bet", "order", "purchase", "boost", "gig", "contribution"];

const fn debit(streams: &'static [&'static str], related: Option<&'static [&'static str]>) -> Option<Origins> {
    Some(Origins { is_debit: true, streams, related })
}

const fn credit(streams: &'static [&'static str], related: Option<&'static [&'static str]>) -> Option<Origins> {
    Some(Origins { is_debit: false, streams, related })
}

/// Where a posting for `purpose` may come from; `None` if no event of its own may tell of it.
pub(crate) const fn of(purpose: Purpose) -> Option<Origins> {
    match purpose {
        Purpose::DebitBetStake => debit(&["bet"], Some(&["bet"])),
        Purpose::CreditBetPayout => credit(WALLET, Some(&["bet"])),
        Purpose::DebitBetCorrection => debit(WALLET, Some(&["bet"])),
        Purpose::CreditBetRefund => credit(&["bet", "wallet"], Some(&["bet"])),
        Purpose::CreditDeposit => credit(WALLET, Some(&["payment"])),
        Purpose::CreditBonus => credit(WALLET, Some(&["bonus"])),
        Purpose::CreditReferral => credit(WALLET, Some(&["referral"])),
        Purpose::DebitTransfer => debit(WALLET, Some(&["transfer"])),
        Purpose::CreditTransfer => credit(WALLET, Some(&["transfer"])),
        Purpose::CreditAdjustment => credit(WALLET, Some(&["adjustment", "operation"])),
        Purpose::DebitAdjustment => debit(WALLET, Some(&["adjustment", "operation"])),
        Purpose::DebitHoldCaptured => debit(WALLET, Some(&["operation"])),
        Purpose::DebitOrderPayment => debit(&["order"], Some(&["order"])),
        Purpose::DebitCreditPurchase => debit(&["purchase"], Some(&["purchase"])),
        Purpose::CreditCreditPurchase => credit(&["purchase"], Some(&["purchase"])),
        Purpose::DebitBoost => debit(&["boost"], Some(&["boost"])),
        Purpose::DebitGigPayment => debit(&["gig"], Some(&["gig"])),
        Purpose::CreditGigPayment => credit(&["gig"], Some(&["gig"])),
        Purpose::DebitClanContribution => debit(&["contribution"], Some(&["contribution"])),
        Purpose::DebitOwedRepayment | Purpose::DebitExpired => debit(ANY, None),
        // A hold is the user's own money still, and the refund of an order is told as a whole.
        Purpose::DebitHold | Purpose::CreditHoldVoided | Purpose::CreditOrderRefund => None,
    }
}
