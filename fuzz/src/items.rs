//! A body built of right and wrong parts, up to the largest that Graph could send.

use arbitrary::{Arbitrary, Result, Unstructured};
use serde_json::{Value, json};
use teams_presence_sync::presence::Guid;
use teams_presence_sync::source::notify::{ItemKind, Lifecycle, MAX_BODY, MAX_DEPTH, MAX_ITEMS, MAX_TOKEN, MAX_TOKENS};

use super::body;
use super::edit::{Edit, edited};
use super::mostly::{Mostly, is_odd};
use super::ours::{self, FIRST, FIRST_STATE, NEW_STATE, SECOND, SECOND_STATE, TENANT, USER};

#[derive(Arbitrary, Debug)]
struct Post {
    entries: Vec<Entry>,
    times: Mostly<Times>,
    tokens: Mostly<Tokens>,
    tenant_known: bool,
    byte_order_mark: bool,
    deep: Mostly<u8>,
    edits: Mostly<Vec<Edit>>,
}

/// How many entries there are, the given ones over and over.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
enum Times {
    #[default]
    Once,
    AFew(u8),
    Many(u16),
}

#[derive(Arbitrary, Debug, Default)]
enum Tokens {
    #[default]
    Missing,
    Null,
    Some(Vec<u16>),
    Many(u8),
}

#[derive(Debug)]
enum Entry {
    Item(Box<Item>),
    Odd(Odd),
}

/// An entry that is none.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Odd {
    Null,
    Number,
    Text,
    List,
    /// The members of an item without their names.
    Bare,
}

#[derive(Arbitrary, Debug)]
struct Item {
    id: Mostly<Id>,
    state: Mostly<State>,
    tenant: Mostly<Tenant>,
    organization: Mostly<Tenant>,
    change: Mostly<Change>,
    lifecycle: Mostly<LifecycleEvent>,
    data: Mostly<Data>,
    resource: Mostly<Resource>,
    content: Content,
    /// `subscriptionId` stands twice.
    double: Mostly<bool>,
}

#[derive(Arbitrary, Clone, Copy, Debug, Default)]
enum Id {
    #[default]
    First,
    Second,
    Upper,
    Spaced,
    Stranger(u64),
    Missing,
    Null,
    Number(i64),
    Cut(u8),
}

#[derive(Arbitrary, Debug, Default)]
enum State {
    #[default]
    First,
    Second,
    New,
    Escaped,
    Cut(u8),
    Longer(String),
    Upper,
    Empty,
    Missing,
    Null,
    Number(i64),
    Long(u16),
    List,
}

#[derive(Arbitrary, Clone, Copy, Debug, Default)]
enum Tenant {
    #[default]
    Ours,
    Upper,
    Other(u8),
    Missing,
    Null,
    Cut(u8),
}

#[derive(Arbitrary, Clone, Copy, Debug, Default)]
enum Change {
    #[default]
    Updated,
    Upper,
    Deleted,
    Number,
    Missing,
    Null,
}

#[derive(Arbitrary, Debug, Default)]
enum LifecycleEvent {
    #[default]
    Missing,
    Null,
    Empty,
    Reauthorize,
    RemovedUpper,
    Missed,
    Odd(u8),
}

#[derive(Arbitrary, Clone, Copy, Debug, Default)]
enum Data {
    #[default]
    Id,
    OdataId,
    Filter,
    Odd,
    Null,
    Missing,
}

#[derive(Arbitrary, Clone, Copy, Debug, Default)]
enum Resource {
    #[default]
    Person,
    Filter,
    Missing,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Content {
    Missing,
    Null,
    /// Lengths of data, signature, key, label.
    Whole(u16, u8, u16, u16),
    Without(u8),
    HugeData,
}

impl<'a> Arbitrary<'a> for Entry {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Entry> {
        if is_odd(u)? { Odd::arbitrary(u).map(Entry::Odd) } else { Box::arbitrary(u).map(Entry::Item) }
    }
}

pub fn run(data: &[u8]) -> bool {
    Post::arbitrary_take_rest(Unstructured::new(data)).is_ok_and(|post| post.check())
}

impl Id {
    fn value(self) -> Option<Value> {
        Some(match self {
            Id::First => json!(FIRST.to_string()),
            Id::Second => json!(SECOND.to_string()),
            Id::Upper => json!(FIRST.to_string().to_uppercase()),
            Id::Spaced => json!(format!(" {FIRST} ")),
            Id::Stranger(number) => json!(Guid(u128::from(number)).to_string()),
            Id::Missing => return None,
            Id::Null => Value::Null,
            Id::Number(number) => json!(number),
            Id::Cut(at) => json!(FIRST.to_string()[..usize::from(at) % 36]),
        })
    }

