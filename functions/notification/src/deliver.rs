//! One message from its recorded intent to its recorded result.

use quoin_events::types::Channel;
use quoin_events::{BusEvent, Timestamp};
use quoin_runtime::{DataKey, Delivery, Env, Failure, Outcome, Personal};
use quoin_store::{Append, Commit, Head, Item, Key, Lost, StoreError, Update};

use crate::contact::Contact;
use crate::facts::Fact;
use crate::money_text::MoneyText;
use crate::notice::{self, Answer, Change, Notice, Status, Told};
use crate::preferences::Preferences;
use crate::provider::{self, Outgoing};
use crate::render::{Rendered, html, render};
use crate::routing::Rule;
use crate::table;

/// Whom is told what.
#[derive(Debug)]
pub(crate) struct Addressed<'a> {
    /// What is told.
    pub(crate) fact: &'a Fact,
    /// The line of the table.
    pub(crate) rule: &'a Rule,
    /// Where the person is reached.
    pub(crate) contact: &'a Contact,
    /// How the person wants to be told.
    pub(crate) preferences: &'a Preferences,
    /// In which language the person is told.
    pub(crate) language: &'a str,
    /// Opens and seals what is the person's.
    pub(crate) key: &'a DataKey,
}

/// A notice whose intent is recorded, and what it says.
#[derive(Debug)]
struct Intent {
    notice: Notice,
    head: Head,
    rendered: Rendered,
}

/// How often a result is recorded anew because somebody else wrote first.
const TRIES: usize = 4;

/// Tells the person over `channel`, at most once.
///
/// # Errors
/// Transient while the provider cannot be reached; poison for a template that cannot be rendered.
pub(crate) async fn deliver(
    env: &Env,
    delivery: &Delivery<BusEvent>,
    addressed: &Addressed<'_>,
    channel: Channel,
) -> Result<Outcome, Failure> {
    let Some(intent) = intent(env, delivery, addressed, channel).await? else { return Ok(Outcome::Duplicate) };
    let message = outgoing(addressed, channel, &intent)?;
    let answer = provider::send(env, &message).await?;
    record(env, delivery, intent, &answer).await?;
    match answer {
        // A permanent refusal is recorded and told; trying again would not change it.
        Answer::Accepted(_) | Answer::Refused(_) => Ok(Outcome::Applied),
        Answer::Unavailable(reason) => Err(Failure::Transient(reason)),
    }
}

/// Records the intent, or finds the one recorded before; `None` if the notice is settled.
async fn intent(
    env: &Env,
    delivery: &Delivery<BusEvent>,
    addressed: &Addressed<'_>,
    channel: Channel,
) -> Result<Option<Intent>, Failure> {
    let now = delivery.context.now;
    let rendered = rendered(env, addressed, channel)?;
    let notice = planned(delivery, addressed, channel, &rendered);
    let stream = notice::stream(&notice.notification_id);
    let append = Append::first(stream.clone(), now).state(&notice)?;
    let commit = Commit::new().append(append).put(table::name(env)?, row(&notice, &rendered, addressed.key, now)?);
    match env.store.commit(commit, &delivery.context.origin).await {
        Ok(()) => {
            let head = Head { version: 1, next_sequence: 1, at: now, state: None };
            Ok(Some(Intent { notice, head, rendered }))
        }
        Err(StoreError::Lost(lost)) if matches!(*lost, Lost::Append { .. }) => {
            let head = env.store.head(&stream).await?;
            let notice = read(&head)?;
            if !notice.wants_sending() {
                return Ok(None);
            }
            // The provider must see the same message again: preferences may have changed since.
            let listed = Key::new(table::notices(&notice.user_id), &notice.listed_at);
            let row = env.store.get(table::name(env)?, &listed, true).await?;
            let rendered = row.map(|row| reopened(&row, addressed.key)).transpose()?.flatten().unwrap_or(rendered);
            Ok(Some(Intent { notice, head, rendered }))
        }
        Err(error) => Err(error.into()),
    }
}

fn rendered(env: &Env, addressed: &Addressed<'_>, channel: Channel) -> Result<Rendered, Failure> {
    let money =
        MoneyText { currency: env.config.get("CURRENCY").unwrap_or_default().to_owned(), scales: env.config.scales()? };
    let name = addressed.key.open(&addressed.contact.full_name).map_err(Failure::poison)?;
    let (fact, rule, person) = (addressed.fact, addressed.rule, (addressed.key, &name));
    render(rule.template, channel, addressed.language, person, &fact.values, &money).map_err(Failure::poison)
}

