//! What a message is sent under: the notice's id, and what leads from there to its row.
//!
//! A receipt may overtake the provider's answer. The stream has not begun then, and the row is found by what the
//! provider hands back: `<id of the notice>.<moment of the event, in milliseconds>.<user>`.

use std::fmt;

use quoin_events::Timestamp;
use quoin_store::{Key, Stream};

use crate::table;

/// A notice and the key of its row: the same whenever its event is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The notice's id.
    pub(crate) notification_id: String,
    /// Whom it is for.
    pub(crate) user_id: String,
    /// When what it tells about happened.
    pub(crate) about_at: Timestamp,
}

impl Reference {
    /// The reference that `text` is, if it is one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (notification_id, place) = text.split_once('.')?;
        let (millis, user_id) = place.split_once('.')?;
        let about_at = Timestamp::from_millis(millis.parse().ok()?);
        Some(Self { notification_id: notification_id.to_owned(), user_id: user_id.to_owned(), about_at })
    }

    /// The key of its row in the person's list.
    pub(crate) fn row(&self) -> Key {
        table::notice(&self.user_id, self.about_at, &self.notification_id)
    }

    /// The notice's stream, which begins with its first outcome.
    pub(crate) fn stream(&self) -> Stream {
        crate::notice::stream(&self.notification_id)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.notification_id, self.about_at.millis(), self.user_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_the_user_is_called_the_reference_is_read_as_it_was_written(
            user_id in "\\PC{1,40}", millis in 0_i64..9_999_999_999_999,
        ) {
            let about_at = Timestamp::from_millis(millis);
            let reference = Reference { notification_id: "ntf_1".to_owned(), user_id, about_at };
            prop_assert_eq!(Reference::parse(&reference.to_string()), Some(reference));
        }
    }

    #[test]
    fn what_is_no_reference_leads_nowhere() {
        for text in ["", "ntf_1", "ntf_1.5", "ntf_1.five.u", ".."] {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
    }
}
