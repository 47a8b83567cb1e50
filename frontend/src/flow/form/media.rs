//! The recordings and texts that a simulation refers to.

use leptos::prelude::*;
use scenario::flow::{MediaDraft, SimulationDraft};
use wire::cxone::MediaKind;

use crate::{
    flow::state::FlowState,
    kit::forms::{ChoiceField, Row, Rows, TextField, lens},
};

/// Shows rows of asset and type.
#[component]
pub(super) fn Media() -> impl IntoView {
    let list = expect_context::<FlowState>().form.list(lens!(media), "mediaAssetReferences");
    view! { <Rows id="flow-media" what="media reference" class="media" list row=fields /> }
}

fn fields(row: Row<SimulationDraft, MediaDraft>, name: String) -> impl IntoView {
    let kind = row.field(lens!(kind), "type").by_name(MediaKind::ALL, MediaKind::name);
    let options = MediaKind::ALL.map(|kind| (kind.name().to_owned(), kind.name().to_owned())).to_vec();
    let index = row.index;
    view! {
        <TextField id=format!("flow-media-{index}") label=format!("{name} asset") bare=true placeholder="asset"
            field=row.field(lens!(asset_id), "assetId") />
        <ChoiceField id=format!("flow-media-{index}-type") label=name + " type" bare=true field=kind options />
    }
}
