//! Secrets from the secret store, kept for minutes so that a rotation is seen without a restart.

use quoin_events::Timestamp;

use crate::{Env, Failure};

/// How long a secret is kept.
const KEEP_MS: i64 = 300_000;

/// A secret and when it was read.
#[derive(Clone)]
pub(crate) struct CachedSecret {
    value: String,
    read_at: Timestamp,
}

impl std::fmt::Debug for CachedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CachedSecret(…)")
    }
}

impl Env {
    /// The secret called `name` (`SECRET_<NAME>` holds its ARN).
    ///
    /// # Errors
    /// If the function was not given the secret, or the secret store cannot be reached.
    pub async fn secret(&self, name: &str) -> Result<String, Failure> {
        let arn = self.config.require(&format!("SECRET_{}", name.to_uppercase())).map_err(Failure::transient)?;
        let now = self.clock.now();
        if let Ok(secrets) = self.secrets.lock()
            && let Some(secret) = secrets.get(arn)
            && now < secret.read_at.plus_millis(KEEP_MS)
        {
            return Ok(secret.value.clone());
        }
        let client = self.client(|aws| crate::client!(aws_sdk_secretsmanager, aws));
        let reply = client.get_secret_value().secret_id(arn).send().await.map_err(|error| {
            Failure::Transient(format!("the secret {name} cannot be read: {}", error.into_service_error()))
        })?;
        let value = reply.secret_string.ok_or_else(|| Failure::Transient(format!("the secret {name} is empty")))?;
        if let Ok(mut secrets) = self.secrets.lock() {
            secrets.insert(arn.to_owned(), CachedSecret { value: value.clone(), read_at: now });
        }
        Ok(value)
    }

    /// The Standard Webhooks secret of `party`: `whsec_` and the stored value.
    ///
    /// # Errors
    /// As [`Env::secret`].
    pub async fn webhook_secret(&self, party: &str) -> Result<String, Failure> {
        let value = self.secret(party).await?;
        Ok(if value.starts_with("whsec_") { value } else { format!("whsec_{value}") })
    }
}
