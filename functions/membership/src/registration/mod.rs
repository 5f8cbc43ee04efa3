//! The registration of a member: begun in one transaction before the payment is asked for, and ended in one with it.

mod begin;
mod end;
mod wanted;

use quoin_runtime::{ConfigError, Env};

pub(crate) use begin::{Begun, begin, is_same, open_row};
pub(crate) use end::End;
#[cfg(feature = "schema")]
pub(crate) use end::Registered;
pub(crate) use wanted::{NewMember, Wanted};

use crate::table;

/// The tables that a registration writes, beside the journal and the wallets.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    pub(crate) membership: String,
    pub(crate) users: String,
    pub(crate) user_keys: String,
}

impl Tables {
    pub(crate) fn of(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            membership: table::name(env)?.to_owned(),
            users: quoin_accounts::table(env)?.to_owned(),
            user_keys: env.config.require("USER_KEYS_TABLE")?.to_owned(),
        })
    }
}
