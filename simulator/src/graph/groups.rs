//! GET /groups/{id}/members and GET /groups/{id}/transitiveMembers

use serde::{Deserialize, Serialize};

use super::context::{Answer, Context};
use super::error::GraphError;
use super::header::ODATA;
use super::page::{open, pair, seal};
use super::properties::{Selection, sight};
use crate::clock::Millis;
use crate::group::Member;
use crate::guid;
use crate::reply::Reply;

/// Where a listing goes on: good for this path and these options only.
#[derive(Debug, Serialize, Deserialize)]
struct Token {
    path: String,
    tenant: String,
    select: Option<String>,
    top: usize,
    next: usize,
    issued: Millis,
}

#[derive(Debug, Default)]
struct Options {
    select: Option<String>,
    top: Option<usize>,
    count: bool,
    skip_token: Option<String>,
}

impl Options {
    fn parse(cx: &Context<'_>) -> Result<Self, GraphError> {
        let mut options = Self::default();
        for (name, value) in cx.call.params() {
            match name.to_ascii_lowercase().as_str() {
                "$select" => options.select = Some(value),
                "$skiptoken" => options.skip_token = Some(value),
                "$count" => options.count = value == "true",
                "$top" => {
                    let top = value.parse().ok().filter(|top| (1..=999).contains(top));
                    options.top = Some(top.ok_or_else(|| {
                        let range = "Must be between 1 and 999 inclusive.";
                        GraphError::unsupported(format!("Invalid page size specified: '{value}'. {range}"))
                    })?);
                }
                "$skip" => return Err(GraphError::bad("'$skip' is not supported by the service.")),
                "$filter" | "$search" | "$orderby" | "$expand" => {
                    return Err(GraphError::unsupported(format!("'{name}' on members is not part of this simulator.")));
                }
                other if other.starts_with('$') => {
                    return Err(GraphError::new(400, "BadRequest", format!("The query parameter '{name}' is not supported.")));
                }
                _ => {}
            }
        }
        Ok(options)
    }
}

pub(super) fn members(cx: &mut Context<'_>, key: &str, nested: bool) -> Answer {
    const READ: [&str; 5] =
        ["GroupMember.ReadBasic.All", "GroupMember.Read.All", "Group.ReadBasic.All", "Group.Read.All", "Directory.Read.All"];
    if !cx.who.has(&READ) {
        return Err(GraphError::directory_denied());
    }
    let options = Options::parse(cx)?;
    let eventual = cx.call.header("consistencylevel").is_some_and(|v| v.eq_ignore_ascii_case("eventual"));
    if options.count && !eventual {
        return Err(GraphError::bad("$count is not currently supported without the ConsistencyLevel: eventual header."));
    }
    let selection = Selection::parse(options.select.as_deref(), true)?;
    // Memberships are told to whoever may read groups, what a member is called only to whoever may read users.
    let full = sight(cx.who).ok();
    let selection = match full {
        Some(full) => selection.for_token(full),
        None => selection.hidden(),
    };
    let id = guid::parse(key).ok_or_else(|| GraphError::bad(format!("Invalid object identifier '{key}'.")))?;
    let tenant = &cx.world.tenants[cx.tenant];
    let group = tenant.groups.index_of_id(id).ok_or_else(|| GraphError::not_found(key))?;
    let there = |member: &Member| !matches!(member, Member::User(index) if tenant.directory.get(*index).is_none());
    let all: Vec<Member> = tenant.groups.members(group, nested).into_iter().filter(there).collect();

    let mut top = options.top.unwrap_or(100);
    let start = match &options.skip_token {
        None => 0,
        Some(text) => {
            let token: Token = open(text).ok_or_else(|| GraphError::bad("Invalid skip token."))?;
            let same = token.path == cx.call.path
                && token.tenant == guid::text(tenant.id)
                && token.select == options.select
                && options.top.is_none_or(|top| top == token.top);
            if !same {
                return Err(GraphError::bad("The skip token does not belong to this query."));
            }
            if cx.call.now - token.issued > 3_600_000 {
                return Err(GraphError::new(400, "Directory_ExpiredPageToken", "The specified page token value has expired."));
            }
            top = token.top;
            token.next
        }
    };
    let page = top.min(cx.world.oddities.max_page.max(1));
    let end = start.saturating_add(page).min(all.len());

    let mut out = b"{\"@odata.context\":".to_vec();
    // Writing into a Vec cannot fail.
    let _ = serde_json::to_writer(&mut out, &format!("{}/v1.0/$metadata#directoryObjects", cx.call.origin));
    if options.count {
        out.extend_from_slice(format!(",\"@odata.count\":{}", all.len()).as_bytes());
    }
    if end < all.len() {
        let select = options.select.clone();
        let token =
            Token { path: cx.call.path.clone(), tenant: guid::text(tenant.id), select, top, next: end, issued: cx.call.now };
        let mut link = format!("{}{}", cx.call.origin, cx.call.path);
        if let Some(select) = &options.select {
            pair(&mut link, "$select", select);
        }
        if options.count {
            pair(&mut link, "$count", "true");
        }
        pair(&mut link, "$top", &top.to_string());
        pair(&mut link, "$skiptoken", &seal(&token));
        out.extend_from_slice(b",\"@odata.nextLink\":");
        let _ = serde_json::to_writer(&mut out, &link);
    }
    out.extend_from_slice(b",\"value\":[");
    for (n, member) in all.get(start..end).unwrap_or_default().iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        match *member {
            Member::User(index) => {
                out.extend_from_slice(b"{\"@odata.type\":\"#microsoft.graph.user\",");
                if let Some(user) = tenant.directory.get(index) {
                    selection.write(&mut out, user);
                }
                out.push(b'}');
            }
            Member::Group(index) => {
                let group = tenant.groups.get(index);
                let name = group.map(|group| &group.display_name).filter(|_| full.is_some());
                let id = group.map(|group| guid::text(group.id));
                let item = serde_json::json!({ "@odata.type": "#microsoft.graph.group", "id": id, "displayName": name });
                let _ = serde_json::to_writer(&mut out, &item);
            }
        }
    }
    out.extend_from_slice(b"]}");
    Ok(Reply::new(200).with_body(ODATA, out))
}
