//! Numbers about the application, its credential, its tenant and its permissions.

use super::advice::{Advice, Class::*};

pub(super) static ADVICE: &[Advice] = &[
    Advice {
        codes: &[7000215],
        class: Refused,
        cause: "the client secret is wrong",
        remedy: "Enter the value of the secret, not its id: Entra admin center > App registrations > the app > Certificates & secrets, column \
                 Value. It is shown only right after the secret was made; if it is lost, add a new secret.",
    },
    Advice {
        codes: &[7000222],
        class: Refused,
        cause: "the client secret has expired",
        remedy: "Entra admin center > App registrations > the app > Certificates & secrets: add a new client secret and put its value into the \
                 configuration.",
    },
    Advice {
        codes: &[7000216, 7000218],
        class: Refused,
        cause: "the application is registered as confidential, and no secret or certificate was sent",
        remedy: "Set `auth.secret`, or allow sign-in without one: Entra admin center > App registrations > the app > Authentication > Allow \
                 public client flows: Yes.",
    },
    Advice {
        codes: &[700025],
        class: Refused,
        cause: "the application is registered as a public client, and a secret or certificate was sent",
        remedy: "Remove `auth.secret` from the configuration, or switch Allow public client flows off in the app registration.",
    },
    Advice {
        codes: &[700027],
        class: Refused,
        cause: "the signature made with the certificate is not accepted",
        remedy: "Upload the certificate of `auth.certificate` under App registrations > the app > Certificates & secrets > Certificates, and \
                 compare the thumbprint. After an upload it takes some minutes.",
    },
    Advice {
        codes: &[50012],
        class: Refused,
        cause: "the certificate is not registered for this application, or is not accepted",
        remedy: "Compare the certificate of `auth.certificate` with those under App registrations > the app > Certificates & secrets; check that \
                 it has not expired.",
    },
    Advice {
        codes: &[70021, 700211, 700212, 700213, 7002137, 7002138],
        class: Refused,
        cause: "the application trusts no federated credential with the issuer, audience and subject of this token",
        remedy: "Entra admin center > App registrations > the app > Certificates & secrets > Federated credentials: issuer, subject and audience \
                 must be the same to the letter, upper and lower case included, as `iss`, `sub` and `aud` in the token of `auth.token_file`.",
    },
    Advice {
        codes: &[700024],
        class: Clock,
        cause: "the signed request is outside its time range: this machine's clock is wrong",
        remedy: "Set this machine's clock and keep it with NTP.",
    },
    Advice {
        codes: &[700016],
        class: Refused,
        cause: "there is no application with this client id in this tenant",
        remedy: "Compare client_id (Application ID) and tenant_id (Directory ID) with the overview page of the app registration. An app of another \
                 tenant needs that tenant's admin consent first.",
    },
    Advice {
        codes: &[7000229],
        class: Refused,
        cause: "the application has not been added to this tenant",
        remedy: "Let an administrator of the tenant grant admin consent once; that adds the application.",
    },
    Advice {
        codes: &[7000112, 70001],
        class: Refused,
        cause: "the application is disabled in this tenant",
        remedy: "Entra admin center > Enterprise applications > the app > Properties > Enabled for users to sign in: Yes.",
    },
    Advice {
        codes: &[700011],
        class: Refused,
        cause: "the application is not found in the directory",
        remedy: "Compare client_id and tenant_id with the app registration; restore the registration if it was deleted.",
    },
    Advice {
        codes: &[90002],
        class: Refused,
        cause: "there is no such tenant",
        remedy: "Compare tenant_id with Entra admin center > Overview > Tenant ID. For a tenant of the US government set `cloud`.",
    },
    Advice {
        codes: &[900023],
        class: Refused,
        cause: "tenant_id is neither a GUID nor a domain name",
        remedy: "Set tenant_id to the Tenant ID of Entra admin center > Overview.",
    },
    Advice {
        codes: &[90038, 900382, 900432],
        class: Refused,
        cause: "the tenant belongs to another Microsoft cloud",
        remedy: "Set `cloud` to the cloud of this tenant: global, us_gov or us_gov_dod.",
    },
    Advice {
        codes: &[50194, 9001023, 90130],
        class: Refused,
        cause: "this application or way of signing in needs the tenant's own address, not common or consumers",
        remedy: "Set tenant_id to the Tenant ID of Entra admin center > Overview.",
    },
    Advice {
        codes: &[900144, 90014, 9002313],
        class: Refused,
        cause: "the request was malformed",
        remedy: "If a proxy or gateway stands between, check that it does not change requests. Otherwise report it to the maker of this library \
                 with the correlation id.",
    },
    Advice {
        codes: &[70011, 28002, 700022, 700023],
        class: Refused,
        cause: "the requested scope is not valid",
        remedy: "Remove `auth.scope` from the configuration, or set it to the Graph address followed by /.default, for one resource only.",
    },
    Advice {
        codes: &[1002012],
        class: Refused,
        cause: "an application's own sign-in needs a scope that ends with /.default",
        remedy: "Remove `auth.scope` from the configuration, or set it to the Graph address followed by /.default.",
    },
    Advice {
        codes: &[500011],
        class: Refused,
        cause: "the tenant does not know the Graph address that was asked for",
        remedy: "Check `cloud`, `endpoints.graph` and `auth.scope`: they must belong to the tenant's cloud.",
    },
    Advice {
        codes: &[650057, 650056, 65005],
        class: Refused,
        cause: "the app registration lists no permission for Microsoft Graph",
        remedy: "Entra admin center > App registrations > the app > API permissions: add the Microsoft Graph permissions and grant admin consent.",
    },
    Advice {
        codes: &[65001],
        class: Refused,
        cause: "nobody has consented to the application's permissions",
        remedy: "Entra admin center > App registrations > the app > API permissions > Grant admin consent.",
    },
    Advice {
        codes: &[65004],
        class: Refused,
        cause: "the user declined to consent",
        remedy: "Sign in again and accept, or let an administrator grant consent for all.",
    },
    Advice {
        codes: &[90094, 90095],
        class: Refused,
        cause: "the permissions need an administrator's consent",
        remedy: "Entra admin center > App registrations > the app > API permissions > Grant admin consent.",
    },
    Advice {
        codes: &[50105],
        class: Refused,
        cause: "the account is not assigned to the application",
        remedy: "Entra admin center > Enterprise applications > the app > Users and groups: assign the account, or set Assignment required to No.",
    },
    Advice {
        codes: &[50011, 500113],
        class: Refused,
        cause: "the reply address of the sign-in is not registered",
        remedy: "Add the address under App registrations > the app > Authentication, as a redirect URI.",
    },
    Advice {
        codes: &[50049],
        class: Refused,
        cause: "the login host is not one of Microsoft's",
        remedy: "Remove `endpoints.login` from the configuration, or correct it.",
    },
];
