//! Everything that can be done to a simulator while it runs. The control API, scripts and the built-in day all speak in actions.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::directory::{BulkSpec, UserSpec};
use crate::fault::Fault;
use crate::group::GroupSpec;
use crate::notify::{Tamper, order};
use crate::presence::PresenceSpec;
use crate::tenant::{AppSpec, FederatedSpec, TenantSpec};
use crate::world::{Shared, World};
use crate::{Error, entra, guid};

/// The pairs that `random_presence` draws from.
const PAIRS: [(&str, &str); 10] = [
    ("Available", "Available"),
    ("Busy", "Busy"),
    ("Busy", "InACall"),
    ("Busy", "InAConferenceCall"),
    ("Busy", "InAMeeting"),
    ("DoNotDisturb", "DoNotDisturb"),
    ("DoNotDisturb", "Presenting"),
    ("Away", "Away"),
    ("BeRightBack", "BeRightBack"),
    ("Offline", "Offline"),
];

/// One thing to do. `tenant` is an id or a domain; without it the first tenant is meant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Add a tenant. Answers its `id`.
    Tenant(TenantSpec),
    /// Add an app, or update the one with the same client id. Answers its `client_id`.
    App {
        /// The tenant.
        #[serde(default)]
        tenant: Option<String>,
        /// The app.
        app: AppSpec,
    },
    /// Add users: one by one, or many after a pattern. Answers the `ids` of those named one by one.
    Users {
        /// The tenant.
        #[serde(default)]
        tenant: Option<String>,
        /// One by one.
        #[serde(default)]
        users: Vec<UserSpec>,
        /// After a pattern.
        #[serde(default)]
        bulk: Option<BulkSpec>,
    },
    /// Change a user: mail, user principal name, enabled, password, ...
    UpdateUser {
        /// The tenant.
        #[serde(default)]
        tenant: Option<String>,
        /// The user, by object id or user principal name.
        user: String,
        /// What changes.
        set: UserSpec,
    },
    /// Delete a user.
    DeleteUser {
        /// The tenant.
        #[serde(default)]
        tenant: Option<String>,
        /// The user, by object id or user principal name.
        user: String,
    },
    /// Add a group, or update the one with the same id or display name. Answers its `id`.
    Group {
        /// The tenant.
        #[serde(default)]
        tenant: Option<String>,
        /// The group.
        group: GroupSpec,
    },
    /// Set what the Teams clients of a user report.
    Presence {
        /// The tenant.
        #[serde(default)]
        tenant: Option<String>,
        /// The user, by object id or user principal name.
        user: String,
        /// The presence.
        #[serde(flatten)]
        presence: PresenceSpec,
    },
    /// Set the presence of several users at the same moment.
    Presences {
        /// The tenant.
        #[serde(default)]
        tenant: Option<String>,
        /// Users and their presence.
        list: Vec<UserPresence>,
    },
    /// Set one presence for every user.
    AllPresences {
        /// The tenant.
        #[serde(default)]
        tenant: Option<String>,
        /// The presence.
        #[serde(flatten)]
        presence: PresenceSpec,
    },
    /// Give this many users, drawn at random, a random presence.
    RandomPresences {
        /// The tenant.
        #[serde(default)]
        tenant: Option<String>,
        /// How many.
        count: usize,
    },
    /// Switch a fault on. Answers its number as `fault`.
    Fault(Fault),
    /// Switch a fault off, or all of them.
    ClearFaults {
        /// The number of the fault.
        #[serde(default)]
        fault: Option<u64>,
    },
    /// Change some of the oddities.
    Oddities {
        /// Only what changes.
        set: Map<String, Value>,
    },
    /// All oddities back to their defaults.
    ResetOddities,
    /// Move the simulator's clock.
    AdvanceClock {
        /// How far, in milliseconds.
        ms: i64,
    },
    /// Make every delta token given out so far an expired one.
    ExpireDelta {
        /// The tenant.
        #[serde(default)]
        tenant: Option<String>,
    },
    /// Revoke every access and refresh token given out so far.
    RevokeTokens {
        /// The tenant.
        #[serde(default)]
        tenant: Option<String>,
    },
    /// Somebody types a device code: `user` signs in; without a user he declines.
    DeviceCode {
        /// The code shown to the user.
        user_code: String,
        /// Who signs in.
        #[serde(default)]
        user: Option<String>,
    },
    /// The other issuer of a federated credential makes a token. Answers it as `token`.
    FederatedToken {
        /// What stands in it.
        claims: FederatedSpec,
        /// How long it lasts, in seconds.
        #[serde(default = "an_hour")]
        life_s: i64,
    },
    /// Keep this many requests in the recorder; 0 switches it off.
    Recorder {
        /// How many.
        keep: usize,
    },
    /// Counters and recorded requests from zero again.
    ClearCounters,
    /// Send one notification now: about a user as he is, changed or not, or a body as it is. Answers how many were `sent`.
    Notify {
        /// The tenant.
        #[serde(default)]
        tenant: Option<String>,
        /// The user, by object id or user principal name.
        #[serde(default)]
        user: Option<String>,
        /// To this subscription; all that watch the user when left out, or the only one for a body.
        #[serde(default)]
        subscription: Option<String>,
        /// What goes wrong with it.
        #[serde(default)]
        tamper: Option<Tamper>,
        /// To this URL instead of the subscription's. With `body` only.
        #[serde(default)]
        url: Option<String>,
        /// The body: a text is sent unchanged, anything else as JSON.
        #[serde(default)]
        body: Option<Value>,
    },
    /// Send a lifecycle event.
    Lifecycle {
        /// About this subscription; about the only one when left out.
        #[serde(default)]
        subscription: Option<String>,
        /// `reauthorizationRequired`, `subscriptionRemoved`, `missed`, or any other word.
        #[serde(default = "reauthorization_required")]
        event: String,
    },
    /// End a subscription without a word. Answers which `subscription`.
    EndSubscription {
        /// This one; the only one when left out.
        #[serde(default)]
        subscription: Option<String>,
    },
    /// Sign tokens with another key from now on.
    RotateKeys {
        /// The key set names the new key at once.
        #[serde(default = "yes")]
        publish: bool,
        /// The key set goes on naming the old keys.
        #[serde(default = "yes")]
        keep: bool,
    },
    /// The key set names the key that signs, after a rotation that did not publish it.
    PublishKeys,
    /// Trust these certificates (PEM) of notification URLs.
    Trust {
        /// Authorities, or a server certificate that stands for itself.
        pem: String,
    },
    /// A server certificate of the simulator's authority. Answers `certificate` and `key` as PEM.
    Certificate {
        /// Host names and addresses.
        names: Vec<String>,
    },
}

