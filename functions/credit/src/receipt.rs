//! The first item of what a command makes, with the command's receipt; of a refused one it is all there is.

use quoin_events::{Draft, EntityRef, Timestamp};
use quoin_ledger::{Purpose, Rejection};
use quoin_runtime::Problem;
use quoin_store::{Answer, Append, Commit, Proposal, Receipt, StoreError, Stream};
use serde::Serialize;

/// A command that has an id of its own.
pub(crate) struct Command<'a> {
    /// Kind of what it makes.
    pub(crate) kind: &'static str,
    /// Its id.
    pub(crate) id: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) request_id: &'a str,
    /// Hash of the parsed body.
    pub(crate) body_hash: String,
}

/// What stands in the journal of a refused command.
#[derive(Serialize)]
struct Refused<'a> {
    status: &'static str,
    user_id: &'a str,
    code: &'a str,
}

impl Command<'_> {
    /// What it makes, as other things refer to it.
    pub(crate) fn entity(&self) -> EntityRef {
        EntityRef { kind: self.kind.to_owned(), id: self.id.to_owned() }
    }

    /// `commit`, and the first item with what was made.
    pub(crate) fn done(
        &self,
        commit: Commit,
        at: Timestamp,
        state: &impl Serialize,
        events: Vec<Draft>,
        answer: Answer,
    ) -> Result<Proposal, StoreError> {
        let append = self.append(at, &answer).state(state)?.events(events);
        Ok(Proposal { commit: commit.append(append), body_hash: self.body_hash.clone(), answer: Some(answer) })
    }

    /// A rule refuses it.
    pub(crate) fn refused(&self, at: Timestamp, problem: &Problem) -> Result<Proposal, Problem> {
        self.refuse(at, problem, None)
    }

    /// The wallet refuses it: what was to be debited is told.
    pub(crate) fn rejected(&self, at: Timestamp, rejection: &Rejection, purpose: Purpose) -> Result<Proposal, Problem> {
        let failed = rejection.debit_failed(self.user_id, purpose, &self.entity());
        let told = failed.map(|failed| Draft::new(&failed, at)).transpose()?;
        self.refuse(at, &Problem::from(rejection), told)
    }

    fn refuse(&self, at: Timestamp, problem: &Problem, told: Option<Draft>) -> Result<Proposal, Problem> {
        let answer = problem.answer(self.request_id)?;
        let state = Refused { status: "refused", user_id: self.user_id, code: problem.code };
        Ok(self.done(Commit::new(), at, &state, told.into_iter().collect(), answer)?)
    }

    fn append(&self, at: Timestamp, answer: &Answer) -> Append {
        let receipt = Receipt { body_hash: self.body_hash.clone(), answer: Some(answer.clone()) };
        Append::first(Stream::new(self.kind, self.id), at).receipt(receipt)
    }
}
