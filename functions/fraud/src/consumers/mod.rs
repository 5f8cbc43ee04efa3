//! The consumer that scores.

pub mod fraud_detection;
