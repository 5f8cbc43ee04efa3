//! One message from its recorded intent to its recorded result.

use quoin_events::types::Channel;
use quoin_events::{BusEvent, Timestamp};
use quoin_runtime::{DataKey, Delivery, Env, Failure, Outcome, Personal};
use quoin_store::{Head, Item, StoreError};

use crate::contact::Contact;
use crate::facts::Fact;
use crate::money_text::MoneyText;
use crate::notice::{self, Answer, Notice, Standing};
use crate::preferences::Preferences;
use crate::provider::{self, Outgoing};
use crate::record::{self, follow, record};
use crate::reference::Reference;
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
    standing: Standing,
    head: Head,
    rendered: Rendered,
}

/// How often a result is recorded anew because somebody else wrote first.
const TRIES: usize = 4;
/// A row is kept for months; of an event that is older than this, the stream is asked as well, which is kept for good.
const FRESH_SECONDS: i64 = 86_400;

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
    conclude(env, delivery, intent, &answer).await?;
    match answer {
        // A permanent refusal is recorded and told; trying again would not change it.
        Answer::Accepted(_) | Answer::Refused(_) => Ok(Outcome::Applied),
        Answer::Unavailable(reason) => Err(Failure::Transient(reason)),
    }
}

/// Records the intent, or finds the one recorded before; `None` if the notice is settled.
///
/// The row in the person's list is the record, in one plain put: its key follows from the event.
async fn intent(
    env: &Env,
    delivery: &Delivery<BusEvent>,
    addressed: &Addressed<'_>,
    channel: Channel,
) -> Result<Option<Intent>, Failure> {
    let now = delivery.context.now;
    let rendered = rendered(env, addressed, channel)?;
    let notice = planned(delivery, addressed, channel, &rendered)?;
    let (table, stream) = (table::name(env)?, notice.reference.stream());
    let is_fresh = now < notice.reference.about_at.plus_seconds(FRESH_SECONDS);
    let head = if is_fresh { Head::none() } else { env.store.head(&stream).await? };
    let standing = Standing::at(&head)?;
    if !standing.wants_sending() {
        follow(env, table, &notice.reference, (head.version, standing.status)).await?;
        return Ok(None);
    }
    if env.store.put_new(table, row(&notice, (&head, &standing), &rendered, addressed.key, now)?).await? {
        return Ok(Some(Intent { notice, standing, head, rendered }));
    }
    let head = env.store.head(&stream).await?;
    let standing = Standing::at(&head)?;
    if !standing.wants_sending() {
        follow(env, table, &notice.reference, (head.version, standing.status)).await?;
        return Ok(None);
    }
    // The provider must see the same message again: preferences may have changed since.
    let Some(row) = env.store.get(table, &notice.reference.row(), true).await? else {
        return Err(Failure::transient("the notice's row went as it was read"));
    };
    let rendered = reopened(&row, addressed.key)?.unwrap_or(rendered);
    Ok(Some(Intent { notice: Notice::read(&notice.reference, &row)?, standing, head, rendered }))
}

fn rendered(env: &Env, addressed: &Addressed<'_>, channel: Channel) -> Result<Rendered, Failure> {
    let money =
        MoneyText { currency: env.config.get("CURRENCY").unwrap_or_default().to_owned(), scales: env.config.scales()? };
    let name = addressed.key.open(&addressed.contact.full_name).map_err(Failure::poison)?;
    let (fact, rule, person) = (addressed.fact, addressed.rule, (addressed.key, &name));
    render(rule.template, channel, addressed.language, person, &fact.values, &money).map_err(Failure::poison)
}

fn planned(
    delivery: &Delivery<BusEvent>,
    addressed: &Addressed<'_>,
    channel: Channel,
    rendered: &Rendered,
) -> Result<Notice, Failure> {
    let (event, user_id) = (delivery.event(), &addressed.fact.user_id);
    let reference = Reference {
        notification_id: notice::id(event.event_id(), channel, user_id),
        user_id: user_id.clone(),
        about_at: event.timestamp.parse().map_err(Failure::poison)?,
    };
    Ok(Notice {
        reference,
        channel,
        template: addressed.rule.template.to_owned(),
        language: rendered.language.as_str().to_owned(),
        about_event: event.event.clone(),
        about_event_id: event.event_id().to_owned(),
    })
}

/// The row in the person's list; what it says is sealed.
fn row(
    notice: &Notice,
    (head, standing): (&Head, &Standing),
    rendered: &Rendered,
    key: &DataKey,
    now: Timestamp,
) -> Result<Item, Failure> {
    let seal = |text: &Personal| key.seal(text).map(|sealed| sealed.as_str().to_owned()).map_err(Failure::poison);
    Ok(table::item(notice.reference.row())
        .text("notification_id", &notice.reference.notification_id)
        .text("status", standing.status.as_str())
        .number(record::VERSION, head.version)
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
        reference: intent.notice.reference.clone(),
        channel,
        to: addressed.key.open(to).map_err(Failure::poison)?,
        subject: subject.clone(),
        text: text.clone(),
        html: html.map_err(Failure::poison)?,
    })
}

