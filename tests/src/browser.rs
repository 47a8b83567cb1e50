//! A browser, driven by what a user of a screen reader would look for.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use serde_json::{Value, json};
use thirtyfour::{
    BrowserLogEntry, By, ChromeCapabilities, ChromiumLikeCapabilities as _, LoggingPrefsLogLevel, WebDriver,
    cdp::Cdp,
};
use tokio::runtime::Builder;

use crate::{
    bench::install_crypto,
    chromedriver::Chromedriver,
    chromium::{Chromium, IdleChromiums},
    node::Node,
    wait,
};

/// A browser that one test has to itself, with one page.
#[derive(Debug)]
pub struct Browser {
    /// Only ever None while it is dropped.
    driver: Option<WebDriver>,
    /// Only ever None while it is dropped.
    chromium: Option<Chromium>,
    cdp: Cdp,
    chromedriver: Arc<Chromedriver>,
    idle: Arc<IdleChromiums>,
    /// Where it has been.
    origins: Mutex<Vec<String>>,
}

impl Browser {
    /// Returns one that knows nothing, 1440 by 900.
    pub async fn start() -> Self {
        Self::start_with_logs(&["browser"]).await
    }

    /// Returns one that keeps these logs; see [`Self::log`].
    pub async fn start_with_logs(logs: &[&str]) -> Self {
        install_crypto();
        let chromedriver = Chromedriver::shared();
        let idle = IdleChromiums::shared();
        let chromium = idle.take();
        let mut wanted = ChromeCapabilities::new();
        wanted.set_debugger_address(&chromium.address()).expect("it is an address");
        for log in logs {
            wanted.set_logging_prefs(*log, LoggingPrefsLogLevel::All).expect("it is a log");
        }
        let url = format!("http://127.0.0.1:{}", chromedriver.port());
        let driver = WebDriver::new(url, wanted).await.expect("the browser starts");
        let cdp = driver.cdp();
        let origins = Mutex::default();
        let browser =
            Self { driver: Some(driver), chromium: Some(chromium), cdp, chromedriver, idle, origins };
        // What an earlier test left behind, so far as it is not bound to an origin.
        browser.command("Network.clearBrowserCookies", json!({})).await;
        browser.command("Network.clearBrowserCache", json!({})).await;
        browser.size(1440, 900).await;
        browser
    }

    fn driver(&self) -> &WebDriver {
        self.driver.as_ref().expect("it runs until it is dropped")
    }

    /// Loads a page. The first one of an origin finds nothing that was stored for it.
    pub async fn go_to(&self, url: &str) {
        let origin = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let is_new = {
            let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = !origins.contains(&origin);
            if is_new {
                origins.push(origin.clone());
            }
            is_new
        };
        // Another test's server may have had the same port.
        if is_new {
            self.command("Storage.clearDataForOrigin", json!({ "origin": origin, "storageTypes": "all" }))
                .await;
        }
        self.driver().goto(url).await.expect("the page loads");
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.driver().refresh().await.expect("the page loads again");
    }

    /// Loads a page in another tab, which is driven from then on.
    pub async fn go_to_in_another_tab(&self, url: &str) {
        let tab = self.driver().new_tab().await.expect("there is room for a tab");
        self.driver().switch_to_window(tab).await.expect("it was just opened");
        self.size(1440, 900).await;
        self.go_to(url).await;
    }

    /// Drives this tab from now on; the first is 0.
    pub async fn switch_to_tab(&self, index: usize) {
        let tabs = self.driver().windows().await.expect("a browser has tabs");
        self.driver().switch_to_window(tabs[index].clone()).await.expect("it is still open");
    }

    /// A command of the developer tools' protocol.
    pub async fn command(&self, method: &str, parameters: Value) -> Value {
        match self.cdp.send_raw(method, parameters.clone()).await {
            Ok(answer) => answer,
            Err(error) => panic!("{method} {parameters}: {error}"),
        }
    }

    /// A command that may come to nothing, because what it is about is gone.
    pub async fn try_command(&self, method: &str, parameters: Value) -> Option<Value> {
        self.cdp.send_raw(method, parameters).await.ok()
    }

    /// Makes the page this large, in CSS pixels.
    pub async fn size(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Has the system prefer `light` or `dark`.
    pub async fn color_scheme(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.command("Emulation.setEmulatedMedia", features).await;
    }

    /// Runs this in every page before the page's own scripts.
    pub async fn run_first(&self, script: &str) {
        self.command("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    /// The value of an expression, of a promise when it is kept.
    pub async fn evaluate(&self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.command("Runtime.evaluate", parameters).await;
        assert!(answer["exceptionDetails"].is_null(), "{answer}");
        answer["result"]["value"].clone()
    }

    /// The document, as the root of what can be found.
    async fn document(&self) -> Node<'_> {
        self.node_of("document").await
    }

    async fn node_of(&self, expression: &str) -> Node<'_> {
        let answer = self.command("Runtime.evaluate", json!({ "expression": expression })).await;
        let object = answer["result"]["objectId"].as_str().expect("it is an object").to_owned();
        Node::new(self, object)
    }

    /// What has the keyboard's focus.
    pub async fn focused(&self) -> Node<'_> {
        self.node_of("document.activeElement").await
    }

