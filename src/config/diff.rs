//! What a reload cannot take over.

use super::Config;

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
            ("state.dir", self.state != new.state),
            ("dispatch.mode", self.dispatch.mode != new.dispatch.mode),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
    }
}