impl Action {
    /// Reads an action strictly: a member that the action does not have is refused, not overlooked.
    ///
    /// # Errors
    /// Names what is wrong.
    pub fn from_json(value: Value) -> Result<Self, Error> {
        let action: Self = Self::deserialize(&value).map_err(|e| Error::Argument(e.to_string()))?;
        // serde cannot refuse unknown members of flattened structs; what was understood comes out again.
        let understood = serde_json::to_value(&action).map_err(|e| Error::Argument(e.to_string()))?;
        known("", &value, &understood)?;
        if let (Some(given), Some(understood)) = (value["list"].as_array(), understood["list"].as_array()) {
            for (n, (given, understood)) in given.iter().zip(understood).enumerate() {
                known(&format!("list[{n}]."), given, understood)?;
            }
        }
        Ok(action)
    }
}

fn known(path: &str, given: &Value, understood: &Value) -> Result<(), Error> {
    match given.as_object().into_iter().flatten().find(|(name, value)| !value.is_null() && understood.get(name).is_none()) {
        Some((name, _)) => Err(Error::Argument(format!("unknown field `{path}{name}`"))),
        None => Ok(()),
    }
}

fn yes() -> bool {
    true
}

fn reauthorization_required() -> String {
    "reauthorizationRequired".to_owned()
}

fn an_hour() -> i64 {
    3_600
}

/// A user and a presence.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserPresence {
    /// By object id or user principal name.
    pub user: String,
    /// The presence.
    #[serde(flatten)]
    pub presence: PresenceSpec,
}

fn find(world: &mut World, tenant: Option<&str>, user: &str) -> Result<u32, Error> {
    let directory = &world.tenant_mut(tenant)?.directory;
    directory.find(user).ok_or_else(|| Error::Argument(format!("no user {user:?}")))
}

/// Does it. The answer is a JSON object, empty where there is nothing to tell.
pub(crate) fn perform(shared: &Shared, action: Action) -> Result<Value, Error> {
    let world = &mut *shared.lock();
    shared.settle(world);
    let answer = perform_in(world, shared, action);
    shared.settle(world);
    shared.bell.notify_one();
    answer
}

