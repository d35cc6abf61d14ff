//! The only file that prints.

use std::io::Write;

use comfy_table::{CellAlignment, Table, presets};

use crate::error::Error;

/// One line of the table.
pub(crate) struct Row {
    /// What was measured.
    pub(crate) what: String,
    /// The figure.
    pub(crate) value: String,
    /// The same of the baseline.
    pub(crate) baseline: String,
    /// The one by the other.
    pub(crate) ratio: String,
    /// What is wanted.
    pub(crate) target: String,
    /// Whether it is reached; none when nothing is wanted.
    pub(crate) ok: Option<bool>,
}

impl Row {
    /// A figure beside which nothing stands.
    pub(crate) fn alone(what: impl Into<String>, value: String) -> Self {
        let (baseline, ratio, target) = Default::default();
        Self { what: what.into(), value, baseline, ratio, target, ok: None }
    }

    pub(crate) fn baseline(mut self, value: String, ratio: f64) -> Self {
        self.baseline = value;
        self.ratio = format!("{ratio:.2}");
        self
    }

    pub(crate) fn target(mut self, target: &str, ok: bool) -> Self {
        self.target = target.to_owned();
        self.ok = Some(ok);
        self
    }
}

/// Prints the table.
pub(crate) fn table(rows: Vec<Row>) {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header(["measured", "value", "baseline", "ratio", "target", ""]);
    for row in rows {
        let ok = row.ok.map_or("", |ok| if ok { "ok" } else { "NOT" });
        table.add_row([&row.what, &row.value, &row.baseline, &row.ratio, &row.target, ok]);
    }
    for column in table.column_iter_mut().skip(1).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    line(&table.to_string());
}

/// One line on stdout.
#[expect(clippy::print_stdout, reason = "a table is what this program is for")]
pub(crate) fn line(text: &str) {
    println!("{text}");
    // A reader that went away is no reason to stop.
    let _ = std::io::stdout().flush();
}

/// What is being done, on stderr.
#[expect(clippy::print_stderr, reason = "a run takes minutes; somebody may be waiting")]
pub(crate) fn progress(text: &str) {
    eprintln!("… {text}");
}

/// Why there is no table.
#[expect(clippy::print_stderr, reason = "the program's last word")]
pub(crate) fn complain(error: &Error) {
    eprintln!("bench: {error}");
}
