//! Takes the text of a query apart.

use super::refusal;
use crate::azure::Denial;

/// A piece of the text, with where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) kind: Kind,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A keyword or name.
    Word(String),
    /// A name that begins with `@`, with its `@`.
    Parameter(String),
    Text(String),
    Number(f64),
    Symbol(String),
    End,
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Denial> {
    let characters: Vec<char> = text.chars().collect();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(&c) = characters.get(at) {
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let (kind, length) = token(&characters[at..], at)?;
        found.push(Token { at, kind });
        at += length;
    }
    found.push(Token { at, kind: Kind::End });
    Ok(found)
}

/// Reads the piece at the beginning; returns its length too.
fn token(rest: &[char], at: usize) -> Result<(Kind, usize), Denial> {
    let c = rest[0];
    let take = |while_it: &dyn Fn(char) -> bool| rest.iter().take_while(|c| while_it(**c)).collect::<String>();
    if c.is_ascii_alphabetic() || c == '_' || c == '@' {
        let word: String = std::iter::once(c).chain(rest[1..].iter().copied().take_while(|c| is_name(*c))).collect();
        let length = word.chars().count();
        return Ok((if c == '@' { Kind::Parameter(word) } else { Kind::Word(word) }, length));
    }
    if c.is_ascii_digit() || (c == '-' && rest.get(1).is_some_and(char::is_ascii_digit)) {
        let digits = take(&|c| c.is_ascii_digit() || ['.', '-', '+', 'e', 'E'].contains(&c));
        let number = digits.parse().map_err(|_| refusal::syntax("a number is malformed", at))?;
        return Ok((Kind::Number(number), digits.len()));
    }
    if c == '\'' || c == '"' {
        return quoted(rest, c).ok_or_else(|| refusal::syntax("a string does not end", at));
    }
    let two: String = rest.iter().take(2).collect();
    if ["!=", "<>", "<=", ">="].contains(&&*two) {
        return Ok((Kind::Symbol(two), 2));
    }
    if "=<>*.,()[]".contains(c) {
        Ok((Kind::Symbol(c.to_string()), 1))
    } else {
        Err(refusal::syntax(&format!("incorrect syntax near '{c}'"), at))
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A string, in which a backslash escapes.
fn quoted(rest: &[char], quote: char) -> Option<(Kind, usize)> {
    let (mut text, mut at) = (String::new(), 1);
    loop {
        match *rest.get(at)? {
            '\\' => {
                text.push(*rest.get(at + 1)?);
                at += 2;
            }
            c if c == quote => return Some((Kind::Text(text), at + 1)),
            c => {
                text.push(c);
                at += 1;
            }
        }
    }
}
