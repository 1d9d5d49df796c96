//! Checks requests and answers against an OpenAPI 3.0 document such as Microsoft's own for Graph.
//!
//! Only for tests (feature `openapi`). The document is no part of this repository: where it is absent, tests say so and pass.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::record::RecordedRequest;

/// The environment variable that names the document.
pub const VARIABLE: &str = "TPS_GRAPH_OPENAPI";

/// Paging options that live in links only, which no document lists.
const LINK_OPTIONS: [&str; 2] = ["$skiptoken", "$deltatoken"];

/// An OpenAPI document, ready to check.
pub struct OpenApi {
    root: Value,
    /// Schemas in the words of JSON Schema.
    components: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl fmt::Debug for OpenApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenApi").field("paths", &self.root["paths"].as_object().map(Map::len)).finish_non_exhaustive()
    }
}

/// One operation of the document.
struct Operation<'a> {
    template: &'a str,
    path: &'a Value,
    operation: &'a Value,
}

impl OpenApi {
    /// Where the document is: named by [`VARIABLE`], or beside the repository. `None` where it is absent.
    ///
    /// # Panics
    /// When the variable names a file that is not there: a check that was asked for must not be skipped.
    pub fn locate() -> Option<PathBuf> {
        if let Some(named) = std::env::var_os(VARIABLE) {
            let named = PathBuf::from(named);
            assert!(named.is_file(), "{VARIABLE} names {}, which is no file", named.display());
            return Some(named);
        }
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference/graph.openapi.yaml");
        beside.is_file().then_some(beside)
    }

    /// Reads a document in YAML or JSON.
    ///
    /// # Errors
    /// The file cannot be read or is no OpenAPI document.
    pub fn load(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let root: Value = serde_yaml_ng::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        if !root["paths"].is_object() {
            return Err(format!("{}: no paths in it", path.display()));
        }
        let mut components = root["components"].clone();
        translate(&mut components);
        Ok(Self { root, components, validators: Mutex::new(HashMap::new()) })
    }

    /// What is wrong with a recorded request to Graph. Empty: nothing.
    pub fn check_recorded(&self, request: &RecordedRequest) -> Vec<String> {
        self.check_request(&request.method, &request.path, &request.query, &request.body)
    }

