//! Dropping what takes a while to drop: the rows of a world, a file of gigabytes.

/// Drops `thing` on a blocking thread where there is a runtime, else at once. A runtime that is
/// about to end drops it at once, too.
pub(crate) fn discard(thing: impl Send + 'static) {
    discard_boxed(Box::new(thing));
}

/// Boxed, because a task of its own for every type costs kilobytes of code.
fn discard_boxed(thing: Box<dyn Send>) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        drop(runtime.spawn_blocking(|| drop(thing)));
    }
}
