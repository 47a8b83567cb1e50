//! A call and what it goes through.
