//! The handle of a running simulator.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use serde_json::Value;
use tokio::sync::oneshot;

use crate::action::{Action, perform};
use crate::clock::{Clock, Millis};
use crate::directory::{BulkSpec, UserSpec};
use crate::fault::Fault;
use crate::group::GroupSpec;
use crate::notify::{Delivery, SubscriptionView, Tamper, courier};
use crate::oddity::Oddities;
use crate::presence::PresenceSpec;
use crate::record::{Counters, RecordedRequest};
use crate::script::Script;
use crate::tenant::{AppSpec, TenantSpec};
use crate::tls::{Authority, Tls};
use crate::world::{Shared, Urls, World};
use crate::{Error, default, server};

/// How a simulator starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to speak plain HTTP; port 0 takes a free one.
    pub http: Option<SocketAddr>,
    /// Where to speak HTTPS; port 0 takes a free one.
    pub https: Option<SocketAddr>,
    /// Begin with the tenant `contoso.test`, its apps and its people.
    pub default_tenant: bool,
    /// The switches at the beginning.
    pub oddities: Oddities,
    /// Certificates (PEM) that notification URLs with HTTPS are trusted by, besides the simulator's own authority.
    pub notification_ca: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        let any = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        Self { http: any, https: any, default_tenant: true, oddities: Oddities::default(), notification_ca: None }
    }
}

/// A running simulator. It has a thread and a runtime of its own, so that a test that blocks does not block it. Dropping it closes
/// every connection and waits for the thread. Every method may be called from any thread.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    runtime: tokio::runtime::Handle,
}

impl Simulator {
    /// Starts from asynchronous code.
    pub async fn start(options: Options) -> Result<Self, Error> {
        // Making keys takes a moment: not on the caller's executor.
        let (tell, told) = oneshot::channel();
        std::thread::spawn(move || tell.send(Self::spawn_blocking_thread(options)));
        told.await.unwrap_or_else(|_| Err(Error::Runtime(std::io::Error::other("the starting thread ended early"))))
    }

