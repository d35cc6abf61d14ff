//! The kept inputs of the fuzz targets, without a fuzzer: what was found once stays found.

use std::fs;

use crate::structure::root;

#[path = "../../../../fuzz/src/checks.rs"]
#[expect(unreachable_pub, reason = "the fuzz targets are another crate, which needs it public")]
mod checks;

#[test]
fn the_kept_inputs_of_every_fuzz_target_pass() {
    for (name, check) in checks::ALL {
        let folder = root().join("fuzz/corpus").join(name);
        let inputs: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
        assert!(!inputs.is_empty(), "{name} has inputs");
        inputs.iter().for_each(|input| check(input));
        assert!(root().join(format!("fuzz/fuzz_targets/{name}.rs")).exists(), "{name} is a target");
    }
}
