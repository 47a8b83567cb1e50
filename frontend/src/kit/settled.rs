//! Values that are looked at once they stand still.

use std::time::Duration;

use gloo_timers::callback::Timeout;
use leptos::prelude::*;

/// Returns a signal with the value that `source` has had for `pause`: what costs something follows it instead of every key
/// and every step of a slider. It begins with the value of now.
pub(crate) fn settled<T: Clone + PartialEq + Send + Sync + 'static>(
    source: Memo<T>,
    pause: Duration,
) -> Signal<T> {
    let settled = RwSignal::new(source.get_untracked());
    let pending = StoredValue::new_local(None::<Timeout>);
    let pause_ms = u32::try_from(pause.as_millis()).unwrap_or(u32::MAX);
    Effect::new(move |_| {
        let value = source.get();
        let later = (settled.get_untracked() != value)
            .then(|| Timeout::new(pause_ms, move || drop(settled.try_set(value))));
        pending.set_value(later);
    });
    on_cleanup(move || drop(pending.try_update_value(Option::take)));
    settled.into()
}