fn planned(delivery: &Delivery<BusEvent>, addressed: &Addressed<'_>, channel: Channel, rendered: &Rendered) -> Notice {
    let (event, user_id) = (delivery.event(), &addressed.fact.user_id);
    let notification_id = notice::id(event.event_id(), channel, user_id);
    Notice {
        status: Status::Sending,
        user_id: user_id.clone(),
        channel,
        template: addressed.rule.template.to_owned(),
        language: rendered.language.as_str().to_owned(),
        about_event: event.event.clone(),
        about_event_id: event.event_id().to_owned(),
        listed_at: table::listed_at(delivery.context.now, &notification_id),
        provider_id: None,
        accepted_at: None,
        failure_reason: None,
        notification_id,
    }
}

/// The row in the person's list; what it says is sealed.
fn row(notice: &Notice, rendered: &Rendered, key: &DataKey, now: Timestamp) -> Result<Item, Failure> {
    let seal = |text: &Personal| key.seal(text).map(|sealed| sealed.as_str().to_owned()).map_err(Failure::poison);
    let listed = Key::new(table::notices(&notice.user_id), &notice.listed_at);
    Ok(table::item(listed)
        .text("notification_id", &notice.notification_id)
        .text("status", notice.status.as_str())
        .text("channel", notice.channel.as_str())
        .text("template", &notice.template)
        .text("language", &notice.language)
        .text("about_event", &notice.about_event)
        .text("about_event_id", &notice.about_event_id)
        .text("created_at", now.to_string())
        .text("text", seal(&rendered.text)?)
        .text_opt("subject", rendered.subject.as_ref().map(seal).transpose()?)
        .number("expires", table::expires(now)))
}

/// What a row says, if all of it is there.
fn reopened(row: &Item, key: &DataKey) -> Result<Option<Rendered>, Failure> {
    let open = |name: &str| {
        let sealed = row.get_text(name).and_then(|text| text.parse().ok());
        sealed.map(|sealed| key.open(&sealed)).transpose().map_err(Failure::poison)
    };
    let (Some(language), Some(text)) = (row.get_text("language"), open("text")?) else { return Ok(None) };
    Ok(Some(Rendered { language: crate::library::Language::closest(language), subject: open("subject")?, text }))
}

fn outgoing(addressed: &Addressed<'_>, channel: Channel, intent: &Intent) -> Result<Outgoing, Failure> {
    let to = match channel {
        Channel::Sms => {
            let phone = addressed.contact.phone.as_ref();
            phone.ok_or_else(|| Failure::poison("a text message without a phone number"))?
        }
        Channel::Email => &addressed.contact.email,
        Channel::Push => {
            let token = addressed.preferences.push_token.as_ref();
            token.ok_or_else(|| Failure::poison("a push message without a device"))?
        }
    };
    let Rendered { subject, text, .. } = &intent.rendered;
    let html = subject.as_ref().map(|subject| html(&intent.notice.language, subject, text)).transpose();
    Ok(Outgoing {
        key: intent.notice.notification_id.clone(),
        channel,
        to: addressed.key.open(to).map_err(Failure::poison)?,
        subject: subject.clone(),
        text: text.clone(),
        html: html.map_err(Failure::poison)?,
    })
}

/// Records what the provider answered, unless it is to be asked again or somebody else has recorded it.
async fn record(env: &Env, delivery: &Delivery<BusEvent>, intent: Intent, answer: &Answer) -> Result<(), Failure> {
    let Intent { mut notice, mut head, .. } = intent;
    for _ in 0..TRIES {
        let Some(change) = notice.answered(answer, delivery.is_last) else { return Ok(()) };
        let commit = changed(table::name(env)?, &change, &head, env.clock.now())?;
        match env.store.commit(commit, &delivery.context.origin).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Conflict | StoreError::Lost(_)) => {
                head = env.store.head(&notice::stream(&notice.notification_id)).await?;
                notice = read(&head)?;
                if !notice.wants_sending() {
                    return Ok(());
                }
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => return Err(error.into()),
        }
    }
    Err(Failure::transient("others kept changing the notice"))
}

/// The commit of a change: the stream's next item, the row's status and the provider's id of the message.
///
/// # Errors
/// If it cannot be written as JSON.
pub(crate) fn changed(table: &str, change: &Change, head: &Head, now: Timestamp) -> Result<Commit, StoreError> {
    let Change { notice, told } = change;
    let append = Append::after(notice::stream(&notice.notification_id), head, now);
    let accepted_at = if *told == Told::Sent { Some(append.at()) } else { notice.accepted_at };
    let notice = &Notice { accepted_at, ..notice.clone() };
    let events = notice.event(*told, append.at())?;
    let listed = Key::new(table::notices(&notice.user_id), &notice.listed_at);
    let status =
        Update::of(table, listed).text("status", notice.status.as_str()).number("expires", table::expires(now));
    let commit = Commit::new().append(append.state(notice)?.events(events)).update(status);
    Ok(match (&notice.provider_id, told) {
        (Some(provider_id), Told::Sent) => commit.put(
            table,
            table::item(table::message(provider_id))
                .text("notification_id", &notice.notification_id)
                .number("expires", table::expires(now)),
        ),
        (Some(_) | None, Told::Sent | Told::Failed | Told::Nothing) => commit,
    })
}

