//! GET /users/delta

use super::context::{Answer, Context};
use super::error::GraphError;
use super::filter::{self, Filter, Operator, Rules};
use super::header::ODATA;
use super::literal::Literal;
use super::page::{DeltaToken, open, pair, seal};
use super::properties::{Property, Selection};
use crate::guid;
use crate::reply::Reply;

/// The life of a token for directory objects.
const LIFE: i64 = 7 * 86_400_000;
const PAGE: usize = 200;

/// GET /users/delta: first call, next page or later round.
pub(super) fn delta(cx: &mut Context<'_>) -> Answer {
    if !cx.who.has(&["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]) {
        return Err(GraphError::directory_denied());
    }
    let token = token(cx)?;
    let Some(token) = token else { return expired(cx) };
    let selection = Selection::parse(token.select.as_deref(), true)?.with_id();
    let page = page_size(cx).min(cx.world.oddities.max_page.max(1));
    let only: Option<Vec<u128>> = (!token.only.is_empty()).then(|| token.only.iter().filter_map(|t| guid::parse(t)).collect());
    let directory = &cx.world.tenants[cx.tenant].directory;

    let mut entries = Vec::with_capacity(page * 128);
    let (mut shown, mut next) = (0, None);
    for (index, user) in directory.users().iter().enumerate().skip(token.next.unwrap_or(usize::MAX)) {
        // A user who came and went before the first round was never seen.
        let news = user.changed > token.known && !(token.known == 0 && user.deleted);
        if !news || only.as_ref().is_some_and(|ids| !ids.contains(&user.id)) {
            continue;
        }
        if shown == page {
            next = Some(index);
            break;
        }
        if shown > 0 {
            entries.push(b',');
        }
        if user.deleted {
            entries.extend_from_slice(b"{\"id\":\"");
            guid::write(&mut entries, user.id, false);
            entries.extend_from_slice(b"\",\"@removed\":{\"reason\":\"changed\"}}");
        } else {
            entries.push(b'{');
            selection.write(&mut entries, user);
            entries.push(b'}');
        }
        shown += 1;
    }
    let (name, member, text) = match next {
        Some(next) => ("$skiptoken", "@odata.nextLink", seal(&DeltaToken { next: Some(next), ..token })),
        None => {
            let later = DeltaToken { known: token.until, next: None, issued: cx.call.now, ..token };
            ("$deltatoken", "@odata.deltaLink", seal(&later))
        }
    };
    let mut link = format!("{}/v1.0/users/delta", cx.call.origin);
    pair(&mut link, name, &text);
    let mut out = b"{\"@odata.context\":".to_vec();
    let _ = serde_json::to_writer(&mut out, &format!("{}/v1.0/$metadata#users", cx.call.origin));
    out.extend_from_slice(format!(",\"{member}\":").as_bytes());
    let _ = serde_json::to_writer(&mut out, &link);
    out.extend_from_slice(b",\"value\":[");
    out.extend_from_slice(&entries);
    out.extend_from_slice(b"]}");
    Ok(Reply::new(200).with_body(ODATA, out))
}

/// What this request asks for. `None`: its token is too old.
fn token(cx: &Context<'_>) -> Result<Option<DeltaToken>, GraphError> {
    let now = cx.world.tenants[cx.tenant].directory.change();
    let tenant = guid::text(cx.world.tenants[cx.tenant].id);
    let ours = tenant.clone();
    let (mut first, mut given, mut latest) = (
        DeltaToken { tenant, select: None, only: Vec::new(), known: 0, next: Some(0), until: now, issued: cx.call.now },
        None,
        false,
    );
    for (name, value) in cx.call.params() {
        match name.to_ascii_lowercase().as_str() {
            "$select" => first.select = Some(value),
            "$filter" => first.only = only_ids(&value)?,
            "$deltatoken" if value.eq_ignore_ascii_case("latest") => latest = true,
            "$deltatoken" | "$skiptoken" => given = Some((name.eq_ignore_ascii_case("$deltatoken"), value)),
            other if other.starts_with('$') => {
                return Err(GraphError::bad(format!("The query parameter '{name}' is not supported by delta queries.")));
            }
            _ => {}
        }
    }
    let Some((later, text)) = given else {
        if latest {
            first.next = None;
        }
        return Ok(Some(first));
    };
    if first.select.is_some() || !first.only.is_empty() {
        return Err(GraphError::bad("Query options of a delta query belong to the first call only; follow the link as it is."));
    }
    let mut token: DeltaToken = open(&text).ok_or_else(|| GraphError::bad("Badly formed token."))?;
    if token.next.is_none() != later || token.tenant != ours {
        return Err(GraphError::bad("Badly formed token."));
    }
    if cx.call.now - token.issued > LIFE || token.issued < cx.world.tenants[cx.tenant].delta_valid_from {
        return Ok(None);
    }
    if later {
        token.next = Some(0);
        token.until = now;
    }
    Ok(Some(token))
}

/// 410: the caller starts again at the place named by `Location`.
fn expired(cx: &Context<'_>) -> Answer {
    let mut error = GraphError::new(410, "syncStateNotFound", "The sync state is not found: start a full synchronisation.");
    error.headers.push(("location", format!("{}/v1.0/users/delta", cx.call.origin)));
    Err(error)
}

/// Only `id eq '...' or ...` with at most 50 objects.
fn only_ids(text: &str) -> Result<Vec<String>, GraphError> {
    fn collect(filter: &Filter, out: &mut Vec<String>) -> bool {
        match filter {
            Filter::Or(a, b) => collect(a, out) && collect(b, out),
            Filter::Compare(Property::Id, Operator::Eq, Literal::Text(id)) => {
                out.push(id.clone());
                true
            }
            _ => false,
        }
    }
    let filter = filter::parse_unlimited(text, Rules { advanced: false, any_needs_advanced: false })?;
    let mut ids = Vec::new();
    if !collect(&filter, &mut ids) || ids.len() > 50 {
        return Err(GraphError::unsupported("A delta query filters by id eq only, for at most 50 objects."));
    }
    Ok(ids)
}

fn page_size(cx: &Context<'_>) -> usize {
    let prefer = cx.call.header("prefer").unwrap_or_default();
    let asked = prefer.split([',', ';']).find_map(|p| p.trim().strip_prefix("odata.maxpagesize=")?.parse().ok());
    asked.filter(|n| (1..=999).contains(n)).unwrap_or(PAGE)
}
