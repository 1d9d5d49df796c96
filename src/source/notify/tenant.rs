//! The tenant whose notifications are ours.

use std::sync::{Arc, OnceLock};

use crate::presence::Guid;

/// Its id. The configuration may name a tenant by a domain; then the first token that serves tells the id, before there is a subscription that
/// could be told of anything. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Tenant(Arc<OnceLock<Guid>>);

impl Tenant {
    /// As the configuration names it: an id, or a domain.
    pub fn named(name: &str) -> Tenant {
        Tenant::from(name.parse::<Guid>().ok())
    }

    /// The id; `None` as long as nobody has told it.
    pub fn id(&self) -> Option<Guid> {
        self.0.get().copied()
    }

    /// A token says for which tenant it was issued. The first one counts, and none where the configuration has the id.
    pub(super) fn learn(&self, issued_for: Option<&str>) {
        if let Some(id) = issued_for.and_then(|id| id.parse().ok()) {
            let _ = self.0.set(id);
        }
    }
}

impl From<Option<Guid>> for Tenant {
    fn from(id: Option<Guid>) -> Tenant {
        Tenant(Arc::new(id.map_or_else(OnceLock::new, OnceLock::from)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_goes_before_tokens_and_the_first_token_before_others() {
        let id = "11111111-2222-3333-4444-555555555555";
        let other = "66666666-7777-8888-9999-000000000000";
        let by_id = Tenant::named(id);
        by_id.learn(Some(other));
        assert_eq!(by_id.id(), id.parse().ok());
        let by_domain = Tenant::named("contoso.test");
        by_domain.learn(None);
        by_domain.learn(Some("opaque"));
        assert_eq!(by_domain.id(), None);
        by_domain.clone().learn(Some(other));
        by_domain.learn(Some(id));
        assert_eq!(by_domain.id(), other.parse().ok());
    }
}
