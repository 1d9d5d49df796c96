//! Microsoft Graph v1.0: one module per noun.

mod applications;
pub(crate) mod auth;
mod batch;
mod bulk;
mod context;
mod delta;
mod door;
mod endpoint;
mod error;
mod filter;
mod groups;
mod header;
mod literal;
mod organization;
mod page;
mod presence_read;
mod presence_write;
mod properties;
mod route;
mod subscription_draft;
mod subscription_life;
mod subscriptions;
mod users;

pub(crate) use endpoint::answer;
pub(crate) use error::GraphError;
pub(crate) use route::{Route, route};