    /// Starts from synchronous code. When it returns, the simulator answers.
    pub fn spawn_blocking_thread(options: Options) -> Result<Self, Error> {
        let authority = Authority::new()?;
        let tls = Arc::new(Tls::new(&authority)?);
        let mut world = World::new()?;
        world.oddities = options.oddities;
        world.notify.trust.add(&authority.pem)?;
        if let Some(pem) = &options.notification_ca {
            world.notify.trust.add(pem)?;
        }
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            clock: Clock::default(),
            authority,
            bell: tokio::sync::Notify::new(),
            urls: OnceLock::new(),
        });
        if options.default_tenant {
            default::fill(&shared)?;
        }
        let http = options.http.map(server::bind).transpose()?;
        let https = options.https.map(server::bind).transpose()?;
        let url = |scheme: &str, bound: &Option<(_, SocketAddr)>| bound.as_ref().map(|(_, at)| format!("{scheme}://{at}"));
        // Nobody else has set it: the cell was made above.
        let _ = shared.urls.set(Urls { http: url("http", &http), https: url("https", &https) });

        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("simulator".to_owned())
            .spawn(move || {
                runtime.block_on(async move {
                    tokio::spawn(courier::run(Arc::clone(&served)));
                    if let Some((listener, _)) = http {
                        tokio::spawn(server::serve(listener, Arc::clone(&served), None));
                    }
                    if let Some((listener, _)) = https {
                        tokio::spawn(server::serve(listener, served, Some(tls)));
                    }
                    let _ = stopped.await;
                });
                // Dropping the runtime drops every connection with it.
            })
            .map_err(Error::Runtime)?;
        Ok(Self { shared, stop: Mutex::new(Some(stop)), thread: Mutex::new(Some(thread)), runtime: handle })
    }

    /// `http://127.0.0.1:port`, or the HTTPS address when there is no plain one. Login host and Graph root at the same time.
    pub fn base_url(&self) -> &str {
        let urls = self.shared.urls();
        urls.http.as_deref().or(urls.https.as_deref()).unwrap_or_default()
    }

    /// `https://127.0.0.1:port`; empty without HTTPS.
    pub fn https_url(&self) -> &str {
        self.shared.urls().https.as_deref().unwrap_or_default()
    }

    /// The certificate authority of this simulator as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.shared.authority.pem
    }

    /// The simulated time.
    pub fn now(&self) -> Millis {
        self.shared.now()
    }

    /// Does one action, as the control API and scripts do.
    pub fn act(&self, action: Action) -> Result<Value, Error> {
        perform(&self.shared, action)
    }

    /// Runs a script in the background, `speed` times as fast as written. What is due at its very start is done when this returns.
    ///
    /// # Errors
    /// The first line due at the start that cannot be done.
    pub fn run_script(&self, script: Script, speed: f64) -> Result<(), Error> {
        let rest = script.begin(&self.shared)?;
        let shared = Arc::clone(&self.shared);
        self.runtime.spawn(async move { rest.run(&shared, speed).await });
        Ok(())
    }

    /// Adds a tenant. Answers its id.
    pub fn add_tenant(&self, tenant: TenantSpec) -> Result<String, Error> {
        self.act(Action::Tenant(tenant)).map(|answer| text(&answer["id"]))
    }

    /// A handle on one tenant, by id or domain.
    pub fn tenant(&self, name: &str) -> TenantHandle<'_> {
        TenantHandle { simulator: self, name: Some(name.to_owned()) }
    }

    /// A handle on the first tenant, `contoso.test` by default.
    pub fn default_tenant(&self) -> TenantHandle<'_> {
        TenantHandle { simulator: self, name: None }
    }

    /// Sets the presence of a user of the first tenant.
    pub fn set_presence(&self, user: &str, availability: &str, activity: &str) -> Result<(), Error> {
        self.default_tenant().set_presence(user, availability, activity)
    }

    /// Adds a user to the first tenant. Answers the object id.
    pub fn add_user(&self, user: UserSpec) -> Result<String, Error> {
        self.default_tenant().add_user(user)
    }

    /// Switches a fault on. Answers its number.
    pub fn inject(&self, fault: Fault) -> u64 {
        let now = self.shared.now();
        self.shared.lock().faults.add(fault, now)
    }

    /// Switches one fault off.
    pub fn clear_fault(&self, number: u64) {
        self.shared.lock().faults.clear(Some(number));
    }

    /// Switches all faults off.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear(None);
    }

    /// Changes the switches.
    pub fn oddities(&self, change: impl FnOnce(&mut Oddities)) {
        let mut world = self.shared.lock();
        change(&mut world.oddities);
        world.throttle.clear();
        self.shared.bell.notify_one();
    }

    /// Moves the simulated time.
    pub fn advance(&self, ms: i64) {
        self.shared.clock.advance(ms);
        self.shared.settle(&mut self.shared.lock());
        self.shared.bell.notify_one();
    }

    /// Subscriptions, the living ones first, with what became of their notifications.
    pub fn subscriptions(&self) -> Vec<SubscriptionView> {
        let world = &mut *self.shared.lock();
        self.shared.settle(world);
        world.notify.views(&world.tenants, self.shared.now())
    }

    /// What was sent to notification URLs, oldest first: handshakes and every attempt.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.lock().notify.deliveries().cloned().collect()
    }

    /// Sends a notification about a user of the first tenant as he is now, changed or not. Answers to how many subscriptions.
    pub fn notify(&self, user: &str, tamper: Option<Tamper>) -> Result<u64, Error> {
        let action =
            Action::Notify { tenant: None, user: Some(user.to_owned()), subscription: None, tamper, url: None, body: None };
        self.act(action).map(|answer| answer["sent"].as_u64().unwrap_or(0))
    }

    /// Posts this body as it is to the notification URL of the only subscription.
    pub fn notify_raw(&self, body: Value) -> Result<(), Error> {
        let body = Some(body);
        self.act(Action::Notify { tenant: None, user: None, subscription: None, tamper: None, url: None, body }).map(drop)
    }

    /// Sends a lifecycle event (`reauthorizationRequired`, `subscriptionRemoved`, `missed`, or any word) about a subscription, or the
    /// only one.
    pub fn lifecycle(&self, subscription: Option<&str>, event: &str) -> Result<(), Error> {
        let subscription = subscription.map(str::to_owned);
        self.act(Action::Lifecycle { subscription, event: event.to_owned() }).map(drop)
    }

    /// Ends a subscription, or the only one, without a word to anybody.
    pub fn end_subscription(&self, subscription: Option<&str>) -> Result<(), Error> {
        self.act(Action::EndSubscription { subscription: subscription.map(str::to_owned) }).map(drop)
    }

    /// Signs tokens with another key from now on. `publish`: the key set names it at once; `keep`: it goes on naming the old ones.
    pub fn rotate_keys(&self, publish: bool, keep: bool) -> Result<(), Error> {
        self.act(Action::RotateKeys { publish, keep }).map(drop)
    }

    /// The key set names the key that signs.
    pub fn publish_keys(&self) {
        self.shared.lock().entra.publish();
    }

    /// A server certificate of the simulator's authority for these names and addresses: certificate and key as PEM.
    pub fn certificate(&self, names: &[&str]) -> Result<(String, String), Error> {
        let names = names.iter().map(|n| (*n).to_owned()).collect();
        self.act(Action::Certificate { names }).map(|answer| (text(&answer["certificate"]), text(&answer["key"])))
    }

    /// The sums so far.
    pub fn counters(&self) -> Counters {
        self.shared.lock().records.counters.clone()
    }

    /// The recorded requests, oldest first.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.lock().records.requests().cloned().collect()
    }

    /// Keeps this many requests; 0 switches the recorder off, which benchmarks want.
    pub fn keep_requests(&self, keep: usize) {
        self.shared.lock().records.set_keep(keep);
    }

    /// Counters and recorded requests from zero again.
    pub fn clear_counters(&self) {
        self.shared.lock().records.clear();
    }

    /// The user codes of device sign-ins that wait.
    pub fn device_codes(&self) -> Vec<String> {
        self.shared.lock().devices.waiting().into_iter().map(str::to_owned).collect()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// One tenant of a running simulator.
#[derive(Debug)]
pub struct TenantHandle<'a> {
    simulator: &'a Simulator,
    name: Option<String>,
}

