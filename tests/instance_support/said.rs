//! What an instance says, searched for secrets.

use serde_json::json;
use teams_presence_sync::instance::Instance;

use super::Host;

/// Everything that an instance can say, gathered as text.
pub(crate) struct Said(pub(crate) String);

impl Said {
    pub(crate) fn by(&mut self, instance: &Instance, host: &Host) {
        for seen in host.since(0) {
            self.0.push_str(&format!("{seen:?}\n"));
        }
        self.0.push_str(&instance.stats());
        self.0.push_str(&format!("{instance:?}"));
        for user in [None, Some("100")] {
            self.0.push_str(&instance.explain(user).unwrap_or_default());
        }
    }

    pub(crate) fn never_holds(&self, what: &str, secret: &str) {
        let mut spellings =
            vec![secret.to_owned(), json!(secret).to_string().trim_matches('"').to_owned(), format!("{secret:?}")];
        spellings.push(form_encoded(secret));
        for spelling in spellings {
            let bare = spelling.trim_matches('"');
            if let Some(at) = self.0.find(bare) {
                let from = self.0[..at].char_indices().rev().nth(200).map_or(0, |(from, _)| from);
                panic!("{what} was told: …{}", &self.0[from..at]);
            }
        }
    }
}

/// As a form would carry it.
pub(crate) fn form_encoded(secret: &str) -> String {
    url::form_urlencoded::byte_serialize(secret.as_bytes()).collect()
}