    fn expected(self) -> Option<Guid> {
        match self {
            Id::First | Id::Upper | Id::Spaced => Some(FIRST),
            Id::Second => Some(SECOND),
            Id::Stranger(number) => Some(Guid(u128::from(number))),
            Id::Missing | Id::Null | Id::Number(_) | Id::Cut(_) => None,
        }
    }
}

impl State {
    fn value(&self) -> Option<Value> {
        match self {
            State::Missing => None,
            State::Null => Some(Value::Null),
            State::Number(number) => Some(json!(number)),
            State::List => Some(json!([FIRST_STATE])),
            _ => self.text().map(Value::from),
        }
    }

    fn text(&self) -> Option<String> {
        Some(match self {
            State::First | State::Escaped => FIRST_STATE.to_owned(),
            State::Second => SECOND_STATE.to_owned(),
            State::New => NEW_STATE.to_owned(),
            State::Cut(at) => FIRST_STATE[..usize::from(*at) % FIRST_STATE.len()].to_owned(),
            State::Longer(more) => format!("{FIRST_STATE}{more}"),
            State::Upper => FIRST_STATE.to_uppercase(),
            State::Empty => String::new(),
            State::Long(length) => "s".repeat(usize::from(*length)),
            State::Missing | State::Null | State::Number(_) | State::List => return None,
        })
    }
}

impl Tenant {
    fn value(self) -> Option<Value> {
        Some(match self {
            Tenant::Ours => json!(TENANT.to_string()),
            Tenant::Upper => json!(TENANT.to_string().to_uppercase()),
            Tenant::Other(number) => json!(Guid(u128::from(number)).to_string()),
            Tenant::Missing => return None,
            Tenant::Null => Value::Null,
            Tenant::Cut(at) => json!(TENANT.to_string()[..usize::from(at) % 36]),
        })
    }

    fn expected(self) -> Option<Guid> {
        match self {
            Tenant::Ours | Tenant::Upper => Some(TENANT),
            Tenant::Other(number) => Some(Guid(u128::from(number))),
            Tenant::Missing | Tenant::Null | Tenant::Cut(_) => None,
        }
    }
}

impl Content {
    fn value(self) -> Option<Value> {
        let whole = |lengths: [usize; 4]| {
            let [data, signature, key, label] = lengths.map(|length| "A".repeat(length));
            json!({ "data": data, "dataSignature": signature, "dataKey": key, "encryptionCertificateId": label,
                "encryptionCertificateThumbprint": "07293748CC06" })
        };
        Some(match self {
            Content::Missing => return None,
            Content::Null => Value::Null,
            Content::Whole(data, signature, key, label) => {
                whole([data.into(), signature.into(), usize::from(key % 2_000), usize::from(label % 1_000)])
            }
            Content::Without(field) => {
                let mut content = whole([600, 44, 344, 36]);
                let name = ["data", "dataSignature", "dataKey", "encryptionCertificateId"][usize::from(field) % 4];
                content.as_object_mut().expect("an object").remove(name);
                content
            }
            Content::HugeData => whole([(512 << 10) + 1, 44, 344, 36]),
        })
    }

