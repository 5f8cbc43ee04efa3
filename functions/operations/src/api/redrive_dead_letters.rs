//! `POST /api/dead-letters/{queue}/redrive`: dead letters go back to their queue once what was wrong is mended.
//! Consumers recognise what they have applied, so sending a letter twice changes nothing.

use std::collections::BTreeSet;

use quoin_runtime::{DeadLetter, Env, Problem, Redriven, Request, Response, Role, Selection};
use serde::{Deserialize, Serialize};

use super::{dead_letters, stop};

/// The most letters that can be named at once.
const MOST_IDS: usize = 1_000;

/// Which letters go back.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Redrive {
    /// Only these; all of the queue if it is left out.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = MOST_IDS)))]
    message_ids: Option<BTreeSet<String>>,
    /// Say what would go, and let everything stay.
    dry_run: bool,
}

/// What went back, or would.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct RedriveView {
    /// The queue.
    queue: String,
    /// Whether everything stayed where it was.
    dry_run: bool,
    /// How many went, or would go.
    count: usize,
    /// The letters that went back, or would go.
    messages: Vec<DeadLetter>,
    /// Ids of letters that stayed although they were chosen: the queue did not take them.
    failed: Vec<String>,
    /// Ids that were asked for and not seen.
    missing: Vec<String>,
    /// Whether all letters were looked at; if not, time ran out, and the same again goes on.
    is_whole: bool,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sends dead letters back to their queue")
        .for_operators()
        .takes::<Redrive>()
        .answers::<RedriveView>(200)
        .refuses(400, &["MESSAGE_IDS_INVALID"])
        .refuses(404, &["NOT_FOUND"])
}

/// Sends letters back.
///
/// # Errors
/// 403 for anybody but operators, 404 for a queue that there is not, 400 for a list of ids that is none.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let wanted = request.json::<Redrive>()?;
    let (is_dry, selection) = (wanted.dry_run, wanted.selection()?);
    let letters = dead_letters(env)?;
    let queue = letters.queue(request.path("queue")?).await?.ok_or_else(|| Problem::not_found("queue"))?;
    let done = letters.redrive(&queue, &selection, is_dry, stop(request), |_| ()).await?;
    Response::json(200, &RedriveView::of(queue.name, is_dry, done))
}

impl Redrive {
    fn selection(self) -> Result<Selection, Problem> {
        match self.message_ids {
            None => Ok(Selection::All),
            Some(ids) if (1..=MOST_IDS).contains(&ids.len()) => Ok(Selection::Ids(ids)),
            Some(_) => Err(Problem::field(
                "MESSAGE_IDS_INVALID",
                "/message_ids",
                format!("must name 1 to {MOST_IDS} letters; leave it out for all"),
            )),
        }
    }
}

impl RedriveView {
    fn of(queue: String, dry_run: bool, done: Redriven) -> Self {
        let Redriven { messages, failed, missing, is_whole } = done;
        Self { queue, dry_run, count: messages.len(), messages, failed, missing, is_whole }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redrive(body: &str) -> Redrive {
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn all_of_a_queue_is_asked_for_by_leaving_the_ids_out_and_never_by_an_empty_list() {
        assert_eq!(redrive(r#"{"dry_run":true}"#).selection().unwrap(), Selection::All);
        let empty = redrive(r#"{"dry_run":false,"message_ids":[]}"#).selection().unwrap_err();
        assert_eq!(empty.errors[0].pointer, "/message_ids");
        let two = redrive(r#"{"dry_run":false,"message_ids":["a","b","a"]}"#).selection().unwrap();
        assert_eq!(two, Selection::Ids(["a", "b"].map(str::to_owned).into()));
    }

    #[test]
    fn whether_it_is_a_trial_has_to_be_said() {
        for body in ["{}", r#"{"message_ids":["a"]}"#, r#"{"dry_run":"yes"}"#, r#"{"dry_run":true,"all":true}"#] {
            assert!(serde_json::from_str::<Redrive>(body).is_err(), "{body}");
        }
    }
}
