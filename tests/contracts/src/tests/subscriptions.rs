//! The rendered rules deliver what the services declare, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::event_page::consumers;
use crate::functions::{self, Trigger};
use crate::samples::{self, Sample};
use quoin_stack::yaml;

use crate::files;

use super::pattern;

/// Patterns of a service's template by the logical id of the queue that they feed.
fn patterns(service: &str) -> BTreeMap<String, Vec<Value>> {
    let template = yaml::read(&files::read(&format!("functions/{service}/template.yaml")).unwrap()).unwrap();
    let mut patterns: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (name, resource) in template["Resources"].as_object().unwrap() {
        if resource["Type"] != "AWS::Events::Rule" || resource["Properties"].get("EventPattern").is_none() {
            continue;
        }
        let targets = resource["Properties"]["Targets"].as_array().unwrap();
        assert_eq!(targets.len(), 1, "{service}/{name} feeds exactly one queue");
        let arn = targets[0]["Arn"]["Fn::GetAtt"].as_str().unwrap();
        let queue = arn.strip_suffix(".Arn").unwrap().to_owned();
        patterns.entry(queue).or_default().push(resource["Properties"]["EventPattern"].clone());
    }
    patterns
}

/// The name in CloudFormation: `place-bet` is `PlaceBet`.
fn logical_id(function: &str) -> String {
    let capital = |part: &str| format!("{}{}", part[..1].to_ascii_uppercase(), &part[1..]);
    function.split('-').map(capital).collect()
}

/// What `pattern` lets pass of what a message is about.
fn abouts(pattern: &Value) -> &[Value] {
    pattern.pointer("/detail/data/about_event").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The sample as it is on the bus, and about everything that one of `patterns` chooses by.
fn told(sample: &Sample, patterns: &[Value]) -> Vec<Value> {
    let mut all = vec![sample.on_bus()];
    if all[0].pointer("/detail/data/about_event").is_some() {
        all.extend(patterns.iter().flat_map(abouts).map(|wanted| {
            let mut event = sample.on_bus();
            *event.pointer_mut("/detail/data/about_event").unwrap() = wanted.clone();
            event
        }));
    }
    all
}

#[test]
fn a_message_about_something_else_is_not_delivered() {
    let samples = samples::all().unwrap();
    let sent = samples.iter().find(|sample| sample.of.name == "SMSSent").unwrap();
    assert_eq!(sent.on_bus().pointer("/detail/data/about_event"), Some(&Value::from("BetPlaced")));
    let payment = patterns("payment").remove("PaymentEventsQueue").unwrap();
    let others = told(sent, &payment).split_off(1);
    assert!(!others.is_empty());
    for other in others {
        assert!(payment.iter().any(|pattern| pattern::matches(pattern, &other)), "{other}");
    }
    assert!(!payment.iter().any(|pattern| pattern::matches(pattern, &sent.on_bus())));
}

#[test]
fn payment_hears_of_messages_about_every_payment_that_people_are_told_of() {
    let (functions, samples) = (functions::all().unwrap(), samples::all().unwrap());
    let notify = functions.iter().find(|function| function.name == "notify").unwrap();
    let told_of =
        samples.iter().filter(|sample| sample.of.topic.as_str() == "payment.events" && notify.consumes(sample));
    let told_of: BTreeSet<_> = told_of.map(|sample| sample.of.name).collect();
    let payment = patterns("payment").remove("PaymentEventsQueue").unwrap();
    let heard: BTreeSet<_> = payment.iter().flat_map(abouts).filter_map(Value::as_str).collect();
    assert!(!told_of.is_empty() && told_of.is_subset(&heard), "{told_of:?} {heard:?}");
}

#[test]
fn every_rule_matches_exactly_the_samples_that_its_service_declares() {
    let (functions, samples) = (functions::all().unwrap(), samples::all().unwrap());
    for service in functions::services().unwrap() {
        let mut rendered = patterns(&service);
        for function in functions.iter().filter(|function| function.service == service) {
            let Trigger::Events(_) = function.trigger else { continue };
            let patterns = rendered.remove(&format!("{}Queue", logical_id(&function.name))).unwrap_or_default();
            assert!(!patterns.is_empty(), "{} has no rule", function.name);
            let consumed = samples.iter().filter(|sample| function.consumes(sample));
            let declared: BTreeSet<_> = consumed.map(|sample| sample.of.name).collect();
            let delivered: BTreeSet<_> = samples
                .iter()
                .filter(|sample| {
                    let events = told(sample, &patterns);
                    patterns.iter().any(|pattern| events.iter().any(|event| pattern::matches(pattern, event)))
                })
                .map(|sample| sample.of.name)
                .collect();
            assert_eq!(delivered, declared, "{}", function.name);
        }
        assert_eq!(rendered.keys().collect::<Vec<_>>(), Vec::<&String>::new(), "{service}: rules that nobody declared");
    }
}

#[test]
fn no_event_is_delivered_twice_to_one_queue() {
    let samples = samples::all().unwrap();
    for service in functions::services().unwrap() {
        for (queue, patterns) in patterns(&service) {
            for (sample, event) in
                samples.iter().flat_map(|one| told(one, &patterns).into_iter().map(move |told| (one, told)))
            {
                let matching = patterns.iter().filter(|pattern| pattern::matches(pattern, &event)).count();
                assert!(matching <= 1, "{queue} gets {} {matching} times", sample.of.name);
            }
        }
    }
}

#[test]
fn nothing_but_the_platform_s_events_is_delivered() {
    let samples = samples::all().unwrap();
    for service in functions::services().unwrap() {
        for pattern in patterns(&service).into_values().flatten() {
            for sample in &samples {
                let mut foreign = sample.on_bus();
                foreign["source"] = "aws.health".into();
                assert!(!pattern::matches(&pattern, &foreign), "{service}: {pattern}");
            }
        }
    }
}

#[test]
fn everything_is_audited_and_reported() {
    let (functions, samples) = (functions::all().unwrap(), samples::all().unwrap());
    let everything: Vec<_> =
        functions.iter().filter(|function| function.records_everything()).map(|one| one.name.as_str()).collect();
    assert_eq!(everything, ["audit", "report-projector", "warehouse"]);
    for function in functions.iter().filter(|function| function.records_everything()) {
        assert!(samples.iter().all(|sample| function.consumes(sample)), "{}", function.name);
    }
}

/// Events that are told for the record: statement, figures and trail are made from them, and no service acts.
const FOR_THE_RECORD: &[&str] = &["LoyaltyPointsUpdated", "SpinChancesAwarded"];

#[test]
fn every_event_has_a_consumer_besides_audit_and_reporting() {
    let (functions, samples) = (functions::all().unwrap(), samples::all().unwrap());
    let is_unheard = |sample: &&Sample| consumers(sample, &functions).next().is_none();
    let unheard: Vec<_> = samples.iter().filter(is_unheard).map(|sample| sample.of.name).collect();
    assert_eq!(unheard, FOR_THE_RECORD);
}
