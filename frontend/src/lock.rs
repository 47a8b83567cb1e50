//! One tab at a time: whoever holds the lock of a job or a call sees it through, and when that tab is closed the next one takes
//! over.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Function, Promise, Reflect};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::js::{field, object};

/// The way to a lock that another tab may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Claim {
    #[default]
    Wait,
    Steal,
}

/// A lock of the browser's that is held, or waited for. It is let go of when this is dropped.
pub(crate) struct Lock {
    /// Ends the promise for whose time the lock is held.
    release: Rc<RefCell<Option<Function>>>,
    /// Gives up waiting.
    abort: JsValue,
}

impl Lock {
    /// Calls `granted` as soon as no other tab, and no earlier holder in this one, has the lock. Where the browser has no
    /// locks, as on a plain HTTP origin that is not the machine itself, that is at once.
    pub(crate) fn request(name: &str, granted: impl FnOnce() + 'static) -> Self {
        Self::claim(name, Claim::Wait, granted, || {})
    }

    /// Does the same, or takes the lock from whoever has it. Calls `lost` when another tab takes it from this one.
    pub(crate) fn claim(
        name: &str,
        claim: Claim,
        granted: impl FnOnce() + 'static,
        lost: impl FnOnce() + 'static,
    ) -> Self {
        let release = Rc::new(RefCell::new(None));
        let slot = Rc::clone(&release);
        let held = Promise::new(&mut |resolve, _| drop(slot.borrow_mut().replace(resolve)));
        let granted = Closure::once_into_js(move |_lock: JsValue| -> JsValue {
            granted();
            held.into()
        });
        let abort = construct("AbortController");
        let options = match claim {
            Claim::Wait => object(&[("signal", &field(&abort, "signal"))]),
            Claim::Steal => object(&[("steal", &true.into())]),
        };
        if let Some(done) = ask(name, &options, &granted) {
            let held = Rc::clone(&release);
            spawn_local(async move {
                // It fails, too, where the request was given up, which nobody has to know.
                if JsFuture::from(done).await.is_err() && held.borrow().is_some() {
                    lost();
                }
            });
        } else {
            let granted: Function = granted.unchecked_into();
            // Not before the caller has kept this lock.
            spawn_local(async move { drop(granted.call0(&JsValue::NULL)) });
        }
        Self { release, abort }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            // A promise can be kept at any time, and a request be given up.
            let _ = release.call0(&JsValue::NULL);
        }
        if let Ok(abort) = field(&self.abort, "abort").dyn_into::<Function>() {
            let _ = abort.call0(&self.abort);
        }
    }
}

/// Asks the browser's lock manager, where there is one, and returns the promise that lasts as long as the lock.
fn ask(name: &str, options: &JsValue, granted: &JsValue) -> Option<Promise> {
    let locks = field(&field(&js_sys::global(), "navigator"), "locks");
    let request: Function = field(&locks, "request").dyn_into().ok()?;
    request.call3(&locks, &name.into(), options, granted).ok()?.dyn_into().ok()
}

fn construct(class: &str) -> JsValue {
    let class = field(&js_sys::global(), class).dyn_into::<Function>();
    class.and_then(|class| Reflect::construct(&class, &js_sys::Array::new())).unwrap_or(JsValue::UNDEFINED)
}
