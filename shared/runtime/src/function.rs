//! A function without what runs it: an event in, an answer out. `launch` gives it to the Lambda service, a
//! simulation calls it itself.

use std::marker::PhantomData;
use std::pin::Pin;

use quoin_events::BusEvent;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use crate::api::{GatewayEvent, GatewayResponse};
use crate::consumer::{Batch, Delivery, Failure, Message, Outcome, SqsEvent, each, work};
use crate::telemetry::Metrics;
use crate::{Env, Invocation, Problem, Request, Response};

/// Why an invocation failed as a whole; Lambda delivers its event again, where it was an event.
pub(crate) type Error = lambda_runtime::Error;

/// A function with its event's and its answer's type.
pub(crate) trait Function {
    /// What it is invoked with.
    type Event: DeserializeOwned;
    /// What it answers.
    type Answer: Serialize;

    /// Handles one event.
    async fn handle(
        &self,
        env: &Env,
        invocation: &Invocation,
        event: Self::Event,
        metrics: &mut Metrics,
    ) -> Result<Self::Answer, Error>;
}

/// An API handler.
pub(crate) struct Api<H>(pub(crate) H);

impl<H: AsyncFn(&Env, &Request) -> Result<Response, Problem>> Function for Api<H> {
    type Event = GatewayEvent;
    type Answer = GatewayResponse;

    async fn handle(
        &self,
        env: &Env,
        invocation: &Invocation,
        event: GatewayEvent,
        metrics: &mut Metrics,
    ) -> Result<GatewayResponse, Error> {
        let (response, request_id) = match Request::new(env, invocation, event) {
            Ok(request) => {
                let span = tracing::info_span!("request", correlation_id = request.context.request_id());
                let outcome = Box::pin(self.0(env, &request)).instrument(span).await;
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
    }
}

fn answer(problem: &Problem, request_id: &str) -> Response {
    if let Some(reason) = &problem.internal {
        tracing::error!(correlation_id = request_id, code = problem.code, reason, "request failed");
    }
    Response::problem(problem, request_id)
}

/// A consumer of a queue's messages, one at a time.
pub(crate) struct Each<M, H>(pub(crate) H, pub(crate) PhantomData<M>);

impl<M: Message, H: AsyncFn(&Env, &Delivery<M>) -> Result<Outcome, Failure>> Function for Each<M, H> {
    type Event = SqsEvent;
    type Answer = crate::consumer::QueueResponse;

    async fn handle(
        &self,
        env: &Env,
        invocation: &Invocation,
        event: SqsEvent,
        metrics: &mut Metrics,
    ) -> Result<Self::Answer, Error> {
        let batches = async |env: &Env, batch: &Batch<M>| {
            Box::pin(each(env, batch, async |env, one| Box::pin(self.0(env, one)).await)).await
        };
        Box::pin(work(env, invocation, event, metrics, &batches)).await.map_err(Error::from)
    }
}

/// A consumer of a queue's messages, a batch at a time.
pub(crate) struct Batches<M, H>(pub(crate) H, pub(crate) PhantomData<M>);

impl<M: Message, H: AsyncFn(&Env, &Batch<M>) -> Vec<Result<Outcome, Failure>>> Function for Batches<M, H> {
    type Event = SqsEvent;
    type Answer = crate::consumer::QueueResponse;

    async fn handle(
        &self,
        env: &Env,
        invocation: &Invocation,
        event: SqsEvent,
        metrics: &mut Metrics,
    ) -> Result<Self::Answer, Error> {
        Box::pin(work(env, invocation, event, metrics, &self.0)).await.map_err(Error::from)
    }
}

/// A function that is invoked with its own event.
pub(crate) struct Direct<I, O, H>(pub(crate) H, pub(crate) PhantomData<(I, O)>);

impl<I, O, H> Function for Direct<I, O, H>
where
    I: DeserializeOwned,
    O: Serialize,
    H: AsyncFn(&Env, &Invocation, I, &mut Metrics) -> Result<O, Failure>,
{
    type Event = I;
    type Answer = O;

    async fn handle(&self, env: &Env, invocation: &Invocation, event: I, metrics: &mut Metrics) -> Result<O, Error> {
        Ok(Box::pin(self.0(env, invocation, event, metrics)).await?)
    }
}

/// The answer to an event, as JSON, and the line that the invocation logs.
pub type Answered = (Result<String, String>, serde_json::Value);

/// A function of any kind, called with its event as JSON: for simulations, which run many in one process.
pub struct Program(Box<dyn Run>);

trait Run {
    fn run<'a>(
        &'a self,
        env: &'a Env,
        invocation: &'a Invocation,
        event: &'a str,
    ) -> Pin<Box<dyn Future<Output = Answered> + 'a>>;
}

impl<F: Function> Run for F {
    fn run<'a>(
        &'a self,
        env: &'a Env,
        invocation: &'a Invocation,
        event: &'a str,
    ) -> Pin<Box<dyn Future<Output = Answered> + 'a>> {
        Box::pin(async move {
            let mut metrics = Metrics::begin(env, invocation, false);
            let answer = match serde_json::from_str(event) {
                Ok(event) => self.handle(env, invocation, event, &mut metrics).await.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            let answer = answer.and_then(|answer| serde_json::to_string(&answer).map_err(|error| error.to_string()));
            metrics.counted(env);
            let line = metrics.line(env.clock.now()).unwrap_or_else(|error| error.to_string().into());
            (answer, line)
        })
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Program(…)")
    }
}

