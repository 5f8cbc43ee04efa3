//! What events do to gigs.

pub mod gig_credit_queue;
pub mod gig_erasure;
