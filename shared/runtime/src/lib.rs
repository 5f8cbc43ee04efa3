//! What every Lambda shares, so that a function is a few lines: parse, call one use case, map the result.
//!
//! Invariants: a handler reads time, ids and randomness from its [`Context`] only; warm state lives in
//! the [`Env`] and nowhere else; every failure is rejected, retried or parked with its reason; a person's
//! data is [`Personal`] in memory and [`quoin_events::Sealed`] everywhere else.

mod advance;
mod api;
mod aws;
mod change;
mod config;
mod connections;
mod consumer;
mod context;
#[cfg(feature = "schema")]
mod contract;
mod dead_letters;
mod due;
mod env;
mod function;
mod https;
mod in_order;
mod launch;
mod money_command;
mod objects;
mod outbound;
mod period;
mod personal;
mod problem;
mod queue;
mod secrets;
mod signed;
mod signing;
mod sigv4;
mod strict_json;
mod sweep;
mod telemetry;
mod text;
mod webhook;

pub use advance::{Found, advance};
pub use api::{Caller, Page, Pages, Request, Response, Role, StoredAnswer, parse_json};
pub use aws::{Aws, Terse};
pub use change::change;
pub use config::{Config, ConfigError};
pub use connections::{PostError, Posted};
pub use consumer::{
    Batch, Delivery, Failure, Message, Outcome, QueueResponse, SqsEvent, each, in_its_share, side_by_side, work,
};
pub use context::{Context, Invocation};
#[cfg(feature = "schema")]
pub use contract::{Body, Contract, Contracts, GATEWAY_MESSAGE, PAGES, SchemaOf};
pub use dead_letters::{DeadLetter, DeadLetterQueue, DeadLetters, LetterClass, Redriven, Selection};
pub use due::{due_key, sweep_due};
pub use env::Env;
pub use function::{Answered, Program};
pub use in_order::{InOrder, Swept, in_order, sweep_in_order};
pub use lambda_runtime::Error;
pub use launch::{run_api, run_batches, run_consumer, run_direct, run_worker};
pub use money_command::{CommandError, command, idempotent_command};
pub use objects::{Expected, Object, ObjectError};
pub use outbound::{OutboundError, OutboundRequest, OutboundResponse};
pub use period::{AskedPeriod, Period, split_day};
pub use personal::{DataKey, NewDataKey, Personal, SealError};
#[cfg(feature = "schema")]
pub use problem::PROBLEM;
pub use problem::{FieldError, Problem};
pub use queue::QueueMessage;
pub use signing::{PublicKey, SigningError};
pub use sigv4::{JsonSigning, ServiceClock};
pub use sweep::{Open, Pace, open_key, sweep};
pub use telemetry::Metrics;
pub use text::{ERASED, printable};
pub use webhook::{WebhookError, sign_webhook, verify_webhook};
