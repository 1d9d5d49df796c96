//! The users of a tenant, with a change log for delta queries.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::guid::IdMap;
use crate::{Error, guid};

/// Member or guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserType {
    /// A user of this tenant.
    #[default]
    Member,
    /// A user of another tenant, invited here. Its presence lives in the home tenant.
    Guest,
}

impl UserType {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            UserType::Member => "Member",
            UserType::Guest => "Guest",
        }
    }
}

/// What a user is made of. In an update, what is left out stays as it is.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UserSpec {
    /// The object id, a GUID; derived from the user principal name when left out.
    pub id: Option<String>,
    /// The user principal name; required for a new user.
    pub user_principal_name: Option<String>,
    /// The mail address; the user principal name when left out, null when empty.
    pub mail: Option<String>,
    /// The display name; the part before the @ when left out.
    pub display_name: Option<String>,
    /// Entries with their prefix (`SMTP:ann@contoso.test`); the mail address as primary when left out.
    pub proxy_addresses: Option<Vec<String>>,
    /// Other addresses, without prefix.
    pub other_mails: Option<Vec<String>>,
    /// `accountEnabled`.
    pub enabled: Option<bool>,
    /// `userType`.
    pub user_type: Option<UserType>,
    /// The password of user name and password sign-in; empty for a user without one.
    pub password: Option<String>,
    /// An AADSTS code that answers each sign-in of this user (50076 for MFA, 50055, 53003, ...); 0 for none.
    pub sign_in_error: Option<u32>,
}

impl std::fmt::Debug for UserSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserSpec")
            .field("id", &self.id)
            .field("user_principal_name", &self.user_principal_name)
            .field("mail", &self.mail)
            .finish_non_exhaustive()
    }
}

/// Many users after one pattern.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BulkSpec {
    /// How many.
    pub count: u32,
    /// The user principal name; `{n}` becomes the number.
    pub pattern: String,
    /// The first number.
    #[serde(default = "one")]
    pub first: u32,
}

fn one() -> u32 {
    1
}

#[derive(Default)]
pub(crate) struct SignIn {
    pub(crate) password: Option<String>,
    pub(crate) error: u32,
    pub(crate) failures: u32,
    pub(crate) locked_until: Millis,
    pub(crate) password_set: Millis,
}

/// A directory object.
pub(crate) struct User {
    pub(crate) id: u128,
    pub(crate) user_principal_name: String,
    pub(crate) mail: Option<String>,
    pub(crate) display_name: String,
    pub(crate) proxy_addresses: Vec<String>,
    pub(crate) other_mails: Vec<String>,
    pub(crate) enabled: bool,
    pub(crate) user_type: UserType,
    pub(crate) sign_in: Option<Box<SignIn>>,
    pub(crate) deleted: bool,
    /// The number of the last change of this user.
    pub(crate) changed: u64,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &guid::text(self.id)).field("upn", &self.user_principal_name).finish_non_exhaustive()
    }
}

/// The users. A user keeps its index for life, so that an index is a stable place in a paged listing.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    seed: u128,
    users: Vec<User>,
    by_id: IdMap<u32>,
    by_upn: HashMap<String, u32>,
    change: u64,
}

impl Directory {
    /// `seed` keeps the derived ids of two directories apart.
    pub(crate) fn new(seed: u128) -> Self {
        Self { seed, ..Self::default() }
    }

    pub(crate) fn users(&self) -> &[User] {
        &self.users
    }

    pub(crate) fn get(&self, index: u32) -> Option<&User> {
        self.users.get(index as usize).filter(|u| !u.deleted)
    }

    pub(crate) fn change(&self) -> u64 {
        self.change
    }

    pub(crate) fn index_of_id(&self, id: u128) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// Finds a living user by object id or user principal name.
    pub(crate) fn find(&self, key: &str) -> Option<u32> {
        let index = guid::parse(key).and_then(|id| self.index_of_id(id));
        index.or_else(|| self.by_upn.get(&key.to_lowercase()).copied()).filter(|&i| self.get(i).is_some())
    }

    pub(crate) fn reserve(&mut self, count: usize) {
        self.users.reserve(count);
        self.by_id.reserve(count);
        self.by_upn.reserve(count);
    }

