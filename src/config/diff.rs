//! What a reload cannot take over.

use super::{Config, KeyPair, Notifications, SecretSource};

impl Config {
    /// The keys in which `new` differs and that a running instance cannot take over, in the order of the tables. Everything else is
    /// taken over by a reload. Which key is which stands in the tables (`Reload`); a test compares.
    pub fn restart_keys(&self, new: &Config) -> Vec<&'static str> {
        let differs = [
            ("mode", self.mode != new.mode),
            ("tenant_id", self.tenant_id != new.tenant_id),
            ("client_id", self.client_id != new.client_id),
            ("name", self.name != new.name),
            ("cloud", self.cloud != new.cloud),
            ("endpoints.login", self.endpoints.login != new.endpoints.login),
            ("endpoints.graph", self.endpoints.graph != new.endpoints.graph),
            ("endpoints.metadata", self.endpoints.metadata != new.endpoints.metadata),
            ("tls.ca_file", self.tls != new.tls),
            ("proxy", self.proxy != new.proxy),
            ("source.mode", self.source.mode != new.source.mode),
            ("auth.method", self.changes_persons(new)),
            ("state.dir", self.state != new.state),
            ("dispatch.mode", self.dispatch.mode != new.dispatch.mode),
        ];
        let more = match (&self.source.notifications, &new.source.notifications) {
            (Some(old), Some(new)) => old.differs(new).to_vec(),
            // Then the mode differs, which says it all.
            _ => Vec::new(),
        };
        differs.into_iter().chain(more).filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
    }

    /// With notifications, who subscribes is known from the start.
    fn changes_persons(&self, new: &Config) -> bool {
        let app_only = |config: &Config| config.auth.method.name().is_app_only();
        self.source.notifications.is_some() && new.source.notifications.is_some() && app_only(self) != app_only(new)
    }
}

impl Notifications {
    fn differs(&self, new: &Notifications) -> [(&'static str, bool); 8] {
        let address = |it: &Notifications| it.listener.as_ref().map(|listener| listener.address);
        let (old_tls, new_tls) = (halves(self.tls()), halves(new.tls()));
        let (old_pair, new_pair) = (halves(self.key_pair.as_ref()), halves(new.key_pair.as_ref()));
        [
            ("source.notifications.url", self.url != new.url),
            ("source.notifications.content", self.content != new.content),
            ("source.notifications.listener.address", address(self) != address(new)),
            ("source.notifications.listener.certificate", old_tls.0 != new_tls.0),
            ("source.notifications.listener.key", old_tls.1 != new_tls.1),
            ("source.notifications.certificate", old_pair.0 != new_pair.0),
            ("source.notifications.key", old_pair.1 != new_pair.1),
            ("source.notifications.accounts", self.accounts != new.accounts),
        ]
    }

    fn tls(&self) -> Option<&KeyPair> {
        self.listener.as_ref().and_then(|listener| listener.tls.as_ref())
    }
}

fn halves(pair: Option<&KeyPair>) -> (Option<&SecretSource>, Option<&SecretSource>) {
    (pair.map(|pair| &pair.certificate), pair.map(|pair| &pair.key))
}
