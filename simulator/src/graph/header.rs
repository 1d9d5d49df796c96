//! The headers of Graph's answers.

use crate::guid;
use crate::reply::Reply;
use crate::world::Call;

/// The content type of OData answers.
pub(super) const ODATA: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// The headers of every answer of Graph.
pub(crate) fn common_headers(reply: Reply, call: &Call) -> Reply {
    let reply = reply
        .with("request-id", &guid::text(call.request_id))
        .with("client-request-id", call.client_request_id().unwrap_or(&guid::text(call.request_id)))
        .with(
            "x-ms-ags-diagnostic",
            r#"{"ServerInfo":{"DataCenter":"Simulator","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"SIM00000"}}"#,
        );
    if reply.headers.contains_key("cache-control") { reply } else { reply.with("cache-control", "no-cache") }
}
