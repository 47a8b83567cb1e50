//! Forms: a draft, fields that edit it and say what is wrong while it is typed, the draft's payload as JSON, and a button
//! that says why it does not send.
//!
//! ```ignore
//! let (form, checked) = Form::checked(draft, limits, |_| Signal::stored(FieldErrors::new()));
//! view! {
//!     <FormFrame form label="Prompt playback" submit="Send to CXone" on_submit>
//!         <TextField id="prompt-name" label="Prompt" field=form.field(lens!(name), "prompt") />
//!         <NumberField id="prompt-gain" label="Base gain" scale=Scale::linear(0.0, 1.0) notation=DECIBELS
//!             field=form.field(lens!(base_gain), "volume.baseGain") unit="" />
//!         <JsonText form id="prompt-json" label="Payload as JSON" limits notice />
//!     </FormFrame>
//! }
//! ```

mod choice;
mod field;
mod files;
mod form;
mod frame;
mod json;
mod lens;
mod number;
mod rows;
mod scale;
mod switch;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use choice::ChoiceField;
pub(crate) use field::Field;
pub(crate) use files::DraftFiles;
pub(crate) use form::{DraftErrors, Form};
pub(crate) use frame::FormFrame;
pub(crate) use json::JsonText;
pub(crate) use lens::{Lens, lens};
pub(crate) use number::{NumberField, number_text};
pub(crate) use rows::{List, Row, Rows};
#[cfg(test)]
pub(crate) use scale::STEPS;
pub(crate) use scale::{Notation, Scale};
pub(crate) use switch::SwitchField;
pub(crate) use text::{Complaint, TextField};
