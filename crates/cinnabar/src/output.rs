//! The only file that prints: results on stdout, errors and progress on stderr.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};

/// One result, with a line end. A reader that went away (`| head`) is no error.
pub(crate) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// An error, in one line whatever its text holds.
pub(crate) fn error(error: &impl Display) {
    let _ = writeln!(std::io::stderr(), "cinnabar: {}", one_line(&error.to_string()));
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether people read the log as it comes.
pub(crate) fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Rows under a header, without borders, so that `awk` reads it as well as people do.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>) {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    table.add_rows(rows);
    let text = table.to_string();
    line(&text.lines().map(str::trim).collect::<Vec<_>>().join("\n"));
}

/// JSON with indents, its members in the order in which they came.
pub(crate) fn json(text: &str) {
    line(&indented(text));
}

/// Works on the text itself, since a parsed object would forget its order.
fn indented(text: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        if quoted {
            out.push(c);
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            ' ' | '\n' | '\t' | '\r' => continue,
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !out.ends_with(['{', '[']) {
                    new_line(&mut out, depth);
                }
            }
            // The first member and the next ones; an empty list stays on its line.
            _ if out.ends_with(['{', '[', ',']) => new_line(&mut out, depth),
            _ => {}
        }
        out.push(c);
        match c {
            '{' | '[' => depth += 1,
            ':' => out.push(' '),
            '"' => quoted = true,
            _ => {}
        }
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// A task on its way: a bar on a terminal, otherwise a line for each new status.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    last: String,
}

/// The steps of the bar.
const FULL: u64 = 1000;

impl Progress {
    pub(crate) fn new() -> Self {
        let bar = stderr_is_terminal().then(|| {
            let bar = ProgressBar::new(FULL);
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} [{wide_bar}] {percent:>3} % {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { bar, last: String::new() }
    }

    /// Shows where the task stands; `done` from 0 to 1.
    pub(crate) fn show(&mut self, what: &str, status: &str, done: f64) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(format!("{what}: {status}"));
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
                bar.set_position((done.clamp(0.0, 1.0) * 1000.0) as u64);
            }
            None if self.last != status => line(&format!("{what}: {status}")),
            None => {}
        }
        status.clone_into(&mut self.last);
    }

    /// Takes the bar away and says how it ended; without a terminal the last line has said it, unless there is a cause.
    pub(crate) fn end(self, what: &str, status: &str, message: &str) {
        let cause = if message.is_empty() { String::new() } else { format!(": {message}") };
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
            line(&format!("{what}: {status}{cause}"));
        } else if !message.is_empty() {
            line(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_order_and_its_strings() {
        let text = r#"{"Status":"succeed","A":{"b":[1,2],"c":[],"d":{ }},"m":"a, {\"b\"}: \\"}"#;
        let expected = "{\n  \"Status\": \"succeed\",\n  \"A\": {\n    \"b\": [\n      1,\n      2\n    ],\n    \"c\": [],\n    \"d\": {}\n  },\n  \"m\": \"a, {\\\"b\\\"}: \\\\\"\n}";
        assert_eq!(indented(text), expected);
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&indented(text)), read(text));
    }

    #[test]
    fn an_error_is_one_line() {
        assert_eq!(one_line("a\n  b\n"), "a b");
    }
}
