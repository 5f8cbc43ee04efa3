//! Read models of customers and subscriptions.
//!
//! Invariants: a row is a pure function of one entity's stream in the journal and says which version of the stream it
//! was made from; a row made from an older version never takes the place of a newer one; a counter is the sum of what
//! the entities' rows say they contribute, and changes with them in one transaction. So events may come in any order
//! and more than once, and whatever stands in a view can be made again from the journal: a rebuild fills a second
//! generation of rows beside the one that is read, while consumers write both. This crate knows no HTTP and no queues.

mod analytics;
mod compare;
mod contribution;
mod counter;
mod customer;
mod error;
mod generation;
mod project;
mod rebuild;
mod row;
mod stream;
mod subscription;
mod view;

pub use analytics::steps;
pub use compare::{Difference, Reason};
pub use contribution::Contribution;
pub use counter::{Counter, Measured};
pub use customer::CustomerView;
pub use error::ViewError;
pub use generation::{Generations, SETTLE_SECONDS};
pub use project::{Projected, follow, project};
pub use rebuild::{Filled, Rebuild};
pub use row::{read_row, rows_of_user};
pub use stream::Entity;
pub use subscription::SubscriptionView;
pub use view::View;
