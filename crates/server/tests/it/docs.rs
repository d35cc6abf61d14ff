//! The documents tell the truth: what is not there yet, and which codes can come back.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::structure::root;

const BEGIN: &str = "<!-- begin: written by the test `docs::limits_lists_what_is_not_there` -->";
const END: &str = "<!-- end -->";

/// The part of docs/limits.md that lists the actions without a handler.
fn missing_actions() -> String {
    let there = server::actions::table();
    let mut text = String::new();
    for (service, version) in api::services() {
        let missing = api::actions().iter().filter(|info| info.service == *service && there.find(info).is_none());
        let names: Vec<_> = missing.map(|info| info.name).collect();
        let all = api::actions().iter().filter(|info| info.service == *service).count();
        text += &format!("\n**{service}** {version}: {} of {all} are there. Not there: ", all - names.len());
        text += &if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        text += ".\n";
    }
    text
}

/// Run with `UPDATE_DOCS=1` to write the list anew.
#[test]
fn limits_lists_what_is_not_there() {
    let path = root().join("docs/limits.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("docs/limits.md has lost its begin mark");
    let (listed, after) = rest.split_once(END).expect("docs/limits.md has lost its end mark");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}\n{}\n{END}{after}", missing_actions())).unwrap();
        return;
    }
    assert_eq!(listed.trim(), missing_actions().trim(), "run this test with UPDATE_DOCS=1");
}

/// Every code that the source can answer with.
fn codes_in_source() -> BTreeSet<String> {
    let folder = root().join("crates/server/src");
    let mut files = vec![folder.join("error/gateway.rs"), folder.join("error/product.rs")];
    files.extend(
        ["error/cam.rs", "error/tag.rs", "error/sts.rs", "error/permission.rs", "model/order.rs"]
            .map(|path| folder.join(path)),
    );
    files.iter().flat_map(|path| codes(path)).collect()
}

/// The quoted words that look like a code.
fn codes(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let families = [
        "AuthFailure",
        "DryRunOperation",
        "InternalError",
        "Invalid",
        "LimitExceeded",
        "MissingParameter",
        "NoSuch",
        "OperationDenied",
        "RequestLimit",
        "RequestSize",
        "Resource",
        "Unknown",
        "Unsupported",
        "FailedOperation",
        "UnauthorizedOperation",
    ];
    let is_code = |word: &&str| {
        families.iter().any(|family| word.starts_with(family))
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
    };
    text.split('"').filter(is_code).map(str::to_owned).collect()
}

#[test]
fn errors_lists_every_code_and_no_other() {
    let text = fs::read_to_string(root().join("docs/errors.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let listed: BTreeSet<_> = rows.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect();
    assert_eq!(listed, codes_in_source());
}

#[test]
fn every_task_kind_has_a_name_in_both_languages() {
    for task_type in server::model::task_type::ALL {
        assert!(task_type.text.0.starts_with("Redis ") && task_type.text.1.starts_with("redis"), "{task_type:?}");
        assert!(task_type.code.len() == 3, "{task_type:?}");
    }
}
