//! The way to Microsoft, and the clock.

use serde_json::json;
use teams_presence_simulator::{EndpointClass, Fault, FaultAction};

use super::Case;
use crate::gateway::{self, Shown};
use crate::printed::{fails, warns};
use crate::rig::Rig;

/// Nothing listens there.
const CLOSED: &str = "127.0.0.1:9";
const ASKS: &str =
    "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
const FORBIDS: &str = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";

fn through(rig: &mut Rig, proxy: &str) {
    rig.over_tls();
    rig.config["proxy"] = json!({"mode": "url", "url": proxy});
    rig.names_address(proxy, "PROXY");
}

fn gateway(rig: &mut Rig, shown: &Shown) {
    let authority = gateway::authority("Contoso Firewall");
    let url = gateway::server(&authority, shown);
    rig.names_address(&url, "SERVER");
    rig.hosts(&url);
    if shown.name.is_some() || shown.expired {
        let ca = rig.file("ca.pem", &authority.pem);
        rig.config["tls"] = json!({ "ca_file": ca });
    }
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            symptom: "The login host is not found",
            broken: "the name of the login host cannot be looked up; here it is misspelt in `endpoints.login`.",
            break_it: |rig| {
                // No label is longer than 63 characters: refused without asking anybody.
                let name = format!("{}.example", "x".repeat(70));
                rig.config["endpoints"]["login"] = format!("https://{name}").into();
                rig.names(name, "login.microsoftonlime.example");
            },
            expected: vec![fails(
                "name_resolution",
                &["login.microsoftonlime.example is not found"],
                &["/etc/resolv.conf", "endpoints", "proxy"],
            )],
            repair: "Try `getent hosts login.microsoftonline.com` under the same account. Machines in a network without public DNS need a proxy, \
                     which looks the names up for them, or a name server that forwards.",
            changes: &[],
        },
        Case {
            symptom: "The firewall lets nothing out",
            broken: "the connection to the login host is refused.",
            break_it: |rig| {
                rig.config["endpoints"]["login"] = format!("http://{CLOSED}").into();
                rig.names(CLOSED.to_owned(), "CLOSED");
            },
            expected: vec![fails("tls", &["CLOSED", "refused"], &["TCP port 443", "firewall", "proxy"])],
            repair: "Allow this machine TCP port 443 to `login.microsoftonline.com` and `graph.microsoft.com`, or set `proxy`. A firewall that \
                     drops instead of refusing gives the same step with a time-out.",
            changes: &["proxy"],
        },
        Case {
            symptom: "Browsers work, the telephone system says the authority is not trusted",
            broken: "a firewall opens TLS with a certificate of its own authority, which this machine does not know.",
            break_it: |rig| gateway(rig, &Shown { name: None, expired: false }),
            expected: vec![fails(
                "tls",
                &["authority that is not trusted", "Contoso Firewall"],
                &["tls.ca_file", "export its CA certificate"],
            )],
            repair: "The line names the authority: ask for its certificate and set `tls.ca_file` to it, or let the firewall leave both hosts alone. \
                     Browsers work because the domain gives them that authority.",
            changes: &["tls.ca_file"],
        },
        Case {
            symptom: "The server's certificate has expired",
            broken: "what answers shows a certificate of the year 2020.",
            break_it: |rig| gateway(rig, &Shown { name: None, expired: true }),
            expected: vec![fails("tls", &["expired"], &["clock", "gateway"])],
            repair: "Look at `date` first: with a wrong year every certificate seems expired. With the right time it is a gateway in between, \
                     whose certificate somebody has to renew.",
            changes: &[],
        },
        Case {
            symptom: "Another server answers under Microsoft's name",
            broken: "the address leads to the sign-in page of the guest network, whose certificate has another name.",
            break_it: |rig| gateway(rig, &Shown { name: Some("portal.contoso.example"), expired: false }),
            expected: vec![fails("tls", &["name", "portal.contoso.example"], &["/etc/hosts", "sign-in page"])],
            repair: "Take this machine out of the network that wants a sign-in page, and old entries out of `/etc/hosts`.",
            changes: &[],
        },
        Case {
            symptom: "The file with the company's CA is not there",
            broken: "`tls.ca_file` names a file that does not exist.",
            break_it: |rig| {
                rig.over_tls();
                let path = rig.path("company.pem");
                rig.config["tls"] = json!({ "ca_file": path });
            },
            expected: vec![fails("tls", &["/etc/pbx/company.pem", "No such file"], &["tls.ca_file", "BEGIN CERTIFICATE"])],
            repair: "Put the file there, as PEM and readable for the account of the telephone system.",
            changes: &[],
        },
        Case {
            symptom: "The proxy is down",
            broken: "nothing listens at `proxy.url`.",
            break_it: |rig| through(rig, &format!("http://{CLOSED}")),
            expected: vec![fails("proxy", &["PROXY", "refused"], &["proxy.url", "CONNECT"])],
            repair: "Compare host and port with what the proxy's administrator says, and try `curl -x http://HOST:PORT https://graph.microsoft.com`.",
            changes: &["proxy.url"],
        },
        Case {
            symptom: "The proxy wants a password",
            broken: "the proxy answers 407, and the configuration has no user for it.",
            break_it: |rig| through(rig, &gateway::proxy(ASKS)),
            expected: vec![fails("proxy", &["PROXY", "user name and password"], &["proxy.username", "proxy.password", "NTLM"])],
            repair: "Set both. Only Basic authentication is spoken: where the proxy knows NTLM or Kerberos alone, ask for an exception for this \
                     machine.",
            changes: &["proxy.username", "proxy.password"],
        },
        Case {
            symptom: "The proxy knows the user but refuses his password",
            broken: "the proxy answers 407 to the user and password of the configuration.",
            break_it: |rig| {
                through(rig, &gateway::proxy(ASKS));
                rig.config["proxy"]["username"] = "pbx".into();
                rig.config["proxy"]["password"] = "wrong".into();
            },
            expected: vec![fails("proxy", &["PROXY", "user name and password"], &["Correct proxy.username and proxy.password"])],
            repair: "Correct them.",
            changes: &["proxy.username", "proxy.password"],
        },
        Case {
            symptom: "The proxy does not allow Microsoft",
            broken: "the proxy answers 403 to CONNECT.",
            break_it: |rig| through(rig, &gateway::proxy(FORBIDS)),
            expected: vec![fails(
                "proxy",
                &["PROXY", "the proxy refuses to connect to this host"],
                &["allows CONNECT to port 443"],
            )],
            repair: "Have `login.microsoftonline.com:443` and `graph.microsoft.com:443` allowed for this machine.",
            changes: &[],
        },
        Case {
            symptom: "Managed identity, on a machine that has none",
            broken: "`auth.method` is `managed_identity`, and this machine has no metadata service.",
            break_it: |rig| {
                rig.config["auth"] = json!({"method": "managed_identity"});
                rig.config["endpoints"]["metadata"] = format!("http://{CLOSED}").into();
                rig.names(CLOSED.to_owned(), "169.254.169.254");
            },
            expected: vec![fails(
                "tls",
                &["169.254.169.254", "refused"],
                &["virtual machine in Azure only", "169.254.169.254", "another auth.method"],
            )],
            repair: "On a virtual machine in Azure look at its own firewall, and at the network of the container where it runs in one. Anywhere else \
                     take a certificate or a secret.",
            changes: &["auth.method"],
        },
        Case {
            symptom: "A web page comes instead of a token",
            broken: "a gateway answers the sign-in with a page of HTML.",
            break_it: |rig| {
                let page =
                    FaultAction::NotJson { content_type: "text/html".into(), body: "<html>Accept the terms</html>".into() };
                rig.simulator.inject(Fault::new(EndpointClass::Token, page));
            },
            expected: vec![fails("sign_in", &["not the JSON of a token"], &["gateway", "login host through unchanged"])],
            repair: "Let the login host through unchanged. TLS was accepted here, so it is a gateway whose authority this machine trusts.",
            changes: &[],
        },
    ]
}

