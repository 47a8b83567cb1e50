//! The document: the template with the head that names the built files.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

/// Where the template wants the head.
const MARK: &str = "<!-- dialbench:head -->";

/// The addresses that the head gives away.
pub(crate) struct Links {
    pub(crate) style: String,
    pub(crate) glue: String,
    pub(crate) wasm: String,
    pub(crate) boot: String,
    /// Files that the page asks for later, by the name it knows.
    pub(crate) named: Vec<(String, String)>,
}

/// The elements that load the page, the render-blocking one first.
pub(crate) fn head(links: &Links) -> String {
    let Links { style, glue, wasm, boot, named } = links;
    let mut head = format!(
        "<link rel=\"stylesheet\" href=\"{style}\">\
         <link rel=\"preload\" href=\"{wasm}\" as=\"fetch\" type=\"application/wasm\" crossorigin>\
         <link rel=\"modulepreload\" href=\"{glue}\">"
    );
    for (name, address) in named {
        let _ = write!(head, "<meta name=\"dialbench-asset\" data-name=\"{name}\" content=\"{address}\">");
    }
    let _ = write!(head, "<script type=\"module\" src=\"{boot}\"></script>");
    head
}

/// Puts the head into the template.
pub(crate) fn fill(template: &str, head: &str) -> Result<String> {
    ensure!(template.matches(MARK).count() == 1, "frontend/index.html must hold {MARK} exactly once");
    Ok(template.replace(MARK, head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_takes_the_place_of_its_mark() {
        assert_eq!(fill("<head><!-- dialbench:head --></head>", "<x>").unwrap(), "<head><x></head>");
        assert!(fill("<head></head>", "<x>").is_err());
        assert!(fill(&MARK.repeat(2), "<x>").is_err());
    }

    #[test]
    fn the_page_learns_the_addresses_of_later_files() {
        let text = |text: &str| text.to_owned();
        let head = head(&Links {
            style: text("/s.css"),
            glue: text("/g.js"),
            wasm: text("/w.wasm"),
            boot: text("/b.js"),
            named: vec![(text("worklet.wasm"), text("/assets/worklet-1.wasm"))],
        });
        assert!(head.contains(
            "<meta name=\"dialbench-asset\" data-name=\"worklet.wasm\" content=\"/assets/worklet-1.wasm\">"
        ));
        assert!(head.ends_with("<script type=\"module\" src=\"/b.js\"></script>"));
    }
}
