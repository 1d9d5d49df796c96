//! The part of OData's `$filter` that the directory understands for users.

use super::error::GraphError;
use super::literal::Literal;
use super::properties::{Property, Value};
use crate::directory::User;

/// A parsed filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Compare(Property, Operator, Literal),
    In(Property, Vec<Literal>),
    /// `any` over a collection, or a function over a single value.
    Matches(Property, Operator, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Ge,
    Le,
    StartsWith,
    EndsWith,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
    Colon,
}

fn invalid(what: impl std::fmt::Display) -> GraphError {
    GraphError::new(400, "BadRequest", format!("Invalid filter clause: {what}"))
}

fn tokens(text: &str) -> Result<Vec<Token>, GraphError> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(match c {
            ' ' | '\t' => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            ':' => Token::Colon,
            '\'' => {
                let mut literal = String::new();
                loop {
                    match chars.next() {
                        // A doubled quote is one quote.
                        Some('\'') if chars.peek() == Some(&'\'') => {
                            chars.next();
                            literal.push('\'');
                        }
                        Some('\'') => break,
                        Some(other) => literal.push(other),
                        None => return Err(invalid("there is an unterminated string literal.")),
                    }
                }
                Token::Text(literal)
            }
            c if c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '-') => {
                let mut word = String::from(c);
                while let Some(&c) = chars.peek().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '-')) {
                    word.push(c);
                    chars.next();
                }
                Token::Word(word)
            }
            other => return Err(invalid(format!("syntax error at character {other:?}."))),
        });
    }
    Ok(out)
}

/// Far more than any filter that passes, and few enough for a small stack.
const MAX_NODES: usize = 120;

fn too_many(clauses: usize) -> GraphError {
    GraphError::unsupported(format!(
        "Too many child clauses specified in search filter expression containing 'OR' operators: {clauses}. Max allowed: 15."
    ))
}

struct Parser {
    tokens: std::vec::IntoIter<Token>,
    next: Option<Token>,
    depth: usize,
}

impl Parser {
    fn take(&mut self) -> Option<Token> {
        std::mem::replace(&mut self.next, self.tokens.next())
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), GraphError> {
        match self.take() {
            Some(token) if token == *wanted => Ok(()),
            other => Err(invalid(format!("{wanted:?} expected, {other:?} found."))),
        }
    }

    fn keyword(&self, word: &str) -> bool {
        matches!(&self.next, Some(Token::Word(w)) if w.eq_ignore_ascii_case(word))
    }

    fn word(&mut self) -> Result<String, GraphError> {
        match self.take() {
            Some(Token::Word(word)) => Ok(word),
            other => Err(invalid(format!("a name was expected, {other:?} found."))),
        }
    }

    fn literal(&mut self) -> Result<Literal, GraphError> {
        Ok(match self.take() {
            Some(Token::Text(text)) => Literal::Text(text),
            Some(Token::Word(w)) if w == "true" => Literal::Bool(true),
            Some(Token::Word(w)) if w == "false" => Literal::Bool(false),
            Some(Token::Word(w)) if w == "null" => Literal::Null,
            other => return Err(invalid(format!("a literal was expected, {other:?} found."))),
        })
    }

    fn string(&mut self) -> Result<String, GraphError> {
        match self.literal()? {
            Literal::Text(text) => Ok(text),
            other => Err(invalid(format!("a string was expected, {other:?} found."))),
        }
    }

