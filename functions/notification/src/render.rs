//! A template and a fact become a message; what stands in HTML is escaped.

use minijinja::{Environment, UndefinedBehavior};
use quoin_events::types::Channel;
use quoin_runtime::Personal;

use crate::facts::Value;
use crate::library::{LAYOUT, Language, find};
use crate::money_text::MoneyText;

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

/// Renders `template` for `channel` in the language closest to `language`.
///
/// # Errors
/// If the template is missing or names a value that is not there.
pub(crate) fn render(
    template: &str,
    channel: Channel,
    language: &str,
    name: &Personal,
    values: &[(&'static str, Value)],
    money: &MoneyText,
) -> Result<Rendered, RenderError> {
    let missing = || RenderError::Missing(template.to_owned(), channel.as_str());
    let (language, source) = find(template, channel, Language::closest(language)).ok_or_else(missing)?;
    let value = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        Value::Money(amount) => money.of(amount, language),
    };
    let own = std::iter::once(("name", one_line(name.reveal())));
    let context = own.chain(values.iter().map(|(name, given)| (*name, value(given))));
    let context = minijinja::Value::from_pairs(context);
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
    let paragraphs: Vec<_> = text.reveal().split("\n\n").map(minijinja::Value::from).collect();
    let context = minijinja::Value::from_pairs([
        ("language", minijinja::Value::from(language)),
        ("subject", minijinja::Value::from(subject.reveal())),
        ("paragraphs", minijinja::Value::from(paragraphs)),
    ]);
    let html = environment().render_named_str("layout.html", LAYOUT, context);
    html.map(Personal::new).map_err(|error| broken("layout", &error))
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
                    let done = render(fact.template, channel, language, &name, &fact.values, &money()).unwrap();
                    let text = done.text.reveal();
                    assert_eq!(done.language.as_str(), language);
                    assert!(!text.is_empty() && !text.contains("{{") && !text.contains("Subject:"), "{text}");
                    assert_eq!(done.subject.is_some(), channel == Channel::Email);
                }
            }
        }
    }

    #[test]
    fn an_unknown_language_is_answered_in_english() {
        let done = render("welcome", Channel::Sms, "hi-IN", &Personal::new("Asha"), &[], &money()).unwrap();
        assert_eq!(done.text.reveal(), "Welcome to Quoin, Asha! Your account is ready.");
    }

    #[test]
    fn a_value_that_is_missing_is_an_error_not_a_gap() {
        let failed = render("bet_placed", Channel::Sms, "en", &Personal::new("Jane"), &[], &money()).unwrap_err();
        assert!(matches!(failed, RenderError::Broken(_, _)) && !failed.to_string().contains("Jane"));
    }

    #[test]
    fn a_name_neither_adds_headers_nor_markup() {
        let name = Personal::new("<script>\r\nBcc: x\n\n</script>");
        let done = render("welcome", Channel::Email, "en", &name, &[], &money()).unwrap();
        let html = html("en", done.subject.as_ref().unwrap(), &done.text).unwrap();
        assert_eq!(done.subject.unwrap().reveal(), "Welcome to Quoin");
        assert!(!html.reveal().contains("<script>") && html.reveal().contains("&lt;script&gt;"));
    }

    #[test]
    fn what_is_rendered_is_not_shown_when_debugged() {
        let done = render("welcome", Channel::Email, "en", &Personal::new("Jane Doe"), &[], &money()).unwrap();
        assert!(!format!("{done:?}").contains("Jane"));
    }

    proptest! {
        #[test]
        fn nothing_a_person_is_called_becomes_markup(name in ".{0,60}") {
            let done = render("welcome", Channel::Email, "en", &Personal::new(name), &[], &money()).unwrap();
            let html = html("en", done.subject.as_ref().unwrap(), &done.text).unwrap();
            let tags = |text: &str| text.matches('<').count();
            let plain = render("welcome", Channel::Email, "en", &Personal::new("x"), &[], &money()).unwrap();
            let expected = super::html("en", plain.subject.as_ref().unwrap(), &plain.text).unwrap();
            prop_assert_eq!(tags(html.reveal()), tags(expected.reveal()));
        }
    }
}
