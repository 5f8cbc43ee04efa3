//! What a merchant's reply says. Whatever is not said in exactly the words of the interface is silence. Pure.

use quoin_runtime::OutboundResponse;
use serde::Deserialize;

use super::{Silence, Word};
use crate::order::Confirmation;

/// The most characters of an id or a date.
const MAX_TEXT: usize = 200;
/// The most characters of a URL.
const MAX_URL: usize = 2_000;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Place,
    Standing,
    Cancel,
}

#[derive(Deserialize)]
struct Told {
    rabtul_order_id: String,
    status: String,
    #[serde(default)]
    bizone_order_id: Option<String>,
    #[serde(default)]
    estimated_delivery: Option<String>,
    #[serde(default)]
    tracking_url: Option<String>,
}

/// What the reply to `question` about `order_id` says.
pub(super) fn read(question: Question, order_id: &str, reply: &OutboundResponse) -> Result<Word, Silence> {
    let unheard = |reason: String| Silence::Unheard(reason);
    if question == Question::Standing && reply.status == 404 {
        return Ok(Word::Unknown);
    }
    if !matches!(reply.status, 200 | 201 | 202 | 409 | 422) {
        return Err(unheard(format!("the merchant answered {}", reply.status)));
    }
    let told: Told = serde_json::from_slice(&reply.body)
        .map_err(|_| unheard(format!("the merchant answered {} in no known form", reply.status)))?;
    if told.rabtul_order_id != order_id {
        return Err(unheard("the merchant tells of another order".to_owned()));
    }
    match (question, reply.status, told.status.as_str()) {
        (Question::Place, 200 | 201, "confirmed")
        | (Question::Standing, 200, "confirmed")
        | (Question::Cancel, 409, "confirmed") => confirmed(told).map(Word::Confirmed),
        (Question::Place, 200 | 201 | 409 | 422, "rejected")
        | (Question::Standing | Question::Cancel, 200, "rejected") => Ok(Word::Refused),
        (Question::Place, 409, "cancelled") | (Question::Standing | Question::Cancel, 200, "cancelled") => {
            Ok(Word::Cancelled)
        }
        (Question::Place, 200..=202, "pending")
        | (Question::Standing, 200, "pending")
        | (Question::Cancel, 200 | 202 | 409, "pending") => Ok(Word::Pending),
        (_, status, _) => Err(unheard(format!("the merchant's answer {status} says nothing to us"))),
    }
}

/// A confirmation is one only with the merchant's own id; what else it tells is left out if it cannot be shown.
fn confirmed(told: Told) -> Result<Confirmation, Silence> {
    let is_shown =
        |text: &String, most: usize| !text.is_empty() && text.len() <= most && !text.chars().any(char::is_control);
    let id = told.bizone_order_id.filter(|id| is_shown(id, MAX_TEXT));
    let bizone_order_id = id.ok_or_else(|| Silence::Unheard("the merchant confirms without an id".to_owned()))?;
    let is_url = |url: &String| url.starts_with("https://") && is_shown(url, MAX_URL);
    Ok(Confirmation {
        bizone_order_id,
        estimated_delivery: told.estimated_delivery.filter(|at| is_shown(at, MAX_TEXT)),
        tracking_url: told.tracking_url.filter(is_url),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const YES: &str = r#"{"rabtul_order_id":"order_1","status":"confirmed","bizone_order_id":"BZN_1",
        "estimated_delivery":"2026-01-04T12:00:00Z","tracking_url":"https://bizone.example/BZN_1","more":1}"#;

    fn reading(question: Question, status: u16, body: &str) -> Result<Word, ()> {
        read(question, "order_1", &OutboundResponse { status, body: body.as_bytes().to_vec() }).map_err(|_| ())
    }

    fn told(status: &str) -> String {
        format!(r#"{{"rabtul_order_id":"order_1","status":"{status}"}}"#)
    }

    #[test]
    fn a_confirmation_is_read_with_all_that_it_tells() {
        let Ok(Word::Confirmed(confirmation)) = reading(Question::Place, 201, YES) else { panic!("a yes is one") };
        assert_eq!(confirmation.bizone_order_id, "BZN_1");
        assert_eq!(confirmation.tracking_url.as_deref(), Some("https://bizone.example/BZN_1"));
        let plain = YES.replace("https://", "javascript://");
        let Ok(Word::Confirmed(confirmation)) = reading(Question::Standing, 200, &plain) else { panic!("still a yes") };
        assert_eq!(confirmation.tracking_url, None);
    }

    #[test]
    fn words_mean_what_they_mean_only_where_the_interface_has_them() {
        use Question::{Cancel, Place, Standing};
        for (question, status, word, meant) in [
            (Place, 422, "rejected", Some(Word::Refused)),
            (Place, 409, "cancelled", Some(Word::Cancelled)),
            (Place, 202, "pending", Some(Word::Pending)),
            (Place, 500, "rejected", None),
            (Place, 401, "rejected", None),
            (Place, 200, "cancelled", None),
            (Place, 200, "on_hold", None),
            (Place, 404, "rejected", None),
            (Standing, 404, "confirmed", Some(Word::Unknown)),
            (Standing, 200, "rejected", Some(Word::Refused)),
            (Standing, 410, "cancelled", None),
            (Cancel, 200, "cancelled", Some(Word::Cancelled)),
            (Cancel, 404, "cancelled", None),
            (Cancel, 409, "cancelled", None),
        ] {
            assert_eq!(reading(question, status, &told(word)).ok(), meant, "{question:?} {status} {word}");
        }
        assert!(matches!(reading(Cancel, 409, YES), Ok(Word::Confirmed(_))));
    }

    #[test]
    fn a_confirmation_without_an_id_or_of_another_order_is_none() {
        assert_eq!(reading(Question::Place, 201, &told("confirmed")), Err(()));
        assert_eq!(reading(Question::Place, 201, &YES.replace("order_1", "order_2")), Err(()));
        assert_eq!(reading(Question::Place, 201, &YES.replace("BZN_1\"", "\"")), Err(()));
    }

    proptest! {
        #[test]
        fn no_reply_that_breaks_off_is_a_yes_a_no_or_a_promise(
            status in 100_u16..600, at in 0_usize..200, with in any::<u8>(), cut in 0_usize..YES.len(),
        ) {
            let mut body = YES.as_bytes().to_vec();
            if let Some(byte) = body.get_mut(at) { *byte = with; }
            body.truncate(cut);
            let reply = OutboundResponse { status, body };
            for question in [Question::Place, Question::Standing, Question::Cancel] {
                let word = read(question, "order_1", &reply);
                let is_silent = matches!(word, Err(_) | Ok(Word::Unknown));
                prop_assert!(is_silent, "{:?}", word);
            }
        }
    }
}
