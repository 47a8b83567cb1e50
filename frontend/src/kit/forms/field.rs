//! What a field of a form shows and changes.

use leptos::prelude::*;

/// A value in a draft, the way to change it, and what is wrong with it.
pub(crate) struct Field<T: Send + Sync + 'static> {
    pub(crate) value: Signal<T>,
    pub(crate) set: Callback<T>,
    /// None while nothing is wrong.
    pub(crate) error: Signal<Option<String>>,
}

impl<T: Send + Sync> Clone for Field<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync> Copy for Field<T> {}

impl<T: Clone + Send + Sync + 'static> Field<T> {
    /// Returns the same field with another message.
    pub(crate) fn with_error(self, error: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        Self { error: Signal::derive(error), ..self }
    }

    /// Returns the field as the name of one of a closed set of values, for a [`ChoiceField`](super::ChoiceField).
    pub(crate) fn by_name<const N: usize>(self, all: [T; N], name: fn(T) -> &'static str) -> Field<String> {
        let all = StoredValue::new(all);
        Field {
            value: Signal::derive(move || name(self.value.get()).to_owned()),
            set: Callback::new(move |chosen: String| {
                let found =
                    all.with_value(|all| all.iter().find(|value| name((*value).clone()) == chosen).cloned());
                if let Some(value) = found {
                    self.set.run(value);
                }
            }),
            error: self.error,
        }
    }
}

/// Returns the `id` of the message of the field `id`.
pub(super) fn message_id(id: &str) -> String {
    format!("{id}-error")
}
