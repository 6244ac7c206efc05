//! `Debug` for types that hold what no log may show: only the named fields appear, the rest is elided.

macro_rules! redacted_debug {
    ($($name:ident { $($field:ident),* })+) => { $(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))$(.field(stringify!($field), &self.$field))*.finish_non_exhaustive()
            }
        }
    )+ };
}
pub(crate) use redacted_debug;
