//! Amazon EventBridge Scheduler: the one module that names its SDK. A subscription has one schedule of its own name,
//! which calls the renewal once and is gone then.

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::error::ProvideErrorMetadata;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target,
};
use quoin_events::Timestamp;
use quoin_runtime::{Env, Failure};

use crate::renewal::Due;

/// The scheduler takes no moment that is over when it looks.
const AHEAD_SECONDS: i64 = 60;

/// Has `subscription_id` renewed at `at`, and at no other time.
pub(crate) async fn set(env: &Env, subscription_id: &str, at: Timestamp) -> Result<(), Failure> {
    let client = Client::new(&env.aws.sdk);
    let at = at.max(env.clock.now().plus_seconds(AHEAD_SECONDS));
    let (expression, window, target) = (expression(at), window()?, target(env, subscription_id)?);
    let updated = client
        .update_schedule()
        .name(name(env, subscription_id)?)
        .schedule_expression(&expression)
        .flexible_time_window(window.clone())
        .target(target.clone())
        .action_after_completion(ActionAfterCompletion::Delete)
        .client_token(token(env))
        .send()
        .await;
    match updated {
        Ok(_) => return Ok(()),
        Err(error) if is_missing(&error) => {}
        Err(error) => return Err(transient(&error)),
    }
    let created = client
        .create_schedule()
        .name(name(env, subscription_id)?)
        .schedule_expression(expression)
        .flexible_time_window(window)
        .target(target)
        .action_after_completion(ActionAfterCompletion::Delete)
        .client_token(token(env))
        .send()
        .await;
    created.map(|_| ()).map_err(|error| transient(&error))
}

/// Has `subscription_id` not renewed any more.
pub(crate) async fn remove(env: &Env, subscription_id: &str) -> Result<(), Failure> {
    let request = Client::new(&env.aws.sdk).delete_schedule().name(name(env, subscription_id)?);
    match request.client_token(token(env)).send().await {
        Ok(_) => Ok(()),
        Err(error) if is_missing(&error) => Ok(()),
        Err(error) => Err(transient(&error)),
    }
}

/// One try of the SDK is told from the next call by it.
fn token(env: &Env) -> String {
    format!("{:032x}", env.clock.random_u128())
}

fn name(env: &Env, subscription_id: &str) -> Result<String, Failure> {
    Ok(format!("{}{subscription_id}", env.config.require("RENEWAL_PREFIX")?))
}

fn expression(at: Timestamp) -> String {
    let text = at.to_string();
    // To the second, and without a zone, which is UTC.
    format!("at({})", text.split('.').next().unwrap_or(&text))
}

fn window() -> Result<FlexibleTimeWindow, Failure> {
    FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().map_err(Failure::poison)
}

fn target(env: &Env, subscription_id: &str) -> Result<Target, Failure> {
    let due = Due { subscription_id: subscription_id.to_owned() };
    Target::builder()
        .arn(env.config.require("RENEWAL_ARN")?)
        .role_arn(env.config.require("RENEWAL_ROLE_ARN")?)
        .input(serde_json::to_string(&due).map_err(Failure::poison)?)
        .retry_policy(RetryPolicy::builder().maximum_retry_attempts(10).build())
        .build()
        .map_err(Failure::poison)
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
