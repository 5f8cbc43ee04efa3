//! One log line per invocation at the default level, which is also its metrics (CloudWatch embedded
//! metric format), with the key names of Powertools; warnings and errors as lines of their own.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use quoin_events::Timestamp;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context as LayerContext, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::{Config, Env, Failure, Invocation, Outcome};

/// What every line of a function says of it.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    service: String,
    function_name: String,
    memory_size: String,
    namespace: String,
}

impl Identity {
    pub(crate) fn from_config(config: &Config) -> Self {
        let text = |name: &str, default: &str| config.get(name).unwrap_or(default).to_owned();
        Self {
            service: text("POWERTOOLS_SERVICE_NAME", "quoin"),
            function_name: text("AWS_LAMBDA_FUNCTION_NAME", "local"),
            memory_size: text("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            namespace: text("POWERTOOLS_METRICS_NAMESPACE", "Quoin"),
        }
    }

    /// What every line with metrics has.
    fn entries<M: SerializeMap>(
        &self,
        line: &mut M,
        now: Timestamp,
        message: &str,
        dimensions: &[[&str; 2]],
        metrics: &[Named<'_>],
    ) -> Result<(), M::Error> {
        let described = Described { namespace: &self.namespace, dimensions, metrics };
        line.serialize_entry("_aws", &Directive { timestamp: now.millis(), cloud_watch_metrics: [described] })?;
        line.serialize_entry("level", "INFO")?;
        line.serialize_entry("message", message)?;
        line.serialize_entry("timestamp", &now)?;
        line.serialize_entry("service", &self.service)?;
        line.serialize_entry("function_name", &self.function_name)
    }
}

/// What tells CloudWatch which members of a line are metrics.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    timestamp: i64,
    cloud_watch_metrics: [Described<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described<'a> {
    namespace: &'a str,
    dimensions: &'a [[&'a str; 2]],
    metrics: &'a [Named<'a>],
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Named<'a> {
    name: &'a str,
    unit: &'a str,
}

/// The most values of a metric in one line.
const MOST_VALUES: usize = 100;

/// What one invocation's line will say.
#[derive(Debug)]
pub struct Metrics {
    identity: Arc<Identity>,
    fields: Map<String, Value>,
    label: Option<String>,
    handled: u64,
    errors: u64,
    faults: u64,
    extra: BTreeMap<&'static str, (u64, &'static str)>,
    measured: BTreeMap<&'static str, (Vec<u64>, &'static str)>,
    cold_start: bool,
    started: Timestamp,
}

/// Messages of a batch by label and outcome.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: BTreeMap<String, BTreeMap<&'static str, u64>>,
}

impl Tally {
    pub(crate) fn outcome(&mut self, label: &str, outcome: Outcome) {
        let name = match outcome {
            Outcome::Applied => "applied",
            Outcome::Duplicate => "duplicate",
            Outcome::Parked => "parked",
            Outcome::Ignored(_) => "ignored",
        };
        self.count(label, name);
    }

    pub(crate) fn failure(&mut self, label: &str) {
        self.count(label, "failed");
    }

    fn count(&mut self, label: &str, name: &'static str) {
        let count = self.counts.entry(label.to_owned()).or_default().entry(name).or_default();
        *count = count.saturating_add(1);
    }
}

impl Metrics {
    pub(crate) fn begin(env: &Env, invocation: &Invocation, cold_start: bool) -> Self {
        let mut fields = Map::new();
        fields.insert("function_request_id".to_owned(), invocation.function_request_id.as_str().into());
        Self {
            identity: env.identity.clone(),
            fields,
            label: None,
            handled: 0,
            errors: 0,
            faults: 0,
            extra: BTreeMap::new(),
            measured: BTreeMap::new(),
            cold_start,
            started: env.clock.now(),
        }
    }

