//! Bodies as Graph posts them: like the one that the simulator sent, about others.

use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use teams_presence_sync::presence::Guid;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::graph::presence;

pub(crate) struct Template {
    /// A body with one item.
    pub(crate) body: Value,
    /// What the subscription was asked for with.
    pub(crate) subscription: Value,
}

pub(crate) struct Letters {
    template: Template,
    key: Option<OaepPublicEncryptingKey>,
}

impl Letters {
    pub(crate) fn new(template: Template) -> Letters {
        let certificate = template.subscription["encryptionCertificate"].as_str();
        let key = certificate.map(|text| {
            let der = STANDARD.decode(text).expect("base64");
            let (_, x509) = X509Certificate::from_der(&der).expect("a certificate");
            let key = PublicEncryptingKey::from_der(x509.public_key().raw).expect("an RSA key");
            OaepPublicEncryptingKey::new(key).expect("a key that encrypts")
        });
        Letters { template, key }
    }

    /// One post about these people, each after so many changes.
    pub(crate) fn body(&self, about: impl Iterator<Item = (Guid, usize)>) -> Vec<u8> {
        let mut body = self.template.body.clone();
        let like = body["value"][0].take();
        let items = about.map(|(id, changes)| {
            let (mut item, id) = (like.clone(), id.to_string());
            item["resource"] = format!("communications/presences/{id}").into();
            item["resourceData"]["id"] = id.as_str().into();
            item["resourceData"]["@odata.id"] = format!("users/{id}/presence").into();
            if let Some(key) = &self.key {
                let content = &mut item["encryptedContent"];
                for (name, value) in encrypt(presence(&id, changes).to_string().into_bytes(), key) {
                    content[name] = value.into();
                }
            }
            item
        });
        body["value"] = json!(items.collect::<Vec<_>>());
        body.to_string().into_bytes()
    }
}

/// As Graph does it: AES-256-CBC, HMAC-SHA-256, the key by RSA-OAEP with SHA-1.
fn encrypt(mut data: Vec<u8>, public: &OaepPublicEncryptingKey) -> [(&'static str, String); 3] {
    let mut key = [0; 32];
    rand::fill(&mut key).expect("random numbers");
    let vector: [u8; 16] = key[..16].try_into().expect("16 bytes");
    let cipher = UnboundCipherKey::new(&AES_256, &key).and_then(PaddedBlockEncryptingKey::cbc_pkcs7).expect("a cipher");
    cipher.less_safe_encrypt(&mut data, EncryptionContext::Iv128(FixedLength::from(vector))).expect("encrypted");
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &data);
    let mut sealed = vec![0; public.ciphertext_size()];
    let sealed = public.encrypt(&OAEP_SHA1_MGF1SHA1, &key, &mut sealed, None).expect("sealed");
    [
        ("data", STANDARD.encode(&data)),
        ("dataSignature", STANDARD.encode(signature.as_ref())),
        ("dataKey", STANDARD.encode(&*sealed)),
    ]
}
