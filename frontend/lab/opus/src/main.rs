//! What the prompt lab's worker loads when Opus is chosen, in the place of what it has.

fn main() {
    lab::serve();
}
