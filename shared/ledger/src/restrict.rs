//! Taking the owner of a wallet out of play. Money stays where it is; a restriction is never loosened here.

use quoin_events::{EntityRef, Timestamp};

use crate::{Change, Decision, Rejection, Status, Wallet, Window, decide};

impl Status {
    /// The status after a restriction to `wanted`; `None` if that would not restrict any further.
    #[must_use]
    pub fn restricted(self, wanted: Self, now: Timestamp) -> Option<Self> {
        match (self.at(now), wanted.at(now)) {
            (Self::Active | Self::SelfExcluded { .. }, Self::Closed) => Some(Self::Closed),
            (Self::Active, Self::SelfExcluded { until }) => Some(Self::SelfExcluded { until }),
            (Self::SelfExcluded { until: current }, Self::SelfExcluded { until }) if until > current => {
                Some(Self::SelfExcluded { until })
            }
            (Self::Active | Self::SelfExcluded { .. }, Self::SelfExcluded { .. } | Self::Active)
            | (Self::Closed, Self::Active | Self::SelfExcluded { .. } | Self::Closed) => None,
        }
    }
}

/// The change that restricts `wallet` to `status`: one version later, with no posting but for what has expired.
///
/// # Errors
/// If the wallet is restricted at least as much already.
pub fn restrict(
    wallet: &Wallet,
    status: Status,
    related: EntityRef,
    now: Timestamp,
    calendar: Window,
) -> Result<Decision, Rejection> {
    let now = now.max(wallet.at);
    let Some(status) = wallet.status.restricted(status, now) else {
        return Err(match wallet.status.at(now) {
            Status::Closed => Rejection::Closed,
            Status::Active | Status::SelfExcluded { .. } => Rejection::SelfExcluded,
        });
    };
    let mut decision = decide(wallet, &Change { related, movements: Vec::new() }, now, calendar)?;
    decision.wallet.status = status;
    Ok(decision)
}
