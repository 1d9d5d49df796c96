//! One notification, and how it is written.

use serde_json::{Value, json};

use super::content;
use super::oddity::{NotifyOddities, OdataType};
use super::subscription::Subscription;
use super::tamper::Tamper;
use crate::clock::{Millis, iso_bare, iso_fraction};
use crate::guid;

/// What a notification tells.
#[derive(Debug, Clone)]
pub(super) enum About {
    /// Somebody's presence changed to this.
    Change { user: u128, presence: Value },
    /// Something is to be done about the subscription.
    Lifecycle(String),
}

/// One notification that waits.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) subscription: u128,
    pub(super) about: About,
    pub(super) changed_at: Millis,
    /// Not sent before.
    pub(super) due: Millis,
    /// Not sent before a later one was, or this moment.
    pub(super) behind: Option<Millis>,
    pub(super) tamper: Option<Tamper>,
}

impl Item {
    /// The notification as it stands in `value`.
    pub(super) fn json(&self, subscription: &Subscription, odd: &NotifyOddities) -> Value {
        let tenant = if self.tamper == Some(Tamper::OtherTenant) { guid::fresh() } else { subscription.tenant };
        let id = if self.tamper == Some(Tamper::UnknownSubscription) { guid::fresh() } else { subscription.id };
        let client_state = match &self.tamper {
            Some(Tamper::WrongClientState { value }) => value.clone(),
            _ => subscription.client_state.clone(),
        };
        let expires = subscription.expires;
        let mut item = json!({
            "subscriptionId": guid::text(id), "clientState": client_state, "tenantId": guid::text(tenant),
            "subscriptionExpirationDateTime": if odd.expiration_z { iso_fraction(expires) } else { iso_bare(expires) },
        });
        if odd.organization_id {
            item["organizationId"] = guid::text(tenant).into();
        }
        match &self.about {
            About::Lifecycle(event) => item["lifecycleEvent"] = event.as_str().into(),
            About::Change { user, presence } => self.change(&mut item, subscription, *user, presence, odd),
        }
        item
    }

    fn change(&self, item: &mut Value, subscription: &Subscription, user: u128, presence: &Value, odd: &NotifyOddities) {
        // The id as the presence writes it: oddities may have changed its case.
        let own = guid::text(user);
        let user = presence["id"].as_str().unwrap_or(&own);
        let anonymous = self.tamper == Some(Tamper::NoUserId);
        let kind = match odd.odata_type {
            OdataType::Lower => "#microsoft.graph.presence",
            OdataType::Pascal => "#Microsoft.Graph.presence",
        };
        item["changeType"] = if odd.pascal_change_type { "Updated" } else { "updated" }.into();
        item["resource"] = if odd.filter_resource || anonymous {
            subscription.resource.encoded().into()
        } else {
            format!("communications/presences/{user}").into()
        };
        item["resourceData"] = json!({ "@odata.type": kind });
        if !anonymous {
            item["resourceData"]["@odata.id"] = format!("users/{user}/presence").into();
        }
        if odd.resource_data_id && !anonymous {
            item["resourceData"]["id"] = user.into();
        }
        if odd.notification_id {
            item["id"] = guid::text(guid::fresh()).into();
        }
        if let (true, Some(certificate)) = (subscription.rich, &subscription.certificate) {
            let mut plain = json!({ "@odata.id": format!("users/{user}/presence"), "@odata.type": kind });
            for (name, value) in presence.as_object().into_iter().flatten() {
                let told = match name.as_str() {
                    "id" | "availability" | "activity" => true,
                    "sequenceNumber" => odd.rich_sequence,
                    _ => odd.rich_all,
                };
                if told {
                    plain[name] = value.clone();
                }
            }
            let name = subscription.certificate_id.as_deref().unwrap_or_default();
            let content = content::encrypt(plain.to_string().as_bytes(), certificate, name, self.tamper.as_ref());
            item["encryptedContent"] = content.unwrap_or(Value::Null);
        }
    }
}
