//! The log on stderr. What clients sent can stand in it, so no field may end a line or speak to a terminal.

use std::fmt::{self, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::debug_fn;

use crate::error::Error;
use crate::output;

/// Begins to log, `as_json` or as text; `wanted` is a filter.
pub(crate) fn start(as_json: bool, wanted: &str) -> Result<(), Error> {
    let filter = EnvFilter::try_new(wanted)
        .map_err(|error| Error::Usage(format!("CINNABAR_LOG: `{wanted}` is not a filter ({error}); try `info`")))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if as_json {
        log.json().init();
        return Ok(());
    }
    let fields = debug_fn(|out, field, value| {
        let mut out = Escaped(out);
        match field.name() {
            "message" => write!(out, "{value:?}"),
            name => write!(out, "{name}={value:?}"),
        }
    });
    log.with_ansi(output::stderr_is_terminal()).fmt_fields(fields.delimited(" ")).init();
    Ok(())
}

/// Control characters, line separators and marks that turn the direction of text around come out as `\u{1b}` and so on.
struct Escaped<'w, W: ?Sized>(&'w mut W);

impl<W: Write + ?Sized> Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_harmful = |c: char| {
            c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        for part in text.split_inclusive(is_harmful) {
            let last = part.chars().next_back().filter(|c| is_harmful(*c));
            let harmless = last.map_or(part, |c| &part[..part.len() - c.len_utf8()]);
            self.0.write_str(harmless)?;
            if let Some(c) = last {
                write!(self.0, "{}", c.escape_default())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_line_or_reaches_a_terminal() {
        let mut text = String::new();
        Escaped(&mut text).write_str("a\r\nb\u{1b}[2J\u{9b}\u{202e}缓存 c\n\u{7f}").unwrap();
        assert_eq!(text, r"a\r\nb\u{1b}[2J\u{9b}\u{202e}缓存 c\n\u{7f}");
    }
}
