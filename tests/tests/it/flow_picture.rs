//! The flow's picture in a real browser: walked over by keyboard, marked, and saved.

use std::path::Path;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use e2e::{Bench, Browser, FlowPage, wait};
use serde_json::{Value, json};

/// The accessible name of the active node.
async fn active(page: &FlowPage) -> String {
    let id = "document.activeElement.getAttribute('aria-activedescendant')";
    let id = page.evaluate(id).await;
    let id = id.as_str().expect("the picture has the focus");
    let label = page.evaluate(&format!("document.getElementById({id:?}).getAttribute('aria-label')")).await;
    let label = label.as_str().expect("every node has a name").to_owned();
    // As assistive technology has it.
    page.one("option", &label).await;
    label
}

async fn press(page: &FlowPage, key: &str) -> String {
    page.key(key).await;
    active(page).await
}

#[tokio::test]
async fn the_nodes_are_walked_over_and_chosen_by_keyboard() {
    let page = FlowPage::open().await;
    page.run(&json!({ "flowId": "support-line", "digits": "9 2 2" })).await;
    page.until_state("completed").await;
    page.one("listbox", "Nodes of the flow").await;
    // By Tab alone, and it is one stop.
    let mut stops = 0;
    loop {
        page.key("Tab").await;
        let (role, name) = page.focused().await.role_and_name().await;
        if (&*role, &*name) == ("listbox", "Nodes of the flow") {
            break;
        }
        stops += 1;
        assert!(stops < 200, "Tab never comes to the picture");
    }
    let menu = "Main menu, menu, the flow's start, visited twice by run 1";
    assert_eq!(active(&page).await, menu);
    let outline = "getComputedStyle(document.querySelector('.option.active')).outlineStyle";
    assert_eq!(page.evaluate(outline).await, "solid", "the active node is seen");

    // Along branches.
    let below = press(&page, "ArrowDown").await;
    assert_ne!(below, menu);
    assert_eq!(press(&page, "ArrowUp").await, menu);
    // From node to node: all of them, once each.
    assert_eq!(press(&page, "Home").await, menu);
    let mut names = vec![menu.to_owned()];
    loop {
        let next = press(&page, "ArrowRight").await;
        if names.last() == Some(&next) {
            break;
        }
        assert!(!names.contains(&next), "{next} comes twice");
        names.push(next);
    }
    let nodes = page.evaluate("document.querySelectorAll('.flow-picture .node').length").await;
    assert_eq!(nodes, names.len());
    assert!(
        names
            .iter()
            .any(|name| name.starts_with("Technical support,") && name.contains("visited once by run 1")),
        "{names:?}"
    );
    assert!(names.iter().any(|name| name.contains("not reached by any run")), "{names:?}");
    assert_eq!(press(&page, "End").await, *names.last().expect("there are nodes"));
    assert_eq!(press(&page, "ArrowLeft").await, names[names.len() - 2]);

    // Its steps alone.
    press(&page, "Home").await;
    let listed = async || page.rows("Trace").await.into_iter().map(|row| row[0].clone()).collect::<Vec<_>>();
    page.key("Enter").await;
    wait::until("the menu's steps alone", async || (listed().await == ["1", "2"]).then_some(())).await;
    page.until_region("Trace", "Only the 2 steps at Main menu are listed.").await;
    let chosen = "document.querySelectorAll('[role=option][aria-selected=true]').length";
    assert_eq!(page.evaluate(chosen).await, 1);
    page.key("End").await;
    page.key(" ").await;
    page.until_region("Trace", "Run 1 was never at").await;
    page.key("Escape").await;
    wait::until("all steps", async || (listed().await.len() == 4).then_some(())).await;
    assert_eq!(page.evaluate(chosen).await, 0);

    // Zoomed by the same keys as ever.
    let width = "document.querySelector('.flow-picture svg').getBoundingClientRect().width";
    let before = page.evaluate(width).await.as_f64().expect("it is wide");
    page.key("+").await;
    wait::until("a larger picture", async || {
        (page.evaluate(width).await.as_f64()? > before * 1.05).then_some(())
    })
    .await;
    page.key("Tab").await;
    assert_ne!(page.focused().await.role_and_name().await.0, "option", "the picture is one stop");
}

