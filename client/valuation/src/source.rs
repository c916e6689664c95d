//! TOML and JSON as one tree in which everything knows its place.

use std::{borrow::Cow, ops::Range};

use jsonc_parser::{ast, common::Ranged, CollectOptions, ParseOptions};
use toml::{
    de::{DeTable, DeValue},
    Spanned,
};

use crate::file::FileError;

/// A value and where it is, bytes.
pub struct Node {
    pub span: Range<usize>,
    pub value: Value,
}

/// What can stand in a file.
pub enum Value {
    Text(String),
    /// As written.
    Number(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
    Other(&'static str),
}

/// A key and its value.
pub struct Entry {
    pub key: String,
    pub key_span: Range<usize>,
    pub node: Node,
}

/// Line and column (characters) of a byte, from 1.
pub fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

/// Reads JSON if the text begins like an object, else TOML.
pub fn read(text: &str) -> Result<Node, FileError> {
    if text.trim_start().starts_with('{') {
        json(text)
    } else {
        let root =
            DeTable::parse(text).map_err(|error| FileError::at(text, error.span().unwrap_or(0..0), error.message()))?;
        let span = root.span();
        Ok(Node {
            span,
            value: Value::Table(toml_table(root.into_inner())),
        })
    }
}

fn toml_table(table: DeTable<'_>) -> Vec<Entry> {
    let entry = |(key, value): (Spanned<Cow<'_, str>>, Spanned<DeValue<'_>>)| Entry {
        key_span: key.span(),
        key: key.into_inner().into_owned(),
        node: toml_node(value),
    };
    table.into_iter().map(entry).collect()
}

fn toml_node(value: Spanned<DeValue<'_>>) -> Node {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) if number.radix() == 10 => Value::Number(number.as_str().to_owned()),
        DeValue::Integer(_) => Value::Other("a number in another base than ten"),
        DeValue::Float(number) => Value::Number(number.as_str().to_owned()),
        DeValue::Boolean(_) => Value::Other("true or false"),
        DeValue::Datetime(date) => Value::Text(date.to_string()),
        DeValue::Array(list) => Value::List(list.into_iter().map(toml_node).collect()),
        DeValue::Table(table) => Value::Table(toml_table(table)),
    };
    Node { span, value }
}

fn json(text: &str) -> Result<Node, FileError> {
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &strict)
        .map_err(|error| FileError::at(text, error.range().start..error.range().end, &error.kind().to_string()))?;
    match parsed.value {
        Some(value) => json_node(text, &value),
        None => Err(FileError::at(text, 0..0, "the file is empty")),
    }
}

fn json_node(text: &str, value: &ast::Value<'_>) -> Result<Node, FileError> {
    let range = value.range();
    let node = match value {
        ast::Value::StringLit(text) => Value::Text(text.value.to_string()),
        ast::Value::NumberLit(number) => Value::Number(number.value.to_owned()),
        ast::Value::BooleanLit(_) => Value::Other("true or false"),
        ast::Value::NullKeyword(_) => Value::Other("null"),
        ast::Value::Array(list) => Value::List(
            list.elements
                .iter()
                .map(|element| json_node(text, element))
                .collect::<Result<_, _>>()?,
        ),
        ast::Value::Object(object) => {
            let mut entries: Vec<Entry> = Vec::with_capacity(object.properties.len());
            let mut seen = std::collections::HashSet::new();
            for property in &object.properties {
                let at = property.name.range();
                let key = property.name.as_str();
                if !seen.insert(key) {
                    return Err(FileError::at(
                        text,
                        at.start..at.end,
                        &format!("{key:?} stands twice in this object"),
                    ));
                }
                entries.push(Entry {
                    key: key.to_owned(),
                    key_span: at.start..at.end,
                    node: json_node(text, &property.value)?,
                });
            }
            Value::Table(entries)
        }
    };
    Ok(Node {
        span: range.start..range.end,
        value: node,
    })
}