    pub(crate) fn add(&mut self, spec: &UserSpec, now: Millis) -> Result<u32, Error> {
        let upn = spec.user_principal_name.clone().filter(|u| !u.is_empty());
        let upn = upn.ok_or_else(|| Error::Argument("user: user_principal_name is missing".to_owned()))?;
        let key = upn.to_lowercase();
        if self.by_upn.contains_key(&key) {
            return Err(Error::Argument(format!("user: {upn} exists already")));
        }
        let id = match &spec.id {
            Some(text) => guid::parse_named("user id", text)?,
            // Somebody deleted may have had the derived id.
            None => Some(guid::derived(&format!("{} {key}", self.seed)))
                .filter(|id| !self.by_id.contains_key(id))
                .unwrap_or_else(guid::fresh),
        };
        if self.by_id.contains_key(&id) {
            return Err(Error::Argument(format!("user: id {} is taken", guid::text(id))));
        }
        let index = u32::try_from(self.users.len()).map_err(|_| Error::Argument("too many users".to_owned()))?;
        let mail = spec.mail.clone().unwrap_or_else(|| upn.clone());
        let name = upn.split('@').next().unwrap_or(&upn).to_owned();
        self.users.push(User {
            id,
            proxy_addresses: if mail.is_empty() { Vec::new() } else { vec![format!("SMTP:{mail}")] },
            mail: None,
            display_name: name,
            user_principal_name: upn,
            other_mails: Vec::new(),
            enabled: true,
            user_type: UserType::Member,
            sign_in: None,
            deleted: false,
            changed: 0,
        });
        self.by_id.insert(id, index);
        self.by_upn.insert(key, index);
        let rest = UserSpec { mail: Some(mail), user_principal_name: None, ..spec.clone() };
        self.update(index, &rest, now)?;
        Ok(index)
    }

    pub(crate) fn update(&mut self, index: u32, spec: &UserSpec, now: Millis) -> Result<(), Error> {
        let Some(user) = self.users.get_mut(index as usize) else {
            return Err(Error::Argument(format!("no user with index {index}")));
        };
        if let Some(upn) = spec.user_principal_name.as_ref().filter(|u| !u.is_empty()) {
            let (old, new) = (user.user_principal_name.to_lowercase(), upn.to_lowercase());
            if self.by_upn.get(&new).is_some_and(|&other| other != index) {
                return Err(Error::Argument(format!("user: {upn} exists already")));
            }
            self.by_upn.remove(&old);
            self.by_upn.insert(new, index);
            user.user_principal_name.clone_from(upn);
        }
        if let Some(mail) = &spec.mail {
            user.mail = Some(mail.clone()).filter(|m| !m.is_empty());
        }
        if let Some(name) = &spec.display_name {
            user.display_name.clone_from(name);
        }
        if let Some(list) = &spec.proxy_addresses {
            user.proxy_addresses.clone_from(list);
        }
        if let Some(list) = &spec.other_mails {
            user.other_mails.clone_from(list);
        }
        user.enabled = spec.enabled.unwrap_or(user.enabled);
        user.user_type = spec.user_type.unwrap_or(user.user_type);
        if let Some(password) = &spec.password {
            let sign_in = user.sign_in.get_or_insert_default();
            sign_in.password = Some(password.clone()).filter(|p| !p.is_empty());
            sign_in.password_set = now;
            sign_in.failures = 0;
            sign_in.locked_until = Millis::MIN;
        }
        if let Some(code) = spec.sign_in_error {
            user.sign_in.get_or_insert_default().error = code;
        }
        self.change += 1;
        user.changed = self.change;
        Ok(())
    }

    pub(crate) fn sign_in_mut(&mut self, index: u32) -> Option<&mut SignIn> {
        self.users.get_mut(index as usize).map(|u| &mut **u.sign_in.get_or_insert_default())
    }

    pub(crate) fn delete(&mut self, index: u32) {
        let Some(user) = self.users.get_mut(index as usize).filter(|u| !u.deleted) else { return };
        self.by_upn.remove(&user.user_principal_name.to_lowercase());
        user.deleted = true;
        self.change += 1;
        user.changed = self.change;
    }
}
