//! The root template and the stacks nested in it, flattened into what runs.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::resolve::{Parameters, Scope};
use crate::{Fault, yaml};

/// A Lambda function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its folder in `target/lambda`, which is its program's name.
    pub program: String,
    /// Its environment.
    pub variables: BTreeMap<String, String>,
    /// Seconds that an invocation may take.
    pub timeout_s: u64,
}

/// A route of the API.
#[derive(Debug, Clone)]
pub struct Route {
    /// `GET`.
    pub method: String,
    /// `/api/fixtures/{event_id}`.
    pub path: String,
    /// The function that answers.
    pub function: String,
    /// Whether a token is needed.
    pub is_authorized: bool,
}

/// A pattern of EventBridge.
#[derive(Debug, Clone)]
pub struct Pattern(Value);

/// A rule of the bus.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What it matches.
    pub pattern: Pattern,
    /// Names of the queues that get what it matches.
    pub queues: Vec<String>,
}

/// A queue.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    /// Seconds for which a received message is not received again.
    pub visibility_s: u64,
    /// Seconds after which a message is gone, handled or not.
    pub retention_s: u64,
    /// Where messages go that were received too often, and how often that is.
    pub dead_letters: Option<(String, u32)>,
    /// The function that it feeds, and the most messages of one invocation.
    pub consumer: Option<(String, usize)>,
    /// Seconds for which an invocation's messages are gathered at most.
    pub window_s: u64,
}

/// A function on a table's stream.
#[derive(Debug, Clone)]
pub struct Stream {
    /// The table.
    pub table: String,
    /// The function.
    pub function: String,
    /// Which records it wants; any of the patterns.
    pub filters: Vec<Pattern>,
}

/// A function that runs by the clock.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The function.
    pub function: String,
    /// `rate(1 minute)`.
    pub expression: String,
}

/// A table, as `CreateTable` takes it.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The template's properties.
    pub properties: Value,
}

impl Table {
    /// The attribute that says when an item may go, in seconds since 1970, if the table has one.
    #[must_use]
    pub fn expiry(&self) -> Option<&str> {
        let specification = self.properties.get("TimeToLiveSpecification")?;
        let is_enabled = specification.get("Enabled").and_then(Value::as_bool)?;
        specification.get("AttributeName").and_then(Value::as_str).filter(|_| is_enabled)
    }
}

/// Everything that runs, by physical name.
#[derive(Debug, Clone, Default)]
pub struct Application {
    /// Functions.
    pub functions: BTreeMap<String, Function>,
    /// The function that says who asks.
    pub authorizer: Option<String>,
    /// Routes.
    pub routes: Vec<Route>,
    /// Rules.
    pub rules: Vec<Rule>,
    /// Queues.
    pub queues: BTreeMap<String, Queue>,
    /// Stream consumers.
    pub streams: Vec<Stream>,
    /// Schedules.
    pub schedules: Vec<Schedule>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Names under which functions know the secrets.
    pub secrets: Vec<String>,
}

impl Application {
    /// Reads `template.yaml` in `root` and every stack nested in it.
    ///
    /// # Errors
    /// The file that cannot be read and what is wrong with it.
    pub fn read(root: &Path, parameters: Parameters) -> Result<Self, Fault> {
        let mut application = Self::default();
        application.stack(root, "template.yaml", parameters)?;
        Ok(application)
    }

