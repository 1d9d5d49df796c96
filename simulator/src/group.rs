//! The groups of a tenant. Members are users and other groups; a circle of groups is possible in Entra, too.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::directory::Directory;
use crate::{Error, guid};

/// What a group is made of. In an update, what is left out stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GroupSpec {
    /// The object id, a GUID; derived from the display name when left out.
    pub id: Option<String>,
    /// The display name; required for a new group.
    pub display_name: Option<String>,
    /// Users, by object id or user principal name; in an update they replace the old ones.
    pub users: Option<Vec<String>>,
    /// Groups in it, by object id or display name; in an update they replace the old ones.
    pub groups: Option<Vec<String>>,
}

/// A member of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Member {
    /// A user, by his index.
    User(u32),
    /// A group, by its index.
    Group(usize),
}

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: u128,
    pub(crate) display_name: String,
    members: Vec<Member>,
}

/// The groups. None is ever deleted, so that an index is a stable place.
#[derive(Debug, Default)]
pub(crate) struct Groups(Vec<Group>);

impl Groups {
    pub(crate) fn get(&self, index: usize) -> Option<&Group> {
        self.0.get(index)
    }

    pub(crate) fn index_of_id(&self, id: u128) -> Option<usize> {
        self.0.iter().position(|group| group.id == id)
    }

    fn find(&self, key: &str) -> Option<usize> {
        let by_id = guid::parse(key).and_then(|id| self.index_of_id(id));
        by_id.or_else(|| self.0.iter().position(|group| group.display_name == key))
    }

    /// Adds a group, or updates the one of this id or name. Answers its id.
    pub(crate) fn put(&mut self, spec: &GroupSpec, directory: &Directory) -> Result<u128, Error> {
        let key = spec.id.as_deref().or(spec.display_name.as_deref());
        let key = key.ok_or_else(|| Error::Argument("group: neither id nor display_name".to_owned()))?;
        let known = self.find(key);
        // Everybody is found before anything changes.
        let user = |key: &String| directory.find(key).map(Member::User).ok_or_else(|| no("user", key));
        let group = |key: &String| self.find(key).map(Member::Group).ok_or_else(|| no("group", key));
        let users = spec.users.as_ref().map(|keys| keys.iter().map(user).collect::<Result<Vec<_>, _>>()).transpose()?;
        let groups = spec.groups.as_ref().map(|keys| keys.iter().map(group).collect::<Result<Vec<_>, _>>()).transpose()?;
        let index = match known {
            Some(index) => index,
            None => {
                let name = spec.display_name.clone();
                let display_name = name.ok_or_else(|| Error::Argument("group: display_name is missing".to_owned()))?;
                let id = match &spec.id {
                    Some(text) => guid::parse_named("group id", text)?,
                    None => guid::derived(&format!("group {display_name}")),
                };
                self.0.push(Group { id, display_name, members: Vec::new() });
                self.0.len() - 1
            }
        };
        let group = &mut self.0[index];
        if let Some(name) = &spec.display_name {
            group.display_name.clone_from(name);
        }
        let (old_users, old_groups) = group.members.iter().partition(|member| matches!(member, Member::User(_)));
        group.members = users.unwrap_or(old_users);
        group.members.extend(groups.unwrap_or(old_groups));
        Ok(group.id)
    }

    /// The members of a group; `nested`: those of the groups in it as well, each once and never the group itself.
    pub(crate) fn members(&self, index: usize, nested: bool) -> Vec<Member> {
        let mut met = HashSet::from([Member::Group(index)]);
        let mut all: Vec<Member> = Vec::new();
        let mut open = vec![index];
        while let Some(group) = open.pop().and_then(|index| self.get(index)) {
            for member in group.members.iter().copied().filter(|member| met.insert(*member)) {
                all.push(member);
                if let (Member::Group(inner), true) = (member, nested) {
                    open.push(inner);
                }
            }
        }
        all
    }
}

fn no(what: &str, key: &str) -> Error {
    Error::Argument(format!("group: no {what} {key:?}"))
}
