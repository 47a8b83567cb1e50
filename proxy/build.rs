//! Makes sure that there is an app to embed: a page that says how to build it, until it was built.

use std::{fs, path::Path, time::SystemTime};

const PLACEHOLDER: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Dialbench</title>\n\
<p>The page has not been built. <code>cargo xtask run</code> builds and serves it.</p>\n</html>\n";

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/app");
    let index = folder.join("index.html");
    if !index.exists() {
        fs::create_dir_all(&folder).expect("the target folder can be written");
        fs::write(&index, PLACEHOLDER).expect("the target folder can be written");
        // Newer than this run, they would have the next build compile everything again.
        for made in [&index, &folder] {
            let file = fs::File::open(made).expect("it was just made");
            file.set_modified(SystemTime::UNIX_EPOCH).expect("its owner can date it");
        }
    }
    println!("cargo:rerun-if-changed={}", folder.display());
}
