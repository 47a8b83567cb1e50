//! What the browser loads first.

fn main() {
    frontend::page();
}
