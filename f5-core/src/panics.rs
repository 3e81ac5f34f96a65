//! What a panic of foreign code said, for the errors that stand for it.

use std::any::Any;

/// The message of a panic that [`std::panic::catch_unwind`] caught.
///
/// ```
/// use f5_core::panics::panic_message;
///
/// let caught = std::panic::catch_unwind(|| panic!("no {}", "driver")).unwrap_err();
/// assert_eq!(panic_message(caught.as_ref()), "no driver");
/// ```
#[must_use]
pub fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}