    /// Whether it is kept, by the limits that `docs/security.md` states.
    fn is_whole(self) -> bool {
        matches!(self, Content::Whole(_, signature, key, label)
            if signature <= 128 && key % 2_000 <= 1_500 && label % 1_000 <= 512)
    }
}

impl Item {
    fn json(&self) -> String {
        let path = format!("users/{USER}/presence");
        let filter = format!("communications/presences?$filter=id in ('{TENANT}','{USER}')");
        let change = match *self.change {
            Change::Updated => Some(json!("updated")),
            Change::Upper => Some(json!("UPDATED")),
            Change::Deleted => Some(json!("deleted")),
            Change::Number => Some(json!(7)),
            Change::Null => Some(Value::Null),
            Change::Missing => None,
        };
        let lifecycle = match *self.lifecycle {
            LifecycleEvent::Missing => None,
            LifecycleEvent::Null => Some(Value::Null),
            LifecycleEvent::Empty => Some(json!(" ")),
            LifecycleEvent::Reauthorize => Some(json!("reauthorizationRequired")),
            LifecycleEvent::RemovedUpper => Some(json!("SUBSCRIPTIONREMOVED")),
            LifecycleEvent::Missed => Some(json!("missed")),
            LifecycleEvent::Odd(number) => Some(json!(format!("odd{number}"))),
        };
        let data = match *self.data {
            Data::Id => Some(json!({ "@odata.type": "#microsoft.graph.presence", "id": USER.to_string() })),
            Data::OdataId => Some(json!({ "id": null, "@odata.id": path })),
            Data::Filter => Some(json!({ "@odata.id": filter })),
            Data::Odd => Some(json!([USER.to_string()])),
            Data::Null => Some(Value::Null),
            Data::Missing => None,
        };
        let resource = match *self.resource {
            Resource::Person => Some(json!(path)),
            Resource::Filter => Some(json!(filter)),
            Resource::Missing => None,
        };
        let members = [
            ("subscriptionId", self.id.value()),
            ("clientState", self.state.value()),
            ("tenantId", self.tenant.value()),
            ("organizationId", self.organization.value()),
            ("changeType", change),
            ("lifecycleEvent", lifecycle),
            ("resourceData", data),
            ("resource", resource),
            ("encryptedContent", self.content.value()),
            ("subscriptionExpirationDateTime", Some(json!("2026-11-22T13:55:00.0000000Z"))),
        ];
        let mut json = String::from("{");
        for (name, value) in members.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            let value = match (name, &*self.state) {
                ("clientState", State::Escaped) => {
                    let escaped: String = FIRST_STATE.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
                    format!("\"{escaped}\"")
                }
                _ => value.to_string(),
            };
            json += &format!("\"{name}\":{value},");
        }
        if *self.double {
            json += "\"subscriptionId\":null,";
        }
        json += "\"x\":[{}]}";
        json
    }

    /// The item's subscription, or nothing where it names none, or two.
    fn id(&self) -> Option<Guid> {
        self.id.expected().filter(|_| !*self.double)
    }

    fn account(&self, tenant_known: bool) -> Option<&'static str> {
        let tenant = self.tenant.expected().or(self.organization.expected());
        // Longer than a thousand letters it is none.
        let state = self.state.text().filter(|state| state.len() <= 1_024);
        ours::account(self.id()?, state.as_deref(), tenant, tenant_known)
    }

    fn has_kind(&self, kind: &ItemKind) -> bool {
        let lifecycle = match *self.lifecycle {
            LifecycleEvent::Missing | LifecycleEvent::Null | LifecycleEvent::Empty => None,
            LifecycleEvent::Reauthorize => Some(Lifecycle::ReauthorizationRequired),
            LifecycleEvent::RemovedUpper => Some(Lifecycle::SubscriptionRemoved),
            LifecycleEvent::Missed => Some(Lifecycle::Missed),
            LifecycleEvent::Odd(_) => Some(Lifecycle::Unknown),
        };
        let updated = match *self.change {
            Change::Updated | Change::Upper => true,
            Change::Deleted => false,
            Change::Number | Change::Missing | Change::Null => {
                !matches!(*self.data, Data::Null | Data::Missing) || !matches!(self.content, Content::Null | Content::Missing)
            }
        };
        let named = matches!(*self.data, Data::Id | Data::OdataId) || matches!(*self.resource, Resource::Person);
        match (kind, lifecycle) {
            (ItemKind::Lifecycle(seen), Some(expected)) => *seen == expected,
            (ItemKind::Updated { user, content }, None) => {
                updated && *user == named.then_some(USER) && content.is_some() == self.content.is_whole()
            }
            (ItemKind::Other, None) => !updated,
            _ => false,
        }
    }
}

