//! What an action is: its contract and its handler.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use api::{ActionInfo, Call};
use serde_json::Value;

use crate::app::App;
use crate::context::Context;
use crate::error::{Error, gateway};

/// An action with a handler. The contract (types, name, version) is that of the marker in `api`.
pub trait Action: Call + Sized {
    /// Answers one request. By now it is signed, known and of the declared shape; rules about values are the handler's.
    fn handle(
        context: &Context,
        app: &App,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Response, Error>> + Send;
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, Error>> + Send + 'a>>;
/// A handler with its types erased.
pub type Run = for<'a> fn(&'a Context, &'a App, Value) -> Answer<'a>;

fn run<'a, A: Action>(context: &'a Context, app: &'a App, params: Value) -> Answer<'a> {
    Box::pin(async move {
        let request = serde_json::from_value(params).map_err(gateway::internal)?;
        let response = A::handle(context, app, request).await?;
        write(&response).map_err(gateway::internal)
    })
}

fn write(response: &impl serde::Serialize) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(256);
    response.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, WholeFloats))?;
    Ok(bytes)
}

/// Writes a float without a fraction as `1024`, as the cloud does: some clients read sizes as integers.
struct WholeFloats;

impl serde_json::ser::Formatter for WholeFloats {
    fn write_f64<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, value: f64) -> std::io::Result<()> {
        write!(writer, "{value}")
    }
}

/// The handlers that there are.
#[derive(Default)]
pub struct Actions {
    table: HashMap<(&'static str, &'static str), Run>,
}

impl Actions {
    /// Adds a handler.
    pub fn add<A: Action>(&mut self) {
        self.table.insert((A::INFO.service, A::INFO.name), run::<A>);
    }

    /// The handler of an action, if it is there.
    #[must_use]
    pub fn find(&self, info: &ActionInfo) -> Option<Run> {
        self.table.get(&(info.service, info.name)).copied()
    }
}
