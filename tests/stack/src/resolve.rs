//! CloudFormation's intrinsic functions, as far as the templates use them; any other one is an error.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::Fault;

/// Values of a stack's parameters by name.
pub type Parameters = BTreeMap<String, Value>;

/// One stack while it is read.
pub(crate) struct Scope<'a> {
    pub(crate) template: &'a Value,
    pub(crate) parameters: Parameters,
}

const ACCOUNT: &str = "000000000000";
const REGION: &str = "us-east-1";

impl<'a> Scope<'a> {
    /// The stack of `template` with `given` parameters, the others at their defaults.
    pub(crate) fn new(template: &'a Value, given: Parameters) -> Self {
        let declared = template.get("Parameters").and_then(Value::as_object).into_iter().flatten();
        let mut parameters: Parameters =
            declared.filter_map(|(name, parameter)| Some((name.clone(), parameter.get("Default")?.clone()))).collect();
        parameters.extend(given);
        Self { template, parameters }
    }

    /// The resources that are made, with their intrinsics resolved.
    pub(crate) fn resources(&self) -> Result<BTreeMap<String, Value>, Fault> {
        let declared = self.template.get("Resources").and_then(Value::as_object).ok_or("Resources are missing")?;
        let mut made = BTreeMap::new();
        for (name, resource) in declared {
            let is_made = match resource.get("Condition").and_then(Value::as_str) {
                Some(condition) => self.condition(condition)?,
                None => true,
            };
            if is_made {
                let resolved = self.value(resource).map_err(|fault| Fault(format!("{name}: {fault}")))?;
                made.insert(name.clone(), resolved.unwrap_or(Value::Null));
            }
        }
        Ok(made)
    }

    fn condition(&self, name: &str) -> Result<bool, Fault> {
        let declared = self.template.get("Conditions").and_then(|all| all.get(name));
        self.truth(declared.ok_or_else(|| format!("the condition {name} is not declared"))?)
    }

    fn truth(&self, value: &Value) -> Result<bool, Fault> {
        if let Some((name, argument)) = single(value) {
            let list = || argument.as_array().ok_or_else(|| Fault(format!("{name} takes a list")));
            return match name {
                "Condition" => self.condition(argument.as_str().unwrap_or_default()),
                "Fn::Equals" => {
                    let both = list()?.iter().map(|one| self.text(one)).collect::<Result<Vec<_>, _>>()?;
                    Ok(both.windows(2).all(|pair| pair.first() == pair.last()))
                }
                "Fn::Not" => {
                    Ok(!list()?.iter().map(|one| self.truth(one)).collect::<Result<Vec<_>, _>>()?.contains(&true))
                }
                "Fn::Or" => {
                    Ok(list()?.iter().map(|one| self.truth(one)).collect::<Result<Vec<_>, _>>()?.contains(&true))
                }
                "Fn::And" => {
                    Ok(!list()?.iter().map(|one| self.truth(one)).collect::<Result<Vec<_>, _>>()?.contains(&false))
                }
                _ => Err(format!("{name} is not a condition that is known here").into()),
            };
        }
        Err("a condition must be one function".into())
    }

    /// `value` with its intrinsics resolved; `None` for `AWS::NoValue`.
    pub(crate) fn value(&self, value: &Value) -> Result<Option<Value>, Fault> {
        Ok(Some(match value {
            Value::Array(items) => {
                let resolved = items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>, _>>()?;
                Value::Array(resolved.into_iter().flatten().collect())
            }
            Value::Object(members) => {
                if let Some((name, argument)) =
                    single(value).filter(|(name, _)| *name == "Ref" || name.starts_with("Fn::"))
                {
                    return self.function(name, argument);
                }
                let mut resolved = Map::new();
                for (name, member) in members {
                    if let Some(member) = self.value(member)? {
                        resolved.insert(name.clone(), member);
                    }
                }
                Value::Object(resolved)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        }))
    }

    fn function(&self, name: &str, argument: &Value) -> Result<Option<Value>, Fault> {
        match name {
            "Ref" => match argument.as_str().unwrap_or_default() {
                "AWS::NoValue" => Ok(None),
                name => self.reference(name).map(Some),
            },
            "Fn::GetAtt" => {
                let path = match argument.as_array() {
                    Some(parts) => parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("."),
                    None => argument.as_str().unwrap_or_default().to_owned(),
                };
                self.attribute(&path).map(Some)
            }
            "Fn::Sub" => self.substitute(argument.as_str().ok_or("Fn::Sub takes a text here")?).map(Some),
            "Fn::If" => {
                let [condition, then, otherwise] = argument.as_array().map(Vec::as_slice).unwrap_or_default() else {
                    return Err("Fn::If takes three arguments".into());
                };
                let holds = self.condition(condition.as_str().unwrap_or_default())?;
                self.value(if holds { then } else { otherwise })
            }
            _ => Err(format!("{name} is not known here").into()),
        }
    }

    fn text(&self, value: &Value) -> Result<String, Fault> {
        Ok(plain(&self.value(value)?.unwrap_or(Value::Null)))
    }

    fn substitute(&self, text: &str) -> Result<Value, Fault> {
        let mut parts = text.split("${");
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').ok_or_else(|| format!("{text} has an open brace"))?;
            let value = if name.contains('.') { self.attribute(name)? } else { self.reference(name)? };
            whole.push_str(&plain(&value));
            whole.push_str(rest);
        }
        Ok(Value::String(whole))
    }

