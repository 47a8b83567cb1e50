//! What the prompt lab's worker loads.

fn main() {
    frontend::serve_lab();
}
