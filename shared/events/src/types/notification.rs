//! `notification.events`.

use super::event_data;

event_data! {
    /// How a message reaches a person.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum Channel {
        /// Text message.
        Sms,
        /// Electronic mail.
        Email,
        /// Push message to a device.
        Push,
    }
}

impl Channel {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Push => "push",
        }
    }
}

/// The fields that every accepted message has.
macro_rules! sent {
    ($(#[$meta:meta])* $name:ident) => {
        event_data! {
            $(#[$meta])*
            pub struct $name {
                /// The message.
                pub notification_id: String,
                /// To whom.
                pub user_id: String,
                /// The template it was made from.
                pub template: String,
                /// The language it was written in.
                pub language: String,
                /// The provider's own id of the message.
                pub provider_id: String,
                /// The event it tells about.
                pub about_event: String,
                /// That event's id.
                pub about_event_id: String,
            }
        }
    };
}

sent! {
    /// The SMS provider accepted a message.
    SmsSent
}
sent! {
    /// The e-mail provider accepted a message.
    EmailSent
}
sent! {
    /// The push provider accepted a message.
    PushNotificationSent
}

event_data! {
    /// A message could not be delivered.
    pub struct NotificationFailed {
        /// The message.
        pub notification_id: String,
        /// To whom.
        pub user_id: String,
        /// How it was to reach the person.
        pub channel: Channel,
        /// The template it was made from.
        pub template: String,
        /// Why, without personal data.
        pub failure_reason: String,
        /// The event it tells about.
        pub about_event: String,
        /// That event's id.
        pub about_event_id: String,
    }
}
