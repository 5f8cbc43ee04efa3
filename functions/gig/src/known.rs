//! A gig with its title as everybody reads it, as its row knows it.

use quoin_events::Timestamp;
use quoin_ranks::Listed;
use serde::{Deserialize, Serialize};

use crate::gig::{Gig, Status};

/// A gig and its title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// The gig.
    pub(crate) gig: Gig,
    /// What is to be done; absent once its owner was forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
}

impl Known {
    /// The same of a gig that has changed.
    pub(crate) fn of(&self, gig: Gig) -> Self {
        Self { gig, title: self.title.clone() }
    }
}

impl Listed for Known {
    const KIND: &'static str = "gig";
    type State = Gig;

    fn state(&self) -> &Gig {
        &self.gig
    }

    fn id(&self) -> &str {
        &self.gig.gig_id
    }

    fn since(&self) -> Timestamp {
        self.gig.created_at
    }

    fn status(&self) -> &'static str {
        match self.gig.status {
            Status::Open => "open",
            Status::Completed => "completed",
            Status::Paid => "paid",
        }
    }

    fn is_listed(&self) -> bool {
        self.gig.status == Status::Open
    }

    fn base(&self) -> u64 {
        0
    }

    fn author(&self) -> &str {
        &self.gig.owner_id
    }

    fn without_author(&self) -> Self {
        Self { gig: self.gig.clone(), title: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gig::tests::gig;

    #[test]
    fn a_row_tells_the_status_by_its_name_on_the_wire() {
        for status in [Status::Open, Status::Completed, Status::Paid] {
            let known = Known { gig: Gig { status, ..gig() }, title: None };
            assert_eq!(serde_json::to_value(status).unwrap(), known.status());
            assert_eq!(known.is_listed(), status == Status::Open);
        }
    }

    #[test]
    fn a_gig_has_no_title_once_its_owner_was_forgotten_whatever_becomes_of_it() {
        let known = Known { gig: gig(), title: Some("Paint a fence".to_owned()) };
        let forgotten = known.without_author();
        let done = forgotten.of(gig().completed("worker", Timestamp::from_millis(2_000)).unwrap().unwrap());
        for row in [&forgotten, &done, &done.without_author()] {
            assert!(!serde_json::to_string(row).unwrap().contains("fence"));
        }
        assert!(!serde_json::to_string(known.state()).unwrap().contains("fence"));
    }
}
