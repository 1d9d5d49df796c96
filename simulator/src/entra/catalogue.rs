//! Entra's error numbers: the OAuth error, the HTTP status and a sentence for each.

/// What an error number means on the wire.
pub(crate) struct Entry {
    pub(crate) code: u32,
    pub(crate) error: &'static str,
    pub(crate) text: &'static str,
}

const fn e(code: u32, error: &'static str, text: &'static str) -> Entry {
    Entry { code, error, text }
}

/// Every number that the simulator raises or injects with its own sentence. Others can be injected as well.
#[rustfmt::skip]
pub(crate) const CATALOGUE: &[Entry] = &[
    e(28002, "invalid_scope", "The scope names more than one resource, or is not valid."),
    e(50011, "invalid_request", "The redirect URI does not match the ones registered for the application."),
    e(50012, "invalid_client", "The client assertion is not valid: its signature or audience is not accepted, or its certificate is not authorized for the application."),
    e(50014, "invalid_grant", "The guest user's redemption is still pending."),
    e(50020, "invalid_grant", "The user account comes from an identity provider that does not exist in this tenant."),
    e(50027, "invalid_client", "The JWT is not valid or malformed."),
    e(50033, "temporarily_unavailable", "A transient error has occurred. Please try again."),
    e(50034, "invalid_grant", "The user account does not exist in the directory."),
    e(50049, "invalid_instance", "Unknown or invalid instance of the authority."),
    e(50053, "invalid_grant", "The account is locked: too many sign-ins with a wrong user name or password, or from an address with malicious activity."),
    e(50055, "invalid_grant", "The password has expired."),
    e(50056, "invalid_grant", "The password is not set in the directory for this user."),
    e(50057, "invalid_grant", "The user account is disabled."),
    e(50072, "interaction_required", "The user must enrol for multi-factor authentication."),
    e(50074, "interaction_required", "Strong authentication is required."),
    e(50076, "interaction_required", "Multi-factor authentication is required because of a configuration change or a new location."),
    e(50078, "interaction_required", "The multi-factor authentication has expired."),
    e(50079, "interaction_required", "The user must register for multi-factor authentication."),
    e(50097, "interaction_required", "Device authentication is required."),
    e(50105, "invalid_grant", "The user is not assigned to a role for the application."),
    e(50126, "invalid_grant", "Error validating credentials due to invalid username or password."),
    e(50129, "interaction_required", "The device is not workplace joined."),
    e(50131, "access_denied", "Conditional Access refused the sign-in."),
    e(50132, "invalid_grant", "The session is not valid since the password has changed."),
    e(50133, "invalid_grant", "The session is not valid because of expiration or a recent password change."),
    e(50134, "invalid_grant", "The user signed in with another data centre."),
    e(50144, "invalid_grant", "The user's Active Directory password has expired."),
    e(50158, "interaction_required", "An external security challenge was not satisfied."),
    e(50173, "invalid_grant", "The grant has been revoked; a fresh sign-in is needed."),
    e(50194, "invalid_request", "The application is not configured as multi-tenant: the /common endpoint is not supported."),
    e(50196, "invalid_grant", "The server found a loop: the same request came too often in a short time."),
    e(51004, "invalid_grant", "The user account does not exist in the directory."),
    e(53000, "interaction_required", "The device is not compliant."),
    e(53001, "interaction_required", "The device is not domain joined."),
    e(53003, "access_denied", "Access has been blocked by Conditional Access policies."),
    e(53004, "access_denied", "Proof-up is blocked due to risk."),
    e(530032, "access_denied", "Blocked by a security policy."),
    e(530035, "access_denied", "Access has been blocked by security defaults."),
    e(65001, "invalid_grant", "The user or administrator has not consented to use the application."),
    e(65004, "invalid_grant", "The user declined to consent."),
    e(65005, "invalid_resource", "The application asks for a resource that it is not configured for."),
    e(650056, "unauthorized_client", "Misconfigured application."),
    e(650057, "invalid_resource", "The resource is not among the requested permissions of the application registration."),
    e(70000, "invalid_grant", "The provided grant is not valid."),
    e(70001, "unauthorized_client", "The application is disabled or not found."),
    e(700011, "unauthorized_client", "The application was not found in the directory."),
    e(700016, "unauthorized_client", "The application was not found in the directory. It may not be installed by the administrator, or the request went to the wrong tenant."),
    e(70002, "invalid_client", "Error validating credentials."),
    e(700021, "invalid_client", "The client assertion's application identifier does not match the client_id parameter."),
    e(700211, "invalid_client", "No matching federated identity record found for the presented assertion issuer."),
    e(700212, "invalid_client", "No matching federated identity record found for the presented assertion audience."),
    e(700213, "invalid_client", "No matching federated identity record found for the presented assertion subject."),
    e(700022, "invalid_scope", "The scope names more than one resource."),
    e(700023, "invalid_scope", "The scope names no resource."),
    e(700024, "invalid_client", "The client assertion is not within its valid time range."),
    e(700025, "invalid_client", "The client is public, so neither client_assertion nor client_secret may be presented."),
    e(700027, "invalid_client", "The client assertion failed signature validation."),
    e(70003, "unsupported_grant_type", "The grant type is not supported."),
    e(70008, "invalid_grant", "The refresh token has expired."),
    e(700082, "invalid_grant", "The refresh token has expired due to inactivity."),
    e(700084, "invalid_grant", "The refresh token was issued to a single page application and has a fixed, limited life."),
    e(70011, "invalid_scope", "The provided value for the scope parameter is not valid."),
    e(70016, "authorization_pending", "The user has not finished signing in yet. Polling continues."),
    e(70018, "bad_verification_code", "The verification code is not valid."),
    e(70019, "expired_token", "The verification code has expired."),
    e(70020, "expired_token", "The provided value for the device_code parameter has expired."),
    e(70043, "invalid_grant", "The refresh token has expired or is invalid due to sign-in frequency checks."),
    e(7000112, "unauthorized_client", "The application is disabled."),
    e(7000215, "invalid_client", "Invalid client secret provided. Send the secret's value, not its id."),
    e(7000216, "invalid_client", "client_assertion, client_secret or request is required for the client_credentials grant."),
    e(7000218, "invalid_client", "The request body must contain client_assertion or client_secret."),
    e(7000222, "invalid_client", "The provided client secret keys for the application are expired."),
    e(7000229, "unauthorized_client", "The client application lacks a service principal in the tenant."),
    e(80001, "invalid_grant", "The authentication agent cannot connect to Active Directory."),
    e(80002, "invalid_grant", "The authentication agent's password validation request timed out."),
    e(80005, "invalid_grant", "The authentication agent got an unpredictable web exception."),
    e(80007, "invalid_grant", "The authentication agent cannot validate the user's password."),
    e(80014, "invalid_grant", "The validation request took too long."),
    e(90002, "invalid_request", "The tenant was not found. Check that the tenant id is right and that it is of this cloud."),
    e(90006, "temporarily_unavailable", "The external server is retryable."),
    e(90012, "temporarily_unavailable", "The request timed out."),
    e(90014, "invalid_request", "A required field is missing."),
    e(900144, "invalid_request", "The request body must contain a parameter that is missing."),
    e(900023, "invalid_request", "The tenant identifier is neither a valid DNS name nor a valid external domain."),
    e(90024, "temporarily_unavailable", "The request budget has been exceeded; a transient error."),
    e(90033, "temporarily_unavailable", "A transient error has occurred. Please try again."),
    e(90038, "invalid_request", "The tenant belongs to another cloud."),
    e(900382, "invalid_request", "A confidential client is not supported in a cross-cloud request."),
    e(900432, "invalid_request", "A confidential client is not supported in a cross-cloud request."),
    e(90055, "temporarily_unavailable", "Too many requests of this tenant."),
    e(900561, "invalid_request", "The endpoint only accepts POST requests."),
    e(90090, "temporarily_unavailable", "A transient error has occurred. Please try again."),
    e(90094, "access_denied", "Administrator consent is required."),
    e(90095, "access_denied", "Administrator consent was requested."),
    e(90120, "invalid_request", "The device code was already authorized or declined."),
    e(90130, "invalid_request", "The application is not supported over the /common or /consumers endpoints."),
    e(9001023, "invalid_request", "The grant type is not supported over the /common or /consumers endpoints."),
    e(9002313, "invalid_request", "The request is malformed or invalid."),
    e(135010, "invalid_grant", "The key was not found."),
    e(500011, "invalid_resource", "The resource principal was not found in the tenant."),
    e(500113, "invalid_request", "No reply address is registered for the application."),
    e(1002012, "invalid_scope", "The scope is not valid: client credential flows need the resource's identifier with the suffix /.default."),
];

/// The entry of a number.
pub(crate) fn entry(code: u32) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|e| e.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_one_entry() {
        for (i, one) in CATALOGUE.iter().enumerate() {
            assert!(!CATALOGUE[..i].iter().any(|other| other.code == one.code), "{} twice", one.code);
        }
    }
}
