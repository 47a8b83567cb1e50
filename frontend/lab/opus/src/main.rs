//! The module that the prompt lab's worker loads when Opus is chosen, in the place of the one it has.

fn main() {
    lab::serve();
}
