//! Reads a query's pieces as a statement.

use serde_json::{Value, json};

use super::{
    Parameter,
    lexer::{self, Kind, Token},
};
use crate::azure::{Denial, cosmos::refusal};

/// What a query asks for.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) top: Option<usize>,
    pub(super) conditions: Vec<Condition>,
    pub(super) order: Option<Order>,
}

/// A comparison of a path with a value.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) path: Vec<String>,
    pub(super) operator: String,
    pub(super) value: Value,
}

/// By what the answer is sorted.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) path: Vec<String>,
    pub(super) descending: bool,
}

struct Parser<'a> {
    tokens: Vec<Token>,
    next: usize,
    parameters: &'a [Parameter],
    /// What `FROM` names.
    alias: String,
}

pub(super) fn parse(text: &str, parameters: &[Parameter]) -> Result<Statement, Denial> {
    let mut parser = Parser { tokens: lexer::tokens(text)?, next: 0, parameters, alias: String::new() };
    parser.word("SELECT")?;
    let top = if parser.is_word("TOP") { Some(parser.count()?) } else { None };
    parser.symbol("*")?;
    parser.word("FROM")?;
    parser.alias = parser.name()?;
    let mut conditions = Vec::new();
    if parser.is_word("WHERE") {
        conditions.push(parser.condition()?);
        while parser.is_word("AND") {
            conditions.push(parser.condition()?);
        }
    }
    let order = if parser.is_word("ORDER") { Some(parser.order()?) } else { None };
    match parser.take() {
        Token { kind: Kind::End, .. } => Ok(Statement { top, conditions, order }),
        other => Err(near(&other)),
    }
}

fn near(token: &Token) -> Denial {
    let what = match &token.kind {
        Kind::Word(text) | Kind::Parameter(text) | Kind::Text(text) | Kind::Symbol(text) => text.clone(),
        Kind::Number(number) => number.to_string(),
        Kind::End => "the end".to_owned(),
    };
    refusal::syntax(&format!("incorrect syntax near '{what}'"), token.at)
}

impl Parser<'_> {
    fn take(&mut self) -> Token {
        let token = self.tokens[self.next.min(self.tokens.len() - 1)].clone();
        self.next += 1;
        token
    }

    /// Takes a keyword if it is the next piece.
    fn is_word(&mut self, keyword: &str) -> bool {
        let found = matches!(&self.tokens[self.next.min(self.tokens.len() - 1)].kind,
            Kind::Word(word) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(found);
        found
    }

    fn word(&mut self, keyword: &str) -> Result<(), Denial> {
        if self.is_word(keyword) { Ok(()) } else { Err(near(&self.take())) }
    }

    fn is_symbol(&mut self, symbol: &str) -> bool {
        let found = self.tokens[self.next.min(self.tokens.len() - 1)].kind == Kind::Symbol(symbol.to_owned());
        self.next += usize::from(found);
        found
    }

    fn symbol(&mut self, symbol: &str) -> Result<(), Denial> {
        if self.is_symbol(symbol) { Ok(()) } else { Err(near(&self.take())) }
    }

    fn name(&mut self) -> Result<String, Denial> {
        match self.take() {
            Token { kind: Kind::Word(word), .. } => Ok(word),
            other => Err(near(&other)),
        }
    }

    /// A whole number, or a parameter that is one.
    fn count(&mut self) -> Result<usize, Denial> {
        let at = self.tokens[self.next.min(self.tokens.len() - 1)].clone();
        let value = self.value()?;
        let whole = value.as_u64().or_else(|| value.as_f64().filter(|it| it.fract() == 0.0).map(|it| it as u64));
        whole.and_then(|count| usize::try_from(count).ok()).ok_or_else(|| near(&at))
    }

    /// `c.a.b`, or the same with steps in brackets.
    fn path(&mut self) -> Result<Vec<String>, Denial> {
        let start = self.take();
        if start.kind != Kind::Word(self.alias.clone()) {
            return Err(near(&start));
        }
        let mut path = Vec::new();
        loop {
            if self.is_symbol(".") {
                path.push(self.name()?);
            } else if self.is_symbol("[") {
                match self.take() {
                    Token { kind: Kind::Text(step), .. } => path.push(step),
                    other => return Err(near(&other)),
                }
                self.symbol("]")?;
            } else if path.is_empty() {
                return Err(near(&self.take()));
            } else {
                return Ok(path);
            }
        }
    }

    fn condition(&mut self) -> Result<Condition, Denial> {
        let path = self.path()?;
        let operator = match self.take() {
            Token { kind: Kind::Symbol(symbol), .. }
                if ["=", "!=", "<>", "<", "<=", ">", ">="].contains(&symbol.as_str()) =>
            {
                symbol
            }
            other => return Err(near(&other)),
        };
        Ok(Condition { path, operator, value: self.value()? })
    }

    fn value(&mut self) -> Result<Value, Denial> {
        let token = self.take();
        Ok(match &token.kind {
            Kind::Text(text) => json!(text),
            Kind::Number(number) => json!(number),
            Kind::Word(word) if word.eq_ignore_ascii_case("true") => json!(true),
            Kind::Word(word) if word.eq_ignore_ascii_case("false") => json!(false),
            Kind::Word(word) if word.eq_ignore_ascii_case("null") => Value::Null,
            Kind::Parameter(name) => {
                let given = self.parameters.iter().find(|it| it.name == *name);
                given.map(|it| it.value.clone()).ok_or_else(|| near(&token))?
            }
            _ => return Err(near(&token)),
        })
    }

    fn order(&mut self) -> Result<Order, Denial> {
        self.word("BY")?;
        let path = self.path()?;
        let descending = self.is_word("DESC");
        if !descending {
            self.is_word("ASC");
        }
        Ok(Order { path, descending })
    }
}
