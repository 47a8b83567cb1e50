//! A draft that is edited, and the errors of its fields.

use base::{draft::Draft, field_error::FieldErrors};
use leptos::prelude::*;

use super::{Field, Lens, List};

/// The errors of a draft.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DraftErrors {
    errors: FieldErrors,
    /// True when the errors are those of the JSON being typed, so that the form's fields hold something else.
    in_text: bool,
}

impl DraftErrors {
    const fn of_text(errors: FieldErrors) -> Self {
        Self { errors, in_text: true }
    }
}

impl From<FieldErrors> for DraftErrors {
    fn from(errors: FieldErrors) -> Self {
        Self { errors, in_text: false }
    }
}

/// The signals of a form.
pub(crate) struct Form<D: Send + Sync + 'static> {
    pub(crate) draft: RwSignal<D>,
    /// The payload's JSON while it is being typed.
    pub(crate) text: RwSignal<Option<String>>,
    wrong: Signal<DraftErrors>,
}

impl<D: Send + Sync> Clone for Form<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Send + Sync> Copy for Form<D> {}

impl<D: Send + Sync + 'static> Form<D> {
    /// Creates a form of `draft`. `wrong` has the errors that its fields show.
    pub(crate) fn new(
        draft: RwSignal<D>,
        text: RwSignal<Option<String>>,
        wrong: Signal<DraftErrors>,
    ) -> Self {
        Self { draft, text, wrong }
    }

    /// Returns the form with errors that its fields show, too, but for which it can be sent all the same: those that
    /// whoever received the draft found.
    pub(crate) fn with_answer(self, answer: Signal<FieldErrors>) -> Self {
        let wrong = self.wrong;
        let wrong = Memo::new(move |_| {
            let mut wrong = wrong.get();
            if !wrong.in_text {
                wrong.errors.extend(answer.get());
            }
            wrong
        });
        Self { wrong: wrong.into(), ..self }
    }

    /// Puts another draft into the form. JSON that is being typed is discarded.
    pub(crate) fn replace(self, draft: D) {
        let _ = self.text.try_set(None);
        let _ = self.draft.try_set(draft);
    }

    /// Returns all errors, as whoever receives the payload would name them.
    pub(crate) fn errors(self) -> FieldErrors {
        self.wrong.with(|wrong| wrong.errors.clone())
    }

    /// Returns what is wrong with the JSON being typed.
    pub(crate) fn text_error(self) -> Option<String> {
        self.wrong.with(|wrong| wrong.in_text.then(|| wrong.errors.to_string()))
    }

    /// Returns the errors of the form's fields at `path` and below it.
    pub(crate) fn errors_under(self, path: &str) -> FieldErrors {
        self.wrong.with(|wrong| {
            if wrong.in_text { FieldErrors::new() } else { wrong.errors.under(path).cloned().collect() }
        })
    }

    /// Returns what is wrong with the field at `path` itself.
    pub(crate) fn error(self, path: &str) -> Option<String> {
        self.wrong.with(|wrong| wrong.errors.message(path).filter(|_| !wrong.in_text))
    }

    /// Returns the field of the draft that `lens` leads to, and to which the errors at `path` belong.
    pub(crate) fn field<T>(self, lens: Lens<D, T>, path: impl Into<String>) -> Field<T>
    where
        T: Clone + PartialEq + Send + Sync + 'static,
    {
        let path = path.into();
        let value = Memo::new(move |_| self.draft.with(|draft| (lens.get)(draft).clone()));
        Field {
            value: value.into(),
            set: Callback::new(move |value| self.draft.update(|draft| *(lens.get_mut)(draft) = value)),
            error: Signal::derive(move || self.error(&path)),
        }
    }

    /// Returns the list of the draft that `lens` leads to, and to which the errors at `path` belong.
    pub(crate) fn list<R>(self, lens: Lens<D, Vec<R>>, path: &'static str) -> List<D, R> {
        List::new(self, lens, path)
    }
}

impl<D: Draft> Form<D> {
    /// Creates a form of `draft`, and what the draft comes to: its checked payload, or what is wrong with it or with the
    /// JSON being typed. `further` is given the payload where the draft's fields are right, and returns what is wrong with
    /// it by all that the draft alone does not tell. Each is checked again only when what it depends on has changed.
    pub(crate) fn checked(
        draft: RwSignal<D>,
        limits: Signal<D::Limits>,
        further: impl FnOnce(Memo<Option<D::Checked>>) -> Signal<FieldErrors>,
    ) -> (Self, Memo<Result<D::Checked, DraftErrors>>)
    where
        D::Checked: Clone + PartialEq + Send + Sync,
    {
        let text = RwSignal::new(None::<String>);
        let text_errors = Memo::new(move |_| {
            limits.with(|limits| text.with(|text| check_text::<D>(text.as_deref()?, limits).err()))
        });
        let of_fields = Memo::new(move |_| limits.with(|limits| draft.with(|draft| draft.check(limits))));
        let right = Memo::new(move |_| of_fields.with(|checked| checked.as_ref().ok().cloned()));
        let further = further(right);
        let checked = Memo::new(move |_| {
            if let Some(errors) = text_errors.get() {
                return Err(DraftErrors::of_text(errors));
            }
            let checked = of_fields.get()?;
            Ok(further.get().into_result(checked)?)
        });
        let wrong =
            Memo::new(move |_| checked.with(|checked| checked.as_ref().err().cloned().unwrap_or_default()));
        (Self::new(draft, text, wrong.into()), checked)
    }
}

/// Checks the JSON of a payload while it is being typed.
pub(super) fn check_text<D: Draft>(text: &str, limits: &D::Limits) -> Result<D, FieldErrors> {
    let mut draft = D::default();
    draft.set_payload(&base::json::parse(text)?, limits)?;
    Ok(draft)
}
