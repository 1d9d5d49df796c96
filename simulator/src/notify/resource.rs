//! What a subscription watches: one user's presence, or a list of users.

use std::collections::HashSet;

use super::oddity::{FilterQuotes, NotifyOddities};
use crate::guid;

/// A resource as it was asked for, and what it means.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    /// As in the request.
    pub(crate) text: String,
    /// Distinct users, in the order of the request.
    pub(crate) users: Vec<u128>,
    set: HashSet<u128>,
}

impl Resource {
    /// Reads `communications/presences/{id}` and `/communications/presences?$filter=id in ('{id}',...)`.
    pub(crate) fn parse(text: &str, odd: &NotifyOddities) -> Result<Self, String> {
        if text.contains("://") {
            return Err("The resource must not contain the base URL.".to_owned());
        }
        let path = text.strip_prefix('/').unwrap_or(text);
        let rest =
            path.strip_prefix("communications/presences").ok_or_else(|| format!("Unsupported resource '{}'.", short(text)))?;
        let ids = if let Some(id) = rest.strip_prefix('/') {
            vec![guid::parse(id).ok_or_else(|| format!("'{}' is not the id of a user.", short(id)))?]
        } else if let Some(query) = rest.strip_prefix('?') {
            let list = query.strip_prefix("$filter=").ok_or("The resource supports $filter only.")?;
            // A list of ids has none; what follows it would be a second option.
            if list.contains('&') {
                return Err("The resource supports $filter only.".to_owned());
            }
            filter(list, odd.filter_quotes)?
        } else {
            return Err(format!("Unsupported resource '{}'. Name a user, or users by $filter=id in (...).", short(text)));
        };
        let mut set = HashSet::with_capacity(ids.len());
        let users: Vec<u128> = ids.into_iter().filter(|id| set.insert(*id)).collect();
        if users.len() > odd.max_users {
            return Err(format!("{} users in one subscription; at most {} are allowed.", users.len(), odd.max_users));
        }
        Ok(Self { text: text.to_owned(), users, set })
    }

    pub(crate) fn holds(&self, user: u128) -> bool {
        self.set.contains(&user)
    }

    /// Watches this user no more.
    pub(crate) fn ignore(&mut self, user: u128) {
        self.set.remove(&user);
    }

    /// The resource as some notifications show it: without the first slash, the query encoded.
    pub(crate) fn encoded(&self) -> String {
        let text = self.text.trim_start_matches('/');
        match text.split_once("?$filter=") {
            None => text.to_owned(),
            Some((path, filter)) => {
                let filter = filter.replace(' ', "+").replace('\'', "%27");
                format!("{path}?$filter={filter}")
            }
        }
    }
}

/// `id in ('{id}','{id}')`, also without the quotes.
fn filter(text: &str, quotes: FilterQuotes) -> Result<Vec<u128>, String> {
    let wrong = || format!("Invalid filter clause '{}'.", short(text));
    let list = text.strip_prefix("id in ").map(str::trim).ok_or_else(wrong)?;
    let list = list.strip_prefix('(').and_then(|l| l.strip_suffix(')')).ok_or_else(wrong)?;
    let quoted = list.contains('\'');
    if quoted && quotes == FilterQuotes::Unquoted || !quoted && quotes == FilterQuotes::Quoted {
        return Err(wrong());
    }
    let id = |part: &str| {
        let part = part.trim();
        let bare = if quoted { part.strip_prefix('\'').and_then(|p| p.strip_suffix('\'')).ok_or_else(wrong)? } else { part };
        guid::parse(bare).ok_or_else(|| format!("'{}' is not the id of a user.", short(bare)))
    };
    list.split(',').map(id).collect()
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "11111111-2222-3333-4444-555555555555";
    const B: &str = "66666666-7777-8888-9999-000000000000";

    fn users(text: &str) -> Option<usize> {
        Resource::parse(text, &NotifyOddities::default()).ok().map(|r| r.users.len())
    }

    #[test]
    fn both_forms_are_read() {
        for (text, count) in [
            (format!("communications/presences/{A}"), 1),
            (format!("/communications/presences/{A}"), 1),
            (format!("/communications/presences?$filter=id in ('{A}')"), 1),
            (format!("communications/presences?$filter=id in ('{A}', '{B}')"), 2),
            (format!("communications/presences?$filter=id in ({A},{B})"), 2),
            (format!("communications/presences?$filter=id in ({A},{B},{})", A.to_uppercase()), 2),
        ] {
            assert_eq!(users(&text), Some(count), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            String::new(),
            "communications/presences".into(),
            "communications/presences/".into(),
            "communications/presences/ann@contoso.test".into(),
            "communications/presences?$filter=id in ()".into(),
            format!("https://graph.microsoft.com/v1.0/communications/presences/{A}"),
            format!("communications/presences/{A}?$select=availability"),
            format!("communications/presences?$filter=id in ('{A}')&$select=id"),
            format!("communications/presences?$filter=id eq '{A}'"),
            format!("communications/presences?$filter=id in ('{A}',{B})"),
            format!("communications/presences?$filter=id in ('{A}'"),
            format!("communications/presences?$filter=id in ('{A}',)"),
            format!("//communications/presences/{A}"),
            format!("users/{A}/presence"),
        ] {
            assert_eq!(users(&text), None, "{text}");
        }
        let many = |count: u128| (0..count).map(|n| guid::text(n + 1)).collect::<Vec<_>>().join("','");
        assert_eq!(users(&format!("communications/presences?$filter=id in ('{}')", many(650))), Some(650));
        assert_eq!(users(&format!("communications/presences?$filter=id in ('{}')", many(651))), None);
    }

    #[test]
    fn notifications_show_it_encoded() {
        let resource = Resource::parse(&format!("/communications/presences?$filter=id in ('{A}')"), &NotifyOddities::default());
        let encoded = resource.expect("a resource").encoded();
        assert_eq!(encoded, format!("communications/presences?$filter=id+in+(%27{A}%27)"));
    }
}