impl TenantHandle<'_> {
    /// Adds an app, or updates the one with the same client id. Answers the client id.
    pub fn put_app(&self, app: AppSpec) -> Result<String, Error> {
        self.simulator.act(Action::App { tenant: self.name.clone(), app }).map(|answer| text(&answer["client_id"]))
    }

    /// Adds a user. Answers the object id.
    pub fn add_user(&self, user: UserSpec) -> Result<String, Error> {
        let action = Action::Users { tenant: self.name.clone(), users: vec![user], bulk: None };
        self.simulator.act(action).map(|answer| text(&answer["ids"][0]))
    }

    /// Adds many users after a pattern such as `user{n}@contoso.test`, numbered from 1.
    pub fn add_users(&self, count: u32, pattern: &str) -> Result<(), Error> {
        let bulk = Some(BulkSpec { count, pattern: pattern.to_owned(), first: 1 });
        self.simulator.act(Action::Users { tenant: self.name.clone(), users: Vec::new(), bulk }).map(drop)
    }

    /// Changes a user, named by object id or user principal name.
    pub fn update_user(&self, user: &str, set: UserSpec) -> Result<(), Error> {
        self.simulator.act(Action::UpdateUser { tenant: self.name.clone(), user: user.to_owned(), set }).map(drop)
    }

    /// Deletes a user.
    pub fn delete_user(&self, user: &str) -> Result<(), Error> {
        self.simulator.act(Action::DeleteUser { tenant: self.name.clone(), user: user.to_owned() }).map(drop)
    }

    /// Adds a group, or updates the one with the same id or display name. Answers the object id.
    pub fn put_group(&self, group: GroupSpec) -> Result<String, Error> {
        self.simulator.act(Action::Group { tenant: self.name.clone(), group }).map(|answer| text(&answer["id"]))
    }

    /// Sets the two words of a user's presence.
    pub fn set_presence(&self, user: &str, availability: &str, activity: &str) -> Result<(), Error> {
        self.put_presence(user, PresenceSpec::new(availability, activity))
    }

    /// Sets any part of a user's presence.
    pub fn put_presence(&self, user: &str, presence: PresenceSpec) -> Result<(), Error> {
        self.simulator.act(Action::Presence { tenant: self.name.clone(), user: user.to_owned(), presence }).map(drop)
    }

    /// Sets the two words for every user.
    pub fn set_all(&self, availability: &str, activity: &str) -> Result<(), Error> {
        let presence = PresenceSpec::new(availability, activity);
        self.simulator.act(Action::AllPresences { tenant: self.name.clone(), presence }).map(drop)
    }

    /// Gives `count` users, drawn at random, a random presence.
    pub fn shake(&self, count: usize) -> Result<(), Error> {
        self.simulator.act(Action::RandomPresences { tenant: self.name.clone(), count }).map(drop)
    }

    /// The object id of a user; `None` when there is nobody of that name.
    pub fn user_id(&self, user: &str) -> Option<String> {
        let world = &mut *self.simulator.shared.lock();
        let directory = &world.tenant_mut(self.name.as_deref()).ok()?.directory;
        directory.find(user).and_then(|index| directory.get(index)).map(|u| crate::guid::text(u.id))
    }

    /// Makes every delta token given out so far an expired one.
    pub fn expire_delta(&self) -> Result<(), Error> {
        self.simulator.act(Action::ExpireDelta { tenant: self.name.clone() }).map(drop)
    }

    /// Revokes every token given out so far.
    pub fn revoke_tokens(&self) -> Result<(), Error> {
        self.simulator.act(Action::RevokeTokens { tenant: self.name.clone() }).map(drop)
    }
}
