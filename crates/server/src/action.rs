//! What an action is: its contract and its handler.

use std::future::Future;
use std::pin::Pin;

use api::{ActionInfo, Call};
use serde_json::Value;

use crate::app::App;
use crate::context::Context;
use crate::error::{Error, gateway};
use crate::ids::RequestId;

/// An action with a handler. The contract (types, name, version) is that of the marker in `api`.
pub trait Action: Call + Sized {
    /// Answers one request. By now it is signed, known and of the declared shape; rules about values are the handler's.
    fn handle(
        context: &Context,
        app: &App,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Response, Error>> + Send;
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Opened, Error>> + Send + 'a>>;
/// A handler with its types erased.
pub type Run = for<'a> fn(&'a Context, &'a App, Value) -> Answer<'a>;

fn run<'a, A: Action>(context: &'a Context, app: &'a App, params: Value) -> Answer<'a> {
    Box::pin(async move {
        let request = serde_json::from_value(params).map_err(gateway::internal)?;
        let response = A::handle(context, app, request).await?;
        Opened::write(&response).map_err(gateway::internal)
    })
}

/// An answer's bytes up to the last brace of the handler's object: written once, never copied.
pub struct Opened(Vec<u8>);

impl Opened {
    /// The envelope's beginning and the response, which is an object.
    pub(crate) fn write(response: &impl serde::Serialize) -> serde_json::Result<Self> {
        let mut bytes = Vec::with_capacity(384);
        bytes.extend_from_slice(b"{\"Response\":");
        response.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, WholeFloats))?;
        bytes.pop();
        Ok(Self(bytes))
    }

    /// The response as a value; null when it is none.
    #[must_use]
    pub fn parsed(&self) -> Value {
        let whole = [&self.0[..], b"}}"].concat();
        serde_json::from_slice::<Value>(&whole).map(|mut envelope| envelope["Response"].take()).unwrap_or_default()
    }

    /// The whole envelope.
    #[must_use]
    pub fn close(self, request_id: RequestId) -> Vec<u8> {
        let Self(mut bytes) = self;
        if bytes.last() != Some(&b'{') {
            bytes.push(b',');
        }
        bytes.extend_from_slice(b"\"RequestId\":\"");
        request_id.write(&mut bytes);
        bytes.extend_from_slice(b"\"}}");
        bytes
    }
}

/// Writes a float without a fraction as `1024`, as the cloud does: some clients read sizes as integers.
struct WholeFloats;

impl serde_json::ser::Formatter for WholeFloats {
    fn write_f64<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, value: f64) -> std::io::Result<()> {
        write!(writer, "{value}")
    }
}

/// The handlers that there are.
pub struct Actions {
    /// By the action's line in the contract's table.
    table: Vec<Option<Run>>,
}

impl Default for Actions {
    fn default() -> Self {
        Self { table: vec![None; api::actions().len()] }
    }
}

impl Actions {
    /// Adds a handler.
    pub fn add<A: Action>(&mut self) {
        if let Some(place) = self.table.get_mut(A::INFO.line) {
            *place = Some(run::<A>);
        }
    }

    /// The handler of an action, if it is there.
    #[must_use]
    pub fn find(&self, info: &ActionInfo) -> Option<Run> {
        self.table.get(info.line).copied().flatten()
    }
}