#[tokio::test]
async fn a_node_is_chosen_with_the_mouse() {
    let page = FlowPage::open().await;
    page.run(&json!({ "flowId": "support-line", "digits": "2 2" })).await;
    page.until_state("completed").await;
    page.click("option", "Support menu, menu, visited once by run 1").await;
    page.until_region("Trace", "Only the step at Support menu is listed.").await;
    page.click("button", "List all steps").await;
    wait::until("all steps", async || (page.rows("Trace").await.len() == 3).then_some(())).await;
}

#[tokio::test]
async fn what_no_input_reaches_is_marked_and_explained() {
    let page = FlowPage::open().await;
    page.compose(&json!({ "flowId": "hours-and-holidays", "digits": "" })).await;
    let cut = "[...document.querySelectorAll('.flow-picture .node.cut .name')].map(name => name.textContent)";
    wait::until("the node that is cut off", async || {
        (page.evaluate(cut).await == json!(["Closed all day"])).then_some(())
    })
    .await;
    let struck = "[...document.querySelectorAll('.flow-picture .edge .cut')] \
                  .map(words => [words.textContent, getComputedStyle(words).textDecorationLine])";
    assert_eq!(page.evaluate(struck).await, json!([["= true", "line-through"]]));
    let dotted = "document.querySelectorAll('.flow-picture .edge.cut').length";
    assert_eq!(page.evaluate(dotted).await, 1);
    let words = page.text_alternative().await;
    assert!(words.contains("No input reaches: Closed all day."), "{words}");
    page.one("option", "Closed all day, hangup, no input reaches it").await;
    page.until_region("Path analysis", "Edges that no input can take (1)").await;
    let why = page.evaluate("document.querySelector('section.analysis').textContent").await;
    let why = why.as_str().expect("it is a text").to_owned();
    assert!(why.contains("lunch-calendar: = true: the variable cannot have this value here"), "{why}");
}

/// The content of a file, once it is there as a whole.
async fn file(path: &Path) -> Vec<u8> {
    wait::until(&format!("{}", path.display()), async || {
        std::fs::read(path).ok().filter(|all| !all.is_empty())
    })
    .await
}

#[tokio::test]
async fn the_picture_is_saved_as_svg_and_png() {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let (browser, bench) = (Browser::start().await, Bench::start());
    browser.save_into(folder.path()).await;
    let page = FlowPage::open_in(browser, bench, "/flow").await;
    page.one("combobox", "Flow").await;
    page.run(&json!({ "flowId": "support-line", "digits": "2 2" })).await;
    page.until_state("completed").await;

    page.click("button", "Save SVG").await;
    let svg = String::from_utf8(file(&folder.path().join("support-line.svg")).await).expect("it is a text");
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>"), "{svg}");
    let size =
        "document.querySelector('.flow-picture svg').getAttribute('viewBox').split(' ').slice(2).map(Number)";
    let size: Vec<f64> = serde_json::from_value(page.evaluate(size).await).expect("it has a size");
    assert!(svg.contains(&format!("width=\"{}\"", size[0])), "{svg}");

    page.click("button", "Save PNG").await;
    let png = file(&folder.path().join("support-line.png")).await;
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(&png[12..16], b"IHDR");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((f64::from(number(16)), f64::from(number(20))), (size[0] * 2.0, size[1] * 2.0));

    // Both are drawn: many colours, and the ink of a lit node among them.
    for (kind, bytes) in [("png", png), ("svg+xml", svg.into_bytes())] {
        let colours = format!(
            "(async () => {{
                const image = new Image();
                image.src = 'data:image/{kind};base64,{}';
                await image.decode();
                const canvas = new OffscreenCanvas(image.width, image.height);
                const context = canvas.getContext('2d');
                context.drawImage(image, 0, 0);
                const counts = new Map();
                for (const pixel of new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer))
                    counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
                const most = Math.max(...counts.values());
                return {{ colours: counts.size, drawn: 1 - most / (image.width * image.height) }};
            }})()",
            BASE64_STANDARD.encode(bytes)
        );
        let seen: Value = page.evaluate(&colours).await;
        assert!(seen["colours"].as_u64().is_some_and(|colours| colours > 20), "{kind}: {seen}");
        assert!(seen["drawn"].as_f64().is_some_and(|share| share > 0.05), "{kind}: {seen}");
    }
}