    fn or(&mut self) -> Result<Filter, GraphError> {
        let mut left = self.and()?;
        while self.keyword("or") {
            self.take();
            left = Filter::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Filter, GraphError> {
        let mut left = self.unary()?;
        while self.keyword("and") {
            self.take();
            left = Filter::And(Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Filter, GraphError> {
        // The tree is walked recursively: neither brackets nor chains may make it deep.
        self.depth += 1;
        if self.depth > MAX_NODES {
            return Err(too_many(self.depth));
        }
        if self.keyword("not") {
            self.take();
            return Ok(Filter::Not(Box::new(self.unary()?)));
        }
        if self.next == Some(Token::Open) {
            self.take();
            let inner = self.or()?;
            self.expect(&Token::Close)?;
            return Ok(inner);
        }
        self.term()
    }

    fn term(&mut self) -> Result<Filter, GraphError> {
        let name = self.word()?;
        if let Some(operator) = function(&name) {
            self.expect(&Token::Open)?;
            let property = Property::parse(&self.word()?)?;
            self.expect(&Token::Comma)?;
            let value = self.string()?;
            self.expect(&Token::Close)?;
            if property.is_collection() {
                return Err(invalid(format!("{property} is a collection.")));
            }
            return Ok(Filter::Matches(property, operator, value));
        }
        if let Some((collection, call)) = name.split_once('/') {
            if !call.eq_ignore_ascii_case("any") {
                return Err(GraphError::unsupported(format!("Unsupported function '{call}'.")));
            }
            return self.any(Property::parse(collection)?);
        }
        let property = Property::parse(&name)?;
        if property.is_collection() {
            return Err(invalid(format!("a collection such as {property} is compared with any.")));
        }
        let operator = self.word()?;
        if operator.eq_ignore_ascii_case("in") {
            self.expect(&Token::Open)?;
            let mut list = vec![self.literal()?];
            while self.next == Some(Token::Comma) {
                self.take();
                list.push(self.literal()?);
            }
            self.expect(&Token::Close)?;
            return Ok(Filter::In(property, list));
        }
        Ok(Filter::Compare(property, comparison(&operator)?, self.literal()?))
    }

    /// `any(x:x eq 'v')` or `any(x:startswith(x,'v'))`, the collection already read.
    fn any(&mut self, property: Property) -> Result<Filter, GraphError> {
        if !property.is_collection() {
            return Err(invalid(format!("{property} is no collection.")));
        }
        self.expect(&Token::Open)?;
        let variable = self.word()?;
        self.expect(&Token::Colon)?;
        let first = self.word()?;
        let filter = if let Some(operator) = function(&first) {
            self.expect(&Token::Open)?;
            self.expect(&Token::Word(variable))?;
            self.expect(&Token::Comma)?;
            let value = self.string()?;
            self.expect(&Token::Close)?;
            Filter::Matches(property, operator, value)
        } else if first == variable {
            let operator = comparison(&self.word()?)?;
            Filter::Matches(property, operator, self.string()?)
        } else {
            return Err(invalid(format!("'{first}' is not the range variable '{variable}'.")));
        };
        self.expect(&Token::Close)?;
        Ok(filter)
    }
}

fn function(name: &str) -> Option<Operator> {
    match name.to_ascii_lowercase().as_str() {
        "startswith" => Some(Operator::StartsWith),
        "endswith" => Some(Operator::EndsWith),
        _ => None,
    }
}

fn comparison(name: &str) -> Result<Operator, GraphError> {
    match name.to_ascii_lowercase().as_str() {
        "eq" => Ok(Operator::Eq),
        "ne" => Ok(Operator::Ne),
        "ge" => Ok(Operator::Ge),
        "le" => Ok(Operator::Le),
        "gt" | "lt" | "has" => Err(GraphError::unsupported(format!("Unsupported operator '{name}'."))),
        _ => Err(invalid(format!("'{name}' is no operator."))),
    }
}

/// What the caller's headers and the simulator's switches allow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// `ConsistencyLevel: eventual` together with `$count=true`.
    pub(super) advanced: bool,
    /// `any(... eq ...)` is an advanced query too.
    pub(super) any_needs_advanced: bool,
}

/// Parses and checks a filter.
pub(super) fn parse(text: &str, rules: Rules) -> Result<Filter, GraphError> {
    let filter = parse_unlimited(text, rules)?;
    let clauses = filter.check(rules)?;
    if clauses > 15 {
        return Err(too_many(clauses));
    }
    Ok(filter)
}

/// Parses and checks a filter, however many clauses it has.
pub(super) fn parse_unlimited(text: &str, rules: Rules) -> Result<Filter, GraphError> {
    let mut list = tokens(text)?.into_iter();
    let next = list.next();
    let mut parser = Parser { tokens: list, next, depth: 0 };
    let filter = parser.or()?;
    if let Some(left) = parser.next {
        return Err(invalid(format!("syntax error at {left:?}.")));
    }
    filter.check(rules)?;
    Ok(filter)
}

impl Filter {
    /// Checks operators and lengths. Answers the number of clauses.
    fn check(&self, rules: Rules) -> Result<usize, GraphError> {
        let advanced = |needed: bool| {
            if needed && !rules.advanced {
                return Err(GraphError::unsupported(
                    "Operator is not supported without the ConsistencyLevel: eventual header and $count=true.",
                ));
            }
            Ok(())
        };
        let operator_needs = |o: Operator| matches!(o, Operator::Ne | Operator::EndsWith);
        match self {
            Filter::And(a, b) | Filter::Or(a, b) => Ok(a.check(rules)? + b.check(rules)?),
            Filter::Not(inner) => {
                advanced(true)?;
                inner.check(rules)
            }
            Filter::Compare(property, operator, literal) => {
                property.accepts(literal)?;
                advanced(operator_needs(*operator))?;
                length(literal)?;
                Ok(1)
            }
            Filter::In(property, list) => {
                for literal in list {
                    property.accepts(literal)?;
                    length(literal)?;
                }
                Ok(list.len())
            }
            Filter::Matches(property, operator, value) => {
                advanced(operator_needs(*operator) || property.is_collection() && rules.any_needs_advanced)?;
                length(&Literal::Text(value.clone()))?;
                Ok(1)
            }
        }
    }

    /// Every property that is looked at.
    pub(super) fn properties(&self, out: &mut Vec<Property>) {
        match self {
            Filter::And(a, b) | Filter::Or(a, b) => {
                a.properties(out);
                b.properties(out);
            }
            Filter::Not(inner) => inner.properties(out),
            Filter::Compare(p, ..) | Filter::In(p, _) | Filter::Matches(p, ..) => out.push(*p),
        }
    }

    /// Whether a user passes. Text is compared without regard to case.
    pub(super) fn matches(&self, user: &User) -> bool {
        match self {
            Filter::And(a, b) => a.matches(user) && b.matches(user),
            Filter::Or(a, b) => a.matches(user) || b.matches(user),
            Filter::Not(inner) => !inner.matches(user),
            Filter::Compare(property, operator, literal) => compare(&property.of(user), *operator, literal),
            Filter::In(property, list) => {
                let value = property.of(user);
                list.iter().any(|l| compare(&value, Operator::Eq, l))
            }
            Filter::Matches(property, operator, text) => match property.of(user) {
                Value::List(list) => list.iter().any(|v| test(v, *operator, text)),
                Value::Text(value) => test(value, *operator, text),
                Value::Id(id) => test(&crate::guid::text(id), *operator, text),
                Value::Bool(_) | Value::Null => false,
            },
        }
    }
}

fn length(literal: &Literal) -> Result<(), GraphError> {
    match literal {
        Literal::Text(text) if text.chars().count() > 120 => {
            Err(GraphError::unsupported("The value of a filter clause is longer than 120 characters."))
        }
        _ => Ok(()),
    }
}

fn compare(value: &Value<'_>, operator: Operator, literal: &Literal) -> bool {
    match (value, literal) {
        (Value::Text(value), Literal::Text(text)) => test(value, operator, text),
        (Value::Id(id), Literal::Text(text)) => (crate::guid::parse(text) == Some(*id)) == (operator == Operator::Eq),
        (Value::Bool(value), Literal::Bool(wanted)) => (value == wanted) == (operator == Operator::Eq),
        (value, Literal::Null) => matches!(value, Value::Null) == (operator == Operator::Eq),
        _ => operator == Operator::Ne,
    }
}

fn test(value: &str, operator: Operator, text: &str) -> bool {
    // Plain text is compared as it stands; only a literal beyond ASCII is worth two lower-case copies.
    let equal = || value.eq_ignore_ascii_case(text) || !text.is_ascii() && value.to_lowercase() == text.to_lowercase();
    match operator {
        Operator::Eq => equal(),
        Operator::Ne => !equal(),
        Operator::Ge => value.to_lowercase() >= text.to_lowercase(),
        Operator::Le => value.to_lowercase() <= text.to_lowercase(),
        Operator::StartsWith => value.to_lowercase().starts_with(&text.to_lowercase()),
        Operator::EndsWith => value.to_lowercase().ends_with(&text.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: Rules = Rules { advanced: false, any_needs_advanced: false };

    fn mail_is(text: &str) -> Filter {
        Filter::Compare(Property::Mail, Operator::Eq, Literal::Text(text.to_owned()))
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let both = |a, b| Filter::And(Box::new(a), Box::new(b));
        let parsed = parse("mail eq 'a' or mail eq 'b' and mail eq 'c'", RULES).ok();
        assert_eq!(parsed, Some(Filter::Or(Box::new(mail_is("a")), Box::new(both(mail_is("b"), mail_is("c"))))));
        let parsed = parse("( mail eq 'a' or mail eq 'b' ) and mail eq 'c'", RULES).ok();
        assert_eq!(parsed, Some(both(Filter::Or(Box::new(mail_is("a")), Box::new(mail_is("b"))), mail_is("c"))));
    }

    #[test]
    fn brackets_without_end_are_refused_and_not_followed() {
        assert!(parse(&"(".repeat(100_000), RULES).is_err());
        assert!(parse(&"not ".repeat(100_000), RULES).is_err());
        assert!(parse_unlimited(&vec!["id eq 'x'"; 50_000].join(" or "), RULES).is_err());
    }

    proptest! {
        #[test]
        fn any_value_comes_through_quoting(value in "\\PC{0,120}") {
            let text = format!("mail eq '{}'", value.replace('\'', "''"));
            prop_assert_eq!(parse(&text, RULES).ok(), Some(mail_is(&value)));
        }

        #[test]
        fn no_text_is_too_strange_to_be_refused(text in "[a-z'(),: ]{0,200}|\\PC{0,200}") {
            let _ = parse(&text, RULES);
        }
    }
}
