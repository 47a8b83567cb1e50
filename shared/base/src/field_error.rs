//! Errors of single fields, which are collected so that all of them can be shown at once.

use core::{fmt, ops::Deref};

use serde::{Deserialize, Serialize};

/// An error of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's path: `digits`, `nodes[3].branches[0].to`; empty for the whole.
    pub field: String,
    /// The error, as the end of a sentence that the field's path begins: `must be given`.
    pub message: String,
}

impl FieldError {
    /// Creates the error `message` of `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{} {}", self.field, self.message)
        }
    }
}

/// The errors of all fields, in the order in which they were found. Written as JSON, it is the list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(transparent)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Creates a list without errors.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Creates a list with the error `message` of `field` alone.
    pub fn one(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![FieldError::new(field, message)])
    }

    /// Adds the error `message` of `field`.
    pub fn refuse(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError::new(field, message));
    }

    /// Adds the error `message` of `field` unless `holds`.
    pub fn require(&mut self, holds: bool, field: &str, message: &str) {
        if !holds {
            self.refuse(field, message);
        }
    }

    /// Returns `value` if there are no errors, and the errors otherwise.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Iterates over the errors of `path` itself and of what is below it: for `media`, those of `media`, `media[1]` and
    /// `media[1].type`, but not those of `mediaKind`. The empty path is above all others.
    pub fn under<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a FieldError> {
        self.iter().filter(move |error| is_under(&error.field, path))
    }

    /// Returns the messages of exactly this field, joined, or None if there are none.
    pub fn message(&self, field: &str) -> Option<String> {
        let messages: Vec<&str> =
            self.iter().filter(|error| error.field == field).map(|error| &*error.message).collect();
        (!messages.is_empty()).then(|| messages.join("; "))
    }

    /// Returns the same errors as those of a part that stands at `path` in a whole.
    #[must_use]
    pub fn nested(self, path: &str) -> Self {
        let nest = |FieldError { field, message }| {
            let separator = if field.is_empty() || field.starts_with('[') { "" } else { "." };
            FieldError { field: format!("{path}{separator}{field}"), message }
        };
        self.0.into_iter().map(nest).collect()
    }
}

/// Reports whether the field `field` is `path` or a part of it.
fn is_under(field: &str, path: &str) -> bool {
    path.is_empty()
        || field.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

impl fmt::Display for FieldErrors {
    /// Writes the errors in a line, separated by semicolons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl Deref for FieldErrors {
    type Target = [FieldError];

    fn deref(&self) -> &[FieldError] {
        &self.0
    }
}

impl From<FieldError> for FieldErrors {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}

impl From<Vec<FieldError>> for FieldErrors {
    fn from(errors: Vec<FieldError>) -> Self {
        Self(errors)
    }
}

impl FromIterator<FieldError> for FieldErrors {
    fn from_iter<I: IntoIterator<Item = FieldError>>(errors: I) -> Self {
        Self(errors.into_iter().collect())
    }
}

impl Extend<FieldError> for FieldErrors {
    fn extend<I: IntoIterator<Item = FieldError>>(&mut self, errors: I) {
        self.0.extend(errors);
    }
}

impl IntoIterator for FieldErrors {
    type Item = FieldError;
    type IntoIter = std::vec::IntoIter<FieldError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a FieldErrors {
    type Item = &'a FieldError;
    type IntoIter = core::slice::Iter<'a, FieldError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn errors(fields: &[&str]) -> FieldErrors {
        fields.iter().map(|field| FieldError::new(*field, "is wrong")).collect()
    }

    #[test]
    fn errors_are_written_in_a_line() {
        assert_eq!(errors(&[]).to_string(), "");
        assert_eq!(errors(&["", "a[1].b"]).to_string(), "is wrong; a[1].b is wrong");
    }

    #[test]
    fn errors_are_found_by_path() {
        let all = errors(&["", "media", "media[1].type", "mediaKind", "media.x", "digits"]);
        let under = |path: &str| all.under(path).map(|error| error.field.clone()).collect::<Vec<_>>();
        assert_eq!(under("media"), ["media", "media[1].type", "media.x"]);
        assert_eq!(under("media[1]"), ["media[1].type"]);
        assert_eq!(under("media[1].type"), ["media[1].type"]);
        assert_eq!(under("nothing"), [""; 0]);
        assert_eq!(under("").len(), 6);
        assert_eq!(all.message("media").as_deref(), Some("is wrong"));
        assert_eq!(errors(&["a", "a"]).message("a").as_deref(), Some("is wrong; is wrong"));
        assert_eq!(all.message("nothing"), None);
    }

    #[test]
    fn a_part_s_errors_are_the_whole_s() {
        let nested = errors(&["", "a", "[2].b"]).nested("whole");
        assert_eq!(nested, errors(&["whole", "whole.a", "whole[2].b"]));
    }

    #[test]
    fn on_the_wire_they_are_a_list() {
        let json = serde_json::json!([{ "field": "a", "message": "is wrong" }]);
        assert_eq!(serde_json::to_value(errors(&["a"])).unwrap(), json);
        assert_eq!(serde_json::from_value::<FieldErrors>(json).unwrap(), errors(&["a"]));
    }

    #[test]
    fn without_errors_there_is_a_value() {
        assert_eq!(errors(&[]).into_result(7), Ok(7));
        assert_eq!(errors(&["a"]).into_result(7), Err(errors(&["a"])));
        let mut all = FieldErrors::new();
        all.require(true, "a", "is wrong");
        all.require(false, "b", "is wrong");
        assert_eq!(all, errors(&["b"]));
    }
}