    fn reference(&self, name: &str) -> Result<Value, Fault> {
        match name {
            "AWS::Partition" => return Ok("aws".into()),
            "AWS::Region" => return Ok(REGION.into()),
            "AWS::AccountId" => return Ok(ACCOUNT.into()),
            "AWS::URLSuffix" => return Ok("amazonaws.com".into()),
            "AWS::StackName" => return Ok("quoin".into()),
            _ => {}
        }
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        let (kind, properties) = self.resource(name)?;
        Ok(match kind {
            "AWS::SQS::Queue" => {
                let queue = self.named(properties, "QueueName", name)?;
                format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{queue}").into()
            }
            "AWS::Serverless::Function" => self.named(properties, "FunctionName", name)?.into(),
            "AWS::Events::EventBus" => self.named(properties, "Name", name)?.into(),
            _ => name.into(),
        })
    }

    fn attribute(&self, path: &str) -> Result<Value, Fault> {
        let (name, attribute) = path.split_once('.').ok_or_else(|| format!("{path} names no attribute"))?;
        let (kind, properties) = self.resource(name)?;
        Ok(match (kind, attribute) {
            ("AWS::SQS::Queue", "QueueName") => self.named(properties, "QueueName", name)?.into(),
            ("AWS::SQS::Queue", "Arn") => {
                format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", self.named(properties, "QueueName", name)?).into()
            }
            ("AWS::Serverless::Function", "Arn") => {
                let function = self.named(properties, "FunctionName", name)?;
                format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}").into()
            }
            ("AWS::ApiGatewayV2::Api", "ApiEndpoint") => "https://api.quoin.example".into(),
            // A table goes by the name of its resource, in whichever stack it is.
            ("AWS::Serverless::Application", output) if output.ends_with("Table") => {
                output.trim_start_matches("Outputs.").into()
            }
            ("AWS::DynamoDB::Table", "StreamArn") => format!("stream/{name}").into(),
            _ => format!("{name}.{attribute}").into(),
        })
    }

    fn resource(&self, name: &str) -> Result<(&str, &Value), Fault> {
        let resource = self.template.get("Resources").and_then(|all| all.get(name));
        let resource = resource.ok_or_else(|| format!("{name} is neither a parameter nor a resource"))?;
        let kind = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
        Ok((kind, resource.get("Properties").unwrap_or(&Value::Null)))
    }

    fn named(&self, properties: &Value, property: &str, otherwise: &str) -> Result<String, Fault> {
        properties.get(property).map_or_else(|| Ok(otherwise.to_owned()), |value| self.text(value))
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The only member of an object.
fn single(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    members.iter().next().map(|(name, value)| (name.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_choose_and_references_are_names() {
        let template = json!({
            "Parameters": {"Stage": {"Default": "dev"}, "On": {"Default": "false"}},
            "Conditions": {"IsOn": {"Fn::Equals": [{"Ref": "On"}, "true"]}, "IsOff": {"Fn::Not": [{"Condition": "IsOn"}]}},
            "Resources": {
                "Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "q-${Stage}"}}},
                "Gone": {"Type": "X", "Condition": "IsOn"},
                "F": {"Type": "X", "Properties": {"A": {"Fn::If": ["IsOff", {"Fn::GetAtt": ["Q", "Arn"]}, 1]},
                    "B": {"Ref": "AWS::NoValue"}, "C": {"Ref": "Q"}}},
            },
        });
        let resources = Scope::new(&template, Parameters::new()).resources().unwrap();
        assert!(!resources.contains_key("Gone"));
        let properties = &resources["F"]["Properties"];
        assert_eq!(properties["A"], "arn:aws:sqs:us-east-1:000000000000:q-dev");
        assert_eq!(properties["C"], "https://sqs.us-east-1.amazonaws.com/000000000000/q-dev");
        assert_eq!(properties.get("B"), None);
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        let template = json!({"Resources": {"F": {"Type": "X", "Properties": {"A": {"Fn::Cidr": []}}}}});
        assert!(Scope::new(&template, Parameters::new()).resources().is_err());
    }
}
