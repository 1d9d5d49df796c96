//! One subscription, and what became of its notifications.

use serde::Serialize;
use serde_json::{Value, json};

use super::certificate::EncryptionCertificate;
use super::oddity::NotifyOddities;
use super::resource::Resource;
use super::target::Target;
use crate::clock::{Millis, iso_fraction};
use crate::entra::Claims;
use crate::guid;
use crate::tenant::Tenant;

/// The access token that a subscription lives on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grant {
    pub(crate) issued: Millis,
    pub(crate) expires: Millis,
}

impl Grant {
    pub(crate) fn of(claims: &Claims) -> Self {
        Self { issued: claims.issued, expires: claims.expires }
    }
}

/// A subscription.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) id: u128,
    pub(crate) tenant: u128,
    pub(crate) app: u128,
    /// The signed-in user who made it.
    pub(crate) creator: u128,
    pub(crate) resource: Resource,
    pub(crate) notification: Target,
    pub(crate) lifecycle: Option<Target>,
    pub(crate) client_state: Option<String>,
    pub(crate) expires: Millis,
    /// Resource data is included.
    pub(crate) rich: bool,
    pub(crate) certificate: Option<EncryptionCertificate>,
    pub(crate) certificate_id: Option<String>,
    pub(crate) tls_version: String,
    /// Validation tokens are for this app instead.
    pub(crate) url_app: Option<u128>,
    pub(crate) grant: Grant,
    /// When `reauthorizationRequired` is due next.
    pub(crate) reauthorize_at: Option<Millis>,
    pub(crate) tally: Tally,
}

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Good,
    /// Its token has expired or was revoked: what it has to tell waits.
    Unauthorized,
    Gone,
}

impl Subscription {
    /// `reauthorizationRequired` comes this long before token or subscription end.
    pub(crate) fn plan_reauthorization(&mut self, now: Millis, odd: &NotifyOddities) {
        let end = self.grant.expires.min(self.expires);
        self.reauthorize_at = self.lifecycle.as_ref().map(|_| (end - odd.reauthorize_lead_ms).max(now));
    }

    pub(super) fn standing(&self, tenants: &[Tenant], now: Millis) -> Standing {
        let Some(tenant) = tenants.iter().find(|t| t.id == self.tenant) else { return Standing::Gone };
        let user = tenant.directory.index_of_id(self.creator).and_then(|i| tenant.directory.get(i));
        let good = self.grant.expires > now
            && self.grant.issued >= tenant.tokens_valid_from
            && user.is_some_and(|u| u.enabled)
            && tenant.app(self.app).is_some_and(|a| !a.disabled);
        if good { Standing::Good } else { Standing::Unauthorized }
    }

    /// As Graph shows it.
    pub(crate) fn json(&self, odd: &NotifyOddities) -> Value {
        json!({
            "id": guid::text(self.id), "resource": self.resource.text, "applicationId": guid::text(self.app),
            "changeType": "updated", "clientState": self.client_state.as_ref().filter(|_| odd.client_state_echoed),
            "notificationUrl": self.notification.text, "notificationQueryOptions": null,
            "lifecycleNotificationUrl": self.lifecycle.as_ref().map(|t| &t.text),
            "expirationDateTime": iso_fraction(self.expires), "creatorId": guid::text(self.creator),
            "includeResourceData": self.rich, "latestSupportedTlsVersion": self.tls_version, "encryptionCertificate": null,
            "encryptionCertificateId": self.certificate_id, "notificationUrlAppId": self.url_app.map(guid::text),
        })
    }

    pub(super) fn view(&self, state: &str, waiting: usize) -> SubscriptionView {
        let tally = &self.tally;
        SubscriptionView {
            id: guid::text(self.id),
            state: state.to_owned(),
            tenant: guid::text(self.tenant),
            app: guid::text(self.app),
            creator: guid::text(self.creator),
            users: self.resource.users.len(),
            resource: self.resource.text.chars().take(200).collect(),
            notification_url: self.notification.text.clone(),
            lifecycle_url: self.lifecycle.as_ref().map(|t| t.text.clone()),
            rich: self.rich,
            certificate_id: self.certificate_id.clone(),
            expires_ms: self.expires,
            token_expires_ms: self.grant.expires,
            waiting,
            noticed: tally.noticed,
            silenced: tally.silenced,
            delivered: tally.delivered,
            lifecycle_delivered: tally.lifecycle_delivered,
            failed: tally.failed,
            lost: tally.lost,
            latency_mean_ms: tally.latency_sum_ms.checked_div(i64::try_from(tally.delivered).unwrap_or(0)).unwrap_or(0),
            latency_max_ms: tally.latency_max_ms,
        }
    }
}

/// What became of the notifications of one subscription.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(super) noticed: u64,
    pub(super) silenced: u64,
    pub(super) delivered: u64,
    pub(super) lifecycle_delivered: u64,
    pub(super) failed: u64,
    pub(super) lost: u64,
    latency_sum_ms: i64,
    latency_max_ms: i64,
}

impl Tally {
    pub(super) fn deliver(&mut self, latency_ms: i64) {
        self.delivered += 1;
        self.latency_sum_ms += latency_ms;
        self.latency_max_ms = self.latency_max_ms.max(latency_ms);
    }
}

/// One subscription as the control API shows it.
#[derive(Clone, Debug, Serialize)]
pub struct SubscriptionView {
    /// The subscription's id.
    pub id: String,
    /// `alive`, `unauthorized` (its token has expired or was revoked), `expired`, `deleted`, `ended` (by an action).
    pub state: String,
    /// The tenant's id.
    pub tenant: String,
    /// The client id of the app.
    pub app: String,
    /// The object id of the signed-in user who made it.
    pub creator: String,
    /// How many users it watches.
    pub users: usize,
    /// The beginning of the resource.
    pub resource: String,
    /// Where notifications go.
    pub notification_url: String,
    /// Where lifecycle notifications go.
    pub lifecycle_url: Option<String>,
    /// Resource data is included.
    pub rich: bool,
    /// The subscriber's name for the certificate.
    pub certificate_id: Option<String>,
    /// When it ends, on the simulator's clock.
    pub expires_ms: Millis,
    /// When the token that it lives on ends, on the simulator's clock.
    pub token_expires_ms: Millis,
    /// Notifications that wait to be sent, for a first or a further attempt.
    pub waiting: usize,
    /// Changes of watched users.
    pub noticed: u64,
    /// Notifications that a fault kept back for good.
    pub silenced: u64,
    /// Notifications that were taken with a 2xx; duplicates count.
    pub delivered: u64,
    /// The same of lifecycle notifications.
    pub lifecycle_delivered: u64,
    /// Attempts that were not taken, each with the number of its notifications.
    pub failed: u64,
    /// Notifications given up.
    pub lost: u64,
    /// From a change to the 2xx, in milliseconds of the simulator's clock.
    pub latency_mean_ms: i64,
    /// The longest of these.
    pub latency_max_ms: i64,
}
