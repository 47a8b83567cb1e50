//! Roles and accessible names, as far as the page needs them of HTML-AAM and the accessible name computation.

use wasm_bindgen::JsCast as _;
use web_sys::{Element, Node};

use super::document;

/// Roles that take their name from what they contain.
const NAMED_BY_CONTENT: [&str; 18] = [
    "button",
    "cell",
    "checkbox",
    "columnheader",
    "gridcell",
    "heading",
    "link",
    "listitem",
    "menuitem",
    "option",
    "radio",
    "row",
    "rowheader",
    "switch",
    "tab",
    "term",
    "tooltip",
    "treeitem",
];

/// Returns the element's role: the given one, or the one that its tag implies.
pub(crate) fn role(element: &Element) -> Option<String> {
    if let Some(given) = element.get_attribute("role") {
        return given.split_whitespace().next().map(str::to_owned);
    }
    implied_role(element).map(str::to_owned)
}

fn implied_role(element: &Element) -> Option<&'static str> {
    let is_named = || !given_name(element).is_empty();
    let role = match &*element.local_name() {
        "a" if element.has_attribute("href") => "link",
        "article" => "article",
        "aside" => "complementary",
        "button" | "summary" => "button",
        "dd" => "definition",
        "details" | "fieldset" => "group",
        "dialog" => "dialog",
        "dt" => "term",
        "figure" => "figure",
        "form" if is_named() => "form",
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => "heading",
        "img" => "img",
        "input" => input_role(element)?,
        "li" => "listitem",
        "main" => "main",
        "meter" => "meter",
        "nav" => "navigation",
        "ol" | "ul" => "list",
        "option" => "option",
        "p" => "paragraph",
        "output" => "status",
        "progress" => "progressbar",
        "section" if is_named() => "region",
        "select" if element.has_attribute("multiple") => "listbox",
        "select" => "combobox",
        "table" => "table",
        "td" => "cell",
        "textarea" => "textbox",
        "th" if element.get_attribute("scope").as_deref() == Some("row") => "rowheader",
        "th" => "columnheader",
        "tr" => "row",
        _ => return None,
    };
    Some(role)
}

fn input_role(element: &Element) -> Option<&'static str> {
    Some(match element.get_attribute("type").as_deref() {
        Some("hidden") => return None,
        // Browsers expose a file input as a button.
        Some("button" | "file" | "submit" | "reset") => "button",
        Some("checkbox") => "checkbox",
        Some("number") => "spinbutton",
        Some("radio") => "radio",
        Some("range") => "slider",
        Some("search") => "searchbox",
        _ => "textbox",
    })
}

/// Returns the element's accessible name, with single spaces.
pub(crate) fn accessible_name(element: &Element) -> String {
    let given = given_name(element);
    if !given.is_empty() {
        return given;
    }
    if role(element).is_some_and(|role| NAMED_BY_CONTENT.contains(&&*role)) {
        let content = content(element, Purpose::Name);
        if !content.is_empty() {
            return content;
        }
    }
    let hint = element.get_attribute("title").or_else(|| element.get_attribute("placeholder"));
    normalized(&hint.unwrap_or_default())
}

/// Returns the name that the author gave beside the element's content.
fn given_name(element: &Element) -> String {
    if let Some(ids) = element.get_attribute("aria-labelledby") {
        let parts = ids.split_whitespace().filter_map(|id| document().get_element_by_id(id));
        return parts.map(|part| content(&part, Purpose::Name)).collect::<Vec<_>>().join(" ");
    }
    if let Some(label) = element.get_attribute("aria-label").filter(|label| !label.trim().is_empty()) {
        return normalized(&label);
    }
    let child = |selector: &str| {
        let found = element.query_selector(selector).expect("a selector");
        found.map(|found| content(&found, Purpose::Name)).unwrap_or_default()
    };
    match &*element.local_name() {
        "input" | "meter" | "output" | "progress" | "select" | "textarea" => label(element),
        "fieldset" => child(":scope > legend"),
        "figure" => child(":scope > figcaption"),
        "img" => normalized(&element.get_attribute("alt").unwrap_or_default()),
        "svg" => child(":scope > title"),
        "table" => child(":scope > caption"),
        _ => String::new(),
    }
}

fn label(control: &Element) -> String {
    let id = control.id();
    let pointing = (!id.is_empty())
        .then(|| document().query_selector(&format!("label[for='{id}']")).expect("a selector"))
        .flatten();
    let label = pointing.or_else(|| control.closest("label").expect("a selector"));
    let mut name = String::new();
    if let Some(label) = label {
        collect(&label, Some(control), Purpose::Name, &mut name);
    }
    normalized(&name)
}

/// Returns the text that assistive technology is offered of an element and what it contains.
pub(crate) fn text(element: &Element) -> String {
    content(element, Purpose::Text)
}

/// The purpose for which content is collected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// The text, in which only an image's label stands for its content.
    Text,
    /// A name, in which every label does.
    Name,
}

fn content(element: &Element, purpose: Purpose) -> String {
    let mut all = String::new();
    collect(element, None, purpose, &mut all);
    normalized(&all)
}

fn collect(node: &Node, without: Option<&Element>, purpose: Purpose, into: &mut String) {
    let children = node.child_nodes();
    for child in (0..children.length()).filter_map(|index| children.item(index)) {
        match child.dyn_ref::<Element>() {
            None if child.node_type() == Node::TEXT_NODE => {
                into.push_str(&child.node_value().unwrap_or_default());
            }
            None => {}
            Some(element) if Some(element) == without || is_concealed(element) => {}
            Some(element) => {
                let is_block = computed(element, "display") != "inline";
                let label = element
                    .get_attribute("aria-label")
                    .filter(|_| purpose == Purpose::Name || role(element).as_deref() == Some("img"));
                if is_block {
                    into.push(' ');
                }
                match label {
                    Some(label) => into.push_str(&label),
                    None => collect(element, without, purpose, into),
                }
                if is_block {
                    into.push(' ');
                }
            }
        }
    }
}

/// Returns true when assistive technology is not offered the element.
pub(super) fn is_hidden(element: &Element) -> bool {
    let mut at = Some(element.clone());
    while let Some(element) = at {
        if is_concealed(&element) {
            return true;
        }
        at = element.parent_element();
    }
    false
}

fn is_concealed(element: &Element) -> bool {
    element.get_attribute("aria-hidden").as_deref() == Some("true")
        || computed(element, "display") == "none"
        || computed(element, "visibility") == "hidden"
}

fn computed(element: &Element, property: &str) -> String {
    let style = web_sys::window().and_then(|window| window.get_computed_style(element).ok().flatten());
    style.and_then(|style| style.get_property_value(property).ok()).unwrap_or_default()
}

fn normalized(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