    /// What is wrong with a request. `path` begins with the version (`/v1.0/users`); `query` is without the question mark.
    pub fn check_request(&self, method: &str, path: &str, query: &str, body: &str) -> Vec<String> {
        let operation = match self.find(method, path) {
            Ok(operation) => operation,
            Err(problem) => return vec![problem],
        };
        let mut problems = Vec::new();
        let parameters = self.parameters(&operation);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let known = parameters
                .iter()
                .find(|p| p["in"] == "query" && p["name"].as_str().is_some_and(|n| n.eq_ignore_ascii_case(&name)));
            match known {
                Some(parameter) => problems.extend(self.check_parameter(parameter, &value)),
                None if LINK_OPTIONS.iter().any(|o| o.eq_ignore_ascii_case(&name)) => {}
                None => problems.push(format!("{method} {}: no query option {name}", operation.template)),
            }
        }
        let schema = &self.resolve(&operation.operation["requestBody"])["content"]["application/json"]["schema"];
        match (schema, body.is_empty()) {
            (Value::Null, true) => {}
            (Value::Null, false) => problems.push(format!("{method} {}: takes no body", operation.template)),
            (_, true) => {
                if operation.operation["requestBody"]["required"] == true {
                    problems.push(format!("{method} {}: the body is missing", operation.template));
                }
            }
            (schema, false) => {
                problems.extend(self.check_body(&format!("{method} {} request", operation.template), schema, body))
            }
        }
        problems
    }

    /// What is wrong with an answer. Empty: nothing.
    pub fn check_answer(&self, method: &str, path: &str, status: u16, body: &str) -> Vec<String> {
        let operation = match self.find(method, path) {
            Ok(operation) => operation,
            Err(problem) => return vec![problem],
        };
        let responses = &operation.operation["responses"];
        let class = format!("{}XX", status / 100);
        let keys = [status.to_string(), class, "default".to_owned()];
        let Some(response) = keys.iter().find_map(|k| responses.get(k)) else {
            return vec![format!("{method} {}: no answer with status {status}", operation.template)];
        };
        let what = format!("{method} {} answer {status}", operation.template);
        match &self.resolve(response)["content"]["application/json"]["schema"] {
            Value::Null if body.is_empty() => Vec::new(),
            Value::Null => vec![format!("{what}: has no body in the document")],
            schema => self.check_body(&what, schema, body),
        }
    }

    fn find(&self, method: &str, path: &str) -> Result<Operation<'_>, String> {
        let relative = path.trim_start_matches("/v1.0").trim_start_matches("/beta");
        let paths = self.root["paths"].as_object().into_iter().flatten();
        let mut fitting: Vec<(usize, &String, &Value)> =
            paths.filter_map(|(template, item)| fits(template, relative).map(|holes| (holes, template, item))).collect();
        // The fewer holes, the better it fits: /users/delta before /users/{user-id}.
        fitting.sort_by_key(|(holes, ..)| *holes);
        let (_, template, item) = fitting.first().ok_or_else(|| format!("{path}: no such path"))?;
        let operation = item.get(method.to_ascii_lowercase()).ok_or_else(|| format!("{method} {template}: no such method"))?;
        Ok(Operation { template, path: item, operation })
    }

    fn parameters<'a>(&'a self, operation: &Operation<'a>) -> Vec<&'a Value> {
        let lists = [&operation.path["parameters"], &operation.operation["parameters"]];
        lists.into_iter().filter_map(Value::as_array).flatten().map(|p| self.resolve(p)).collect()
    }

    fn check_parameter(&self, parameter: &Value, value: &str) -> Option<String> {
        let schema = &parameter["schema"];
        let right = match schema["type"].as_str() {
            Some("integer") => value.parse::<i64>().is_ok_and(|n| schema["minimum"].as_i64().is_none_or(|least| n >= least)),
            Some("boolean") => matches!(value, "true" | "false"),
            Some("array") => {
                let mut parts: Vec<&str> = value.split(',').collect();
                let all = parts.len();
                parts.sort_unstable();
                parts.dedup();
                all == parts.len() && parts.iter().all(|p| !p.is_empty())
            }
            _ => true,
        };
        (!right).then(|| format!("{}: {value:?} does not fit", parameter["name"]))
    }

    fn check_body(&self, what: &str, schema: &Value, body: &str) -> Vec<String> {
        let instance: Value = match serde_json::from_str(body) {
            Ok(instance) => instance,
            Err(error) => return vec![format!("{what}: no JSON: {error}")],
        };
        let validator = match self.validator(what, schema) {
            Ok(validator) => validator,
            Err(error) => return vec![format!("{what}: the schema itself: {error}")],
        };
        validator.iter_errors(&instance).map(|e| format!("{what}: at {}: {e}", e.instance_path())).collect()
    }

    fn validator(&self, what: &str, schema: &Value) -> Result<Arc<Validator>, String> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = validators.get(what) {
            return Ok(Arc::clone(validator));
        }
        let mut schema = schema.clone();
        translate(&mut schema);
        let whole = json!({"allOf": [schema], "components": self.components});
        let validator = jsonschema::options().should_validate_formats(true).build(&whole);
        let validator = Arc::new(validator.map_err(|e| e.to_string())?);
        validators.insert(what.to_owned(), Arc::clone(&validator));
        Ok(validator)
    }

    /// Follows a `$ref` into the document.
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str().and_then(|r| r.strip_prefix('#')) {
            Some(pointer) => self.root.pointer(pointer).unwrap_or(&Value::Null),
            None => value,
        }
    }
}

