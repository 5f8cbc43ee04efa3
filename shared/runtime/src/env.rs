//! What a function keeps between invocations: clients, configuration and whatever may be a little stale.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use quoin_store::{Clock, Store, Tables};

use crate::aws::Aws;
use crate::config::{Config, ConfigError};
use crate::personal::RecentKeys;
use crate::secrets::CachedSecret;

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
    pub(crate) sqs: OnceLock<aws_sdk_sqs::Client>,
    pub(crate) kms: OnceLock<aws_sdk_kms::Client>,
    pub(crate) secrets_manager: OnceLock<aws_sdk_secretsmanager::Client>,
    pub(crate) outbound: OnceLock<aws_smithy_runtime_api::client::http::SharedHttpClient>,
    pub(crate) secrets: Mutex<BTreeMap<String, CachedSecret>>,
    pub(crate) data_keys: Mutex<RecentKeys>,
    pub(crate) public_key: OnceLock<crate::signing::PublicKey>,
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
        let store = Store::new(aws_sdk_dynamodb::Client::new(&aws.sdk), tables);
        let clock = Clock::new(aws.time.clone(), aws.sleep.clone(), seed);
        Self {
            config,
            clock,
            store,
            aws,
            sqs: OnceLock::new(),
            kms: OnceLock::new(),
            secrets_manager: OnceLock::new(),
            outbound: OnceLock::new(),
            secrets: Mutex::new(BTreeMap::new()),
            data_keys: Mutex::default(),
            public_key: OnceLock::new(),
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

    pub(crate) fn sqs(&self) -> &aws_sdk_sqs::Client {
        self.sqs.get_or_init(|| aws_sdk_sqs::Client::new(&self.aws.sdk))
    }

    pub(crate) fn kms(&self) -> &aws_sdk_kms::Client {
        self.kms.get_or_init(|| aws_sdk_kms::Client::new(&self.aws.sdk))
    }
}
