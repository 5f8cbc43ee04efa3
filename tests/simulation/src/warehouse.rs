//! The data warehouse at the end of a history: it holds every event once, where its event and day are.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use crate::books::Books;
use crate::cloud::Cloud;
use crate::findings::{Broken, Check, Side};
use crate::history::answered;
use crate::invariants::under;
use crate::platform::{Invoked, Platform};
use crate::scheduler::{Scheduler, lock};

/// The last exports, until nothing is left to be written.
pub(crate) fn exported(scheduler: &mut Scheduler, platform: &Rc<Platform>) -> Option<Broken> {
    let mut last = Value::Null;
    for _ in 0..3 {
        last = match answered(scheduler, platform, "quoin-dev-warehouse-export") {
            Some(Invoked::Answered(text)) => serde_json::from_str(&text).unwrap_or_default(),
            Some(Invoked::Failed(_) | Invoked::Stopped) | None => Value::Null,
        };
        if last["lines"] == 0 && last["left"] == 0 && last["failed"] == 0 {
            return None;
        }
    }
    let side = Side::new("the export", "nothing left", &last);
    Some(Broken::new(Check::Warehouse, format!("the export says {last}")).beside([side]))
}

/// The bucket, as the templates call it.
const BUCKET: &str = "WarehouseBucket/";

/// What the warehouse does not have, or has otherwise.
pub(crate) fn compare(cloud: &Cloud, books: &Books) -> Vec<Broken> {
    let mut missing: BTreeMap<String, &Value> =
        books.events().map(|(_, _, event)| (text(&event["metadata"]["event_id"]), event)).collect();
    let foreign = lock(&cloud.foreign);
    let recorded = foreign.iter().filter(|(queue, _)| queue.ends_with("-warehouse"));
    let foreign: Vec<Value> = recorded.filter_map(|(_, text)| serde_json::from_str(text).ok()).collect();
    missing.extend(foreign.iter().map(|event| (text(&event["detail"]["metadata"]["event_id"]), &event["detail"])));
    let mut broken = Vec::new();
    let objects = lock(&cloud.objects);
    let of_warehouse = objects.iter().filter_map(|(place, body)| Some((place.strip_prefix(BUCKET)?, body)));
    for (key, body) in of_warehouse {
        if !key.ends_with("/part-0.ndjson") {
            cloud.count("reached: a closed part of the warehouse");
        }
        for line in String::from_utf8_lossy(body).lines() {
            let mut told: Value = serde_json::from_str(line).unwrap_or_default();
            // A newer producer adds members, which are kept.
            if let Some(data) = told["data"].as_object_mut() {
                data.remove("added_later");
            }
            let Some(event) = missing.remove(&text(&told["metadata"]["event_id"])) else {
                let side = Side::new("line", "one for each event", line);
                broken.push((format!("{key} has a line twice or of no event: {line}"), side));
                continue;
            };
            let day = text(&event["timestamp"]).chars().take(10).collect::<String>();
            let folder = format!("/event={}/day={day}/part-", text(&event["event"]));
            if !key.starts_with("retention=") || !key.contains(&folder) || told["data"] != event["data"] {
                broken.push((format!("{key} has {told} of {event}"), Side::new(key, event, &told)));
            }
        }
    }
    broken.extend(
        missing
            .values()
            .map(|event| (format!("the warehouse does not have {event}"), Side::new("line", event, "none"))),
    );
    under(Check::Warehouse, broken)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
