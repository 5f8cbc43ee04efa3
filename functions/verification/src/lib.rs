//! The verification service: the checks of `quoin verify` by the clock, and an alarm where one of them fails.
//!
//! Invariants: it only reads money and people's streams, and writes its own checkpoints; a wallet that has not changed
//! and waits for nothing costs no read of the journal; a wallet with a break keeps its checkpoint, so the break is found
//! again until it is mended; a pass that is cut short goes on where it stopped.

mod checkpoints;
pub mod verifier;
