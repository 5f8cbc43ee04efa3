//! What a function keeps between invocations: clients, configuration and whatever may be a little stale.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use quoin_store::{Clock, Store, Tables};

use crate::aws::Aws;
use crate::config::{Config, ConfigError};
use crate::personal::RecentKeys;
use crate::secrets::CachedSecret;
use crate::telemetry::Identity;

/// The environment of a function, made once and shared by its invocations.
#[derive(Debug)]
pub struct Env {
    /// Configuration.
    pub config: Config,
    /// Time, waiting and chance.
    pub clock: Clock,
    /// The journal, the wallets and the services' tables.
    pub store: Store,
    /// What other SDK clients are made from.
    pub aws: Aws,
    clients: Mutex<BTreeMap<TypeId, Box<dyn Any + Send + Sync>>>,
    pub(crate) outbound: OnceLock<aws_smithy_runtime_api::client::http::SharedHttpClient>,
    pub(crate) secrets: Mutex<BTreeMap<String, CachedSecret>>,
    pub(crate) data_keys: Mutex<RecentKeys>,
    pub(crate) public_key: OnceLock<crate::signing::PublicKey>,
    pub(crate) identity: Arc<Identity>,
    counted: Mutex<BTreeMap<&'static str, u64>>,
}

impl Env {
    /// The environment of this process.
    ///
    /// # Errors
    /// If a variable that every function needs is missing.
    pub fn from_process() -> Result<Self, ConfigError> {
        let config = Config::from_process();
        let aws = Aws::from_config(&config)?;
        let mut seed = [0_u8; 8];
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut seed)
            .map_err(|_| ConfigError::Missing("a source of randomness".to_owned()))?;
        Ok(Self::new(config, aws, u64::from_be_bytes(seed)))
    }

    /// An environment over given clients; `seed` decides every random choice.
    #[must_use]
    pub fn new(config: Config, aws: Aws, seed: u64) -> Self {
        let tables = Tables {
            journal: config.get("JOURNAL_TABLE").unwrap_or_default().to_owned(),
            wallets: config.get("WALLETS_TABLE").unwrap_or_default().to_owned(),
            source: config.get("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default().to_owned(),
        };
        let store = Store::new(crate::client!(aws_sdk_dynamodb, aws), tables);
        let clock = Clock::new(aws.time.clone(), aws.sleep.clone(), seed);
        let identity = Arc::new(Identity::from_config(&config));
        Self {
            config,
            clock,
            store,
            aws,
            clients: Mutex::default(),
            outbound: OnceLock::new(),
            secrets: Mutex::new(BTreeMap::new()),
            data_keys: Mutex::default(),
            public_key: OnceLock::new(),
            identity,
            counted: Mutex::default(),
        }
    }

    /// Counts `value` more of the metric `name`, which the line of the invocation tells.
    pub fn count(&self, name: &'static str, value: u64) {
        if let Ok(mut counted) = self.counted.lock() {
            let sum = counted.entry(name).or_default();
            *sum = sum.saturating_add(value);
        }
    }

    /// What was counted since it was last asked for.
    pub(crate) fn take_counted(&self) -> BTreeMap<&'static str, u64> {
        self.counted.lock().map(|mut counted| std::mem::take(&mut *counted)).unwrap_or_default()
    }

    /// The client of this type that an earlier invocation made, or what `make` does.
    pub fn client<T: Any + Clone + Send + Sync>(&self, make: impl FnOnce(&Aws) -> T) -> T {
        let kept = |clients: &BTreeMap<_, Box<dyn Any + Send + Sync>>| {
            clients.get(&TypeId::of::<T>()).and_then(|client| client.downcast_ref::<T>()).cloned()
        };
        if let Some(client) = self.clients.lock().ok().and_then(|clients| kept(&clients)) {
            return client;
        }
        let client = make(&self.aws);
        if let Ok(mut clients) = self.clients.lock() {
            clients.insert(TypeId::of::<T>(), Box::new(client.clone()));
        }
        client
    }

    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        self.client(|aws| crate::client!(aws_sdk_sqs, aws))
    }

    pub(crate) fn kms(&self) -> aws_sdk_kms::Client {
        self.client(|aws| crate::client!(aws_sdk_kms, aws))
    }
}

#[cfg(test)]
impl Env {
    /// One with credentials and a region, and what `more` sets, that nobody answers.
    pub(crate) fn of_test(more: &[(&str, &str)]) -> Self {
        let credentials =
            [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_REGION", "eu-west-1")];
        let variables = credentials.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let config = Config::new(variables.collect());
        let aws = Aws::from_config(&config).unwrap();
        Self::new(config, aws, 1)
    }
}
