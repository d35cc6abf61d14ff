//! Rust names for wire names.

use std::collections::BTreeSet;

/// The keywords that may be written raw.
const KEYWORDS: &str = "abstract as async await become box break const continue do dyn else enum extern false final fn for gen if impl in \
    let loop macro match mod move mut override priv pub ref return static struct trait true try type typeof unsafe unsized use virtual where while yield";

/// `InstanceId` → `instance_id`, `SSLConfig` → `ssl_config`, `IPv6` → `ipv6`.
pub(crate) fn snake(wire: &str) -> String {
    let chars: Vec<char> = wire.replace("IPv", "Ipv").chars().collect();
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(i + 1);
        let starts_word = c.is_ascii_uppercase()
            && before.is_some_and(|b| !b.is_ascii_uppercase() || after.is_some_and(char::is_ascii_lowercase));
        if starts_word && !out.ends_with('_') {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The snake-case names of one scope, in its order. Of wire names that fall together, the first keeps the plain name and
/// the next ones get `_2`, `_3`.
pub(crate) fn distinct<'a>(wire: impl Iterator<Item = &'a str>) -> Vec<String> {
    let plain: Vec<String> = wire.map(snake).collect();
    let reserved: BTreeSet<&String> = plain.iter().collect();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut names = Vec::new();
    for name in &plain {
        let mut chosen = name.clone();
        let mut n = 1;
        while taken.contains(&chosen) || (n > 1 && reserved.contains(&chosen)) {
            n += 1;
            chosen = format!("{name}_{n}");
        }
        taken.insert(chosen.clone());
        names.push(chosen);
    }
    names
}

/// The name as it is written in Rust: a keyword as a raw identifier.
pub(crate) fn ident(name: &str) -> String {
    match name {
        "self" | "super" | "crate" => format!("{name}_"),
        _ if KEYWORDS.split(' ').any(|keyword| keyword == name) => format!("r#{name}"),
        _ => name.to_owned(),
    }
}
