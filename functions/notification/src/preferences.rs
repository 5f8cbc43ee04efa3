//! How a person wants to be told: channels on or off, the language, the device for push messages.

use quoin_events::Sealed;
use quoin_events::types::Channel;
use quoin_store::{Item, StoreError};

/// A person's wishes; whoever has expressed none is told over every channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Preferences {
    /// Text messages.
    pub(crate) sms: bool,
    /// E-mails.
    pub(crate) email: bool,
    /// Push messages.
    pub(crate) push: bool,
    /// In place of the profile's language.
    pub(crate) language: Option<String>,
    /// The device, sealed under the person's key.
    pub(crate) push_token: Option<Sealed>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { sms: true, email: true, push: true, language: None, push_token: None }
    }
}

/// How a switch is stored.
pub(crate) const fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

impl Preferences {
    /// The wishes of a row; the default for none.
    ///
    /// # Errors
    /// If the row cannot be read.
    pub(crate) fn read(row: Option<&Item>) -> Result<Self, StoreError> {
        let Some(row) = row else { return Ok(Self::default()) };
        let on = |name: &str| row.get_text(name) != Some(switch(false));
        let token = row.get_text("push_token").map(str::parse).transpose();
        Ok(Self {
            sms: on("sms"),
            email: on("email"),
            push: on("push"),
            language: row.get_text("language").map(str::to_owned),
            push_token: token.map_err(|_| StoreError::Refused("the push token is not sealed".to_owned()))?,
        })
    }

    /// Whether `channel` is switched on.
    pub(crate) const fn wants(&self, channel: Channel) -> bool {
        match channel {
            Channel::Sms => self.sms,
            Channel::Email => self.email,
            Channel::Push => self.push,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_said_nothing_is_told_everything() {
        assert_eq!(Preferences::read(None).unwrap(), Preferences::default());
        assert_eq!(Preferences::read(Some(&Item::new())).unwrap(), Preferences::default());
        let quiet = Preferences::read(Some(&Item::new().text("sms", switch(false)))).unwrap();
        assert!(!quiet.wants(Channel::Sms) && quiet.wants(Channel::Email));
    }
}
