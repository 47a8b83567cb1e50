//! The page's call panel.

use std::{ops::Deref, time::Duration};

use serde_json::Value;

use crate::{Bench, Browser, wait};

/// The call panel in a browser of its own.
#[derive(Debug)]
pub struct CallPage {
    browser: Browser,
}

/// What the region `Call status` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The call's state.
    pub call: String,
    /// The menu's name, and what was entered in it.
    pub menu: String,
    /// The last action.
    pub action: String,
}

/// A line of the log `Events`.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// `digit`, `menu`, `call`, `link` or `problem`.
    pub kind: String,
    /// When, in milliseconds since 1970.
    pub at: f64,
    /// The line.
    pub text: String,
    /// The message as it came.
    pub raw: Option<String>,
}

/// A row of the table `Delays`, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    /// Of the last key.
    pub last: f64,
    /// Over the last hundred.
    pub median: f64,
    /// Over the last hundred.
    pub longest: f64,
}

impl Deref for CallPage {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl CallPage {
    /// Opens it in a new browser.
    pub async fn open(bench: &Bench) -> Self {
        Self::open_in(Browser::start().await, bench).await
    }

    /// Opens it and waits for nothing.
    pub async fn open_at_once(browser: Browser, bench: &Bench) -> Self {
        browser.go_to(&bench.url("/call")).await;
        Self { browser }
    }

    /// Opens it and waits until a call could be placed or attached to.
    pub async fn open_in(browser: Browser, bench: &Bench) -> Self {
        let page = Self::open_at_once(browser, bench).await;
        page.one("button", "Start call").await;
        page.link_is("Page to Dialbench", "open").await;
        page
    }

    /// Starts a call and waits until it streams.
    pub async fn start_call(&self) {
        self.click("button", "Start call").await;
        self.until("the call streams", async |status| status.call == "streaming").await;
    }

    /// Goes to the instruments, which has them loaded, and waits for one of the voice's regions.
    pub async fn voice_panel(&self, region: &str) {
        self.evaluate(
            "document.querySelector('.instruments').dispatchEvent(new PointerEvent('pointerenter'))",
        )
        .await;
        self.one("region", "Levels").await;
        self.one("region", region).await;
    }

    /// A figure of the table `Media quality`.
    pub async fn quality(&self, name: &str) -> Option<f64> {
        let script = format!(
            "[...document.querySelectorAll('.quality tr')].find(row => row.cells[0].textContent === '{name}').cells[1].textContent"
        );
        let text = self.evaluate(&script).await;
        text.as_str().and_then(|text| text.split(' ').next()?.parse().ok())
    }

    /// How many frames came in, as the panel `Media quality` says while a stream is whole.
    pub async fn quality_frames(&self) -> Option<f64> {
        let script =
            "Number(/(\\d+) frames, \\d+ dropped/.exec(document.querySelector('.quality').textContent)?.[1])";
        self.evaluate(script).await.as_f64()
    }

    /// Clicks a key of the keypad.
    pub async fn press(&self, key: &str) {
        self.hold(key).await.release().await;
    }

    /// Puts a key of the keypad down.
    pub async fn hold(&self, key: &str) -> crate::node::Held<'_> {
        let keypad = self.one("group", "Keypad").await;
        let name = match key {
            "*" => "* star",
            "#" => "# pound",
            key => key,
        };
        let mut keys = keypad.all("button", name).await.expect("the page stays");
        assert_eq!(keys.len(), 1, "the keypad has one key {key:?}");
        keys.remove(0).hold().await
    }

    /// What the region `Call status` says.
    pub async fn status(&self) -> Status {
        let lines = self
            .one("status", "Call status")
            .await
            .call("function () { return [...this.querySelectorAll('p')].map(line => line.textContent) }", &[])
            .await;
        let line = |index: usize, name: &str| {
            let line = lines[index].as_str().unwrap_or_default();
            line.strip_prefix(name).unwrap_or_else(|| panic!("{name:?}: {lines}")).trim().to_owned()
        };
        Status { call: line(0, "Call"), menu: line(1, "Menu"), action: line(2, "Last action") }
    }

