//! stub
#[derive(Clone)]
pub(crate) struct Fuse;
