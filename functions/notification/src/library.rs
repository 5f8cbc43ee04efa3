//! The templates, one file per language, template and channel, built into the function.
//!
//! An e-mail's first line is `Subject: …`; its paragraphs are separated by empty lines and put into the
//! one HTML layout, where everything is escaped; a line that is a link and nothing else becomes one.

use quoin_events::types::Channel;

/// The layout of every HTML e-mail.
pub(crate) const LAYOUT: &str = include_str!("../templates/layout.html");

/// The languages in which there are templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// English, for whoever speaks none of the others.
    En,
    /// German.
    De,
    /// Spanish.
    Es,
    /// French.
    Fr,
}

impl Language {
    /// The language closest to a BCP 47 tag.
    pub(crate) fn closest(tag: &str) -> Self {
        match tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "de" => Self::De,
            "es" => Self::Es,
            "fr" => Self::Fr,
            _ => Self::En,
        }
    }

    /// Its tag.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Es => "es",
            Self::Fr => "fr",
        }
    }

    const fn texts(self) -> &'static [Text] {
        match self {
            Self::En => EN,
            Self::De => DE,
            Self::Es => ES,
            Self::Fr => FR,
        }
    }
}

type Text = (&'static str, &'static str);

macro_rules! texts {
    ($language:literal) => {
        texts!($language,
            "welcome.sms", "welcome.email", "new_device.sms", "bet_placed.sms", "bet_cancelled.sms", "bet_won.sms",
            "deposit_succeeded.sms", "deposit_succeeded.email", "deposit_failed.sms", "deposit_failed.email",
            "bonus_awarded.push", "bonus_awarded.email", "referral_completed.push", "referral_completed.email",
            "balance_debited.push", "balance_credited.push", "debit_failed.push", "transfer_sent.sms",
            "transfer_received.sms", "limit_reached.sms", "order_confirmed.sms", "order_confirmed.push",
            "order_confirmed.email", "order_refused.push", "order_refused.email", "order_failed.push",
            "order_failed.email", "order_refunded.push", "order_refunded.sms", "member_welcome.email",
            "payment_receipt.email", "subscription_renewed.email", "payment_failed.email",
            "subscription_cancelled.email"
        )
    };
    ($language:literal, $($name:literal),*) => {
        &[$(($name, include_str!(concat!("../templates/", $language, "/", $name, ".txt")))),*]
    };
}

const EN: &[Text] = texts!("en");
const DE: &[Text] = texts!("de");
const ES: &[Text] = texts!("es");
const FR: &[Text] = texts!("fr");

/// The text of `template` for `channel`, in `wanted` or else in English, and the language it is in.
pub(crate) fn find(template: &str, channel: Channel, wanted: Language) -> Option<(Language, &'static str)> {
    let name = format!("{template}.{}", channel.as_str());
    [wanted, Language::En].into_iter().find_map(|language| {
        language.texts().iter().find(|(known, _)| *known == name).map(|(_, text)| (language, *text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::{Channels, RULES};

    #[test]
    fn every_line_of_the_table_has_its_templates_in_every_language() {
        for rule in RULES {
            let (Channels::Each(channels) | Channels::First(channels)) = rule.channels;
            for channel in channels {
                for language in [Language::En, Language::De, Language::Es, Language::Fr] {
                    let (found, _) = find(rule.template, *channel, language).unwrap();
                    assert_eq!(found, language, "{}", rule.template);
                }
            }
        }
    }

    #[test]
    fn the_closest_language_is_found_by_its_first_part() {
        for (tag, language) in [("de-AT", "de"), ("FR", "fr"), ("es_MX", "es"), ("hi", "en"), ("", "en")] {
            assert_eq!(Language::closest(tag).as_str(), language, "{tag}");
        }
    }
}