/// The notice at the end of its stream.
///
/// # Errors
/// If its state cannot be read.
pub(crate) fn read(head: &Head) -> Result<Notice, StoreError> {
    let state = head.state.as_deref().ok_or_else(|| StoreError::Refused("the notice has no state".to_owned()))?;
    Ok(serde_json::from_str(state)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts;
    use crate::routing::rule;
    use quoin_events::Origin;
    use quoin_money::Scales;
    use quoin_runtime::Context;

    const PERSONAL: [&str; 4] = ["Jane Doe", "+491701234567", "jane@example.com", "device-1"];

    fn delivery() -> Delivery<BusEvent> {
        let data = r#"{"payment_id":"p","user_id":"u","amount":100,"asset":"cash","method":"card","failure_reason":"declined"}"#;
        let context = Context::new(Timestamp::from_millis(5), Origin::default(), Timestamp::from_millis(9));
        let detail = facts::tests::envelope("DepositFailed", data);
        Delivery { message: BusEvent { detail }, attempt: 1, is_last: false, context }
    }

    fn rendered(addressed: &Addressed<'_>) -> Rendered {
        let money = MoneyText { currency: "EUR".to_owned(), scales: Scales::default() };
        let name = addressed.key.open(&addressed.contact.full_name).unwrap();
        let person = (addressed.key, &name);
        render(addressed.rule.template, Channel::Email, "en", person, &addressed.fact.values, &money).unwrap()
    }

    /// Runs `check` for a person with every kind of contact point.
    fn with_person(check: impl FnOnce(&Delivery<BusEvent>, &Addressed<'_>)) {
        let key = DataKey::new("u", &[7; 32]).unwrap();
        let [full_name, phone, email, token] = PERSONAL.map(|text| key.seal(&Personal::new(text)).unwrap());
        let contact = Contact { phone: Some(phone), email, full_name, language: "en".to_owned() };
        let preferences = Preferences { push_token: Some(token), ..Preferences::default() };
        let delivery = delivery();
        let facts = facts::of(delivery.event()).unwrap();
        let rule = rule("DepositFailed", facts[0].template).unwrap();
        let (fact, contact, preferences, key) = (&facts[0], &contact, &preferences, &key);
        check(&delivery, &Addressed { fact, rule, contact, preferences, language: "en", key });
    }

    #[test]
    fn nothing_that_is_written_told_or_debugged_names_the_person() {
        with_person(|delivery, addressed| {
            let now = delivery.context.now;
            let rendered = rendered(addressed);
            let notice = planned(delivery, addressed, Channel::Email, &rendered);
            let row = row(&notice, &rendered, addressed.key, now).unwrap();
            let head = Head { version: 1, next_sequence: 1, at: now, state: None };
            let refused = notice.answered(&Answer::Refused("HTTP 422".to_owned()), false).unwrap();
            let accepted = notice.answered(&Answer::Accepted("m".to_owned()), false).unwrap();
            let commits = [&refused, &accepted].map(|change| changed("t", change, &head, now).unwrap());
            let state = serde_json::to_string(&notice).unwrap();
            let intent = Intent { notice, head, rendered };
            let sent = [Channel::Sms, Channel::Email, Channel::Push]
                .map(|channel| outgoing(addressed, channel, &intent).unwrap());
            assert_eq!(sent[0].to.reveal(), PERSONAL[1]);
            assert!(sent[1].html.as_ref().unwrap().reveal().contains("Jane Doe"));
            let printed = format!("{addressed:?}{row:?}{commits:?}{state}{intent:?}{sent:?}");
            for text in PERSONAL {
                assert!(!printed.contains(text), "{text}");
            }
        });
    }

    #[test]
    fn a_second_try_sends_what_the_first_one_recorded() {
        with_person(|delivery, addressed| {
            let rendered = rendered(addressed);
            let notice = planned(delivery, addressed, Channel::Email, &rendered);
            let row = row(&notice, &rendered, addressed.key, delivery.context.now).unwrap();
            assert_eq!(reopened(&row, addressed.key).unwrap(), Some(rendered));
            assert_eq!(reopened(&Item::new(), addressed.key).unwrap(), None);
        });
    }
}
