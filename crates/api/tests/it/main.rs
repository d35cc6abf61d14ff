//! Proves that the generated code says what the facts in `api/*.json` say. The tests read the files on their own, not
//! through the generator.

#[cfg(test)]
mod each;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod names;
#[cfg(test)]
mod request;
#[cfg(test)]
mod response;
#[cfg(test)]
mod secret;
#[cfg(test)]
mod table;
