//! The module that the prompt lab's worker loads.

fn main() {
    lab::serve();
}
