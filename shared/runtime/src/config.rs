//! Configuration from the environment, read once; a missing name is told by name.

use std::collections::BTreeMap;

use quoin_ledger::Window;
use quoin_money::Scales;

/// The environment of a function.
#[derive(Debug, Clone, Default)]
pub struct Config {
    variables: BTreeMap<String, String>,
}

/// A variable that is missing or cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not set.
    #[error("the environment variable {0} is not set")]
    Missing(String),
    /// Set to something else.
    #[error("the environment variable {0} is not {1}")]
    Invalid(String, &'static str),
}

impl Config {
    /// The process's environment.
    #[must_use]
    pub fn from_process() -> Self {
        Self { variables: std::env::vars().collect() }
    }

    /// An environment given by hand, for simulations.
    #[must_use]
    pub const fn new(variables: BTreeMap<String, String>) -> Self {
        Self { variables }
    }

    /// The variable `name`, if it is set and not empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The variable `name`.
    ///
    /// # Errors
    /// If it is not set.
    pub fn require(&self, name: &str) -> Result<&str, ConfigError> {
        self.get(name).ok_or_else(|| ConfigError::Missing(name.to_owned()))
    }

    /// The variable `name` as `T`, or `default` if it is not set.
    ///
    /// # Errors
    /// If it is set to something that is not a `T`.
    pub fn parse_or<T: std::str::FromStr>(&self, name: &str, default: T) -> Result<T, ConfigError> {
        match self.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| ConfigError::Invalid(name.to_owned(), std::any::type_name::<T>())),
        }
    }

    /// The table of this service called `name`.
    ///
    /// # Errors
    /// If the function was not given that table.
    pub fn table(&self, name: &str) -> Result<&str, ConfigError> {
        self.require(&format!("TABLE_{}", variable(name)))
    }

    /// The URL of the work queue called `name`.
    ///
    /// # Errors
    /// If the function was not given that queue.
    pub fn queue(&self, name: &str) -> Result<&str, ConfigError> {
        self.require(&format!("QUEUE_{}", variable(name)))
    }

    /// The bucket of this service called `name`.
    ///
    /// # Errors
    /// If the function was not given that bucket.
    pub fn bucket(&self, name: &str) -> Result<&str, ConfigError> {
        self.require(&format!("BUCKET_{}", variable(name)))
    }

    /// Decimals of each asset.
    ///
    /// # Errors
    /// If `CASH_SCALE` is not a small number.
    pub fn scales(&self) -> Result<Scales, ConfigError> {
        let invalid = || ConfigError::Invalid("CASH_SCALE".to_owned(), "a number of decimals");
        Scales::try_new(self.parse_or("CASH_SCALE", 2_u32)?).ok_or_else(invalid)
    }

    /// The calendar of limits.
    ///
    /// # Errors
    /// If `TIME_ZONE_OFFSET_MINUTES` is not a number.
    pub fn calendar(&self) -> Result<Window, ConfigError> {
        Ok(Window { offset_minutes: self.parse_or("TIME_ZONE_OFFSET_MINUTES", 0)? })
    }

    /// Seconds to wait before each retry of a queue message.
    ///
    /// # Errors
    /// If `RETRY_SCHEDULE` is not a list of seconds.
    pub fn retry_schedule(&self) -> Result<Vec<u32>, ConfigError> {
        let text = self.get("RETRY_SCHEDULE").unwrap_or("1,5,30,300,3600");
        let invalid = || ConfigError::Invalid("RETRY_SCHEDULE".to_owned(), "a list of seconds");
        text.split(',').map(|part| part.trim().parse().map_err(|_| invalid())).collect()
    }
}

fn variable(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}
