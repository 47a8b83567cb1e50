//! Panels that are loaded when they are wanted, as a module of their own with its own copy of the framework: the first
//! load stays small, and what the panels share with the frame is the browser's objects.

mod host;
mod offer;

pub(crate) use host::panel;
pub(crate) use offer::offer;

/// The object that the boot script leaves for both modules: `load` brings the panels, which add `mount`.
const SHARED: &str = "dialbench";
/// Names of the call panel's instruments, which have no addresses.
pub(crate) const FLOW_PICTURE: &str = "flow-picture";
pub(crate) const TIMELINE: &str = "timeline";
pub(crate) const INSTRUMENTS: &str = "instruments";

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;
    use wire::api::{PANELS, PanelModule};

    use super::{FLOW_PICTURE, INSTRUMENTS, TIMELINE, offer::VIEWS};

    #[wasm_bindgen_test]
    fn the_module_holds_the_panels_that_the_table_names() {
        let mut named: Vec<&str> = PANELS
            .iter()
            .filter(|panel| panel.is_built && panel.module == PanelModule::Panels)
            .map(|panel| panel.path)
            .chain([FLOW_PICTURE, INSTRUMENTS, TIMELINE])
            .collect();
        let mut held: Vec<&str> = VIEWS.iter().map(|(name, _)| *name).collect();
        named.sort_unstable();
        held.sort_unstable();
        assert_eq!(held, named);
    }
}
