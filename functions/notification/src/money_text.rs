//! Amounts as a person reads them, in the person's language.

use quoin_events::types::Money;
use quoin_money::{Asset, Scales};

use crate::library::Language;

/// What amounts of money are called at this stage.
#[derive(Debug, Clone)]
pub(crate) struct MoneyText {
    /// Code of the operating currency.
    pub(crate) currency: String,
    /// Decimals of each asset.
    pub(crate) scales: Scales,
}

impl MoneyText {
    /// `12.50 EUR`, `12,50 EUR`, `100 promo coins` …
    pub(crate) fn of(&self, money: &Money, language: Language) -> String {
        let places = usize::try_from(self.scales.of(money.asset)).unwrap_or(0);
        let digits = format!("{:.places$}", money.amount.value());
        let digits = match language {
            Language::En => digits,
            Language::De | Language::Es | Language::Fr => digits.replace('.', ","),
        };
        format!("{digits} {}", self.unit(money.asset, language))
    }

    fn unit(&self, asset: Asset, language: Language) -> String {
        let currency = &self.currency;
        match (asset, language) {
            (Asset::Cash, _) => currency.clone(),
            (Asset::Bonus, Language::En) => format!("{currency} bonus"),
            (Asset::Bonus, Language::De) => format!("{currency} Bonus"),
            (Asset::Bonus, Language::Es) => format!("{currency} de bono"),
            (Asset::Bonus, Language::Fr) => format!("{currency} de bonus"),
            (Asset::PromoCoins, Language::En) => "promo coins".to_owned(),
            (Asset::PromoCoins, Language::De) => "Promo-Münzen".to_owned(),
            (Asset::PromoCoins, Language::Es) => "monedas promocionales".to_owned(),
            (Asset::PromoCoins, Language::Fr) => "pièces promotionnelles".to_owned(),
            (Asset::BrandedCoins, Language::En) => "branded coins".to_owned(),
            (Asset::BrandedCoins, Language::De) => "Marken-Münzen".to_owned(),
            (Asset::BrandedCoins, Language::Es) => "monedas de marca".to_owned(),
            (Asset::BrandedCoins, Language::Fr) => "pièces de marque".to_owned(),
            (Asset::RezCoins, Language::En) => "Rez coins".to_owned(),
            (Asset::RezCoins, Language::De) => "Rez-Münzen".to_owned(),
            (Asset::RezCoins, Language::Es) => "monedas Rez".to_owned(),
            (Asset::RezCoins, Language::Fr) => "pièces Rez".to_owned(),
            (Asset::Credits, Language::En) => "credits".to_owned(),
            (Asset::Credits, Language::De) => "Credits".to_owned(),
            (Asset::Credits, Language::Es) => "créditos".to_owned(),
            (Asset::Credits, Language::Fr) => "crédits".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_their_decimals_and_the_languages_comma() {
        let text = MoneyText { currency: "EUR".to_owned(), scales: Scales::default() };
        let of = |amount: &str, asset, language| text.of(&Money { amount: amount.parse().unwrap(), asset }, language);
        assert_eq!(of("12.5", Asset::Cash, Language::En), "12.50 EUR");
        assert_eq!(of("12.5", Asset::Cash, Language::De), "12,50 EUR");
        assert_eq!(of("100", Asset::Bonus, Language::Es), "100,00 EUR de bono");
        assert_eq!(of("7", Asset::RezCoins, Language::Fr), "7 pièces Rez");
    }
}
