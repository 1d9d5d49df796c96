//! 115 to 119: what stands between this machine and Microsoft. The same for sign-in and for Graph; `host` tells which was asked.

use super::super::Severity::Error;
use super::super::entry::Holds::{Foreign, Moment, Text, Texts};
use super::super::entry::{Entry, Field, always, maybe};
use super::{DETAIL, NEXT_TRY};

const HOST: Field = always("host", Text, "name of the server that was asked, with the port where it is not 443");
const ASKED: Field = maybe("asked", Text, "the name that the certificate had to hold: the server, or a proxy that speaks TLS");
const SUBJECT: Field = maybe("subject", Foreign, "for whom the certificate was issued, as it says");
const ISSUER: Field = always("issuer", Foreign, "by whom the certificate was issued, as it says");
const NAMES: Field = maybe("names", Texts, "host names in the certificate, at most 5");
const NOT_BEFORE: Field = maybe("not_before_ms", Moment, "when its time begins");
const NOT_AFTER: Field = maybe("not_after_ms", Moment, "when its time ends");

pub(in crate::event) static NAME_UNRESOLVED: Entry = Entry {
    severity: Error,
    fields: &[HOST, DETAIL, NEXT_TRY],
    sentence: "The name of the server {host} cannot be looked up: {detail}.",
    remedy: "Check the name servers of this machine (/etc/resolv.conf; `getent hosts {host}`), and that they may look up names on the \
             Internet. Where only a proxy may do that, set `proxy`: it then looks the name up.",
    meaning: "The name server does not answer, or says that there is no such name. Raised once per outage and server, in place of \
              ENTRA_UNREACHABLE or GRAPH_UNREACHABLE; ENTRA_RECOVERED or GRAPH_RECOVERED follows.",
};

pub(in crate::event) static PROXY_REFUSES: Entry = Entry {
    severity: Error,
    fields: &[HOST, DETAIL, NEXT_TRY],
    sentence: "The proxy does not let through to {host}: {detail}.",
    remedy: "Check `proxy` (address and port; with mode `system` the environment variables), that the proxy runs, and that it allows CONNECT \
             to {host} on port 443 for this machine. Also its user and password: some proxies answer a wrong password in the same way.",
    meaning: "The proxy cannot be reached, or refuses the connection with another status than 407. Raised once per outage and server, in place of ENTRA_UNREACHABLE or \
              GRAPH_UNREACHABLE; ENTRA_RECOVERED or GRAPH_RECOVERED follows.",
};

pub(in crate::event) static PROXY_PASSWORD: Entry = Entry {
    severity: Error,
    fields: &[HOST, DETAIL, NEXT_TRY],
    sentence: "The proxy asks for a user and password, or does not accept those given, on the way to {host}: {detail}.",
    remedy: "Set `proxy.username` and `proxy.password`, or correct them; they are sent as Basic authentication. A proxy that wants NTLM or \
             Kerberos needs an exception for this machine. A change of `proxy` needs a new instance (stop, destroy, create).",
    meaning: "The proxy answered 407. Raised once per outage and server, in place of ENTRA_UNREACHABLE or GRAPH_UNREACHABLE; ENTRA_RECOVERED \
              or GRAPH_RECOVERED follows.",
};

pub(in crate::event) static TLS_UNTRUSTED: Entry = Entry {
    severity: Error,
    fields: &[HOST, ISSUER, ASKED, SUBJECT, NAMES, NOT_BEFORE, NOT_AFTER, DETAIL, NEXT_TRY],
    sentence: "The connection to {host} is not trusted; the certificate was issued by {issuer}: {detail}.",
    remedy: "If {issuer} is your own firewall or proxy, which opens TLS to look inside: have it leave {host} alone, or put the certificate of its \
             authority (PEM) into `tls.ca_file`. If it is unknown to you, somebody may be listening in: ask your network administrators. If \
             no authority is trusted on this machine, install the package ca-certificates.",
    meaning: "The server's certificate comes from an authority that neither this machine nor `tls.ca_file` trusts; nothing was sent. Raised once \
              per outage, server and issuer, in place of ENTRA_UNREACHABLE or GRAPH_UNREACHABLE; ENTRA_RECOVERED or GRAPH_RECOVERED follows.",
};

pub(in crate::event) static TLS_CERTIFICATE: Entry = Entry {
    severity: Error,
    fields: &[
        HOST,
        always("flaw", Text, "`expired`, `not_yet_valid`, `other_name` or `revoked`"),
        ISSUER,
        ASKED,
        SUBJECT,
        NAMES,
        NOT_BEFORE,
        NOT_AFTER,
        DETAIL,
        NEXT_TRY,
    ],
    sentence: "The certificate that {host} shows is not good ({flaw}): {detail}.",
    remedy: "expired, not_yet_valid: compare this machine's clock with the right time first; then renew the certificate of the gateway that \
             issued it. other_name: `endpoints`, a hosts file or a name server leads to another machine, or a gateway shows its own page. \
             Microsoft's own certificates are renewed in time.",
    meaning: "The certificate is not for this host or this time (one that is out of its time is not looked at further, so its authority may be \
              an unknown one); nothing was sent. Raised once per outage, server and flaw, in place of ENTRA_UNREACHABLE or GRAPH_UNREACHABLE; ENTRA_RECOVERED or GRAPH_RECOVERED follows.",
};
