//! What becomes of the subscriptions that Graph lists when we do not know what there is.

use std::sync::Arc;

use super::held::{ClientState, Held, Terms};
use super::lease::Lease;
use crate::graph::subscriptions::Subscription;
use crate::presence::Guid;
use crate::time::Moment;

/// Subscriptions that one look may end. An account has one of an application to presence.
const MOST_STRAY: usize = 20;

/// Why Graph is asked what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// An answer was lost, or one may have outlived its time.
    Lost,
    /// One is in the way; this one, if Graph named it.
    Conflict(Option<Guid>),
}

/// What a look found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// One that is what is wished for, to be proved by a renewal.
    pub(super) taken: Option<Lease>,
    /// To be ended.
    pub(super) stray: Vec<Guid>,
}

impl Survey {
    /// `wished`: what a subscription is to be, if there is to be one. `url`: where our notifications go. Subscriptions that are not about
    /// presence are left alone, whatever happens; those with another address too, unless one of them is in the way.
    pub(super) fn of(found: &[Subscription], look: Look, wished: Option<&Arc<Terms>>, url: Option<&str>, now: Moment) -> Survey {
        let mut out = Survey::default();
        let named = match look {
            Look::Conflict(Some(id)) if found.iter().any(|it| it.id == Some(id)) => Some(id),
            _ => None,
        };
        for it in found.iter().filter(|it| it.is_of_presence()) {
            let Some(id) = it.id else { continue };
            if out.taken.is_none() {
                out.taken = wished.and_then(|terms| take_over(it, terms, now));
                if out.taken.is_some() {
                    continue;
                }
            }
            let ours = url.is_some() && it.url.as_deref() == url;
            let in_the_way = match (look, named) {
                (Look::Lost, _) => ours,
                (Look::Conflict(_), Some(named)) => ours || id == named,
                (Look::Conflict(_), None) => true,
            };
            if in_the_way && out.stray.len() < MOST_STRAY {
                out.stray.push(id);
            }
        }
        // Graph named one that it does not list.
        if let (Look::Conflict(Some(id)), None, None, true) = (look, named, &out.taken, out.stray.is_empty()) {
            out.stray.push(id);
        }
        out
    }
}

/// Graph tells the secret of what it lists to whom it belongs; where it keeps it back, nothing of its notifications could be believed.
fn take_over(found: &Subscription, terms: &Arc<Terms>, now: Moment) -> Option<Lease> {
    let client_state = ClientState::of(found.client_state.as_deref()?)?;
    let held = Held { id: found.id?, client_state, terms: terms.clone(), expires_at_ms: found.expires_at_ms? };
    terms.describe(found).then(|| Lease::taken_over(held, now)).flatten()
}
