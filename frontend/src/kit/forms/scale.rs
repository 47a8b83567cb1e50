//! Numbers on a slider and in a text.

/// Steps of a slider.
pub(crate) const STEPS: f64 = 500.0;

/// The range of a number, and the way in which a slider goes through it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    min: f64,
    max: f64,
    /// True when equal distances on the slider are equal ratios; the range begins above 0 then.
    logarithmic: bool,
}

impl Scale {
    /// Returns a scale on which equal distances are equal differences.
    pub(crate) const fn linear(min: f64, max: f64) -> Self {
        Self { min, max, logarithmic: false }
    }

    /// Returns a scale on which equal distances are equal ratios; `min` is above 0.
    pub(crate) const fn logarithmic(min: f64, max: f64) -> Self {
        Self { min, max, logarithmic: true }
    }

    /// Reports whether `value` lies within the range; NaN does not.
    pub(crate) fn holds(&self, value: f64) -> bool {
        (self.min..=self.max).contains(&value)
    }

    /// Returns the slider's position for `value`, 0–[`STEPS`].
    pub(crate) fn position(&self, value: f64) -> f64 {
        let Self { min, max, logarithmic } = *self;
        let value = value.clamp(min, max);
        let share =
            if logarithmic { (value / min).ln() / (max / min).ln() } else { (value - min) / (max - min) };
        (share * STEPS).round()
    }

    /// Returns the value at the slider's position, to three digits, which are as fine as a slider goes.
    pub(crate) fn value_at(&self, position: f64) -> f64 {
        let Self { min, max, logarithmic } = *self;
        let share = position / STEPS;
        let value = if logarithmic { min * (max / min).powf(share) } else { min + (max - min) * share };
        let unit = 10_f64.powf(2.0 - value.abs().max(0.1).log10().floor());
        ((value * unit).round() / unit).clamp(min, max)
    }
}

/// The way in which a number is written and read, for instance as itself or in decibels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notation {
    /// Reads a number, or says what it must be.
    pub(crate) parse: fn(&str) -> Result<f64, String>,
    pub(crate) format: fn(f64) -> String,
}

impl Notation {
    /// A plain number, written with at most two decimal places.
    pub(crate) const PLAIN: Self = Self {
        parse: |text| text.trim().parse().map_err(|_| "a number".to_owned()),
        format: |value| {
            let text = format!("{value:.2}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        },
    };
}
