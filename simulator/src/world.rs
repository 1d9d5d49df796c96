//! Everything one simulator knows, behind one lock that is never held across an await.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::clock::{Clock, Millis};
use crate::entra::keys::Entra;
use crate::entra::memory::Devices;
use crate::fault::board::FaultBoard;
use crate::notify::Notify;
use crate::oddity::Oddities;
use crate::random::Random;
use crate::record::Records;
use crate::tenant::Tenant;
use crate::throttle::Throttle;
use crate::tls::Authority;
use crate::{Error, guid};

/// The state of a simulator.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) entra: Entra,
    pub(crate) devices: Devices,
    pub(crate) oddities: Oddities,
    pub(crate) faults: FaultBoard,
    pub(crate) records: Records,
    pub(crate) throttle: Throttle,
    pub(crate) random: Random,
    pub(crate) notify: Notify,
}

impl World {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self {
            tenants: Vec::new(),
            entra: Entra::new()?,
            devices: Devices::default(),
            oddities: Oddities::default(),
            faults: FaultBoard::default(),
            records: Records::default(),
            throttle: Throttle::default(),
            random: Random::new(),
            notify: Notify::default(),
        })
    }

    /// The index of the tenant with this id or domain.
    pub(crate) fn tenant_index(&self, name: &str) -> Option<usize> {
        self.tenants.iter().position(|t| t.is_named(name))
    }

    /// The named tenant; the first one when no name is given.
    pub(crate) fn tenant_mut(&mut self, name: Option<&str>) -> Result<&mut Tenant, Error> {
        let index = match name {
            Some(name) => self.tenant_index(name).ok_or_else(|| Error::Argument(format!("no tenant {name:?}")))?,
            None => 0,
        };
        self.tenants.get_mut(index).ok_or_else(|| Error::Argument("there is no tenant yet".to_owned()))
    }
}

/// Shared by the listeners and the handle.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) world: Mutex<World>,
    pub(crate) clock: Clock,
    pub(crate) authority: Authority,
    /// Rung when there may be something to send.
    pub(crate) bell: tokio::sync::Notify,
    pub(crate) urls: OnceLock<Urls>,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    pub(crate) fn urls(&self) -> &Urls {
        static NONE: Urls = Urls { http: None, https: None };
        self.urls.get().unwrap_or(&NONE)
    }
}

/// Where the simulator listens, without a slash at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Urls {
    pub(crate) http: Option<String>,
    pub(crate) https: Option<String>,
}

/// One request, as the endpoints see it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) shared: Arc<Shared>,
    pub(crate) method: http::Method,
    pub(crate) path: String,
    /// The raw query, without the question mark.
    pub(crate) query: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: bytes::Bytes,
    /// `http://127.0.0.1:8080`: how the caller reached us.
    pub(crate) origin: String,
    pub(crate) now: Millis,
    pub(crate) request_id: u128,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// The caller's own id for this request, echoed in answers.
    pub(crate) fn client_request_id(&self) -> Option<&str> {
        self.header("client-request-id").filter(|id| guid::parse(id).is_some())
    }

    /// The query's parameters, decoded. `+` is a blank.
    pub(crate) fn params(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }

    /// The path's segments, decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        let decode = |s: &str| {
            let plus = s.replace('+', "%2B");
            url::form_urlencoded::parse(plus.as_bytes()).next().map_or_else(String::new, |(k, _)| k.into_owned())
        };
        self.path.split('/').filter(|s| !s.is_empty()).map(|s| decode(&s.replace('&', "%26").replace('=', "%3D"))).collect()
    }
}
