//! What each event adds to the figures of its day.

use quoin_events::types::{
    BetCancelled, BetPlaced, BetSettled, BonusAwarded, DepositFailed, DepositInitiated, DepositSuccess, EmailSent,
    NotificationFailed, PushNotificationSent, ReferralCompleted, SmsSent, UserLogin, UserRegistered,
};
use quoin_events::{Envelope, EventData};

use crate::counters::{Count, Counters, Sum};

/// The counters that `envelope` moves; `None` for an event that no figure tells of.
///
/// # Errors
/// If the data does not have the shape of its type.
pub(crate) fn counted(envelope: &Envelope) -> Result<Option<Counters>, serde_json::Error> {
    let counters = Counters::default();
    let counters = match envelope.event.as_str() {
        UserRegistered::NAME => counters.once(Count::Registrations),
        UserLogin::NAME => counters.once(Count::Logins),
        BetPlaced::NAME => {
            let bet: BetPlaced = envelope.data()?;
            counters.once(Count::BetsPlaced).plus(Sum::Stakes, bet.stake.asset, bet.stake.amount)
        }
        BetSettled::NAME => {
            let bet: BetSettled = envelope.data()?;
            let count = if bet.settlement_no > 1 { Count::SettlementsCorrected } else { Count::BetsSettled };
            counters.once(count).moved(Sum::Payouts, bet.stake.asset, bet.payout_delta)
        }
        BetCancelled::NAME => {
            let bet: BetCancelled = envelope.data()?;
            counters.once(Count::BetsCancelled).plus(Sum::Refunds, bet.asset, bet.refund)
        }
        DepositInitiated::NAME => {
            let deposit: DepositInitiated = envelope.data()?;
            counters.once(Count::DepositsInitiated).plus(Sum::DepositsInitiated, deposit.asset, deposit.amount)
        }
        DepositSuccess::NAME => {
            let deposit: DepositSuccess = envelope.data()?;
            counters.once(Count::DepositsSucceeded).plus(Sum::DepositsSucceeded, deposit.asset, deposit.amount)
        }
        DepositFailed::NAME => {
            let deposit: DepositFailed = envelope.data()?;
            counters.once(Count::DepositsFailed).plus(Sum::DepositsFailed, deposit.asset, deposit.amount)
        }
        BonusAwarded::NAME => {
            let bonus: BonusAwarded = envelope.data()?;
            counters.once(Count::BonusesAwarded).plus(Sum::Bonuses, bonus.asset, bonus.amount)
        }
        ReferralCompleted::NAME => {
            let reward = envelope.data::<ReferralCompleted>()?.reward;
            counters.once(Count::ReferralsCompleted).plus(Sum::ReferralRewards, reward.asset, reward.amount)
        }
        SmsSent::NAME | EmailSent::NAME | PushNotificationSent::NAME => counters.once(Count::NotificationsSent),
        NotificationFailed::NAME => counters.once(Count::NotificationsFailed),
        _ => return Ok(None),
    };
    Ok(Some(counters))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::tests::recorded;
    use quoin_money::Asset;

    fn of(event: &str, data: &str) -> Counters {
        let recorded = recorded(event, "2026-01-04T10:17:12.567Z", data, "");
        counted(recorded.envelope()).unwrap().unwrap()
    }

    const SETTLED: &str = r#"{"bet_id":"b","user_id":"u","settlement_no":NO,"result":"won",
        "stake":{"amount":10.1,"asset":"cash"},"payout_total":20.2,"payout_delta":DELTA}"#;

    #[test]
    fn a_correction_is_no_second_settlement_and_takes_its_payout_back() {
        let first = of("BetSettled", &SETTLED.replace("NO", "1").replace("DELTA", "20.2"));
        let second = of("BetSettled", &SETTLED.replace("NO", "2").replace("DELTA", "-20.2"));
        let mut both = first.clone();
        both.add(&second).unwrap();
        assert_eq!(both.count(Count::BetsSettled).to_string(), "1");
        assert_eq!(both.count(Count::SettlementsCorrected).to_string(), "1");
        assert_eq!(first.sum(Sum::Payouts, Asset::Cash).unwrap().to_string(), "20.2");
        assert!(both.sum(Sum::Payouts, Asset::Cash).unwrap().is_zero());
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_what_is_unknown_counts_nothing() {
        let broken = recorded("BetPlaced", "2026-01-04T10:17:12.567Z", "{}", "");
        assert!(counted(broken.envelope()).is_err());
        let other = recorded("wallet.debited", "2026-01-04T10:17:12.567Z", "{}", "");
        assert_eq!(counted(other.envelope()).unwrap(), None);
    }
}
