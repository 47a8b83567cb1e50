//! The panels of the page, in the order of the navigation.

/// A panel of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panel {
    /// Address of the panel: `/call`.
    pub path: &'static str,
    /// Heading of the panel, and the part of `document.title` before the program's name.
    pub title: &'static str,
    /// Name of the panel's link in the navigation.
    pub name: &'static str,
    /// WebAssembly module that holds the panel.
    pub module: PanelModule,
    /// True when this version of the page has the panel.
    pub is_built: bool,
}

/// WebAssembly module of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PanelModule {
    /// The first load: the frame and the call panel.
    Page,
    /// The module that is loaded when one of its panels is opened.
    Panels,
}

/// Every panel. The proxy serves the page at each path; `/` is the first panel.
pub const PANELS: [Panel; 6] = [
    Panel { path: "/call", title: "Call", name: "Call", module: PanelModule::Page, is_built: true },
    Panel {
        path: "/flow",
        title: "Flow simulation",
        name: "Flow",
        module: PanelModule::Panels,
        is_built: true,
    },
    Panel {
        path: "/prompts",
        title: "Prompt playback",
        name: "Prompts",
        module: PanelModule::Panels,
        is_built: true,
    },
    Panel {
        path: "/dialer",
        title: "Dialer simulation",
        name: "Dialer",
        module: PanelModule::Panels,
        is_built: true,
    },
    Panel { path: "/tests", title: "Tests", name: "Tests", module: PanelModule::Panels, is_built: false },
    Panel {
        path: "/audit",
        title: "Audit trail",
        name: "Audit",
        module: PanelModule::Panels,
        is_built: true,
    },
];

impl Panel {
    /// Returns the panel at `path`; `/` is the first one, and a slash at the end makes no difference.
    pub fn at(path: &str) -> Option<&'static Self> {
        if path == "/" {
            return PANELS.first();
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        PANELS.iter().find(|panel| panel.path == path)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn every_panel_is_found_at_its_own_address_alone() {
        for panel in &PANELS {
            assert_eq!(Panel::at(panel.path), Some(panel));
            assert_eq!(Panel::at(&format!("{}/", panel.path)), Some(panel));
            assert_eq!(PANELS.iter().filter(|other| other.path == panel.path).count(), 1);
        }
        assert_eq!(Panel::at("/"), Some(&PANELS[0]));
        for path in ["/calls", "call", "/call/1", "/Call", "//"] {
            assert_eq!(Panel::at(path), None, "{path}");
        }
    }
}
