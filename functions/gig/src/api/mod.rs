//! Routes of the gig service.

pub mod complete_gig;
pub mod create_gig;
pub mod get_gig;
pub mod get_gig_priority;
pub mod list_gigs;
pub mod pay_gig;
mod view;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("complete-gig", complete_gig::contract),
    ("create-gig", create_gig::contract),
    ("get-gig", get_gig::contract),
    ("get-gig-priority", get_gig_priority::contract),
    ("list-gigs", list_gigs::contract),
    ("pay-gig", pay_gig::contract),
];