    /// Waits for a status; panics with what there is instead.
    pub async fn until(&self, what: &str, is: impl AsyncFn(&Status) -> bool) -> Status {
        let found = wait::look(wait::PATIENCE, async || {
            let status = self.status().await;
            is(&status).await.then_some(status)
        })
        .await;
        match found {
            Some(status) => status,
            None => panic!("{what}: {:#?}\n{}", self.status().await, self.rows_as_text().await),
        }
    }

    /// Waits until this is the last action.
    pub async fn until_action(&self, action: &str) {
        self.until(&format!("action {action}"), async |status| status.action == action).await;
    }

    /// Waits until this is the current menu.
    pub async fn until_menu(&self, menu: &str) {
        self.until(&format!("menu {menu}"), async |status| status.menu == menu).await;
    }

    /// The lines of the log `Events`, oldest first.
    pub async fn rows(&self) -> Vec<Row> {
        let rows = self
            .one("log", "Events")
            .await
            .call(
                "function () {
                    return [...this.querySelectorAll('li')].reverse().map(row => ({
                        kind: row.querySelector('.kind').textContent,
                        at: Date.parse(row.querySelector('time').dateTime),
                        text: (row.querySelector('summary') ?? row.lastElementChild).textContent,
                        raw: row.querySelector('pre')?.textContent ?? null,
                    }));
                }",
                &[],
            )
            .await;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let row = |row: &Value| Row {
            kind: text(&row["kind"]).expect("a row has a kind"),
            at: row["at"].as_f64().expect("a row has a time"),
            text: text(&row["text"]).expect("a row has a text"),
            raw: text(&row["raw"]),
        };
        rows.as_array().expect("the rows are a list").iter().map(row).collect()
    }

    /// Waits for a row of the log.
    pub async fn until_row(&self, kind: &str, what: &str, is: impl Fn(&Row) -> bool) -> Row {
        let found = wait::look(wait::PATIENCE, async || {
            self.rows().await.into_iter().find(|row| row.kind == kind && is(row))
        })
        .await;
        match found {
            Some(row) => row,
            None => panic!("no row of kind {kind} {what}:\n{}", self.rows_as_text().await),
        }
    }

    /// The log, for a person.
    pub async fn rows_as_text(&self) -> String {
        let rows = self.rows().await;
        let line = |row: &Row| format!("{:.0} {:8} {}", row.at, row.kind, row.text);
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// How a link stands, as the region `Link` says.
    pub async fn link(&self, name: &str) -> String {
        let state = self
            .one("region", "Link")
            .await
            .call(
                "function (name) {
                    const title = [...this.querySelectorAll('dt')].find(title => title.textContent === name);
                    const words = [...title.nextElementSibling.childNodes].filter(node => node.nodeType === Node.TEXT_NODE);
                    return words.map(node => node.data).join('').trim();
                }",
                &[name.into()],
            )
            .await;
        state.as_str().expect("a link has a state").to_owned()
    }

    /// Waits until a link stands so.
    pub async fn link_is(&self, name: &str, state: &str) {
        let found = wait::look(wait::PATIENCE, async || (self.link(name).await == state).then_some(())).await;
        match found {
            Some(()) => {}
            None => {
                panic!("{name} is {}, not {state}:\n{}", self.link(name).await, self.rows_as_text().await)
            }
        }
    }

    /// A row of the region `Delays`, once there are figures.
    pub async fn delay(&self, name: &str) -> Option<Delay> {
        let cells = self
            .one("region", "Delays")
            .await
            .call(
                "function (name) {
                    const row = [...this.querySelectorAll('tr')].find(row => row.cells[0].textContent === name);
                    return [...row.cells].slice(1).map(cell => cell.textContent);
                }",
                &[name.into()],
            )
            .await;
        let cell = |index: usize| -> Option<f64> {
            let text = cells[index].as_str().expect("a cell has a text");
            text.strip_suffix(" ms").map(|number| number.parse().expect("a delay is a number"))
        };
        Some(Delay { last: cell(0)?, median: cell(1)?, longest: cell(2)? })
    }

    /// Holds a key for as long as a caller would: 100 ms.
    pub async fn press_for_100_ms(&self, key: &str) {
        const TONE: Duration = Duration::from_millis(100);
        let held = self.hold(key).await;
        tokio::time::sleep(TONE).await;
        held.release().await;
    }
}