/// How many holes of the template the path fills; `None` when it does not fit.
fn fits(template: &str, path: &str) -> Option<usize> {
    let (wanted, given): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    if wanted.len() != given.len() {
        return None;
    }
    let mut holes = 0;
    for (wanted, given) in wanted.into_iter().zip(given) {
        match wanted.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?.1))) {
            None if wanted == given => {}
            None => return None,
            Some((before, after)) => {
                let inner = given.strip_prefix(before)?.strip_suffix(after)?;
                if inner.is_empty() {
                    return None;
                }
                holes += 1;
            }
        }
    }
    Some(holes)
}

/// OpenAPI 3.0 says `nullable` where JSON Schema lists `null` among the types.
fn translate(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(translate),
        Value::Object(members) => {
            if members.get("nullable") == Some(&Value::Bool(true)) {
                if let Some(Value::String(kind)) = members.get("type") {
                    members.insert("type".to_owned(), json!([kind, "null"]));
                }
                if let Some(Value::Array(allowed)) = members.get_mut("enum")
                    && !allowed.contains(&Value::Null)
                {
                    allowed.push(Value::Null);
                }
            }
            members.values_mut().for_each(translate);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        assert_eq!(fits("/users", "/users"), Some(0));
        assert_eq!(fits("/users/{user-id}", "/users/ann"), Some(1));
        assert_eq!(fits("/users/{user-id}", "/users/"), None);
        assert_eq!(fits("/users/{user-id}", "/users/ann/presence"), None);
        assert_eq!(fits("/applications(appId='{appId}')", "/applications(appId='x')"), Some(1));
        assert_eq!(fits("/applications(appId='{appId}')", "/applications(id='x')"), None);
    }

    fn document() -> OpenApi {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("openapi.yaml");
        let text = "
paths:
  /things/{id}:
    post:
      parameters: [{$ref: '#/components/parameters/top'}]
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [ids], properties: {ids: {type: array, maxItems: 2}}}}}
      responses:
        2XX: {content: {application/json: {schema: {$ref: '#/components/schemas/a.thing'}}}}
components:
  parameters: {top: {name: $top, in: query, schema: {type: integer, minimum: 0}}}
  schemas:
    a.thing: {type: object, properties: {name: {type: string, nullable: true}, at: {type: string, format: uuid}}}
";
        std::fs::write(&file, text).expect("a temporary file");
        OpenApi::load(&file).expect("a document")
    }

    #[test]
    fn wrong_requests_are_named() {
        let document = document();
        let check = |query, body| document.check_request("POST", "/v1.0/things/1", query, body).len();
        assert_eq!(check("$top=3", r#"{"ids":["a"]}"#), 0);
        assert_eq!(check("$skiptoken=x", r#"{"ids":["a"]}"#), 0);
        assert_eq!(check("$top=-1", r#"{"ids":["a"]}"#), 1);
        assert_eq!(check("$bottom=1", r#"{"ids":["a"]}"#), 1);
        assert_eq!(check("", ""), 1);
        assert_eq!(check("", r#"{"ids":["a","b","c"]}"#), 1);
        assert_eq!(check("", r#"{}"#), 1);
        assert_eq!(document.check_request("GET", "/v1.0/things/1", "", "").len(), 1);
        assert_eq!(document.check_request("GET", "/v1.0/other", "", "").len(), 1);
    }

    #[test]
    fn wrong_answers_are_named() {
        let document = document();
        let check = |status, body| document.check_answer("POST", "/v1.0/things/1", status, body).len();
        assert_eq!(check(200, r#"{"name":null,"at":"6e0fd7f1-1111-4222-8333-0123456789ab"}"#), 0);
        assert_eq!(check(200, r#"{"name":7}"#), 1);
        assert_eq!(check(200, r#"{"at":"x"}"#), 1);
        assert_eq!(check(200, "<html>"), 1);
        assert_eq!(check(404, "{}"), 1);
    }
}