/// Records what the provider answered, unless it is to be asked again or somebody else has recorded it.
async fn conclude(env: &Env, delivery: &Delivery<BusEvent>, intent: Intent, answer: &Answer) -> Result<(), Failure> {
    let Intent { notice, mut standing, mut head, .. } = intent;
    let (table, origin) = (table::name(env)?, &delivery.context.origin);
    for _ in 0..TRIES {
        let is_at = (head.version, standing.status);
        let Some(change) = standing.answered(answer, delivery.is_last) else {
            return Ok(follow(env, table, &notice.reference, is_at).await?);
        };
        match record(env, table, origin, &notice, &change, (&head, env.clock.now())).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Conflict | StoreError::Lost(_)) => {
                head = env.store.head(&notice.reference.stream()).await?;
                standing = Standing::at(&head)?;
                if !standing.wants_sending() {
                    let is_at = (head.version, standing.status);
                    return Ok(follow(env, table, &notice.reference, is_at).await?);
                }
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => return Err(error.into()),
        }
    }
    Err(Failure::transient("others kept changing the notice"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts;
    use crate::order_facts::CONFIRMED;
    use crate::record::changed;
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
            let (now, standing, head) = (delivery.context.now, Standing::SENDING, Head::none());
            let rendered = rendered(addressed);
            let notice = planned(delivery, addressed, Channel::Email, &rendered).unwrap();
            let row = row(&notice, (&head, &standing), &rendered, addressed.key, now).unwrap();
            assert_eq!(Notice::read(&notice.reference, &row).unwrap(), notice);
            let refused = standing.answered(&Answer::Refused("HTTP 422".to_owned()), false).unwrap();
            let accepted = standing.answered(&Answer::Accepted("m".to_owned()), false).unwrap();
            let commits = [&refused, &accepted].map(|change| changed(&notice, change, &head, now).unwrap());
            let intent = Intent { notice, standing, head, rendered };
            let sent = [Channel::Sms, Channel::Email, Channel::Push]
                .map(|channel| outgoing(addressed, channel, &intent).unwrap());
            assert_eq!(sent[0].to.reveal(), PERSONAL[1]);
            assert!(sent[1].html.as_ref().unwrap().reveal().contains("Jane Doe"));
            let printed = format!("{addressed:?}{row:?}{commits:?}{intent:?}{sent:?}");
            for text in PERSONAL {
                assert!(!printed.contains(text), "{text}");
            }
        });
    }

    #[test]
    fn a_second_try_sends_what_the_first_one_recorded() {
        with_person(|delivery, addressed| {
            let rendered = rendered(addressed);
            let notice = planned(delivery, addressed, Channel::Email, &rendered).unwrap();
            let new = (&Head::none(), &Standing::SENDING);
            let row = row(&notice, new, &rendered, addressed.key, delivery.context.now).unwrap();
            assert_eq!(reopened(&row, addressed.key).unwrap(), Some(rendered));
            assert_eq!(reopened(&Item::new(), addressed.key).unwrap(), None);
        });
    }

    #[test]
    fn a_row_fits_into_one_kilobyte_but_for_the_mail_that_lists_an_order() {
        // Ids are as long as real ones.
        let (uuid, user_id) = ("92019baa-5cff-53c8-8fbf-3e740581c4fd", "user_4bf92f3577b34da6a3ce929d0e0e4736");
        let money = MoneyText { currency: "EUR".to_owned(), scales: Scales::default() };
        let (key, now) = (facts::tests::key(), Timestamp::from_millis(1_767_521_827_700));
        let (wishes, mut sizes) =
            (Preferences { push_token: key.seal(&Personal::new("device")).ok(), ..Preferences::default() }, Vec::new());
        for event in facts::tests::samples() {
            for fact in facts::of(&event).unwrap() {
                let about = rule(&event.event, fact.template).unwrap();
                for channel in [Channel::Sms, Channel::Push, Channel::Email] {
                    if !about.channels_for(&wishes, true).contains(&channel) {
                        continue;
                    }
                    let name = Personal::new("Jane Doe");
                    let rendered = render(fact.template, channel, "de", (&key, &name), &fact.values, &money).unwrap();
                    let reference = Reference {
                        notification_id: notice::id(uuid, channel, user_id),
                        user_id: user_id.to_owned(),
                        about_at: now,
                    };
                    let (template, language) = (fact.template.to_owned(), "de".to_owned());
                    let (about_event, about_event_id) = (event.event.clone(), uuid.to_owned());
                    let notice = Notice { reference, channel, template, language, about_event, about_event_id };
                    let bytes = row(&notice, (&Head::none(), &Standing::SENDING), &rendered, &key, now).unwrap().size();
                    sizes.push((bytes, channel, fact.template));
                }
            }
        }
        sizes.retain(|(bytes, ..)| *bytes > 1024);
        assert!(
            sizes.iter().all(|(_, channel, template)| (*channel, *template) == (Channel::Email, CONFIRMED)),
            "{sizes:?}"
        );
    }
}
