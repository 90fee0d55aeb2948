use super::error::FilterError;
use super::lexer::{self, Spanned, Token};
use super::syntax::{Literal, Operator, Syntax};

/// Levels of parentheses, `not`, arguments and lambdas: a bound on the stack that one request can use.
pub(super) const MAX_DEPTH: usize = 32;

/// Operands in the whole expression: a left-leaning chain of `or` is as deep a tree as it is long.
pub(super) const MAX_OPERANDS: usize = 200;

/// Parses a whole `$filter` expression.
pub(super) fn parse(text: &str) -> Result<Syntax, FilterError> {
    let mut parser = Parser { tokens: lexer::tokens(text)?, next: 0, end: text.chars().count(), depth: 0, operands: 0 };
    if parser.tokens.is_empty() {
        return Err(FilterError::Empty);
    }
    let expression = parser.expression()?;
    match parser.peek() {
        None => Ok(expression),
        Some(_) => Err(parser.expected("an operator or the end of the expression")),
    }
}

struct Parser {
    tokens: Vec<Spanned>,
    next: usize,
    /// Position behind the last character.
    end: usize,
    depth: usize,
    operands: usize,
}

impl Parser {
    /// Every recursion passes here, so that here alone the depth is counted.
    fn expression(&mut self) -> Result<Syntax, FilterError> {
        self.nested(|parser| parser.binary(0))
    }

    fn nested(&mut self, parse: impl FnOnce(&mut Self) -> Result<Syntax, FilterError>) -> Result<Syntax, FilterError> {
        if self.depth == MAX_DEPTH {
            return Err(FilterError::TooDeep { limit: MAX_DEPTH });
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Operators that bind tighter than `floor`, left-associative.
    fn binary(&mut self, floor: u8) -> Result<Syntax, FilterError> {
        let mut left = self.unary()?;
        while let Some(operator) = self.operator()
            && operator.precedence() > floor
        {
            self.next += 1;
            let right = self.binary(operator.precedence())?;
            left = Syntax::Binary { operator, left: Box::new(left), right: Box::new(right) };
        }
        Ok(left)
    }

    fn operator(&self) -> Option<Operator> {
        match self.peek()? {
            Token::Name(name) => Operator::named(name),
            _ => None,
        }
    }

    fn unary(&mut self) -> Result<Syntax, FilterError> {
        if !self.take_name("not") {
            return self.primary();
        }
        let operand = self.nested(Self::unary)?;
        Ok(Syntax::Not(Box::new(operand)))
    }

    fn primary(&mut self) -> Result<Syntax, FilterError> {
        self.operands += 1;
        if self.operands > MAX_OPERANDS {
            return Err(FilterError::TooLong { limit: MAX_OPERANDS });
        }
        match self.peek() {
            Some(Token::OpenParen) => {
                self.next += 1;
                let inner = self.expression()?;
                self.take(&Token::CloseParen, "')' or an operator")?;
                Ok(inner)
            }
            Some(Token::Literal(literal)) => {
                let literal = literal.clone();
                self.next += 1;
                Ok(Syntax::Literal(literal))
            }
            Some(Token::Name(_)) => self.named(),
            _ => Err(self.expected("an operand")),
        }
    }

    /// A keyword literal, a path, a function call or a lambda.
    fn named(&mut self) -> Result<Syntax, FilterError> {
        let mut path = vec![self.name()?];
        while self.peek() == Some(&Token::Slash) {
            self.next += 1;
            path.push(self.name()?);
        }
        if self.peek() != Some(&Token::OpenParen) {
            return Ok(keyword(&path).map_or(Syntax::Path(path), Syntax::Literal));
        }
        self.next += 1;
        match path.pop() {
            Some(function) if path.is_empty() => self.call(function),
            Some(operator) if operator == "any" => self.any(path),
            other => Err(FilterError::UnknownFunction { name: other.unwrap_or_default() }),
        }
    }

    fn call(&mut self, function: String) -> Result<Syntax, FilterError> {
        let mut arguments = Vec::new();
        if self.peek() != Some(&Token::CloseParen) {
            arguments.push(self.expression()?);
            while self.peek() == Some(&Token::Comma) {
                self.next += 1;
                arguments.push(self.expression()?);
            }
        }
        self.take(&Token::CloseParen, "',' or ')'")?;
        Ok(Syntax::Call { function, arguments })
    }

    fn any(&mut self, collection: Vec<String>) -> Result<Syntax, FilterError> {
        let mut condition = None;
        if self.peek() != Some(&Token::CloseParen) {
            let variable = self.name()?;
            self.take(&Token::Colon, "':' behind the range variable")?;
            condition = Some((variable, Box::new(self.expression()?)));
        }
        self.take(&Token::CloseParen, "')' or an operator")?;
        Ok(Syntax::Any { collection, condition })
    }

    fn name(&mut self) -> Result<String, FilterError> {
        match self.peek() {
            Some(Token::Name(name)) => {
                let name = name.clone();
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.expected("a name")),
        }
    }

    fn take_name(&mut self, name: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Name(found)) if found == name);
        self.next += usize::from(found);
        found
    }

    fn take(&mut self, token: &Token, expected: &'static str) -> Result<(), FilterError> {
        if self.peek() != Some(token) {
            return Err(self.expected(expected));
        }
        self.next += 1;
        Ok(())
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|spanned| &spanned.token)
    }

    fn expected(&self, expected: &'static str) -> FilterError {
        let at = self.tokens.get(self.next).map_or(self.end, |spanned| spanned.at);
        FilterError::Syntax { expected, at }
    }
}

fn keyword(path: &[String]) -> Option<Literal> {
    match path {
        [word] if word == "true" => Some(Literal::Boolean(true)),
        [word] if word == "false" => Some(Literal::Boolean(false)),
        [word] if word == "null" => Some(Literal::Null),
        _ => None,
    }
}
