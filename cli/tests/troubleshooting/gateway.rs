//! What may stand between a machine and Microsoft: servers with other certificates, and proxies.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256, SanType, date_time_ymd};
use rustls_pki_types::PrivateKeyDer;

/// A certificate authority.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

pub(crate) fn authority(name: &str) -> Authority {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let pem = params.self_signed(&key).expect("an authority").pem();
    Authority { pem, issuer: Issuer::new(params, key) }
}

/// The certificate of a server on loopback.
pub(crate) struct Shown {
    /// In place of 127.0.0.1.
    pub(crate) name: Option<&'static str>,
    pub(crate) expired: bool,
}

/// A TLS server that shows this certificate and closes. Answers its address.
pub(crate) fn server(authority: &Authority, shown: &Shown) -> String {
    let key = KeyPair::generate().expect("a key");
    let mut leaf = CertificateParams::default();
    leaf.subject_alt_names.push(match shown.name {
        Some(name) => SanType::DnsName(name.try_into().expect("a name")),
        None => SanType::IpAddress("127.0.0.1".parse().expect("an address")),
    });
    leaf.distinguished_name.push(DnType::CommonName, shown.name.unwrap_or("gateway"));
    leaf.not_before = date_time_ymd(2020, 1, 1);
    leaf.not_after = if shown.expired { date_time_ymd(2020, 2, 1) } else { date_time_ymd(2120, 1, 1) };
    let cert = leaf.signed_by(&key, &authority.issuer).expect("a certificate");
    let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .expect("a server");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut session = rustls::ServerConnection::new(config.clone()).expect("a session");
            // The client ends it.
            let _ = session.complete_io(&mut stream);
        }
    });
    url
}

/// A proxy that answers everything with these bytes. Answers its address.
pub(crate) fn proxy(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut head = [0; 4096];
                while let Ok(1..) = stream.read(&mut head) {
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

/// A certificate for sign-in, and its key.
pub(crate) fn client_certificate() -> (String, String) {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key");
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "pbx");
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2120, 1, 1);
    (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
}