impl Program {
    /// As [`crate::run_api`] runs it.
    pub fn api(handler: impl AsyncFn(&Env, &Request) -> Result<Response, Problem> + 'static) -> Self {
        Self(Box::new(Api(handler)))
    }

    /// As [`crate::run_consumer`] runs it.
    pub fn consumer(handler: impl AsyncFn(&Env, &Delivery<BusEvent>) -> Result<Outcome, Failure> + 'static) -> Self {
        Self(Box::new(Each(handler, PhantomData)))
    }

    /// As [`crate::run_worker`] runs it.
    pub fn worker<M: Message + 'static>(
        handler: impl AsyncFn(&Env, &Delivery<M>) -> Result<Outcome, Failure> + 'static,
    ) -> Self {
        Self(Box::new(Each(handler, PhantomData)))
    }

    /// As [`crate::run_batches`] runs it.
    pub fn batches<M: Message + 'static>(
        handler: impl AsyncFn(&Env, &Batch<M>) -> Vec<Result<Outcome, Failure>> + 'static,
    ) -> Self {
        Self(Box::new(Batches(handler, PhantomData)))
    }

    /// As [`crate::run_direct`] runs it.
    pub fn direct<I, O>(
        handler: impl AsyncFn(&Env, &Invocation, I, &mut Metrics) -> Result<O, Failure> + 'static,
    ) -> Self
    where
        I: DeserializeOwned + 'static,
        O: Serialize + 'static,
    {
        Self(Box::new(Direct(handler, PhantomData)))
    }

    /// Calls it.
    pub async fn call(&self, env: &Env, invocation: &Invocation, event: &str) -> Answered {
        self.0.run(env, invocation, event).await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use serde::de::IgnoredAny;

    use super::*;

    #[test]
    fn what_a_handler_counts_is_a_metric_of_its_invocation_and_of_no_later_one() {
        let env = Env::of_test(&[]);
        let invocation = Invocation::default();
        let api = Program::api(async |env: &Env, _: &Request| {
            env.count("ContradictedCharges", 2);
            Err(Problem::not_found("payment"))
        });
        let direct = Program::direct(async |env: &Env, _: &Invocation, _: IgnoredAny, _: &mut Metrics| {
            env.count("LateRenewals", 1);
            Err::<(), _>(Failure::transient("the table is not available"))
        });
        let line = |program: &Program, event: &str| program.call(&env, &invocation, event).now_or_never().unwrap().1;
        let request = r#"{"routeKey": "GET /api/payments/{id}"}"#;
        assert_eq!(line(&api, request)["ContradictedCharges"], 2);
        let line = line(&direct, "{}");
        assert_eq!((&line["LateRenewals"], &line["ContradictedCharges"]), (&1.into(), &serde_json::Value::Null));
    }
}