impl Entry {
    fn json(&self) -> String {
        match self {
            Entry::Item(item) => item.json(),
            Entry::Odd(Odd::Null) => "null".to_owned(),
            Entry::Odd(Odd::Number) => "1e999".to_owned(),
            Entry::Odd(Odd::Text) => format!("\"{FIRST_STATE}\""),
            Entry::Odd(Odd::List) => "[]".to_owned(),
            Entry::Odd(Odd::Bare) => format!("[\"{FIRST}\",\"{FIRST_STATE}\",\"updated\"]"),
        }
    }
}

impl Post {
    fn body(&self) -> (Vec<u8>, usize) {
        let written: Vec<String> = self.entries.iter().take(64).map(Entry::json).collect();
        let count = match *self.times {
            _ if written.is_empty() => 0,
            Times::Once => written.len(),
            Times::AFew(count) => usize::from(count),
            // Some more than are read, and not much longer than a body may be.
            Times::Many(count) => {
                let mean = written.iter().map(String::len).sum::<usize>() / written.len() + 1;
                usize::from(count).min(MAX_ITEMS + 50).min((MAX_BODY + (256 << 10)) / mean)
            }
        };
        let mut body = String::from(if self.byte_order_mark { "\u{feff}{" } else { "{" });
        match &*self.tokens {
            Tokens::Missing => {}
            Tokens::Null => body += "\"validationTokens\":null,",
            Tokens::Some(lengths) => {
                let tokens: Vec<String> = lengths.iter().take(4).map(|length| "t".repeat(usize::from(*length))).collect();
                body += &format!("\"validationTokens\":{},", json!(tokens));
            }
            Tokens::Many(count) => body += &format!("\"validationTokens\":{},", json!(vec!["a.b.c"; usize::from(*count)])),
        }
        if *self.deep > 0 {
            let levels = usize::from(*self.deep % 64);
            body += &format!("\"deep\":{}{},", "[".repeat(levels), "]".repeat(levels));
            if levels == 0 {
                body.truncate(body.len() - "\"deep\":,".len());
            }
        }
        body += "\"value\":[";
        for at in 0..count {
            body += &written[at % written.len()];
            body.push(if at + 1 < count { ',' } else { ' ' });
        }
        body += "]}";
        (body.into_bytes(), count)
    }

    fn check(&self) -> bool {
        let (body, count) = self.body();
        if !self.edits.is_empty() {
            body::check(&edited(&body, &self.edits), self.tenant_known);
        }
        let intake = ours::intake(self.tenant_known);
        let reply = intake.deliver("tenant=contoso", &body);
        let delivery = intake.try_next();
        if body.len() > MAX_BODY || 1 + usize::from(*self.deep % 64) > MAX_DEPTH {
            assert_eq!(reply.status, if body.len() > MAX_BODY { 413 } else { 400 });
            assert!(delivery.is_none());
            return false;
        }
        let read = (0..count.min(MAX_ITEMS)).map(|at| &self.entries[at % self.entries.len().min(64)]);
        let expected: Vec<(&Item, &str)> = read
            .filter_map(|entry| match entry {
                Entry::Item(item) => Some((&**item, item.account(self.tenant_known)?)),
                _ => None,
            })
            .collect();
        assert_eq!(reply.status, if expected.is_empty() { 400 } else { 202 }, "{self:?}");
        let stats = intake.stats();
        assert_eq!((stats.items, stats.foreign_items), (expected.len() as u64, (count - expected.len()) as u64), "{self:?}");
        let taken = delivery.as_ref().map_or(&[][..], |delivery| &delivery.items);
        assert_eq!(taken.len(), expected.len());
        for (admitted, (item, account)) in taken.iter().zip(&expected) {
            assert_eq!(Some(admitted.subscription.id), item.id());
            assert_eq!(&*admitted.subscription.account, *account);
            assert!(item.has_kind(&admitted.item.kind), "{:?} of {item:?}", admitted.item.kind);
        }
        if let Some(delivery) = &delivery {
            let tokens = match &*self.tokens {
                Tokens::Missing | Tokens::Null => None,
                Tokens::Some(lengths) => Some(lengths.iter().take(4).filter(|length| usize::from(**length) <= MAX_TOKEN).count()),
                Tokens::Many(count) => Some(usize::from(*count).min(MAX_TOKENS)),
            };
            assert_eq!(delivery.validation_tokens.as_ref().map(Vec::len), tokens);
        }
        delivery.is_some()
    }
}
