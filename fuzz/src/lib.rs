//! The checks behind the fuzz targets; `make test` runs them over the kept inputs without a fuzzer.

pub mod checks;