    /// Everything of this role and accessible name that there is at the moment.
    pub async fn all(&self, role: &str, name: &str) -> Vec<Node<'_>> {
        // The document may be another one between the two commands.
        let mut found = None;
        for _ in 0..3 {
            found = self.document().await.all(role, name).await;
            if found.is_some() {
                break;
            }
        }
        found.expect("a document stays for a moment")
    }

    /// The only thing of this role and accessible name, as soon as it is there.
    pub async fn one(&self, role: &str, name: &str) -> Node<'_> {
        let mut found = wait::until(&format!("a {role} named {name:?}"), async || {
            let found = self.all(role, name).await;
            (!found.is_empty()).then_some(found)
        })
        .await;
        assert_eq!(found.len(), 1, "there are several {role}s named {name:?}");
        found.remove(0)
    }

    /// Waits until there is nothing of this role and accessible name.
    pub async fn until_none(&self, role: &str, name: &str) {
        let what = format!("no {role} named {name:?}");
        wait::until(&what, async || self.all(role, name).await.is_empty().then_some(())).await;
    }

    /// Clicks the only thing of this role and name with the mouse, as soon as it may be clicked.
    pub async fn click(&self, role: &str, name: &str) {
        self.ready(role, name).await.click().await;
    }

    /// The only thing of this role and name, as soon as it is enabled.
    pub async fn ready(&self, role: &str, name: &str) -> Node<'_> {
        wait::until(&format!("{role} {name:?} enabled"), async || {
            let node = self.one(role, name).await;
            let enabled = node.call("function () { return this.isConnected && !this.disabled }", &[]).await;
            (enabled == true).then_some(node)
        })
        .await
    }

    /// Presses a key of the keyboard for a moment, wherever the focus is: a character, or a key by its name in the DOM.
    pub async fn key(&self, key: &str) {
        const NAMED: [(&str, u32, &str); 9] = [
            ("Tab", 9, ""),
            ("Enter", 13, "\r"),
            ("Escape", 27, ""),
            ("End", 35, ""),
            ("Home", 36, ""),
            ("ArrowLeft", 37, ""),
            ("ArrowUp", 38, ""),
            ("ArrowRight", 39, ""),
            ("ArrowDown", 40, ""),
        ];
        let named = NAMED.into_iter().find(|(name, ..)| *name == key);
        let (code, text) = named.map_or_else(
            || (u32::from(key.chars().next().expect("a key has a name")), key),
            |(_, code, text)| (code, text),
        );
        let mut event = json!({ "type": "keyDown", "key": key, "windowsVirtualKeyCode": code });
        if !text.is_empty() {
            event["text"] = text.into();
        }
        self.command("Input.dispatchKeyEvent", event.clone()).await;
        event["type"] = "keyUp".into();
        self.command("Input.dispatchKeyEvent", event).await;
    }

    /// Types into the only text field of this name.
    pub async fn type_into(&self, name: &str, text: &str) {
        self.ready("textbox", name).await.call("function () { this.focus() }", &[]).await;
        self.command("Input.insertText", json!({ "text": text })).await;
    }

    /// Has the browser save files here, without asking.
    pub async fn save_into(&self, folder: &Path) {
        let parameters = json!({ "behavior": "allow", "downloadPath": folder });
        self.command("Browser.setDownloadBehavior", parameters).await;
    }

    /// Chooses a file for the file input that a selector finds.
    pub async fn choose_file(&self, selector: &str, file: &Path) {
        let input = self.driver().find(By::Css(selector)).await.expect("there is one");
        input.send_keys(file.to_string_lossy()).await.expect("it takes files");
    }

    /// What the browser wrote to a log since it was last asked: `browser` (the console) or `performance` (the network).
    ///
    /// The browser must have been started with it.
    pub async fn log(&self, name: &str) -> Vec<BrowserLogEntry> {
        self.driver().get_log(name).await.expect("the browser keeps this log")
    }

    /// The page as it stands.
    pub async fn source(&self) -> String {
        self.driver().source().await.expect("there is a page")
    }
}

impl Drop for Browser {
    /// Leaves the browser to another test. After a test that failed it ends instead.
    fn drop(&mut self) {
        let (Some(driver), Some(chromium)) = (self.driver.take(), self.chromium.take()) else { return };
        let session =
            format!("http://127.0.0.1:{}/session/{}", self.chromedriver.port(), driver.session_id());
        // It is ended here, and only fails where it has ended already.
        let _ = driver.leak();
        if thread::panicking() {
            return;
        }
        let idle = Arc::clone(&self.idle);
        // The test's runtime is blocked by this, and may be about to end.
        let gave_back = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be had");
            runtime.block_on(idle.give_back(chromium, &session))
        });
        // A browser that does not tidy up is ended, which is no reason to fail a test that has passed.
        let _ = gave_back.join();
    }
}
