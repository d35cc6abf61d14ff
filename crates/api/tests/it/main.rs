//! Proves that the generated code says what the facts in `api/*.json` say. The tests read the files on their own, not
//! through the generator.

mod facts;
mod names;
mod request;
mod response;
mod secret;
mod table;
