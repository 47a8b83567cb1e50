//! One element of a page.

use serde_json::{Value, json};

use crate::browser::Browser;

/// One element of a page, for as long as the page stays.
#[derive(Debug)]
pub struct Node<'a> {
    browser: &'a Browser,
    object: String,
}

impl<'a> Node<'a> {
    pub(crate) fn new(browser: &'a Browser, object: String) -> Self {
        Self { browser, object }
    }

    /// Everything of this role and accessible name inside, as the accessibility tree has it; None where the
    /// page is gone.
    pub async fn all(&self, role: &str, name: &str) -> Option<Vec<Node<'a>>> {
        let parameters = json!({ "objectId": self.object, "role": role, "accessibleName": name });
        let answer = self.browser.try_command("Accessibility.queryAXTree", parameters).await?;
        let mut found = Vec::new();
        for node in answer["nodes"].as_array()?.iter().filter(|node| node["ignored"] == false) {
            let parameters = json!({ "backendNodeId": node["backendDOMNodeId"] });
            let resolved = self.browser.try_command("DOM.resolveNode", parameters).await?;
            found.push(Node::new(self.browser, resolved["object"]["objectId"].as_str()?.to_owned()));
        }
        Some(found)
    }

    /// Calls a function with the element as `this`; its value, of a promise when it is kept.
    pub async fn call(&self, function: &str, arguments: &[Value]) -> Value {
        let arguments: Vec<Value> = arguments.iter().map(|value| json!({ "value": value })).collect();
        let parameters = json!({
            "objectId": self.object, "functionDeclaration": function, "arguments": arguments,
            "awaitPromise": true, "returnByValue": true,
        });
        let answer = self.browser.command("Runtime.callFunctionOn", parameters).await;
        assert!(answer["exceptionDetails"].is_null(), "{answer}");
        answer["result"]["value"].clone()
    }

    /// Role and accessible name.
    pub async fn role_and_name(&self) -> (String, String) {
        let parameters = json!({ "objectId": self.object, "fetchRelatives": false });
        let answer = self.browser.command("Accessibility.getPartialAXTree", parameters).await;
        let node = &answer["nodes"][0];
        let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
        (text(&node["role"]), text(&node["name"]))
    }

    /// Puts the mouse's button down in its middle.
    pub async fn hold(&self) -> Held<'a> {
        // Whoever clicks clicks what is on top.
        let middle = self
            .call(
                "function () {
                    this.scrollIntoView({ block: 'center', behavior: 'instant' });
                    const box = this.getBoundingClientRect();
                    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
                    return { x, y, onTop: this.contains(document.elementFromPoint(x, y)) };
                }",
                &[],
            )
            .await;
        assert_eq!(middle["onTop"], true, "something covers it");
        let held = Held { browser: self.browser, x: middle["x"].clone(), y: middle["y"].clone() };
        held.mouse("mousePressed").await;
        held
    }

    /// Clicks it with the mouse.
    pub async fn click(&self) {
        self.hold().await.release().await;
    }
}

/// The mouse's button is down.
#[derive(Debug)]
#[must_use = "the button stays down until it is released"]
pub struct Held<'a> {
    browser: &'a Browser,
    x: Value,
    y: Value,
}

impl Held<'_> {
    /// Lets the button go.
    pub async fn release(self) {
        self.mouse("mouseReleased").await;
    }

    async fn mouse(&self, kind: &str) {
        let event = json!({ "type": kind, "x": self.x, "y": self.y, "button": "left", "clickCount": 1 });
        self.browser.command("Input.dispatchMouseEvent", event).await;
    }
}
