//! The body of a request that makes or changes a subscription, checked field by field.

use serde::Deserialize;

use super::error::GraphError;
use crate::clock::{Millis, iso, parse_iso};
use crate::guid;
use crate::notify::{EncryptionCertificate, Resource, Target};
use crate::{LongExpiry, NotifyOddities, PastExpiry};

const MINUTE: Millis = 60_000;
/// The longest client state and certificate id, in characters.
const LONGEST: usize = 128;

/// Members that the subscription does not have, or that nobody can set, are refused.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    #[serde(rename = "@odata.type")]
    _kind: Option<String>,
    change_type: Option<String>,
    notification_url: Option<String>,
    lifecycle_notification_url: Option<String>,
    resource: Option<String>,
    expiration_date_time: Option<String>,
    client_state: Option<String>,
    latest_supported_tls_version: Option<String>,
    include_resource_data: Option<bool>,
    encryption_certificate: Option<String>,
    encryption_certificate_id: Option<String>,
    notification_url_app_id: Option<String>,
}

/// A subscription that is asked for.
pub(super) struct Draft {
    pub(super) resource: Resource,
    pub(super) notification: Target,
    pub(super) lifecycle: Option<Target>,
    pub(super) client_state: Option<String>,
    pub(super) expires: Millis,
    pub(super) rich: bool,
    pub(super) certificate: Option<EncryptionCertificate>,
    pub(super) certificate_id: Option<String>,
    pub(super) tls_version: String,
    pub(super) url_app: Option<u128>,
}

/// What changes about a subscription.
pub(super) struct Patch {
    pub(super) expires: Option<Millis>,
    pub(super) notification: Option<Target>,
    pub(super) certificate: Option<(EncryptionCertificate, String)>,
}

pub(super) fn bad(message: impl Into<String>) -> GraphError {
    GraphError::new(400, "InvalidRequest", message)
}

fn read(body: &[u8]) -> Result<Body, GraphError> {
    serde_json::from_slice(body)
        .map_err(|e| GraphError::new(400, "BadRequest", format!("Unable to read JSON request payload: {e}.")))
}

fn required<T>(field: Option<T>, name: &str) -> Result<T, GraphError> {
    field.ok_or_else(|| bad(format!("The property '{name}' is required.")))
}

impl Draft {
    pub(super) fn read(body: &[u8], odd: &NotifyOddities, now: Millis) -> Result<Self, GraphError> {
        let body = read(body)?;
        let change_type = required(body.change_type, "changeType")?;
        if change_type != "updated" {
            return Err(bad(format!("Invalid 'changeType' attribute: '{change_type}'. Presence supports 'updated' only.")));
        }
        let notification = required(body.notification_url, "notificationUrl")?;
        let notification = Target::parse("notificationUrl", &notification, odd).map_err(bad)?;
        let lifecycle = body.lifecycle_notification_url.map(|url| Target::parse("lifecycleNotificationUrl", &url, odd));
        let lifecycle = lifecycle.transpose().map_err(bad)?;
        let resource = Resource::parse(&required(body.resource, "resource")?, odd).map_err(bad)?;
        let expires = expiry(&required(body.expiration_date_time, "expirationDateTime")?, odd, now)?;
        if lifecycle.is_none() && expires > now + 60 * MINUTE {
            return Err(bad("lifecycleNotificationUrl is required for subscriptions of more than one hour."));
        }
        if body.client_state.as_ref().is_some_and(|s| s.chars().count() > LONGEST) {
            return Err(bad(format!("clientState must not be longer than {LONGEST} characters.")));
        }
        let tls_version = body.latest_supported_tls_version.unwrap_or_else(|| "v1_2".to_owned());
        if !["v1_0", "v1_1", "v1_2", "v1_3"].contains(&tls_version.as_str()) {
            return Err(bad(format!("latestSupportedTlsVersion '{tls_version}' is not v1_0, v1_1, v1_2 or v1_3.")));
        }
        let url_app =
            body.notification_url_app_id.map(|id| guid::parse(&id).ok_or_else(|| bad("notificationUrlAppId is no GUID.")));
        let rich = body.include_resource_data.unwrap_or(false);
        if rich {
            required(body.encryption_certificate.as_ref(), "encryptionCertificate")?;
            required(body.encryption_certificate_id.as_ref(), "encryptionCertificateId")?;
        }
        let certificate = body.encryption_certificate.map(|text| EncryptionCertificate::parse(&text)).transpose().map_err(bad)?;
        let certificate_id = body.encryption_certificate_id.map(certificate_name).transpose()?;
        Ok(Self {
            resource,
            notification,
            lifecycle,
            client_state: body.client_state,
            expires,
            rich,
            certificate,
            certificate_id,
            tls_version,
            url_app: url_app.transpose()?,
        })
    }
}

impl Patch {
    pub(super) fn read(body: &[u8], odd: &NotifyOddities, now: Millis) -> Result<Self, GraphError> {
        let body = read(body)?;
        let fixed = [
            ("changeType", body.change_type.is_some()),
            ("lifecycleNotificationUrl", body.lifecycle_notification_url.is_some()),
            ("resource", body.resource.is_some()),
            ("clientState", body.client_state.is_some()),
            ("latestSupportedTlsVersion", body.latest_supported_tls_version.is_some()),
            ("includeResourceData", body.include_resource_data.is_some()),
            ("notificationUrlAppId", body.notification_url_app_id.is_some()),
        ];
        if let Some((name, _)) = fixed.into_iter().find(|(_, given)| *given) {
            return Err(bad(format!("The property '{name}' cannot be changed: delete the subscription and create it anew.")));
        }
        let expires = body.expiration_date_time.map(|text| expiry(&text, odd, now)).transpose()?;
        let notification = body.notification_url.map(|url| Target::parse("notificationUrl", &url, odd));
        let notification = notification.transpose().map_err(bad)?;
        let certificate = match (body.encryption_certificate, body.encryption_certificate_id) {
            (None, None) => None,
            (Some(text), Some(id)) => Some((EncryptionCertificate::parse(&text).map_err(bad)?, certificate_name(id)?)),
            _ => return Err(bad("encryptionCertificate and encryptionCertificateId can be changed together only.")),
        };
        if expires.is_none() && notification.is_none() && certificate.is_none() {
            return Err(bad("There is nothing to change."));
        }
        Ok(Self { expires, notification, certificate })
    }
}

fn certificate_name(id: String) -> Result<String, GraphError> {
    if id.is_empty() || id.chars().count() > LONGEST {
        return Err(bad(format!("encryptionCertificateId must have 1 to {LONGEST} characters.")));
    }
    Ok(id)
}

/// When the subscription shall end, and when it will.
fn expiry(text: &str, odd: &NotifyOddities, now: Millis) -> Result<Millis, GraphError> {
    let wanted = parse_iso(text).ok_or_else(|| bad(format!("expirationDateTime '{text}' is not a date and time in UTC.")))?;
    let (least, most) = (now + odd.min_life_min * MINUTE, now + odd.max_life_min * MINUTE);
    if wanted <= now && odd.past_expiry == PastExpiry::Refused {
        return Err(bad(format!("Subscription expiration {} lies in the past.", iso(wanted))));
    }
    if wanted > most {
        return match odd.long_expiry {
            LongExpiry::Clamped => Ok(most),
            LongExpiry::Refused => Err(GraphError::new(
                400,
                "ExtensionError",
                format!("Subscription expiration can only be {} minutes in the future.", odd.max_life_min),
            )),
        };
    }
    Ok(wanted.max(least))
}
