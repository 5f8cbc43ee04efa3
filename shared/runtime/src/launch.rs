//! The three lines of a `main`: environment, adapter, handler.

use std::cell::Cell;
use std::marker::PhantomData;

use lambda_runtime::{LambdaEvent, service_fn};
use quoin_events::{BusEvent, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::consumer::{Batch, Delivery, Failure, Message, Outcome};
use crate::function::{Api, Batches, Direct, Each, Error, Function};
use crate::telemetry::{Metrics, start};
use crate::{Config, Env, Invocation, Problem, Request, Response};

/// Of every function: the C library's takes three times as many instructions, a fifth of a warm command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs an API handler.
///
/// # Errors
/// If the environment is incomplete or the runtime stops.
pub fn run_api(handler: impl AsyncFn(&Env, &Request) -> Result<Response, Problem>) -> Result<(), Error> {
    run(&Api(handler))
}

/// Runs a consumer of bus events that handles one event at a time.
///
/// # Errors
/// If the environment is incomplete or the runtime stops.
pub fn run_consumer(handler: impl AsyncFn(&Env, &Delivery<BusEvent>) -> Result<Outcome, Failure>) -> Result<(), Error> {
    run(&Each(handler, PhantomData))
}

/// Runs a worker of a queue of its own that handles one message at a time.
///
/// # Errors
/// If the environment is incomplete or the runtime stops.
pub fn run_worker<M: Message>(
    handler: impl AsyncFn(&Env, &Delivery<M>) -> Result<Outcome, Failure>,
) -> Result<(), Error> {
    run(&Each(handler, PhantomData))
}

/// Runs a consumer that handles a batch at once.
///
/// # Errors
/// If the environment is incomplete or the runtime stops.
pub fn run_batches<M: Message>(
    handler: impl AsyncFn(&Env, &Batch<M>) -> Vec<Result<Outcome, Failure>>,
) -> Result<(), Error> {
    run(&Batches(handler, PhantomData))
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
    run(&Direct(handler, PhantomData))
}

fn run<F: Function>(function: &F) -> Result<(), Error> {
    start(&Config::from_process());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let env = Env::from_process()?;
        let cold = Cell::new(true);
        let (env, cold) = (&env, &cold);
        let service = service_fn(async |event: LambdaEvent<F::Event>| {
            let invocation = Invocation {
                function_request_id: event.context.request_id.clone(),
                deadline: Timestamp::from_millis(i64::try_from(event.context.deadline).unwrap_or(i64::MAX)),
                xray_trace_id: event.context.xray_trace_id.clone(),
            };
            let mut metrics = Metrics::begin(env, &invocation, cold.replace(false));
            let outcome = Box::pin(function.handle(env, &invocation, event.payload, &mut metrics)).await;
            metrics.counted(env);
            metrics.finish(env.clock.now());
            outcome
        });
        lambda_runtime::Runtime::new(service).run().await
    })
}