    /// Says one more thing in the invocation's line; never personal data.
    pub fn say(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.to_owned(), value.into());
    }

    /// Counts `value` of the metric `name` in `unit` (a CloudWatch unit).
    pub fn metric(&mut self, name: &'static str, value: u64, unit: &'static str) {
        self.extra.insert(name, (value, unit));
    }

    /// Takes over what the handler counted on its way ([`Env::count`]).
    pub(crate) fn counted(&mut self, env: &Env) {
        for (name, value) in env.take_counted() {
            self.metric(name, value, "Count");
        }
    }

    /// Measures `value` of the metric `name` in `unit`: each value of an invocation stands for itself.
    pub fn measure(&mut self, name: &'static str, value: u64, unit: &'static str) {
        self.measured.entry(name).or_insert_with(|| (Vec::new(), unit)).0.push(value);
    }

    pub(crate) fn answered(&mut self, status: u16, correlation_id: &str) {
        self.say("correlation_id", correlation_id);
        self.say("status", status);
        self.handled = 1;
        self.errors = u64::from((400..500).contains(&status));
        self.faults = u64::from(status >= 500);
    }

    pub(crate) fn batch(&mut self, tally: Tally) {
        let sum = |counts: &BTreeMap<&str, u64>| counts.values().fold(0_u64, |sum, n| sum.saturating_add(*n));
        self.handled = tally.counts.values().fold(self.handled, |all, counts| all.saturating_add(sum(counts)));
        if let [(label, _)] = tally.counts.iter().collect::<Vec<_>>().as_slice() {
            self.label = Some((*label).clone());
        }
        self.say("outcomes", json!(tally.counts));
    }

    pub(crate) fn failure(&mut self, message_id: &str, attempt: u32, failure: &Failure) {
        self.faults = self.faults.saturating_add(1);
        let class = match failure {
            Failure::Transient(_) => "transient",
            Failure::Poison(_) => "poison",
        };
        tracing::warn!(message_id, attempt, class, reason = %failure, "message not handled");
    }

    /// Writes the line, and lines of what was measured.
    pub(crate) fn finish(&self, now: Timestamp) {
        for measured in self.measures(now) {
            write_line(&measured);
        }
        write_line(&Invoked { metrics: self, now });
    }

    /// Lines of what was measured: a metric's values in one line are no more than the format takes.
    fn measures(&self, now: Timestamp) -> impl Iterator<Item = Measured<'_>> {
        self.measured.iter().flat_map(move |(name, (values, unit))| {
            let of = move |values| Measured { metrics: self, now, name, unit, values };
            values.chunks(MOST_VALUES).map(of)
        })
    }

    /// What the line says.
    pub(crate) fn line(&self, now: Timestamp) -> serde_json::Result<Value> {
        serde_json::to_value(Invoked { metrics: self, now })
    }
}

/// The line of an invocation.
struct Invoked<'a> {
    metrics: &'a Metrics,
    now: Timestamp,
}

impl Serialize for Invoked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { metrics, now } = self;
        let counts = [("Handled", metrics.handled), ("Errors", metrics.errors), ("Faults", metrics.faults)];
        let mut names = vec![Named { name: "Latency", unit: "Milliseconds" }];
        names.extend(counts.map(|(name, _)| Named { name, unit: "Count" }));
        names.extend(metrics.extra.iter().map(|(name, (_, unit))| Named { name, unit }));
        let dimensions = [["service", "function_name"], ["service", "event"]];
        let dimensions = if metrics.label.is_some() { &dimensions[..] } else { &dimensions[..1] };
        let mut line = serializer.serialize_map(None)?;
        metrics.identity.entries(&mut line, *now, "invocation", dimensions, &names)?;
        line.serialize_entry("function_memory_size", &metrics.identity.memory_size)?;
        line.serialize_entry("cold_start", &metrics.cold_start)?;
        let latency = now.millis().saturating_sub(metrics.started.millis()).max(0);
        line.serialize_entry("Latency", &latency)?;
        for (name, value) in counts {
            line.serialize_entry(name, &value)?;
        }
        for (name, (value, _)) in &metrics.extra {
            line.serialize_entry(name, value)?;
        }
        if let Some(label) = &metrics.label {
            line.serialize_entry("event", label)?;
        }
        for (name, value) in &metrics.fields {
            line.serialize_entry(name, value)?;
        }
        line.end()
    }
}

/// A line of what was measured of one metric.
struct Measured<'a> {
    metrics: &'a Metrics,
    now: Timestamp,
    name: &'a str,
    unit: &'a str,
    values: &'a [u64],
}

impl Serialize for Measured<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = [Named { name: self.name, unit: self.unit }];
        let mut line = serializer.serialize_map(None)?;
        self.metrics.identity.entries(&mut line, self.now, "measured", &[["service", "function_name"]], &named)?;
        line.serialize_entry(self.name, self.values)?;
        line.end()
    }
}

