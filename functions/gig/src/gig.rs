//! A gig, and what may become of it: pure.

use quoin_events::{Sealed, Timestamp};
use quoin_money::Amount;
use quoin_runtime::Problem;
use serde::{Deserialize, Serialize};

/// How far a gig is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "GigStatus"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Nobody has done it yet; lists show it.
    Open,
    /// Somebody has done it and is to be paid.
    Completed,
    /// It is done and paid.
    Paid,
}

/// Work that somebody offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gig {
    /// The gig.
    pub(crate) gig_id: String,
    /// Who offers it, and pays for it.
    pub(crate) owner_id: String,
    /// What is to be done, sealed under the owner's key.
    pub(crate) title: Sealed,
    /// Credits for who does it.
    pub(crate) price: Amount,
    /// How far it is.
    pub(crate) status: Status,
    /// Since when it is offered.
    pub(crate) created_at: Timestamp,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) completed_by: Option<String>,
    /// When they said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) completed_at: Option<Timestamp>,
    /// When they were paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) paid_at: Option<Timestamp>,
}

/// Why nothing becomes of a gig.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its owner says that it is done.
    Own,
    /// Somebody else has done it.
    NotOpen,
    /// Nobody has done it.
    NotCompleted,
    /// It is paid.
    Paid,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Own => Self::refused("OWN_GIG", "nobody completes a gig of their own"),
            Refusal::NotOpen => Self::refused("GIG_NOT_OPEN", "somebody else has completed the gig"),
            Refusal::NotCompleted => Self::refused("GIG_NOT_COMPLETED", "nobody has completed the gig yet"),
            Refusal::Paid => Self::refused("GIG_PAID", "the gig is paid"),
        }
    }
}

impl Gig {
    /// The gig once `user_id` has done it; `None` if they said so before.
    ///
    /// # Errors
    /// If it is their own, or somebody else's by now.
    pub(crate) fn completed(&self, user_id: &str, at: Timestamp) -> Result<Option<Self>, Refusal> {
        if self.owner_id == user_id {
            return Err(Refusal::Own);
        }
        match self.status {
            Status::Open => Ok(Some(Self {
                status: Status::Completed,
                completed_by: Some(user_id.to_owned()),
                completed_at: Some(at),
                ..self.clone()
            })),
            Status::Completed | Status::Paid if self.completed_by.as_deref() == Some(user_id) => Ok(None),
            Status::Completed | Status::Paid => Err(Refusal::NotOpen),
        }
    }

    /// The gig once it is paid, and who is to be paid.
    ///
    /// # Errors
    /// If nobody is.
    pub(crate) fn paid(&self, at: Timestamp) -> Result<(Self, &str), Refusal> {
        match (self.status, self.completed_by.as_deref()) {
            (Status::Completed, Some(worker)) => {
                Ok((Self { status: Status::Paid, paid_at: Some(at), ..self.clone() }, worker))
            }
            (Status::Paid, _) => Err(Refusal::Paid),
            (Status::Open | Status::Completed, _) => Err(Refusal::NotCompleted),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn gig() -> Gig {
        Gig {
            gig_id: "gig_1".to_owned(),
            owner_id: "owner".to_owned(),
            title: format!("enc:v1:{}", "A".repeat(40)).parse().unwrap(),
            price: Amount::whole(150),
            status: Status::Open,
            created_at: Timestamp::from_millis(1_000),
            completed_by: None,
            completed_at: None,
            paid_at: None,
        }
    }

    #[test]
    fn a_gig_is_completed_once_and_by_somebody_else() {
        let at = Timestamp::from_millis(2_000);
        assert_eq!(gig().completed("owner", at), Err(Refusal::Own));
        let done = gig().completed("worker", at).unwrap().unwrap();
        assert_eq!((done.status, done.completed_by.as_deref()), (Status::Completed, Some("worker")));
        assert_eq!(done.completed("worker", at), Ok(None));
        assert_eq!(done.completed("other", at), Err(Refusal::NotOpen));
    }

    #[test]
    fn a_gig_is_paid_once_and_after_it_is_done() {
        let at = Timestamp::from_millis(3_000);
        assert_eq!(gig().paid(at), Err(Refusal::NotCompleted));
        let done = gig().completed("worker", at).unwrap().unwrap();
        let (paid, worker) = done.paid(at).unwrap();
        assert_eq!((paid.status, worker), (Status::Paid, "worker"));
        assert_eq!(paid.paid(at), Err(Refusal::Paid));
        assert_eq!(paid.completed("worker", at), Ok(None));
    }
}
