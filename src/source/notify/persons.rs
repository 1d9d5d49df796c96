//! Who is behind each account: one person can have one subscription of an app, and is told of nobody's presence but others'.

use std::sync::{Arc, Mutex, PoisonError};

use super::account::Account;
use crate::event::{Event, Kind};
use crate::presence::Guid;

/// The persons of all accounts. A clone is the same.
#[derive(Clone, Debug)]
pub struct Persons(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    accounts: Vec<Account>,
    /// Of each account, whose twin it was told to be, and as whom.
    told: Mutex<Vec<Option<(usize, Guid)>>>,
}

/// How one account stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Who is signed in, also while no token serves; `None`: nobody yet, or signed out, or nobody can tell from the token. Microsoft sends
    /// him nothing about himself: he is for [`Packing::owned_by`](super::Packing::owned_by).
    pub person: Option<Guid>,
    /// A token serves.
    pub signed_in: bool,
    /// The same person is signed in for this account, which comes before: this one must not subscribe.
    pub same_as: Option<Arc<str>>,
}

impl Standing {
    /// Whether it can subscribe now.
    pub fn usable(&self) -> bool {
        self.signed_in && self.same_as.is_none()
    }
}

impl Persons {
    /// Of these accounts, in this order: of two that are one person the first is used.
    pub fn new(accounts: Vec<Account>) -> Persons {
        let told = Mutex::new(vec![None; accounts.len()]);
        Persons(Arc::new(Inner { accounts, told }))
    }

    /// The accounts, in the order of [`Persons::look`].
    pub fn accounts(&self) -> &[Account] {
        &self.0.accounts
    }

    /// How each account stands now. Tells by an event which are the same person, once. Cheap: nothing is sent.
    pub fn look(&self) -> Vec<Standing> {
        let inner = &*self.0;
        let person = |account: &Account| account.client.tokens().person()?.parse::<Guid>().ok();
        let persons: Vec<Option<Guid>> = inner.accounts.iter().map(person).collect();
        let twins = twins(&persons);
        let news = {
            let mut told = inner.told.lock().unwrap_or_else(PoisonError::into_inner);
            let now = twins.iter().zip(&persons).map(|(twin, person)| twin.zip(*person));
            let news = now.zip(told.iter_mut()).enumerate().filter_map(|(index, (now, told))| {
                let other = now.filter(|now| *told != Some(*now)).map(|(other, _)| (index, other));
                *told = now;
                other
            });
            news.collect::<Vec<_>>()
        };
        for (index, other) in news {
            let (account, other) = (&inner.accounts[index], &inner.accounts[other]);
            let event = Event::new(Kind::SamePerson).with("account", &*account.name).with("other", &*other.name);
            account.client.reporter().event_now(event);
        }
        let standing = |((account, person), twin): ((&Account, Option<Guid>), Option<usize>)| Standing {
            person,
            signed_in: account.client.tokens().serving().is_some(),
            same_as: twin.map(|other| inner.accounts[other].name.clone()),
        };
        inner.accounts.iter().zip(persons).zip(twins).map(standing).collect()
    }
}

/// For each the first one before it that is the same person.
fn twins(persons: &[Option<Guid>]) -> Vec<Option<usize>> {
    let before = |(index, person): (usize, &Option<Guid>)| {
        let person = person.as_ref()?;
        persons[..index].iter().position(|other| other.as_ref() == Some(person))
    };
    persons.iter().enumerate().map(before).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_one_person_is_used() {
        let guid = |n: u8| Some(format!("aaaaaaaa-bbbb-cccc-dddd-{n:012}").parse::<Guid>().expect("a guid"));
        assert_eq!(twins(&[guid(1), guid(2), guid(1), guid(1), guid(2)]), [None, None, Some(0), Some(0), Some(1)]);
        assert_eq!(twins(&[None, None, guid(1), None]), [None; 4], "whom nobody knows yet is no twin");
        assert!(twins(&[]).is_empty());
    }

    #[test]
    fn who_is_usable() {
        let signed_in = Standing { signed_in: true, ..Standing::default() };
        assert!(signed_in.usable());
        assert!(!Standing::default().usable());
        assert!(!Standing { same_as: Some("main".into()), ..signed_in }.usable());
    }
}
