use std::iter::Peekable;
use std::str::CharIndices;

use jiff::Timestamp;
use jiff::civil::Date;

use super::error::FilterError;
use super::syntax::Literal;

/// One token of a `$filter` expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    Literal(Literal),
    OpenParen,
    CloseParen,
    Comma,
    Slash,
    Colon,
}

/// A token and the position of its first character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spanned {
    pub(super) token: Token,
    pub(super) at: usize,
}

/// Cuts a whole expression into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Spanned>, FilterError> {
    let mut lexer = Lexer { text, chars: text.char_indices().peekable(), position: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    /// In characters, as error texts count.
    position: usize,
}

impl<'a> Lexer<'a> {
    fn token(&mut self) -> Result<Option<Spanned>, FilterError> {
        self.take_while(char::is_whitespace);
        let at = self.position;
        let Some(first) = self.peek() else {
            return Ok(None);
        };
        let token = match first {
            '(' => self.single(Token::OpenParen),
            ')' => self.single(Token::CloseParen),
            ',' => self.single(Token::Comma),
            '/' => self.single(Token::Slash),
            ':' => self.single(Token::Colon),
            '\'' => Token::Literal(Literal::Text(self.quoted()?)),
            c if c.is_ascii_digit() || c == '-' => self.unquoted()?,
            c if c.is_ascii_alphabetic() || c == '_' => self.name()?,
            found => return Err(FilterError::Character { found, at }),
        };
        Ok(Some(Spanned { token, at }))
    }

    fn single(&mut self, token: Token) -> Token {
        self.advance();
        token
    }

    fn name(&mut self) -> Result<Token, FilterError> {
        let name = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        // A quote right behind a name makes a qualified enumeration literal (OData 4.01 ABNF, rule `enum`).
        if self.peek() == Some('\'') {
            return Ok(Token::Literal(Literal::Member { enumeration: name.to_owned(), member: self.quoted()? }));
        }
        Ok(Token::Name(name.to_owned()))
    }

    /// A string in single quotes; a quote inside is written twice.
    fn quoted(&mut self) -> Result<String, FilterError> {
        let at = self.position;
        self.advance();
        let mut content = String::new();
        loop {
            content.push_str(self.take_while(|c| c != '\''));
            if self.advance().is_none() {
                return Err(FilterError::Unterminated { at });
            }
            if self.peek() != Some('\'') {
                return Ok(content);
            }
            content.extend(self.advance());
        }
    }

    fn unquoted(&mut self) -> Result<Token, FilterError> {
        let at = self.position;
        let text = self.take_while(|c| c.is_ascii_alphanumeric() || "+-:._".contains(c));
        literal(text).map(Token::Literal).ok_or_else(|| FilterError::Literal { text: text.to_owned(), at })
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let start = self.offset();
        while self.peek().is_some_and(&accept) {
            self.advance();
        }
        let end = self.offset();
        &self.text[start..end]
    }

    fn offset(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |(offset, _)| *offset)
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|(_, c)| *c)
    }

    fn advance(&mut self) -> Option<char> {
        self.position += 1;
        self.chars.next().map(|(_, c)| c)
    }
}

fn literal(text: &str) -> Option<Literal> {
    if let Ok(number) = text.parse() {
        return Some(Literal::Integer(number));
    }
    // jiff reads more spellings than OData has: basic format, blanks, annotations. The shape settles that first.
    let shape = text.as_bytes();
    if shape.get(4) != Some(&b'-') || shape.get(7) != Some(&b'-') {
        return None;
    }
    match shape.get(10) {
        None => {
            let date: Date = text.parse().ok()?;
            let midnight = date.at(0, 0, 0, 0);
            let instant = jiff::tz::Offset::UTC.to_timestamp(midnight).ok()?;
            Some(Literal::Date(instant))
        }
        // The offset is part of an Edm.DateTimeOffset; `Timestamp` refuses a text without one.
        Some(b'T') => text.parse::<Timestamp>().ok().map(Literal::Instant),
        Some(_) => None,
    }
}