/// This machine is so much ahead of everybody else.
fn ahead(rig: &mut Rig, minutes: i64) {
    rig.simulator.advance(-minutes * 60_000);
    rig.simulator.oddities(|oddities| oddities.entra_clock_skew_s = -minutes * 60);
    // A test takes time.
    for late in -5..=120 {
        rig.names(format!("clock is {} s", minutes * 60 + late), "clock is SECONDS s");
    }
}

pub(super) fn clock() -> Vec<Case> {
    vec![
        Case {
            symptom: "Sign-in with a certificate fails after a power cut",
            broken: "this machine's clock is ten minutes ahead.",
            break_it: |rig| {
                rig.certificate(true);
                ahead(rig, 10);
            },
            expected: vec![
                fails("clock", &["SECONDS s ahead", "certificate", "5 minutes"], &["NTP"]),
                fails("sign_in", &["AADSTS700024", "clock"], &["NTP"]),
            ],
            repair: "Set the clock and keep it by NTP. The end of a certificate plays no part here, nothing has to be renewed.",
            changes: &[],
        },
        Case {
            symptom: "Times in events and logs are wrong",
            broken: "this machine's clock is ten minutes ahead; sign-in is by a client secret, which does not mind.",
            break_it: |rig| ahead(rig, 10),
            expected: vec![warns("clock", &["SECONDS s ahead", "times in events and logs"], &["NTP"])],
            repair: "Set the clock and keep it by NTP.",
            changes: &[],
        },
    ]
}
