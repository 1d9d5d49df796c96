//! GET /users and GET /users/{id}

use super::context::{Answer, Context};
use super::error::GraphError;
use super::filter::{self, Rules};
use super::header::ODATA;
use super::page::{SkipToken, open, pair, seal};
use super::properties::{Property, Selection, sight};
use crate::guid;
use crate::reply::Reply;

/// The query options of a listing.
#[derive(Debug, Default)]
struct Options {
    select: Option<String>,
    filter: Option<String>,
    top: Option<usize>,
    skip_token: Option<String>,
    count: bool,
}

impl Options {
    fn parse(cx: &Context<'_>) -> Result<Self, GraphError> {
        let mut options = Self::default();
        for (name, value) in cx.call.params() {
            match name.to_ascii_lowercase().as_str() {
                "$select" => options.select = Some(value),
                "$filter" => options.filter = Some(value),
                "$skiptoken" => options.skip_token = Some(value),
                "$count" => options.count = value == "true",
                "$top" => {
                    let top = value.parse().ok().filter(|top| (1..=999).contains(top));
                    options.top = Some(top.ok_or_else(|| {
                        GraphError::unsupported(format!(
                            "Invalid page size specified: '{value}'. Must be between 1 and 999 inclusive."
                        ))
                    })?);
                }
                "$skip" => return Err(GraphError::bad("'$skip' is not supported by the service.")),
                "$search" | "$orderby" | "$expand" => {
                    return Err(GraphError::unsupported(format!("'{name}' is not part of this simulator.")));
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

/// GET /users
pub(super) fn list(cx: &mut Context<'_>) -> Answer {
    let full = sight(cx.who)?;
    let mut options = Options::parse(cx)?;
    let token = options.skip_token.as_deref().map(|text| resume(cx, text)).transpose()?;
    if let Some(token) = token.as_ref().filter(|token| token.bare) {
        options = Options {
            select: token.select.clone(),
            filter: token.filter.clone(),
            top: Some(token.top),
            count: token.count,
            skip_token: options.skip_token,
        };
    }
    let selection = Selection::parse(options.select.as_deref(), true)?.for_token(full);
    let eventual = cx.call.header("consistencylevel").is_some_and(|v| v.eq_ignore_ascii_case("eventual"));
    if options.count && !eventual {
        return Err(GraphError::bad("$count is not currently supported without the ConsistencyLevel: eventual header."));
    }
    let rules =
        Rules { advanced: eventual && options.count, any_needs_advanced: cx.world.oddities.address_filter_needs_advanced };
    let filter = options.filter.as_deref().map(|text| filter::parse(text, rules)).transpose()?;
    if let (Some(filter), false) = (&filter, full) {
        let mut asked = Vec::new();
        filter.properties(&mut asked);
        if !asked.into_iter().all(Property::is_basic) {
            return Err(GraphError::directory_denied());
        }
    }
    let mut top = options.top.unwrap_or(100);
    let start = match token {
        None => 0,
        Some(token) => {
            if token.filter != options.filter || token.select != options.select || options.top.is_some_and(|t| t != token.top) {
                return Err(GraphError::bad("The skip token does not belong to this query."));
            }
            top = token.top;
            token.next
        }
    };
    let page = top.min(cx.world.oddities.max_page.max(1));
    let directory = &cx.world.tenants[cx.tenant].directory;
    let passes = |user: &crate::directory::User| !user.deleted && filter.as_ref().is_none_or(|f| f.matches(user));

    let mut out = Vec::with_capacity(256 + page * 128);
    out.extend_from_slice(b"{\"@odata.context\":");
    let _ = serde_json::to_writer(&mut out, &context(cx, &selection));
    if options.count {
        let count = directory.users().iter().filter(|u| passes(u)).count();
        out.extend_from_slice(format!(",\"@odata.count\":{count}").as_bytes());
    }
    let mut entries = Vec::with_capacity(page * 128);
    let (mut shown, mut next) = (0, None);
    for (index, user) in directory.users().iter().enumerate().skip(start) {
        if !passes(user) {
            continue;
        }
        if shown == page {
            next = Some(index);
            break;
        }
        if shown > 0 {
            entries.push(b',');
        }
        entries.push(b'{');
        selection.write(&mut entries, user);
        entries.push(b'}');
        shown += 1;
    }
    if let Some(next) = next {
        out.extend_from_slice(b",\"@odata.nextLink\":");
        let _ = serde_json::to_writer(&mut out, &next_link(cx, &options, top, next));
    }
    out.extend_from_slice(b",\"value\":[");
    out.extend_from_slice(&entries);
    out.extend_from_slice(b"]}");
    Ok(Reply::new(200).with_body(ODATA, out))
}

/// The token of a link to the next page.
fn resume(cx: &Context<'_>, text: &str) -> Result<SkipToken, GraphError> {
    let token: SkipToken = open(text).ok_or_else(|| GraphError::bad("Invalid skip token."))?;
    if token.tenant != tenant(cx) {
        return Err(GraphError::bad("The skip token is one of another tenant."));
    }
    if cx.call.now - token.issued > 3_600_000 {
        return Err(GraphError::new(400, "Directory_ExpiredPageToken", "The specified page token value has expired."));
    }
    Ok(token)
}

fn tenant(cx: &Context<'_>) -> String {
    guid::text(cx.world.tenants[cx.tenant].id)
}

fn next_link(cx: &Context<'_>, options: &Options, top: usize, next: usize) -> String {
    let bare = cx.world.oddities.bare_links;
    let token = SkipToken {
        tenant: tenant(cx),
        bare,
        count: options.count,
        next,
        filter: options.filter.clone(),
        select: options.select.clone(),
        top,
        issued: cx.call.now,
    };
    let mut link = format!("{}{}", cx.call.origin, cx.call.path);
    if bare {
        pair(&mut link, "$skiptoken", &seal(&token));
        return link;
    }
    for (name, value) in [("$select", &options.select), ("$filter", &options.filter)] {
        if let Some(value) = value {
            pair(&mut link, name, value);
        }
    }
    if let Some(top) = options.top {
        pair(&mut link, "$top", &top.to_string());
    }
    if options.count {
        pair(&mut link, "$count", "true");
    }
    pair(&mut link, "$skiptoken", &seal(&token));
    link
}

fn context(cx: &Context<'_>, selection: &Selection) -> String {
    let columns = selection.text.as_ref().map_or_else(String::new, |s| format!("({s})"));
    format!("{}/v1.0/$metadata#users{columns}", cx.call.origin)
}

/// GET /users/{id or user principal name}
pub(super) fn get(cx: &mut Context<'_>, key: &str) -> Answer {
    let full = sight(cx.who)?;
    let mut select = None;
    for (name, value) in cx.call.params() {
        match name.to_ascii_lowercase().as_str() {
            "$select" => select = Some(value),
            other if other.starts_with('$') => {
                return Err(GraphError::new(400, "BadRequest", format!("The query parameter '{name}' is not supported.")));
            }
            _ => {}
        }
    }
    let selection = Selection::parse(select.as_deref(), false)?.for_token(full);
    let directory = &cx.world.tenants[cx.tenant].directory;
    let user = directory.find(key).and_then(|index| directory.get(index)).ok_or_else(|| GraphError::not_found(key))?;
    let mut out = b"{\"@odata.context\":".to_vec();
    let _ = serde_json::to_writer(&mut out, &format!("{}/$entity", context(cx, &selection)));
    out.push(b',');
    selection.write(&mut out, user);
    out.push(b'}');
    Ok(Reply::new(200).with_body(ODATA, out))
}
