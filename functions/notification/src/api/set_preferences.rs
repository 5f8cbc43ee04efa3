//! `PUT /api/notifications/preferences`: how the caller wants to be told. What is not named stays as it is.

use quoin_runtime::{Env, Personal, Problem, Request, Response};
use quoin_store::Update;
use serde::{Deserialize, Deserializer, Serialize};

use crate::preferences::{Preferences, switch};
use crate::table;

/// The wishes that change; a `push_token` of null forgets the device.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct PreferencesChange {
    /// Text messages.
    sms: Option<bool>,
    /// E-mails.
    email: Option<bool>,
    /// Push messages.
    push: Option<bool>,
    /// BCP 47.
    #[cfg_attr(feature = "schema", schemars(length(max = 35)))]
    language: Option<String>,
    /// The device's token, without spaces; null forgets the device.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", length(min = 1, max = MAX_TOKEN)))]
    #[serde(default, deserialize_with = "named")]
    push_token: Option<Option<Personal>>,
}

/// The wishes as they are now; the device itself is not shown.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct PreferencesView {
    /// Text messages.
    sms: bool,
    /// E-mails.
    email: bool,
    /// Push messages.
    push: bool,
    /// BCP 47; that of the account if it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// Whether a device is known.
    has_push_token: bool,
}

/// Tells null from absent.
fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Personal>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Longer than any provider's device token or endpoint name.
const MAX_TOKEN: usize = 2_048;

impl PreferencesChange {
    fn check(&self) -> Result<(), Problem> {
        if self.language.as_deref().is_some_and(|tag| !is_language(tag)) {
            return Err(Problem::field("LANGUAGE_INVALID", "/language", "must be a BCP 47 tag such as de or pt-BR"));
        }
        if let Some(Some(token)) = &self.push_token
            && !is_token(token.reveal())
        {
            let detail = format!("must be 1 to {MAX_TOKEN} printable characters without spaces");
            return Err(Problem::field("PUSH_TOKEN_INVALID", "/push_token", detail));
        }
        Ok(())
    }
}

fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    tag.len() <= 35
        && (2..=8).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn is_token(token: &str) -> bool {
    (1..=MAX_TOKEN).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("How the caller wants to be told; what is not named stays")
        .changes::<PreferencesChange>()
        .answers::<PreferencesView>(200)
        .refuses(400, &["LANGUAGE_INVALID", "PUSH_TOKEN_INVALID"])
        .refuses(404, &["NOT_FOUND"])
}

/// Sets what is named and answers with all of it.
///
/// # Errors
/// 400 for a body that is not one, 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = &request.caller()?.user_id;
    let body: PreferencesChange = request.changes(&["push_token"])?;
    body.check()?;
    let (table, key) = (table::name(env)?, table::preferences(user_id));
    let mut update = Update::of(table, key.clone()).text("changed_at", request.context.now.to_string());
    for (name, on) in [("sms", body.sms), ("email", body.email), ("push", body.push)] {
        if let Some(on) = on {
            update = update.text(name, switch(on));
        }
    }
    if let Some(language) = body.language {
        update = update.text("language", language);
    }
    match body.push_token {
        None => {}
        Some(None) => update = update.remove("push_token"),
        Some(Some(token)) => {
            let key = env.data_key(user_id).await?.ok_or_else(|| Problem::not_found("user"))?;
            let sealed = key.seal(&token).map_err(quoin_runtime::Failure::poison)?;
            update = update.text("push_token", sealed.as_str());
        }
    }
    env.store.update(update).await?;
    let now = Preferences::read(env.store.get(table, &key, true).await?.as_ref())?;
    let view = PreferencesView {
        sms: now.sms,
        email: now.email,
        push: now.push,
        language: now.language,
        has_push_token: now.push_token.is_some(),
    };
    Response::json(200, &view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_forgets_the_device_and_absence_keeps_it() {
        let body = |text: &str| serde_json::from_str::<PreferencesChange>(text).unwrap().push_token;
        assert_eq!(body("{}"), None);
        assert_eq!(body(r#"{"push_token":null}"#), Some(None));
        assert_eq!(body(r#"{"push_token":"t"}"#), Some(Some(Personal::new("t"))));
        assert!(serde_json::from_str::<PreferencesChange>(r#"{"fax":true}"#).is_err());
    }

    #[test]
    fn a_device_is_not_shown_when_debugged() {
        let body: PreferencesChange = serde_json::from_str(r#"{"push_token":"secret-device"}"#).unwrap();
        assert!(!format!("{body:?}").contains("secret-device"));
    }

    #[test]
    fn languages_and_tokens_are_checked() {
        for (tag, good) in
            [("de", true), ("pt-BR", true), ("zh-Hant-TW", true), ("d", false), ("de_AT", false), ("", false)]
        {
            assert_eq!(is_language(tag), good, "{tag}");
        }
        assert!(is_token("arn:aws:sns:eu-west-1:1:endpoint/APNS/app/1") && !is_token("a b") && !is_token(""));
    }
}
