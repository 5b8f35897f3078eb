//! What becomes of a panic: its words lose every key, and the command ends with an exit code of its own.
//!
//! Nothing of ours panics on purpose; this is for the day on which something does all the same.

use std::backtrace::Backtrace;
use std::io::Write;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::sync::atomic::{AtomicBool, Ordering};

use super::log::Hidden;
use crate::failure::{Exit, Failure};
use crate::text::clean;

/// From now on a panic is told in one line on standard error, and in the log with where it came from. The default would
/// print whatever text it was given.
pub fn tell_without_keys(hidden: Hidden) {
    set_hook(Box::new(move |panic| {
        let line = line(panic, &hidden);
        // The log is written through the same filter.
        tracing::error!("{line}");
        tracing::debug!("{}", Backtrace::capture());
        // Whoever reads it may be gone; that is no reason for a second panic.
        let _ = writeln!(std::io::stderr(), "gemtts-tui: {line}");
        if LAST_CHANCE.load(Ordering::SeqCst) {
            std::process::exit(i32::from(Exit::Failed.code()));
        }
    }));
}

/// Whether a panic now ends the process, on whatever thread it is.
static LAST_CHANCE: AtomicBool = AtomicBool::new(false);

/// Does what cannot be unwound: a runtime that gets one thread and not the next would wait for the first one for ever. A
/// panic in it ends the process once it has been told.
pub fn or_leave<T>(work: impl FnOnce() -> T) -> T {
    LAST_CHANCE.store(true, Ordering::SeqCst);
    let done = work();
    LAST_CHANCE.store(false, Ordering::SeqCst);
    done
}

fn line(panic: &PanicHookInfo<'_>, hidden: &Hidden) -> String {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("without a name");
    let place = panic.location().map_or_else(String::new, |location| format!(" at {location}"));
    let payload = panic.payload();
    let said = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let said = said.unwrap_or("no words");
    clean(&hidden.redact(&format!("internal error: the thread {name} panicked{place}: {said}")))
}

/// Runs the work; a panic in it, which has been told by then, is a failure like any other.
pub fn caught<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // What a panic may have left half changed ends with the command, but for the files, and those are whole at any
    // moment.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Failure::new("an internal error ended the program").hint("`--log FILE -v` keeps the details"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_61_a_panic_is_a_failure() {
        let failure = caught::<()>(|| panic!("on purpose")).unwrap_err();
        assert_eq!(failure.exit, Exit::Failed);
        assert_eq!(caught(|| Ok(3)), Ok(3));
    }
}