fn write_line(line: &impl Serialize) {
    let mut text = Vec::with_capacity(1_024);
    // A log that cannot be written has nowhere to be reported.
    if serde_json::to_writer(&mut text, line).is_ok() {
        text.push(b'\n');
        let _ = std::io::stdout().lock().write_all(&text);
    }
}

/// Writes `tracing` events as JSON lines; spans' fields (the correlation id) are part of each line.
struct JsonLines {
    identity: Identity,
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn on_new_span(&self, attributes: &tracing::span::Attributes<'_>, id: &tracing::Id, context: LayerContext<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: LayerContext<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.0.extend(outer.0.clone());
            }
        }
        event.record(&mut fields);
        fields.0.insert("level".to_owned(), event.metadata().level().as_str().into());
        fields.0.insert("location".to_owned(), event.metadata().target().into());
        fields.0.insert("service".to_owned(), self.identity.service.clone().into());
        fields.0.insert("function_name".to_owned(), self.identity.function_name.clone().into());
        write_line(&fields.0);
    }
}

/// Starts logging for this process at the level of `POWERTOOLS_LOG_LEVEL`.
pub(crate) fn start(config: &Config) {
    let level = match config.get("POWERTOOLS_LOG_LEVEL").unwrap_or("INFO").to_ascii_uppercase().as_str() {
        "DEBUG" => Level::DEBUG,
        "WARN" | "WARNING" => Level::WARN,
        "ERROR" | "CRITICAL" => Level::ERROR,
        _ => Level::INFO,
    };
    let own = tracing_subscriber::filter::filter_fn(move |metadata| {
        // Libraries below us may print what they carry; only their warnings are let through.
        let bound = if metadata.target().starts_with("quoin") { level } else { Level::WARN.min(level) };
        *metadata.level() <= bound
    });
    let lines = JsonLines { identity: Identity::from_config(config) }.with_filter(own);
    // A second start in one process (a simulation) keeps the first.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> Metrics {
        let text = |text: &str| text.to_owned();
        let identity = Identity {
            service: text("reporting"),
            function_name: text("quoin-dev-order-monitor-sweeper"),
            memory_size: text("128"),
            namespace: text("Quoin"),
        };
        Metrics {
            identity: Arc::new(identity),
            fields: Map::new(),
            label: None,
            handled: 0,
            errors: 0,
            faults: 0,
            extra: BTreeMap::new(),
            measured: BTreeMap::new(),
            cold_start: true,
            started: Timestamp::from_millis(1_000),
        }
    }

    #[test]
    fn an_invocation_is_one_line_with_its_metrics() {
        let mut metrics = metrics();
        metrics.metric("Drift", 2, "Count");
        metrics.handled = 3;
        let line = metrics.line(Timestamp::from_millis(1_250)).unwrap();
        assert_eq!(line["Latency"], 250);
        assert_eq!((&line["Handled"], &line["Drift"]), (&json!(3), &json!(2)));
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], json!([["service", "function_name"]]));
        assert_eq!(directive["Metrics"].as_array().map(Vec::len), Some(5));
        assert_eq!((&line["message"], &line["service"]), (&json!("invocation"), &json!("reporting")));
    }

    #[test]
    fn what_is_measured_is_written_value_by_value_a_hundred_to_a_line() {
        let mut metrics = metrics();
        (0..250).for_each(|value| metrics.measure("OrderMerchantDelay", value, "Milliseconds"));
        metrics.measure("OrderCreationDelay", 7, "Milliseconds");
        let lines: Vec<_> =
            metrics.measures(Timestamp::from_millis(2_000)).map(|line| serde_json::to_value(line).unwrap()).collect();
        let counts =
            |name: &str| lines.iter().filter_map(|line| line[name].as_array().map(Vec::len)).collect::<Vec<_>>();
        assert_eq!(counts("OrderMerchantDelay"), [100, 100, 50]);
        assert_eq!(counts("OrderCreationDelay"), [1]);
        let names: Vec<_> =
            lines.iter().map(|line| &line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]).collect();
        assert_eq!(names.len(), 4);
        assert!(lines.iter().all(|line| line.get("Latency").is_none() && line["service"] == "reporting"));
    }
}
