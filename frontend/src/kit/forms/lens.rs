//! Ways from a whole to its parts.

/// A way from a whole to one of its parts, to read and to change it; see [`lens!`].
pub(crate) struct Lens<W: 'static, P: 'static> {
    pub(crate) get: fn(&W) -> &P,
    pub(crate) get_mut: fn(&mut W) -> &mut P,
}

impl<W, P> Clone for Lens<W, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W, P> Copy for Lens<W, P> {}

/// The [`Lens`] of a field: `lens!(digits)`, `lens!(expectation.end_node)`.
macro_rules! lens {
    ($($field:ident).+) => {
        $crate::kit::forms::Lens { get: |whole| &whole.$($field).+, get_mut: |whole| &mut whole.$($field).+ }
    };
}

pub(crate) use lens;
