//! Amazon EventBridge Scheduler: a function is called once at a moment, by a schedule that is gone then.
//!
//! Invariants: a schedule is known by its name, so setting it again moves it; what has no schedule any more is called
//! by nobody. The one crate that names the scheduler's SDK; it knows nothing of what is called for.

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::error::ProvideErrorMetadata;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target,
};
use quoin_events::Timestamp;
use quoin_runtime::{ConfigError, Env, Failure};
use serde::Serialize;

/// The scheduler takes no moment that is over when it looks.
const AHEAD_SECONDS: i64 = 60;
/// How often a call that fails is made again.
const RETRIES: i32 = 10;

/// The schedules of one kind: those whose names begin alike and that call one function.
#[derive(Debug)]
pub struct Schedules<'a> {
    env: &'a Env,
    client: Client,
    prefix: &'a str,
    function: &'a str,
    role: &'a str,
}

impl<'a> Schedules<'a> {
    /// Those that `service.yaml` grants under `schedules` as `kind`, in capitals.
    ///
    /// # Errors
    /// If the function was not given them.
    pub fn of(env: &'a Env, kind: &str) -> Result<Self, ConfigError> {
        Ok(Self {
            env,
            client: Client::new(&env.aws.sdk),
            prefix: env.config.require(&format!("{kind}_PREFIX"))?,
            function: env.config.require(&format!("{kind}_ARN"))?,
            role: env.config.require(&format!("{kind}_ROLE_ARN"))?,
        })
    }

    /// Has the function called with `input` in the second of `at`, or soon if that is over, and at no other time that
    /// was set for `id`.
    ///
    /// # Errors
    /// Transient, unless the input cannot be written.
    pub async fn set(&self, id: &str, at: Timestamp, input: &impl Serialize) -> Result<(), Failure> {
        let at = at.max(self.env.clock.now().plus_seconds(AHEAD_SECONDS));
        let (expression, window, target) = (expression(at), window()?, self.target(input)?);
        let updated = self
            .client
            .update_schedule()
            .name(self.name(id))
            .schedule_expression(&expression)
            .flexible_time_window(window.clone())
            .target(target.clone())
            .action_after_completion(ActionAfterCompletion::Delete)
            .client_token(self.token())
            .send()
            .await;
        match updated {
            Ok(_) => return Ok(()),
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(transient(&error)),
        }
        let created = self
            .client
            .create_schedule()
            .name(self.name(id))
            .schedule_expression(expression)
            .flexible_time_window(window)
            .target(target)
            .action_after_completion(ActionAfterCompletion::Delete)
            .client_token(self.token())
            .send()
            .await;
        created.map(|_| ()).map_err(|error| transient(&error))
    }

    /// Has the function not called for `id` any more.
    ///
    /// # Errors
    /// Transient.
    pub async fn remove(&self, id: &str) -> Result<(), Failure> {
        let request = self.client.delete_schedule().name(self.name(id));
        match request.client_token(self.token()).send().await {
            Ok(_) => Ok(()),
            Err(error) if is_missing(&error) => Ok(()),
            Err(error) => Err(transient(&error)),
        }
    }

    fn name(&self, id: &str) -> String {
        format!("{}{id}", self.prefix)
    }

    /// One try of the SDK is told from the next call by it.
    fn token(&self) -> String {
        format!("{:032x}", self.env.clock.random_u128())
    }

    fn target(&self, input: &impl Serialize) -> Result<Target, Failure> {
        Target::builder()
            .arn(self.function)
            .role_arn(self.role)
            .input(serde_json::to_string(input).map_err(Failure::poison)?)
            .retry_policy(RetryPolicy::builder().maximum_retry_attempts(RETRIES).build())
            .build()
            .map_err(Failure::poison)
    }
}

fn expression(at: Timestamp) -> String {
    let text = at.to_string();
    // To the second, and without a zone, which is UTC.
    format!("at({})", text.split('.').next().unwrap_or(&text))
}

fn window() -> Result<FlexibleTimeWindow, Failure> {
    FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().map_err(Failure::poison)
}

fn is_missing<R>(error: &aws_sdk_scheduler::error::SdkError<impl ProvideErrorMetadata, R>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("ResourceNotFoundException")
}

fn transient<R>(error: &aws_sdk_scheduler::error::SdkError<impl ProvideErrorMetadata, R>) -> Failure {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or("no answer");
    Failure::Transient(format!("the scheduler says {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_to_the_second() {
        let at: Timestamp = "2026-02-28T12:00:05.250Z".parse().unwrap();
        assert_eq!(expression(at), "at(2026-02-28T12:00:05)");
    }
}
