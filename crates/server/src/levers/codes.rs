//! Error codes that testers make up.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

static KEPT: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);

/// The code as a text that lives for ever, as the codes of the server's own errors do. Each is kept once; there are as
/// many as plans have named.
pub(super) fn keep(code: &str) -> &'static str {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = kept.get_or_insert_default();
    if let Some(known) = kept.get(code) {
        return known;
    }
    let new: &'static str = Box::leak(code.to_owned().into_boxed_str());
    kept.insert(new);
    new
}

#[cfg(test)]
mod tests {
    use super::keep;

    #[test]
    fn a_code_is_kept_once() {
        let first = keep("FailedOperation.MadeUp");
        assert_eq!(first, "FailedOperation.MadeUp");
        assert!(std::ptr::eq(first, keep("FailedOperation.MadeUp")));
    }
}
