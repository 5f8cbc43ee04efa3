//! A template and a fact become a message; what stands in HTML is escaped.

use minijinja::{Environment, UndefinedBehavior};
use quoin_events::types::{Channel, Money};
use quoin_runtime::{DataKey, Personal};

use crate::facts::Value;
use crate::library::{LAYOUT, Language, find};
use crate::money_text::MoneyText;
use crate::reason_text;

/// A message as the person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// The language it is in.
    pub(crate) language: Language,
    /// Of an e-mail.
    pub(crate) subject: Option<Personal>,
    /// The text.
    pub(crate) text: Personal,
}

/// A template that cannot be rendered; says nothing of what was to stand in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RenderError {
    /// There is none, not even in English.
    #[error("there is no template {0} for {1}")]
    Missing(String, &'static str),
    /// It cannot be rendered.
    #[error("the template {0} cannot be rendered: {1}")]
    Broken(String, String),
}

/// How values are written for one person.
struct Written<'a> {
    language: Language,
    money: &'a MoneyText,
    key: &'a DataKey,
}

impl Written<'_> {
    fn value(&self, template: &str, value: &Value) -> Result<minijinja::Value, RenderError> {
        let money = |amount: &Money| self.money.of(amount, self.language);
        Ok(match value {
            Value::Text(text) => one_line(text).into(),
            Value::Money(amount) => money(amount).into(),
            Value::Monies(amounts) => amounts.iter().map(money).collect::<Vec<_>>().join(", ").into(),
            Value::Reason(reason) => reason_text::of(*reason, self.language).into(),
            Value::Sealed(sealed) => {
                let opened = self.key.open(sealed);
                let opened = opened.map_err(|error| RenderError::Broken(template.to_owned(), error.to_string()))?;
                one_line(opened.reveal()).into()
            }
            Value::List(rows) => {
                let row = |row: &Vec<(&'static str, Value)>| {
                    let values = row.iter().map(|(name, value)| Ok((*name, self.value(template, value)?)));
                    Ok(minijinja::Value::from_pairs(values.collect::<Result<Vec<_>, RenderError>>()?))
                };
                rows.iter().map(row).collect::<Result<Vec<_>, RenderError>>()?.into()
            }
        })
    }
}

