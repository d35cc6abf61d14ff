//! The house rules that a machine can hold: sizes, and who may import whom.

use std::fs;
use std::path::{Path, PathBuf};

const FILE_CEILING: usize = 400;
const FUNCTION_CEILING: usize = 60;

/// Files and functions over a ceiling. This list may only shrink.
const EXCEPTIONS: &[&str] = &[];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// The lines before the unit tests.
fn code(text: &str) -> Vec<&str> {
    text.lines().take_while(|line| *line != "#[cfg(test)]").collect()
}

/// Each function's name and length, from its `fn` line to the brace that closes it at the same indentation.
fn functions<'t>(lines: &[&'t str]) -> Vec<(&'t str, usize)> {
    let is_start = |line: &str| {
        let words = line.trim_start().split("fn ").next().unwrap_or_default();
        line.contains("fn ")
            && words
                .split_whitespace()
                .all(|word| ["pub", "async", "const", "pub(crate)", "pub(super)"].contains(&word))
    };
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate().filter(|(_, line)| is_start(line)) {
        let indent = line.len() - line.trim_start().len();
        let closes = |line: &&str| {
            line.len() - line.trim_start().len() == indent
                && (line.trim_start().starts_with('}') || line.ends_with(';'))
        };
        if line.trim_end().ends_with(['}', ';']) {
            found.push((*line, 1));
        } else if let Some(length) = lines[start + 1..].iter().position(closes) {
            found.push((*line, length + 2));
        }
    }
    found
}

#[test]
fn files_and_functions_stay_small() {
    let mut over = Vec::new();
    let (mut file_sizes, mut function_sizes) = (Vec::new(), Vec::new());
    for path in sources(&root().join("crates")) {
        let text = fs::read_to_string(&path).unwrap();
        let lines = code(&text);
        let is_test = path.components().any(|part| part.as_os_str() == "tests");
        if lines.len() > FILE_CEILING {
            over.push(format!("{}: {} lines", name(&path), lines.len()));
        }
        for (function, length) in functions(&lines) {
            if length > FUNCTION_CEILING {
                over.push(format!("{}: {length} lines: {}", name(&path), function.trim()));
            }
            if !is_test {
                function_sizes.push(length);
            }
        }
        if !is_test {
            file_sizes.push(lines.len());
        }
    }
    over.retain(|entry| !EXCEPTIONS.iter().any(|exception| entry.starts_with(exception)));
    assert!(over.is_empty(), "over the ceilings:\n{}", over.join("\n"));
    assert!(median(&mut function_sizes) <= 12, "the median function has more than 12 lines");
    assert!(median(&mut file_sizes) <= 120, "the median file has more than 120 lines");
}

fn median(sizes: &mut [usize]) -> usize {
    sizes.sort_unstable();
    sizes[sizes.len() / 2]
}

#[test]
fn nobody_imports_what_its_layer_may_not() {
    // Folder, and what its `use` lines and paths must not contain.
    let rules: &[(&str, &[&str])] = &[
        (
            "crates/server/src/actions",
            &["dataplane::{", "DataPlane", "ProcessPlane", "crate::http", "crate::background", "world::World"],
        ),
        ("crates/server/src/tasks", &["crate::http", "crate::actions", "crate::auth", "hyper"]),
        ("crates/server/src/http", &["crate::store", "crate::tasks", "dataplane"]),
        ("crates/server/src/store", &["crate::http", "crate::actions", "crate::tasks", "crate::auth", "dataplane"]),
        (
            "crates/server/src/model",
            &["crate::http", "crate::actions", "crate::tasks", "crate::store", "crate::auth", "dataplane", "engine::"],
        ),
        ("crates/server/src/background", &["crate::http", "crate::actions", "hyper"]),
        (
            "crates/server/src/levers",
            &["crate::http::dispatch", "crate::http::listener", "crate::http::{", "hyper", "ProcessPlane"],
        ),
        (
            "crates/server/src/doctor",
            &["crate::http", "crate::actions", "crate::auth", "crate::admin", "hyper", "axum"],
        ),
        (
            "crates/server/src/metrics",
            &["crate::http", "crate::actions", "crate::tasks", "crate::admin", "hyper", "axum", "dataplane"],
        ),
        ("crates/server/src/admin", &["crate::http", "crate::actions", "crate::auth", "hyper"]),
        (
            "crates/server/src/tls",
            &["crate::http", "crate::actions", "crate::tasks", "crate::store", "crate::auth", "hyper", "dataplane"],
        ),
        ("crates/engine/src", &["use redis", "hyper", "dataplane", "use server::"]),
        ("crates/dataplane/src", &["use engine::", "use server::", "hyper"]),
    ];
    let mut broken = Vec::new();
    for (folder, forbidden) in rules {
        for path in sources(&root().join(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            let uses = code(&text).into_iter().filter(|line| line.trim_start().starts_with("use "));
            for line in uses {
                broken.extend(
                    forbidden
                        .iter()
                        .filter(|word| line.contains(**word))
                        .map(|word| format!("{}: {word}: {line}", name(&path))),
                );
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn sql_stands_only_where_it_belongs() {
    let allowed = ["crates/server/src/store", "crates/engine/src/store", "crates/db/"];
    let statements = ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE "];
    let mut broken = Vec::new();
    for path in sources(&root().join("crates")) {
        let file = name(&path);
        if file.contains("/tests/")
            || file.ends_with("src/testing.rs")
            || allowed.iter().any(|place| file.starts_with(place))
        {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        broken.extend(
            code(&text)
                .into_iter()
                .filter(|line| statements.iter().any(|word| line.contains(word)))
                .map(|line| format!("{file}: {line}")),
        );
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_crate_takes_the_workspaces_lints() {
    for entry in fs::read_dir(root().join("crates")).unwrap().flatten() {
        let manifest = fs::read_to_string(entry.path().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{:?}", entry.path());
    }
}
