//! Lists of sub-forms.

use gloo_timers::callback::Timeout;
use leptos::{html::Div, prelude::*};
use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use super::{Complaint, Field, Form, Lens, field::message_id};

/// A list in a draft.
pub(crate) struct List<D: Send + Sync + 'static, R: 'static> {
    form: Form<D>,
    lens: Lens<D, Vec<R>>,
    path: &'static str,
}

impl<D: Send + Sync, R> Clone for List<D, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Send + Sync, R> Copy for List<D, R> {}

/// One row of a [`List`].
pub(crate) struct Row<D: Send + Sync + 'static, R: 'static> {
    pub(crate) list: List<D, R>,
    pub(crate) index: usize,
}

impl<D: Send + Sync, R> Clone for Row<D, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Send + Sync, R> Copy for Row<D, R> {}

impl<D: Send + Sync + 'static, R: 'static> List<D, R> {
    pub(super) const fn new(form: Form<D>, lens: Lens<D, Vec<R>>, path: &'static str) -> Self {
        Self { form, lens, path }
    }

    /// Returns the path under which the list's errors are named.
    pub(crate) const fn path(self) -> &'static str {
        self.path
    }

    /// Returns the form whose draft has the list.
    pub(crate) const fn form(self) -> Form<D> {
        self.form
    }

    fn len(self) -> usize {
        self.form.draft.with(|draft| (self.lens.get)(draft).len())
    }

    fn change(self, change: impl FnOnce(&mut Vec<R>)) {
        self.form.draft.update(|draft| change((self.lens.get_mut)(draft)));
    }
}

impl<D: Send + Sync + 'static, R: Clone + Default + PartialEq + Send + Sync + 'static> Row<D, R> {
    /// Returns what stands in the row.
    pub(crate) fn get(self) -> R {
        self.list
            .form
            .draft
            .with(|draft| (self.list.lens.get)(draft).get(self.index).cloned())
            .unwrap_or_default()
    }

    /// Returns the row's field that `lens` leads to; `name` is the last step of its errors' path.
    pub(crate) fn field<T>(self, lens: Lens<R, T>, name: &'static str) -> Field<T>
    where
        T: Clone + PartialEq + Send + Sync + 'static,
    {
        let Self { list, index } = self;
        let path = format!("{}[{index}].{name}", list.path);
        let value = Memo::new(move |_| (lens.get)(&self.get()).clone());
        Field {
            value: value.into(),
            set: Callback::new(move |value| {
                list.change(|rows| {
                    if let Some(row) = rows.get_mut(index) {
                        *(lens.get_mut)(row) = value;
                    }
                });
            }),
            error: Signal::derive(move || list.form.error(&path)),
        }
    }
}

/// Shows the rows of a list, a button to remove each, and one to add another. A row that is added takes the focus; where the
/// last one is removed, its neighbour does.
#[component]
pub(crate) fn Rows<D, R, V>(
    /// The beginning of the `id`s in it, unique in the page.
    id: &'static str,
    /// Name of a row: `media reference`.
    what: &'static str,
    /// A class for the rows' columns.
    #[prop(optional)]
    class: &'static str,
    list: List<D, R>,
    /// The fields of a row, whose name is `what` and its number.
    row: fn(Row<D, R>, String) -> V,
) -> impl IntoView
where
    D: Send + Sync + 'static,
    R: Default + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let place = NodeRef::<Div>::new();
    let add = move |_| {
        list.change(|rows| rows.push(R::default()));
        focus_later(place, ".row:last-of-type input");
    };
    let remove = move |index: usize| {
        list.change(|rows| {
            if index < rows.len() {
                rows.remove(index);
            }
        });
        // A row's elements stay while there is a row of its number, and the focus on its button with them.
        let rows = untrack(|| list.len());
        if rows == 0 {
            focus_later(place, ".add");
        } else if index >= rows {
            focus_later(place, ".row:last-of-type .remove");
        }
    };
    view! {
        <div class="rows" node_ref=place>
            <For each=move || 0..list.len() key=|index| *index let:index>
                {
                    let name = format!("{what} {}", index + 1);
                    view! {
                        <div class=format!("row {class}") role="group" aria-label=name.clone()>
                            {row(Row { list, index }, name.clone())}
                            <button type="button" class="remove" aria-label=format!("Remove {name}")
                                on:click=move |_| remove(index)>"×"</button>
                        </div>
                    }
                }
            </For>
            <Complaint id=message_id(id) error=Signal::derive(move || list.form.error(list.path)) />
            <button type="button" class="add" on:click=add>{format!("Add {what}")}</button>
        </div>
    }
}

/// Moves the focus to an element of `place`, once it is there.
fn focus_later(place: NodeRef<Div>, selector: &'static str) {
    Timeout::new(0, move || {
        let Some(place) = place.try_get_untracked().flatten() else { return };
        if let Ok(Some(element)) = place.query_selector(selector)
            && let Ok(element) = element.dyn_into::<HtmlElement>()
        {
            // An element that takes no focus leaves it where it is.
            let _ = element.focus();
        }
    })
    .forget();
}
