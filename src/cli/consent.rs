//! Asking before something is lost or bought.
//!
//! One thing is answered with `y`; for several, or for results that exist nowhere else, the count is typed, so that
//! neither a held-down key nor a habit can answer.

use std::io::BufRead;

use super::console::Console;
use crate::failure::{Exit, Failure};

/// How a question wants to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `y` or `yes`.
    Yes,
    /// This number.
    Count(usize),
}

/// Refuses a command that must ask and cannot.
pub fn must_be_able_to_ask(console: &Console, verb: &str) -> Result<(), Failure> {
    if console.can_ask() {
        return Ok(());
    }
    let message = format!("{verb} asks first, and there is no terminal to ask on");
    Err(Failure::with_exit(Exit::Usage, message).hint("pass --yes to do it without being asked"))
}

/// Asks on the terminal; anything but the right answer, the end of input included, is a no.
pub async fn ask(console: &Console, question: &str, wanted: Answer) -> Result<bool, Failure> {
    let prompt = match wanted {
        Answer::Yes => format!("{question} [y/N] "),
        Answer::Count(count) => format!("{question} Type {count} to confirm: "),
    };
    console.ask(&prompt);
    let (send, receive) = tokio::sync::oneshot::channel();
    // A thread of its own and not one of the runtime's: a read from a terminal cannot be called off, and the process
    // must be able to end while it waits.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        let _ = send.send(read.map(|_| line));
    });
    match receive.await {
        Ok(Ok(line)) => Ok(is_yes(&line, wanted)),
        Ok(Err(error)) => Err(Failure::new(format!("cannot read the answer: {error}"))),
        Err(_) => Err(Failure::new("cannot read the answer")),
    }
}

fn is_yes(line: &str, wanted: Answer) -> bool {
    let line = line.trim();
    match wanted {
        Answer::Yes => line.eq_ignore_ascii_case("y") || line.eq_ignore_ascii_case("yes"),
        Answer::Count(count) => line == count.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_answer_is_a_yes() {
        for line in ["y\n", "Y", " yes \r\n"] {
            assert!(is_yes(line, Answer::Yes), "{line:?}");
        }
        for line in ["", "\n", "n\n", "yep\n", "1\n"] {
            assert!(!is_yes(line, Answer::Yes), "{line:?}");
        }
        assert!(is_yes("12\n", Answer::Count(12)));
        for line in ["y\n", "2\n", "012\n", "12 jobs\n", ""] {
            assert!(!is_yes(line, Answer::Count(12)), "{line:?}");
        }
    }
}
