//! The validations of an order, as data that operators edit and as a pure function of it.

mod ask;
mod setting;

pub(crate) use ask::{Facts, ask, refusal};
#[cfg(test)]
pub(crate) use setting::Setting;
pub(crate) use setting::{KycStatus, Rule, Rules, SettingChange, SettingView};
