//! Variables in the words of a shell.

use clap::ValueEnum;

/// Whose words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// Any POSIX shell: sh, bash, zsh, dash, ksh
    #[value(alias = "bash", alias = "zsh")]
    Sh,
    /// fish
    Fish,
}

impl Shell {
    /// A line that sets a variable for this shell and its children.
    pub(crate) fn export(self, name: &str, value: &str) -> String {
        match self {
            Self::Sh => format!("export {name}={}", self.quote(value)),
            Self::Fish => format!("set -gx {name} {}", self.quote(value)),
        }
    }

    /// The value as one word, whatever it holds.
    pub(crate) fn quote(self, value: &str) -> String {
        match self {
            Self::Sh => format!("'{}'", value.replace('\'', r"'\''")),
            Self::Fish => format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_survive() {
        assert_eq!(Shell::Sh.export("A", "it's $x"), r"export A='it'\''s $x'");
        assert_eq!(Shell::Fish.export("A", r"it's \x"), r"set -gx A 'it\'s \\x'");
    }
}
