//! Microsoft Entra: discovery, keys and the token endpoint.

mod answer;
mod assertion;
mod catalogue;
mod client;
mod device;
mod discovery;
mod error;
mod federated;
mod form;
pub(crate) mod keys;
pub(crate) mod memory;
mod metadata;
mod route;
mod scope;
mod tenant;
mod token;
mod user;

pub(crate) use device::enter as enter_device_code;
pub(crate) use error::TokenError;
pub(crate) use federated::issue as issue_federated;
pub(crate) use keys::{BadToken, Claims, unchecked_tenant};
pub(crate) use route::route;
pub(crate) use scope::is_graph;
