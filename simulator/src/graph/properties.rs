//! The properties of a user: which exist, which come by default, which a token may see.

use std::fmt;

use super::error::GraphError;
use super::literal::Literal;
use crate::directory::User;
use crate::entra::Claims;
use crate::guid;

/// A property that the simulator keeps a value for and can filter by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Property {
    Id,
    UserPrincipalName,
    Mail,
    DisplayName,
    ProxyAddresses,
    OtherMails,
    AccountEnabled,
    UserType,
}

/// A property's value.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Id(u128),
    Text(&'a str),
    List(&'a [String]),
    Bool(bool),
    Null,
}

const KEPT: [(&str, Property); 8] = [
    ("id", Property::Id),
    ("userPrincipalName", Property::UserPrincipalName),
    ("mail", Property::Mail),
    ("displayName", Property::DisplayName),
    ("proxyAddresses", Property::ProxyAddresses),
    ("otherMails", Property::OtherMails),
    ("accountEnabled", Property::AccountEnabled),
    ("userType", Property::UserType),
];

/// What comes without `$select`, in Graph's order.
const DEFAULT: [&str; 11] = [
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
];

/// Properties of which users here have no value.
const EMPTY: [&str; 29] = [
    "ageGroup",
    "city",
    "companyName",
    "consentProvidedForMinor",
    "country",
    "createdDateTime",
    "creationType",
    "department",
    "employeeId",
    "employeeType",
    "externalUserState",
    "faxNumber",
    "givenName",
    "jobTitle",
    "legalAgeGroupClassification",
    "mailNickname",
    "mobilePhone",
    "officeLocation",
    "onPremisesDomainName",
    "onPremisesImmutableId",
    "onPremisesSamAccountName",
    "onPremisesSyncEnabled",
    "onPremisesUserPrincipalName",
    "postalCode",
    "preferredLanguage",
    "state",
    "streetAddress",
    "surname",
    "usageLocation",
];

/// Collections of which users here have no element.
const EMPTY_LISTS: [&str; 6] =
    ["businessPhones", "imAddresses", "assignedLicenses", "assignedPlans", "identities", "provisionedPlans"];

/// Not to be had in a list of users.
const SINGLE_ONLY: [&str; 10] = [
    "aboutMe",
    "birthday",
    "hireDate",
    "interests",
    "mySite",
    "pastProjects",
    "preferredName",
    "responsibilities",
    "schools",
    "skills",
];

/// What `User.ReadBasic.All` shows.
const BASIC: [&str; 6] = ["id", "displayName", "givenName", "surname", "mail", "userPrincipalName"];

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(KEPT.iter().find(|(_, p)| p == self).map_or("", |(name, _)| name))
    }
}

impl Property {
    /// The property of a filter clause.
    pub(super) fn parse(name: &str) -> Result<Self, GraphError> {
        if let Some((_, property)) = KEPT.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
            return Ok(*property);
        }
        if exists(name).is_some() {
            return Err(GraphError::unsupported(format!(
                "Unsupported or invalid query filter clause specified for property '{name}'."
            )));
        }
        Err(GraphError::new(
            400,
            "BadRequest",
            format!("Invalid filter clause: Could not find a property named '{name}' on type 'microsoft.graph.user'."),
        ))
    }

    pub(super) fn is_collection(self) -> bool {
        matches!(self, Property::ProxyAddresses | Property::OtherMails)
    }

    /// Whether a literal can be compared with it.
    pub(super) fn accepts(self, literal: &Literal) -> Result<(), GraphError> {
        let fits = match (self, literal) {
            (Property::AccountEnabled, Literal::Bool(_)) | (Property::Mail | Property::DisplayName, Literal::Null) => true,
            (Property::AccountEnabled, _) | (_, Literal::Null | Literal::Bool(_)) => false,
            (Property::Id, Literal::Text(text)) if guid::parse(text).is_none() => {
                return Err(GraphError::bad(format!("Invalid object identifier '{text}'.")));
            }
            (_, Literal::Text(_)) => true,
        };
        if fits {
            Ok(())
        } else {
            Err(GraphError::new(400, "BadRequest", format!("{self} cannot be compared with {literal:?}.")))
        }
    }

    pub(super) fn of(self, user: &User) -> Value<'_> {
        match self {
            Property::Id => Value::Id(user.id),
            Property::UserPrincipalName => Value::Text(&user.user_principal_name),
            Property::Mail => user.mail.as_deref().map_or(Value::Null, Value::Text),
            Property::DisplayName => Value::Text(&user.display_name),
            Property::ProxyAddresses => Value::List(&user.proxy_addresses),
            Property::OtherMails => Value::List(&user.other_mails),
            Property::AccountEnabled => Value::Bool(user.enabled),
            Property::UserType => Value::Text(user.user_type.as_str()),
        }
    }

    /// Whether a basic permission shows it.
    pub(super) fn is_basic(self) -> bool {
        BASIC.contains(&self.to_string().as_str())
    }
}

