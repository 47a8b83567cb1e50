//! What the browser loads when a panel is wanted.

fn main() {
    frontend::offer_panels();
}