fn perform_in(world: &mut World, shared: &Shared, action: Action) -> Result<Value, Error> {
    let now = shared.now();
    match action {
        Action::Tenant(spec) => {
            let tenant = crate::tenant::Tenant::new(&spec)?;
            if world.tenants.iter().any(|t| t.id == tenant.id || t.domains.iter().any(|d| tenant.is_named(d))) {
                return Err(Error::Argument(format!("tenant {} exists already", guid::text(tenant.id))));
            }
            let id = guid::text(tenant.id);
            world.tenants.push(tenant);
            return Ok(json!({ "id": id }));
        }
        Action::App { tenant, app } => {
            let id = world.tenant_mut(tenant.as_deref())?.put_app(&app, now)?;
            return Ok(json!({ "client_id": guid::text(id) }));
        }
        Action::Users { tenant, users, bulk } => {
            let directory = &mut world.tenant_mut(tenant.as_deref())?.directory;
            let mut ids = Vec::with_capacity(users.len());
            for spec in &users {
                let index = directory.add(spec, now)?;
                ids.extend(directory.get(index).map(|u| guid::text(u.id)));
            }
            if let Some(bulk) = bulk {
                if !bulk.pattern.contains("{n}") {
                    return Err(Error::Argument(format!("bulk.pattern {:?} has no {{n}}", bulk.pattern)));
                }
                directory.reserve(bulk.count as usize);
                for n in bulk.first..bulk.first.saturating_add(bulk.count) {
                    let upn = bulk.pattern.replace("{n}", &n.to_string());
                    directory.add(&UserSpec { user_principal_name: Some(upn), ..UserSpec::default() }, now)?;
                }
            }
            return Ok(json!({ "ids": ids }));
        }
        Action::UpdateUser { tenant, user, set } => {
            let index = find(world, tenant.as_deref(), &user)?;
            world.tenant_mut(tenant.as_deref())?.directory.update(index, &set, now)?;
        }
        Action::DeleteUser { tenant, user } => {
            let index = find(world, tenant.as_deref(), &user)?;
            world.tenant_mut(tenant.as_deref())?.directory.delete(index);
        }
        Action::Group { tenant, group } => {
            let home = world.tenant_mut(tenant.as_deref())?;
            let id = home.groups.put(&group, &home.directory)?;
            return Ok(json!({ "id": guid::text(id) }));
        }
        Action::Presence { tenant, user, presence } => {
            let index = find(world, tenant.as_deref(), &user)?;
            world.tenant_mut(tenant.as_deref())?.presence.set(index, &presence);
        }
        Action::Presences { tenant, list } => {
            // All or none: first find everybody.
            let found = list.iter().map(|entry| find(world, tenant.as_deref(), &entry.user)).collect::<Result<Vec<_>, _>>()?;
            let store = &mut world.tenant_mut(tenant.as_deref())?.presence;
            for (index, entry) in found.into_iter().zip(&list) {
                store.set(index, &entry.presence);
            }
        }
        Action::AllPresences { tenant, presence } => {
            let home = world.tenant_mut(tenant.as_deref())?;
            for index in 0..home.directory.users().len() {
                home.presence.set(u32::try_from(index).unwrap_or(u32::MAX), &presence);
            }
        }
        Action::RandomPresences { tenant, count } => {
            let users = world.tenant_mut(tenant.as_deref())?.directory.users().len();
            for _ in 0..if users == 0 { 0 } else { count } {
                let index = u32::try_from(world.random.below(users)).unwrap_or(0);
                let (availability, activity) = PAIRS[world.random.below(PAIRS.len())];
                world.tenant_mut(tenant.as_deref())?.presence.set(index, &PresenceSpec::new(availability, activity));
            }
        }
        Action::Fault(fault) => return Ok(json!({ "fault": world.faults.add(fault, now) })),
        Action::ClearFaults { fault } => world.faults.clear(fault),
        Action::Oddities { set } => {
            let mut all = serde_json::to_value(&world.oddities).map_err(|e| Error::Argument(e.to_string()))?;
            for (name, value) in set {
                match (all[&name].as_object_mut(), value) {
                    // Of a group of switches only those that are named change, too.
                    (Some(group), Value::Object(members)) => group.extend(members),
                    (_, value) => all[name] = value,
                }
            }
            world.oddities = serde_json::from_value(all).map_err(|e| Error::Argument(format!("oddities: {e}")))?;
            world.throttle.clear();
        }
        Action::ResetOddities => {
            world.oddities = crate::oddity::Oddities::default();
            world.throttle.clear();
        }
        Action::AdvanceClock { ms } => shared.clock.advance(ms),
        Action::ExpireDelta { tenant } => world.tenant_mut(tenant.as_deref())?.delta_valid_from = now + 1,
        Action::RevokeTokens { tenant } => world.tenant_mut(tenant.as_deref())?.tokens_valid_from = now + 1,
        Action::DeviceCode { user_code, user } => entra::enter_device_code(world, &user_code, user.as_deref())?,
        Action::FederatedToken { claims, life_s } => return entra::issue_federated(world, &claims, life_s),
        Action::Recorder { keep } => world.records.set_keep(keep),
        Action::ClearCounters => {
            world.records.clear();
            world.notify.clear_log();
        }
        Action::Notify { subscription, url, body: Some(body), .. } => {
            return order::raw(world, subscription.as_deref(), url.as_deref(), &body, now);
        }
        Action::Notify { tenant, user, subscription, tamper, .. } => {
            let user = user.ok_or_else(|| Error::Argument("notify: user or body is missing".to_owned()))?;
            let index = find(world, tenant.as_deref(), &user)?;
            let home = world.tenant_mut(tenant.as_deref())?.id;
            return order::notify_user(world, (home, index), subscription.as_deref(), tamper.as_ref(), now);
        }
        Action::Lifecycle { subscription, event } => {
            return order::lifecycle(world, subscription.as_deref(), &event, now);
        }
        Action::EndSubscription { subscription } => return order::end(world, subscription.as_deref()),
        Action::RotateKeys { publish, keep } => world.entra.rotate(publish, keep)?,
        Action::PublishKeys => world.entra.publish(),
        Action::Trust { pem } => world.notify.trust.add(&pem)?,
        Action::Certificate { names } => {
            let (certificate, key) = shared.authority.server(&names)?;
            return Ok(json!({ "certificate": certificate.pem(), "key": key.serialize_pem() }));
        }
    }
    Ok(json!({}))
}
