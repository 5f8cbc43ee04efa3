//! The consumer that posts.

pub mod gl_postings;
