//! The panel `/prompts`: a prompt before a caller hears it.

#[allow(dead_code, unused_imports, reason = "the panel that uses it comes next")]
pub(crate) mod lab;