#[derive(Debug, Clone, Copy)]
enum Column {
    Kept(&'static str, Property),
    Null(&'static str),
    EmptyList(&'static str),
}

impl Column {
    fn name(self) -> &'static str {
        match self {
            Column::Kept(name, _) | Column::Null(name) | Column::EmptyList(name) => name,
        }
    }
}

fn exists(name: &str) -> Option<Column> {
    let same = |n: &&&'static str| n.eq_ignore_ascii_case(name);
    if let Some(&(name, property)) = KEPT.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
        return Some(Column::Kept(name, property));
    }
    let empty = EMPTY.iter().chain(&SINGLE_ONLY).find(same).map(|n| Column::Null(n));
    empty.or_else(|| EMPTY_LISTS.iter().find(same).map(|n| Column::EmptyList(n)))
}

/// What an answer shows of each user.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    columns: Vec<Column>,
    /// As it stood in `$select`.
    pub(super) text: Option<String>,
}

impl Selection {
    /// Reads `$select`. `listing` is false for a single user.
    pub(super) fn parse(select: Option<&str>, listing: bool) -> Result<Self, GraphError> {
        let names: Vec<&str> = match select {
            None => DEFAULT.to_vec(),
            Some(text) => text.split(',').map(str::trim).filter(|n| !n.is_empty()).collect(),
        };
        let mut columns: Vec<Column> = Vec::new();
        for name in names {
            let column = exists(name).ok_or_else(|| {
                GraphError::new(
                    400,
                    "BadRequest",
                    format!("Parsing OData Select and Expand failed: Could not find a property named '{name}' on type 'microsoft.graph.user'."),
                )
            })?;
            if listing && SINGLE_ONLY.contains(&column.name()) {
                return Err(GraphError::new(
                    501,
                    "NotImplemented",
                    format!("'{name}' is not supported in a collection of users."),
                ));
            }
            if !columns.iter().any(|c| c.name() == column.name()) {
                columns.push(column);
            }
        }
        Ok(Self { columns, text: select.map(str::to_owned) })
    }

    /// Leaves only what the token may see: with a basic permission the rest is absent.
    pub(super) fn for_token(mut self, full: bool) -> Self {
        if !full {
            self.columns.retain(|c| BASIC.contains(&c.name()));
        }
        self
    }

    /// Leaves only the id told: whoever may not know what somebody is called gets nulls.
    pub(super) fn hidden(self) -> Self {
        let hide = |column: Column| match column {
            Column::Kept("id", _) => column,
            other => Column::Null(other.name()),
        };
        Self { columns: self.columns.into_iter().map(hide).collect(), text: self.text }.with_id()
    }

    /// Always the id, as delta queries do.
    pub(super) fn with_id(mut self) -> Self {
        if !self.columns.iter().any(|c| c.name() == "id") {
            self.columns.push(Column::Kept("id", Property::Id));
        }
        self
    }

    /// Appends a user's members, without the braces.
    pub(super) fn write(&self, out: &mut Vec<u8>, user: &User) {
        for (i, column) in self.columns.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            out.push(b'"');
            out.extend_from_slice(column.name().as_bytes());
            out.extend_from_slice(b"\":");
            // Writing into a Vec cannot fail.
            let _ = match column {
                Column::Null(_) => serde_json::to_writer(&mut *out, &()),
                Column::EmptyList(_) => serde_json::to_writer(&mut *out, &[(); 0]),
                Column::Kept(_, property) => match property.of(user) {
                    Value::Id(id) => {
                        out.push(b'"');
                        guid::write(out, id, false);
                        out.push(b'"');
                        Ok(())
                    }
                    Value::Text(text) => serde_json::to_writer(&mut *out, text),
                    Value::List(list) => serde_json::to_writer(&mut *out, list),
                    Value::Bool(value) => serde_json::to_writer(&mut *out, &value),
                    Value::Null => serde_json::to_writer(&mut *out, &()),
                },
            };
        }
    }
}

/// Whether the token sees users at all, and whether it sees all of their properties.
pub(super) fn sight(who: &Claims) -> Result<bool, GraphError> {
    const FULL: [&str; 4] = ["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
    if who.has(&FULL) {
        return Ok(true);
    }
    if who.has(&["User.ReadBasic.All"]) { Ok(false) } else { Err(GraphError::directory_denied()) }
}
