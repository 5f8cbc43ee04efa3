//! Which event is told by which template over which channels: the one table of it.

use quoin_events::types::Channel;

use crate::preferences::Preferences;

/// The channels of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channels {
    /// A message over each of them.
    Each(&'static [Channel]),
    /// A message over the first that reaches the person.
    First(&'static [Channel]),
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// The event.
    pub(crate) event: &'static str,
    /// The template that tells of it.
    pub(crate) template: &'static str,
    /// Over what.
    pub(crate) channels: Channels,
    /// A warning that a person cannot switch off.
    pub(crate) security: bool,
}

const EMAIL: Channels = Channels::Each(&[Channel::Email]);
const SMS: Channels = Channels::Each(&[Channel::Sms]);
const SMS_AND_EMAIL: Channels = Channels::Each(&[Channel::Sms, Channel::Email]);
const PUSH: Channels = Channels::Each(&[Channel::Push]);
const PUSH_AND_EMAIL: Channels = Channels::Each(&[Channel::Push, Channel::Email]);
const PUSH_OR_SMS: Channels = Channels::First(&[Channel::Push, Channel::Sms]);
const ALL: Channels = Channels::Each(&[Channel::Sms, Channel::Push, Channel::Email]);
const PUSH_OR_EMAIL: Channels = Channels::First(&[Channel::Push, Channel::Email]);

const fn tell(event: &'static str, template: &'static str, channels: Channels) -> Rule {
    Rule { event, template, channels, security: false }
}

const fn warn(event: &'static str, template: &'static str, channels: Channels) -> Rule {
    Rule { event, template, channels, security: true }
}

/// The table. An event that is not in it is not told.
pub(crate) const RULES: &[Rule] = &[
    tell("UserRegistered", "welcome", SMS_AND_EMAIL),
    warn("UserLogin", "new_device", SMS),
    tell("BetPlaced", "bet_placed", SMS),
    tell("BetCancelled", "bet_cancelled", SMS),
    tell("BetSettled", "bet_won", SMS),
    tell("DepositSuccess", "deposit_succeeded", SMS_AND_EMAIL),
    tell("DepositFailed", "deposit_failed", SMS_AND_EMAIL),
    tell("BonusAwarded", "bonus_awarded", PUSH_OR_EMAIL),
    tell("ReferralCompleted", "referral_completed", PUSH_OR_EMAIL),
    tell("wallet.debited", "balance_debited", PUSH),
    tell("wallet.credited", "balance_credited", PUSH),
    tell("wallet.debit_failed", "debit_failed", PUSH),
    tell("wallet.transferred", "transfer_sent", SMS),
    tell("wallet.transferred", "transfer_received", SMS),
    tell("wallet.limit_reached", "limit_reached", SMS),
    tell("order.created", "order_confirmed", ALL),
    // The person has just read why: a text message would only disturb.
    tell("order.failed", "order_refused", PUSH_OR_EMAIL),
    tell("order.failed", "order_failed", PUSH_AND_EMAIL),
    tell("wallet.refunded", "order_refunded", PUSH_OR_SMS),
    tell("customer.registered", "member_welcome", EMAIL),
    tell("payment.processed", "payment_receipt", EMAIL),
    tell("subscription.renewed", "subscription_renewed", EMAIL),
    tell("subscription.charge_failed", "payment_failed", EMAIL),
    tell("subscription.cancelled", "subscription_cancelled", EMAIL),
];

/// The line for `template` of `event`.
pub(crate) fn rule(event: &str, template: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.event == event && rule.template == template)
}

impl Rule {
    /// The channels over which a person with these preferences is told, who may be known to have no phone number.
    pub(crate) fn channels_for(&self, preferences: &Preferences, has_phone: bool) -> Vec<Channel> {
        let has_point = |channel: Channel| match channel {
            Channel::Sms => has_phone,
            Channel::Push => preferences.push_token.is_some(),
            Channel::Email => true,
        };
        let reaches = |channel: &Channel| (self.security || preferences.wants(*channel)) && has_point(*channel);
        match self.channels {
            Channels::Each(channels) => channels.iter().copied().filter(reaches).collect(),
            Channels::First(channels) => channels.iter().copied().find(reaches).into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferences(sms: bool, email: bool, push: bool, token: bool) -> Preferences {
        let push_token = token.then(|| format!("enc:v1:{}", "A".repeat(40)).parse().unwrap());
        Preferences { sms, email, push, language: None, push_token }
    }

    #[test]
    fn a_switched_off_channel_is_not_used_except_for_security() {
        let off = preferences(false, false, false, true);
        for rule in RULES {
            assert_eq!(rule.channels_for(&off, true).is_empty(), !rule.security, "{}", rule.template);
        }
    }

    #[test]
    fn a_bonus_is_pushed_or_else_mailed() {
        let bonus = rule("BonusAwarded", "bonus_awarded").unwrap();
        assert_eq!(bonus.channels_for(&preferences(true, true, true, true), true), [Channel::Push]);
        assert_eq!(bonus.channels_for(&preferences(true, true, true, false), true), [Channel::Email]);
        assert_eq!(bonus.channels_for(&preferences(true, true, false, true), true), [Channel::Email]);
        assert_eq!(bonus.channels_for(&preferences(true, false, true, false), true), []);
    }

    #[test]
    fn who_has_no_phone_is_told_over_what_is_left() {
        let anybody = preferences(true, true, true, false);
        let welcome = rule("UserRegistered", "welcome").unwrap();
        assert_eq!(welcome.channels_for(&anybody, true), [Channel::Sms, Channel::Email]);
        assert_eq!(welcome.channels_for(&anybody, false), [Channel::Email]);
        assert_eq!(rule("wallet.refunded", "order_refunded").unwrap().channels_for(&anybody, false), []);
    }

    #[test]
    fn nobody_is_pushed_a_balance_without_a_device() {
        let balance = rule("wallet.debited", "balance_debited").unwrap();
        assert_eq!(balance.channels_for(&preferences(true, true, true, false), true), []);
    }

    #[test]
    fn the_consumer_listens_to_every_event_of_the_table() {
        let declared = include_str!("../service.yaml");
        for rule in RULES {
            assert!(declared.contains(rule.event), "{}", rule.event);
            assert!(quoin_events::event_type(rule.event).is_some(), "{}", rule.event);
        }
    }
}
