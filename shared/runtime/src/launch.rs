//! The three lines of a `main`: environment, adapter, handler.

use std::cell::Cell;

use lambda_runtime::{LambdaEvent, service_fn};
use quoin_events::{BusEvent, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use crate::api::{GatewayEvent, GatewayResponse};
use crate::consumer::{Batch, Delivery, Failure, Message, Outcome, SqsEvent, each, work};
use crate::telemetry::{Identity, Metrics, start};
use crate::{Config, Env, Invocation, Problem, Request, Response};

type Error = lambda_runtime::Error;

/// Runs an API handler.
///
/// # Errors
/// If the environment is incomplete or the runtime stops.
pub fn run_api(handler: impl AsyncFn(&Env, &Request) -> Result<Response, Problem>) -> Result<(), Error> {
    run(async |env: &Env, invocation: &Invocation, event: GatewayEvent, metrics: &mut Metrics| {
        let (response, request_id) = match Request::new(env, invocation, event) {
            Ok(request) => {
                let span = tracing::info_span!("request", correlation_id = request.context.request_id());
                let outcome = Box::pin(handler(env, &request)).instrument(span).await;
                let request_id = request.context.origin.request_id;
                let response = outcome.unwrap_or_else(|problem| answer(&problem, &request_id));
                (response, request_id)
            }
            Err(problem) => {
                let request_id = invocation.function_request_id.clone();
                (answer(&problem, &request_id), request_id)
            }
        };
        metrics.answered(response.status, &request_id);
        Ok(GatewayResponse::new(response, &request_id))
    })
}

fn answer(problem: &Problem, request_id: &str) -> Response {
    if let Some(reason) = &problem.internal {
        tracing::error!(correlation_id = request_id, code = problem.code, reason, "request failed");
    }
    Response::problem(problem, request_id)
}

/// Runs a consumer of bus events that handles one event at a time.
///
/// # Errors
/// If the environment is incomplete or the runtime stops.
pub fn run_consumer(handler: impl AsyncFn(&Env, &Delivery<BusEvent>) -> Result<Outcome, Failure>) -> Result<(), Error> {
    run_batches(async |env: &Env, batch: &Batch<BusEvent>| {
        Box::pin(each(env, batch, async |env, one| Box::pin(handler(env, one)).await)).await
    })
}

/// Runs a worker of a queue of its own that handles one message at a time.
///
/// # Errors
/// If the environment is incomplete or the runtime stops.
pub fn run_worker<M: Message>(
    handler: impl AsyncFn(&Env, &Delivery<M>) -> Result<Outcome, Failure>,
) -> Result<(), Error> {
    run_batches(async |env: &Env, batch: &Batch<M>| {
        Box::pin(each(env, batch, async |env, one| Box::pin(handler(env, one)).await)).await
    })
}

/// Runs a consumer that handles a batch at once.
///
/// # Errors
/// If the environment is incomplete or the runtime stops.
pub fn run_batches<M: Message>(
    handler: impl AsyncFn(&Env, &Batch<M>) -> Vec<Result<Outcome, Failure>>,
) -> Result<(), Error> {
    run(async |env: &Env, invocation: &Invocation, event: SqsEvent, metrics: &mut Metrics| {
        Box::pin(work(env, invocation, event, metrics, &handler)).await.map_err(Error::from)
    })
}

/// Runs a function that is invoked with its own event: a stream, a schedule, an authorizer, a call by IAM.
///
/// # Errors
/// If the environment is incomplete or the runtime stops.
pub fn run_direct<I, O>(
    handler: impl AsyncFn(&Env, &Invocation, I, &mut Metrics) -> Result<O, Failure>,
) -> Result<(), Error>
where
    I: DeserializeOwned,
    O: Serialize,
{
    run(async |env: &Env, invocation: &Invocation, event: I, metrics: &mut Metrics| {
        Box::pin(handler(env, invocation, event, metrics)).await.map_err(Error::from)
    })
}

fn run<I, O>(handler: impl AsyncFn(&Env, &Invocation, I, &mut Metrics) -> Result<O, Error>) -> Result<(), Error>
where
    I: DeserializeOwned,
    O: Serialize,
{
    start(&Config::from_process());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let env = Env::from_process()?;
        let identity = Identity::from_config(&env.config);
        let cold = Cell::new(true);
        let (env, identity, cold, handler) = (&env, &identity, &cold, &handler);
        let service = service_fn(async |event: LambdaEvent<I>| {
            let invocation = Invocation {
                function_request_id: event.context.request_id.clone(),
                deadline: Timestamp::from_millis(i64::try_from(event.context.deadline).unwrap_or(i64::MAX)),
                xray_trace_id: event.context.xray_trace_id.clone(),
            };
            let now = env.clock.now();
            let mut metrics = Metrics::new(identity.clone(), now, cold.replace(false), &invocation.function_request_id);
            let outcome = Box::pin(handler(env, &invocation, event.payload, &mut metrics)).await;
            metrics.finish(env.clock.now());
            outcome
        });
        lambda_runtime::Runtime::new(service).run().await
    })
}