/// Renders `template` for `channel` in the language closest to `language`, for the person with that key and name.
///
/// # Errors
/// If the template is missing or names a value that is not there, or a field is not sealed for the person.
pub(crate) fn render(
    template: &str,
    channel: Channel,
    language: &str,
    person: (&DataKey, &Personal),
    values: &[(&'static str, Value)],
    money: &MoneyText,
) -> Result<Rendered, RenderError> {
    let missing = || RenderError::Missing(template.to_owned(), channel.as_str());
    let (language, source) = find(template, channel, Language::closest(language)).ok_or_else(missing)?;
    let (key, name) = person;
    let written = Written { language, money, key };
    let name = minijinja::Value::from(one_line(name.reveal()));
    let own = std::iter::once(Ok(("name", name)));
    let given = values.iter().map(|(name, value)| Ok((*name, written.value(template, value)?)));
    let context = minijinja::Value::from_pairs(own.chain(given).collect::<Result<Vec<_>, RenderError>>()?);
    // The name decides on escaping: plain text is not escaped.
    let text =
        environment().render_named_str("message.txt", source, context).map_err(|error| broken(template, &error))?;
    let text = text.trim();
    match channel {
        Channel::Sms | Channel::Push => Ok(Rendered { language, subject: None, text: Personal::new(text) }),
        Channel::Email => {
            let (subject, body) = text.split_once("\n\n").unwrap_or((text, text));
            let subject = one_line(subject.trim_start_matches("Subject:").trim());
            Ok(Rendered { language, subject: Some(Personal::new(subject)), text: Personal::new(body.trim()) })
        }
    }
}

/// The HTML form of an e-mail.
///
/// # Errors
/// If the layout cannot be rendered.
pub(crate) fn html(language: &str, subject: &Personal, text: &Personal) -> Result<Personal, RenderError> {
    let line = |line: &str| {
        minijinja::Value::from_pairs([("text", minijinja::Value::from(line)), ("is_link", is_link(line).into())])
    };
    let paragraphs = text.reveal().split("\n\n");
    let paragraphs: Vec<_> =
        paragraphs.map(|paragraph| minijinja::Value::from(paragraph.lines().map(line).collect::<Vec<_>>())).collect();
    let context = minijinja::Value::from_pairs([
        ("language", minijinja::Value::from(language)),
        ("subject", minijinja::Value::from(subject.reveal())),
        ("paragraphs", minijinja::Value::from(paragraphs)),
    ]);
    let html = environment().render_named_str("layout.html", LAYOUT, context);
    html.map(Personal::new).map_err(|error| broken("layout", &error))
}

fn is_link(line: &str) -> bool {
    line.starts_with("https://") && !line.contains(char::is_whitespace)
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment
}

fn broken(template: &str, error: &minijinja::Error) -> RenderError {
    RenderError::Broken(template.to_owned(), error.kind().to_string())
}

/// Without line breaks: nobody's name adds a header or a paragraph.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts;
    use crate::routing::{Channels, rule};
    use proptest::prelude::*;
    use quoin_money::Scales;

    fn money() -> MoneyText {
        MoneyText { currency: "EUR".to_owned(), scales: Scales::default() }
    }

    fn shown(template: &str, channel: Channel, language: &str, name: &Personal) -> Result<Rendered, RenderError> {
        render(template, channel, language, (&facts::tests::key(), name), &[], &money())
    }

    #[test]
    fn every_template_renders_in_every_language() {
        let name = Personal::new("Jane Doe");
        for event in facts::tests::samples() {
            for fact in facts::of(&event).unwrap() {
                let (Channels::Each(channels) | Channels::First(channels)) =
                    rule(&event.event, fact.template).unwrap().channels;
                for (channel, language) in
                    channels.iter().flat_map(|one| ["en", "de", "es", "fr"].map(|language| (*one, language)))
                {
                    let person = (&facts::tests::key(), &name);
                    let done = render(fact.template, channel, language, person, &fact.values, &money()).unwrap();
                    let text = done.text.reveal();
                    assert_eq!(done.language.as_str(), language);
                    assert!(!text.is_empty() && !text.contains("{{") && !text.contains("Subject:"), "{text}");
                    assert_eq!(done.subject.is_some(), channel == Channel::Email);
                }
            }
        }
    }

    fn order(event: &str, template: &str, channel: Channel) -> Rendered {
        let told = facts::tests::samples().into_iter().filter(|sample| sample.event == event);
        let fact = told.flat_map(|event| facts::of(&event).unwrap()).find(|fact| fact.template == template).unwrap();
        let person = (&facts::tests::key(), &Personal::new("Jane Doe"));
        render(template, channel, "en", person, &fact.at_merchant("Fresh Mart").values, &money()).unwrap()
    }

    #[test]
    fn a_confirmation_lists_what_was_ordered_and_where_it_goes() {
        let mail = order("order.created", "order_confirmed", Channel::Email);
        assert_eq!(mail.subject.as_ref().unwrap().reveal(), "Your order at Fresh Mart is confirmed");
        let expected = "Hello Jane Doe,\n\nFresh Mart has confirmed your order o.\n\n\
            2 × Apples X, 150.00 EUR each: 300.00 EUR\n5 × Bread, 40.00 EUR each: 200.00 EUR\n\n\
            Subtotal: 500.00 EUR\nDiscount (WEEKEND50): -50.00 EUR\nDelivery: 0.00 EUR\nTotal: 450.00 EUR\n\n\
            Delivered to: John Doe, 123, MG Road, 560001 Bangalore\nEstimated delivery: 2026-01-04, 12:00 UTC\n\n\
            Follow your order:\nhttps://bizone.com/track/1";
        assert_eq!(mail.text.reveal(), expected);
        let html = html("en", mail.subject.as_ref().unwrap(), &mail.text).unwrap();
        let link = r#"Follow your order:<br><a href="https:&#x2f;&#x2f;bizone.com&#x2f;track&#x2f;1">"#;
        assert!(html.reveal().contains(link), "{}", html.reveal());
    }

    #[test]
    fn a_failed_order_is_told_with_its_reason_and_a_refund_with_its_amounts() {
        let refused = order("order.failed", "order_refused", Channel::Email);
        assert!(
            refused
                .text
                .reveal()
                .contains("the balance is not enough. It costs 450.00 EUR, and 300.00 EUR can be paid")
        );
        let failed = order("order.failed", "order_failed", Channel::Push);
        assert!(
            failed.text.reveal().starts_with("Your order at Fresh Mart over 450.00 EUR was cancelled: the merchant")
        );
        let refund = order("wallet.refunded", "order_refunded", Channel::Sms);
        assert!(
            refund.text.reveal().ends_with("Back on your balance: 200 promo coins, 99.50 EUR."),
            "{}",
            refund.text.reveal()
        );
    }

    #[test]
    fn what_is_sealed_for_somebody_else_is_not_rendered() {
        let other = facts::tests::samples().into_iter().find(|event| event.event == "order.created").unwrap();
        let fact = facts::of(&other).unwrap().remove(0);
        let key = DataKey::new("v", &[8; 32]).unwrap();
        let failed = render(fact.template, Channel::Email, "en", (&key, &Personal::new("x")), &fact.values, &money());
        assert!(matches!(failed, Err(RenderError::Broken(_, _))));
    }

    #[test]
    fn an_unknown_language_is_answered_in_english() {
        let done = shown("welcome", Channel::Sms, "hi-IN", &Personal::new("Asha")).unwrap();
        assert_eq!(done.text.reveal(), "Welcome to Quoin, Asha! Your account is ready.");
    }

    #[test]
    fn a_value_that_is_missing_is_an_error_not_a_gap() {
        let failed = shown("bet_placed", Channel::Sms, "en", &Personal::new("Jane")).unwrap_err();
        assert!(matches!(failed, RenderError::Broken(_, _)) && !failed.to_string().contains("Jane"));
    }

    #[test]
    fn a_name_neither_adds_headers_nor_markup() {
        let name = Personal::new("<script>\r\nBcc: x\n\n</script>");
        let done = shown("welcome", Channel::Email, "en", &name).unwrap();
        let html = html("en", done.subject.as_ref().unwrap(), &done.text).unwrap();
        assert_eq!(done.subject.unwrap().reveal(), "Welcome to Quoin");
        assert!(!html.reveal().contains("<script>") && html.reveal().contains("&lt;script&gt;"));
    }

    #[test]
    fn what_is_rendered_is_not_shown_when_debugged() {
        let done = shown("welcome", Channel::Email, "en", &Personal::new("Jane Doe")).unwrap();
        assert!(!format!("{done:?}").contains("Jane"));
    }

    proptest! {
        #[test]
        fn nothing_a_person_is_called_becomes_markup(name in ".{0,60}") {
            let done = shown("welcome", Channel::Email, "en", &Personal::new(name)).unwrap();
            let html = html("en", done.subject.as_ref().unwrap(), &done.text).unwrap();
            let tags = |text: &str| text.matches('<').count();
            let plain = shown("welcome", Channel::Email, "en", &Personal::new("x")).unwrap();
            let expected = super::html("en", plain.subject.as_ref().unwrap(), &plain.text).unwrap();
            prop_assert_eq!(tags(html.reveal()), tags(expected.reveal()));
        }
    }
}
