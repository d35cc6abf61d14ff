//! The public interface, seen from both ends.

#[cfg(test)]
mod bits;
#[cfg(test)]
mod common;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod quirks;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod vectors;
