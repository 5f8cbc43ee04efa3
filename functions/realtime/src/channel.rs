//! Channels: what may be subscribed to, by whom, and over how many partitions those who do are spread.

use std::fmt;

/// The most characters of a channel's name.
const MAX_NAME: usize = 128;

/// A channel, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Channel {
    /// Everything of one person's own: `user`.
    User(String),
    /// Boosts of a gig: `gig:<id>`.
    Gig(String),
    /// Boosts of a clan: `clan:<id>`.
    Clan(String),
}

/// Why somebody may not subscribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unavailable {
    /// There is no such channel.
    Unknown,
    /// It is somebody else's.
    Forbidden,
}

impl Channel {
    /// The channel that `user_id` means by `name`.
    ///
    /// # Errors
    /// If there is none, or it is not theirs.
    pub(crate) fn named(name: &str, user_id: &str) -> Result<Self, Unavailable> {
        match name.split_once(':') {
            None if name == "user" => Ok(Self::User(user_id.to_owned())),
            Some(("user", id)) if id == user_id => Ok(Self::User(user_id.to_owned())),
            Some(("user", _)) => Err(Unavailable::Forbidden),
            Some((kind, id)) if name.len() <= MAX_NAME && is_id(id) => {
                Self::about(kind, id).ok_or(Unavailable::Unknown)
            }
            Some(_) | None => Err(Unavailable::Unknown),
        }
    }

    /// The channel of what an event is about: a person, a gig, a clan.
    pub(crate) fn about(kind: &str, id: &str) -> Option<Self> {
        let of: fn(String) -> Self = match kind {
            "user" => Self::User,
            "gig" => Self::Gig,
            "clan" => Self::Clan,
            _ => return None,
        };
        Some(of(id.to_owned()))
    }

    /// The channel as it was kept under `text`.
    pub(crate) fn kept(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':')?;
        Self::about(kind, id)
    }

    /// As its subscribers call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::User(_) => "user".to_owned(),
            Self::Gig(_) | Self::Clan(_) => self.to_string(),
        }
    }

    /// Over how many partitions its subscribers are spread: one has a thousand writes a second, and a page of reads.
    pub(crate) const fn shards(&self) -> u8 {
        match self {
            // As many as a person has windows open.
            Self::User(_) => 1,
            Self::Gig(_) | Self::Clan(_) => 4,
        }
    }

    /// The partition of a connection.
    pub(crate) fn shard(&self, connection_id: &str) -> u8 {
        connection_id.bytes().fold(0_u8, u8::wrapping_add).checked_rem(self.shards()).unwrap_or(0)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, id) = match self {
            Self::User(id) => ("user", id),
            Self::Gig(id) => ("gig", id),
            Self::Clan(id) => ("clan", id),
        };
        write!(f, "{kind}:{id}")
    }
}

/// What an id may be made of; none of it means anything in a key.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_person_has_one_channel_and_nobody_else_s() {
        let own = Channel::User("ann".to_owned());
        assert_eq!(Channel::named("user", "ann"), Ok(own.clone()));
        assert_eq!(Channel::named("user:ann", "ann"), Ok(own.clone()));
        for other in ["user:bob", "user:", "user:ann:1", "user:ann "] {
            assert_eq!(Channel::named(other, "ann"), Err(Unavailable::Forbidden), "{other}");
        }
        assert_eq!(own.name(), "user");
    }

    #[test]
    fn what_is_no_channel_is_unknown() {
        for name in ["", "gig", "gig:", "gig:a#1", "gig:a:b", "odds:sr:match:1", "ops", "User", "clan:é", " user"] {
            assert_eq!(Channel::named(name, "ann"), Err(Unavailable::Unknown), "{name}");
        }
        let long = format!("gig:{}", "a".repeat(MAX_NAME));
        assert_eq!(Channel::named(&long, "ann"), Err(Unavailable::Unknown));
        assert_eq!(Channel::named("clan:c_1", "ann").map(|channel| channel.name()), Ok("clan:c_1".to_owned()));
    }

    proptest! {
        #[test]
        fn a_channel_is_found_again_as_it_was_kept(kind in "user|gig|clan", id in "[A-Za-z0-9_-]{1,40}", by in ".{0,40}") {
            let channel = Channel::about(&kind, &id).unwrap();
            prop_assert!(channel.shard(&by) < channel.shards());
            prop_assert_eq!(Channel::kept(&channel.to_string()), Some(channel));
        }

        #[test]
        fn whatever_is_asked_for_is_one_s_own_or_not_a_person_s(name in ".{0,60}") {
            if let Ok(Channel::User(id)) = Channel::named(&name, "ann") {
                prop_assert_eq!(id, "ann");
            }
        }
    }
}
