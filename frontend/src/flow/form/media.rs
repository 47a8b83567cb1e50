//! The recordings and texts that a simulation refers to.

use leptos::prelude::*;
use shared::{flow::MediaDraft, wire::MediaKind};

use super::field::{Choice, Complaint, TextField};
use crate::flow::desk::Desk;

/// Rows of asset and type.
#[component]
pub(super) fn Media() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let count = move || desk.draft.with(|draft| draft.media.len());
    let add = move |_| {
        let row = MediaDraft { asset_id: String::new(), kind: MediaKind::Audio };
        desk.draft.update(|draft| draft.media.push(row));
    };
    view! {
        <div class="rows">
            <For each=move || 0..count() key=|index| *index let:index><Row index /></For>
            <Complaint id="flow-media-error".to_owned() error=Signal::derive(move || desk.error("mediaAssetReferences")) />
            <button type="button" on:click=add>"Add media reference"</button>
        </div>
    }
}

#[component]
fn Row(index: usize) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let asset = move || desk.draft.with(|draft| draft.media.get(index).map(|row| row.asset_id.clone()));
    let kind = move || desk.draft.with(|draft| draft.media.get(index).map(|row| row.kind.name().to_owned()));
    let change = move |change: &dyn Fn(&mut MediaDraft)| {
        desk.draft.update(|draft| {
            if let Some(row) = draft.media.get_mut(index) {
                change(row);
            }
        });
    };
    let set_kind = move |text: String| {
        if let Some(kind) = MediaKind::ALL.into_iter().find(|kind| kind.name() == text) {
            change(&|row| row.kind = kind);
        }
    };
    let complaint = move || {
        let field = format!("mediaAssetReferences[{index}].assetId");
        desk.error(&field)
    };
    let number = index + 1;
    let options = MediaKind::ALL.map(|kind| (kind.name().to_owned(), kind.name().to_owned())).to_vec();
    view! {
        <div class="row media" role="group" aria-label=format!("media reference {number}")>
            <TextField id=format!("flow-media-{index}") label=format!("media reference {number} asset") bare=true placeholder="asset"
                value=Signal::derive(move || asset().unwrap_or_default())
                set=Callback::new(move |text: String| change(&|row| row.asset_id.clone_from(&text)))
                error=Signal::derive(complaint) />
            <Choice label=format!("media reference {number} type") options
                value=Signal::derive(move || kind().unwrap_or_default()) set=Callback::new(set_kind) />
            <button type="button" class="remove" aria-label=format!("Remove media reference {number}")
                on:click=move |_| desk.draft.update(|draft| {
                    if index < draft.media.len() { draft.media.remove(index); }
                })>"×"</button>
        </div>
    }
}