    fn stack(&mut self, root: &Path, path: &str, parameters: Parameters) -> Result<(), Fault> {
        let said = |fault: String| Fault(format!("{path}: {fault}"));
        let text = std::fs::read_to_string(root.join(path)).map_err(|error| said(error.to_string()))?;
        let template = yaml::read(&text).map_err(|fault| said(fault.to_string()))?;
        let resources = Scope::new(&template, parameters).resources().map_err(|fault| said(fault.to_string()))?;
        let kind = |resource: &Value| resource.get("Type").and_then(Value::as_str).unwrap_or_default().to_owned();
        for (name, resource) in &resources {
            let properties = resource.get("Properties").unwrap_or(&Value::Null);
            match kind(resource).as_str() {
                "AWS::Serverless::Application" => {
                    let given = properties.get("Parameters").and_then(Value::as_object).cloned().unwrap_or_default();
                    self.stack(root, text_of(properties, "Location")?, given.into_iter().collect())?;
                }
                "AWS::Serverless::Function" => self.function(properties)?,
                "AWS::SQS::Queue" => self.queue(properties)?,
                "AWS::DynamoDB::Table" => {
                    self.tables.push(Table { name: name.clone(), properties: properties.clone() });
                }
                "AWS::SecretsManager::Secret" => self.secrets.push(format!("{name}.Id")),
                "AWS::Events::Rule" => self.rule(properties)?,
                "AWS::Lambda::EventSourceMapping" => self.mapping(properties)?,
                "AWS::Scheduler::Schedule" => self.schedule(properties)?,
                "AWS::ApiGatewayV2::Authorizer" => {
                    let integration = text_of(properties, "AuthorizerUri")?;
                    self.authorizer = Some(function_in(integration)?);
                }
                "AWS::ApiGatewayV2::Route" => {
                    let target = text_of(properties, "Target")?;
                    let integration = target.trim_start_matches("integrations/");
                    let integration = resources.get(integration).and_then(|one| one.get("Properties"));
                    let uri = text_of(integration.unwrap_or(&Value::Null), "IntegrationUri")?;
                    self.route(properties, &function_in(uri)?)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn function(&mut self, properties: &Value) -> Result<(), Fault> {
        let variables = properties.pointer("/Environment/Variables").and_then(Value::as_object);
        let program = text_of(properties, "CodeUri")?.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let function = Function {
            program: program.to_owned(),
            variables: variables
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
                .collect(),
            timeout_s: properties.get("Timeout").and_then(Value::as_u64).unwrap_or(3),
        };
        self.functions.insert(text_of(properties, "FunctionName")?.to_owned(), function);
        Ok(())
    }

    fn queue(&mut self, properties: &Value) -> Result<(), Fault> {
        let queue = self.queues.entry(text_of(properties, "QueueName")?.to_owned()).or_default();
        queue.visibility_s = properties.get("VisibilityTimeout").and_then(Value::as_u64).unwrap_or(30);
        let four_days = 345_600;
        queue.retention_s = properties.get("MessageRetentionPeriod").and_then(Value::as_u64).unwrap_or(four_days);
        if let Some(policy) = properties.get("RedrivePolicy") {
            let most = policy.get("maxReceiveCount").and_then(Value::as_u64).unwrap_or(10);
            let target = last(text_of(policy, "deadLetterTargetArn")?);
            queue.dead_letters = Some((target, u32::try_from(most).unwrap_or(u32::MAX)));
        }
        Ok(())
    }

    fn rule(&mut self, properties: &Value) -> Result<(), Fault> {
        let pattern = properties.get("EventPattern").ok_or("a rule without a pattern")?;
        let targets = properties.get("Targets").and_then(Value::as_array).into_iter().flatten();
        let queues = targets.map(|target| Ok(last(text_of(target, "Arn")?))).collect::<Result<_, Fault>>()?;
        self.rules.push(Rule { pattern: Pattern(pattern.clone()), queues });
        Ok(())
    }

    fn mapping(&mut self, properties: &Value) -> Result<(), Fault> {
        let function = text_of(properties, "FunctionName")?.to_owned();
        let source = text_of(properties, "EventSourceArn")?;
        if let Some(table) = source.strip_prefix("stream/") {
            let filters = properties.pointer("/FilterCriteria/Filters").and_then(Value::as_array);
            let filters = filters.into_iter().flatten().map(|filter| {
                let pattern = serde_json::from_str(text_of(filter, "Pattern")?);
                Ok(Pattern(pattern.map_err(|error| Fault(error.to_string()))?))
            });
            let stream = Stream { table: table.to_owned(), function, filters: filters.collect::<Result<_, Fault>>()? };
            self.streams.push(stream);
            return Ok(());
        }
        let most = properties.get("BatchSize").and_then(Value::as_u64).unwrap_or(10);
        let queue = self.queues.entry(last(source)).or_default();
        queue.consumer = Some((function, usize::try_from(most).unwrap_or(10)));
        queue.window_s = properties.get("MaximumBatchingWindowInSeconds").and_then(Value::as_u64).unwrap_or(0);
        Ok(())
    }

    fn schedule(&mut self, properties: &Value) -> Result<(), Fault> {
        let target = properties.get("Target").unwrap_or(&Value::Null);
        self.schedules.push(Schedule {
            function: last(text_of(target, "Arn")?),
            expression: text_of(properties, "ScheduleExpression")?.to_owned(),
        });
        Ok(())
    }

    fn route(&mut self, properties: &Value, function: &str) -> Result<(), Fault> {
        // A route of the WebSocket API has no method, and nothing here connects.
        let Some((method, path)) = text_of(properties, "RouteKey")?.split_once(' ') else { return Ok(()) };
        self.routes.push(Route {
            method: method.to_owned(),
            path: path.to_owned(),
            function: function.to_owned(),
            is_authorized: properties.get("AuthorizationType").and_then(Value::as_str) == Some("CUSTOM"),
        });
        Ok(())
    }
}

impl Pattern {
    /// The pattern as a template has it.
    #[must_use]
    pub const fn new(pattern: Value) -> Self {
        Self(pattern)
    }

    /// Whether it matches `event`, as EventBridge does.
    #[must_use]
    pub fn matches(&self, event: &Value) -> bool {
        is_match(&self.0, event)
    }
}

fn is_match(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(members) => {
            members.iter().all(|(name, member)| is_match(member, event.get(name).unwrap_or(&Value::Null)))
        }
        Value::Array(choices) => choices.iter().any(|choice| is_choice(choice, event)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn is_choice(choice: &Value, event: &Value) -> bool {
    if let Some(prefix) = choice.get("prefix").and_then(Value::as_str) {
        return event.as_str().is_some_and(|text| text.starts_with(prefix));
    }
    if let Some(suffix) = choice.get("suffix").and_then(Value::as_str) {
        return event.as_str().is_some_and(|text| text.ends_with(suffix));
    }
    if let Some(exists) = choice.get("exists").and_then(Value::as_bool) {
        return exists != event.is_null();
    }
    if let Some(others) = choice.get("anything-but") {
        let listed = others.as_array().map_or_else(|| others == event, |others| others.contains(event));
        return !event.is_null() && !listed;
    }
    choice == event
}

fn text_of<'a>(value: &'a Value, name: &str) -> Result<&'a str, Fault> {
    value.get(name).and_then(Value::as_str).ok_or_else(|| Fault(format!("{name} is missing")))
}

/// The last part of an ARN.
fn last(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or_default().to_owned()
}

/// The function's name in an ARN or in API Gateway's URI around one.
fn function_in(uri: &str) -> Result<String, Fault> {
    let name = uri.split(":function:").nth(1).and_then(|rest| rest.split('/').next());
    name.map(str::to_owned).ok_or_else(|| Fault(format!("{uri} names no function")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patterns_match_as_the_bus_does() {
        let event = json!({"source": "betting.events", "detail": {"n": "0"}});
        for (pattern, matches) in [
            (json!({"source": ["betting.events", "x"]}), true),
            (json!({"source": [{"suffix": ".events"}]}), true),
            (json!({"source": [{"prefix": "bet"}], "detail": {"n": ["1"]}}), false),
            (json!({"detail": {"n": [{"anything-but": ["0"]}]}}), false),
            (json!({"detail": {"m": [{"exists": false}]}}), true),
            (json!({"detail-type": ["BetPlaced"]}), false),
        ] {
            assert_eq!(Pattern(pattern.clone()).matches(&event), matches, "{pattern}");
        }
    }
}
