//! What the end-to-end tests share: Dialbench as a process, a browser driven by role and accessible name, and what
//! reaches its loudspeaker.
//!
//! Where things are is in the environment, as `cargo xtask test` sets it, or where a build puts them: `DIALBENCH_BIN`,
//! `DIALBENCH_APP_DIR` (the packed page), `CHROMEDRIVER`, `CHROMIUM`, `AXE_JS`.

pub mod bench;
pub mod browser;
pub mod call;
pub mod chromedriver;
mod chromium;
pub mod flow;
pub mod listener;
pub mod node;
pub mod offline;
pub mod places;
pub mod process;
pub mod sound;
pub mod wait;

pub use bench::Bench;
pub use browser::Browser;
pub use call::CallPage;
pub use flow::FlowPage;
