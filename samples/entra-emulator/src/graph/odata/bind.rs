use super::error::FilterError;
use super::filter::{Node, Search};
use super::schema::{self, Member};
use super::syntax::{Comparison, Literal, Operator, Syntax};
use super::value::{Enumeration, Type, Value};

/// Lambdas inside each other: evaluation multiplies the lengths of their collections.
const MAX_LAMBDAS: usize = 2;

/// Resolves the names of a whole expression and checks that it is a condition.
pub(super) fn condition(syntax: &Syntax) -> Result<Node, FilterError> {
    Binder::default().boolean(syntax, "the filter")
}

/// A node with its static type.
struct Typed {
    node: Node,
    kind: Type,
}

#[derive(Default)]
struct Binder {
    /// Names of the range variables in force, outermost first.
    variables: Vec<String>,
}

impl Binder {
    fn boolean(&mut self, syntax: &Syntax, place: &'static str) -> Result<Node, FilterError> {
        let Typed { node, kind } = self.bind(syntax)?;
        match kind {
            Type::Boolean => Ok(node),
            other => Err(FilterError::NotBoolean { place, found: other.name() }),
        }
    }

    fn bind(&mut self, syntax: &Syntax) -> Result<Typed, FilterError> {
        match syntax {
            Syntax::Literal(literal) => bind_literal(literal),
            Syntax::Path(path) => self.path(path),
            Syntax::Call { function, arguments } => self.call(function, arguments),
            Syntax::Any { collection, condition } => {
                self.any(collection, condition.as_ref().map(|(name, body)| (name, &**body)))
            }
            Syntax::Not(operand) => {
                let operand = self.boolean(operand, "the operand of 'not'")?;
                Ok(truth(Node::Not(operand.into())))
            }
            Syntax::Binary { operator, left, right } => self.binary(*operator, left, right),
        }
    }

    fn binary(&mut self, operator: Operator, left: &Syntax, right: &Syntax) -> Result<Typed, FilterError> {
        match operator {
            Operator::And => {
                let left = self.boolean(left, "each operand of 'and'")?;
                let right = self.boolean(right, "each operand of 'and'")?;
                Ok(truth(Node::And(left.into(), right.into())))
            }
            Operator::Or => {
                let left = self.boolean(left, "each operand of 'or'")?;
                let right = self.boolean(right, "each operand of 'or'")?;
                Ok(truth(Node::Or(left.into(), right.into())))
            }
            Operator::Compare(comparison) => compare(comparison, self.bind(left)?, self.bind(right)?),
        }
    }

    fn path(&self, path: &[String]) -> Result<Typed, FilterError> {
        if let [name] = path
            && let Some(index) = self.variables.iter().position(|known| known == name)
        {
            return Ok(Typed { node: Node::Variable(index), kind: Type::Text });
        }
        let path = path.join("/");
        match schema::member(&path) {
            Some(Member::Single(property)) => Ok(Typed { node: Node::Property(property), kind: property.value_type() }),
            Some(Member::Many(_)) => Err(FilterError::Collection { path }),
            Some(Member::Opaque) => Err(FilterError::NotFilterable { path }),
            None => Err(FilterError::UnknownProperty { path }),
        }
    }

    fn any(&mut self, collection: &[String], condition: Option<(&String, &Syntax)>) -> Result<Typed, FilterError> {
        let path = collection.join("/");
        let collection = match schema::member(&path) {
            Some(Member::Many(collection)) => collection,
            Some(Member::Single(_)) => return Err(FilterError::NotACollection { path }),
            Some(Member::Opaque) => return Err(FilterError::NotFilterable { path }),
            None => return Err(FilterError::UnknownProperty { path }),
        };
        let condition = condition.map(|(name, body)| self.lambda(name, body)).transpose()?;
        Ok(truth(Node::Any(collection, condition.map(Box::new))))
    }

    fn lambda(&mut self, variable: &str, body: &Syntax) -> Result<Node, FilterError> {
        if self.variables.len() == MAX_LAMBDAS {
            return Err(FilterError::LambdaTooDeep { limit: MAX_LAMBDAS });
        }
        if self.variables.iter().any(|known| known == variable) {
            return Err(FilterError::Shadowed { name: variable.to_owned() });
        }
        self.variables.push(variable.to_owned());
        let body = self.boolean(body, "the condition of 'any'");
        self.variables.pop();
        body
    }

    fn call(&mut self, function: &str, arguments: &[Syntax]) -> Result<Typed, FilterError> {
        match function {
            "tolower" => {
                let [operand] = self.texts("tolower", arguments)?;
                Ok(Typed { node: Node::Lower(operand), kind: Type::Text })
            }
            "contains" => {
                let [text, part] = self.texts("contains", arguments)?;
                Ok(truth(Node::Search(Search::Contains, text, part)))
            }
            "startswith" => {
                let [text, part] = self.texts("startswith", arguments)?;
                Ok(truth(Node::Search(Search::StartsWith, text, part)))
            }
            unknown => Err(FilterError::UnknownFunction { name: unknown.to_owned() }),
        }
    }

    fn texts<const N: usize>(
        &mut self,
        name: &'static str,
        arguments: &[Syntax],
    ) -> Result<[Box<Node>; N], FilterError> {
        let bound = arguments.iter().map(|argument| self.bind(argument)).collect::<Result<Vec<_>, _>>()?;
        let kinds: Vec<_> = bound.iter().map(|typed| typed.kind.name()).collect();
        let fits = bound.iter().all(|typed| matches!(typed.kind, Type::Text | Type::Null));
        let nodes: Vec<_> = bound.into_iter().map(|typed| typed.node.into()).collect();
        nodes.try_into().ok().filter(|_| fits).ok_or_else(|| FilterError::Arguments {
            name,
            expected: if N == 1 { "one 'Edm.String'" } else { "two 'Edm.String'" },
            found: format!("({})", kinds.join(", ")),
        })
    }
}

fn truth(node: Node) -> Typed {
    Typed { node, kind: Type::Boolean }
}

fn bind_literal(literal: &Literal) -> Result<Typed, FilterError> {
    let (value, kind) = match literal {
        Literal::Null => (Value::Null, Type::Null),
        Literal::Boolean(value) => (Value::Boolean(*value), Type::Boolean),
        Literal::Integer(value) => (Value::Integer(*value), Type::Integer),
        Literal::Date(midnight) => (Value::Instant(*midnight), Type::Date),
        Literal::Instant(value) => (Value::Instant(*value), Type::Instant),
        Literal::Text(text) => (Value::Text(text.clone().into()), Type::Text),
        Literal::Member { enumeration, member } => {
            let Some(known) = Enumeration::named(enumeration) else {
                return Err(unknown_member(enumeration, member));
            };
            let value = find_member(known, member)?;
            (value, Type::Enumeration(known))
        }
    };
    Ok(Typed { node: Node::Literal(value), kind })
}

fn compare(comparison: Comparison, left: Typed, right: Typed) -> Result<Typed, FilterError> {
    let (left_kind, right_kind) = (left.kind, right.kind);
    let left = promote(left, right_kind)?;
    let right = promote(right, left_kind)?;
    let comparable = left.kind == right.kind || left.kind == Type::Null || right.kind == Type::Null;
    if !comparable {
        return Err(FilterError::Incompatible {
            operator: comparison.name(),
            left: left_kind.name(),
            right: right_kind.name(),
        });
    }
    let (left, right) = (left.node.into(), right.node.into());
    Ok(truth(Node::Compare(comparison, left, right)))
}

/// Promotes a literal to the type on the other side: a string to an enumeration's member, a date to its midnight.
fn promote(typed: Typed, other: Type) -> Result<Typed, FilterError> {
    match (typed.node, typed.kind, other) {
        (Node::Literal(Value::Text(name)), Type::Text, Type::Enumeration(enumeration)) => {
            Ok(Typed { node: Node::Literal(find_member(enumeration, &name)?), kind: other })
        }
        (node, Type::Date, Type::Instant) => Ok(Typed { node, kind: other }),
        (node, kind, _) => Ok(Typed { node, kind }),
    }
}

fn find_member(enumeration: Enumeration, name: &str) -> Result<Value<'static>, FilterError> {
    enumeration.member(name).map(Value::Member).ok_or_else(|| unknown_member(enumeration.name(), name))
}

fn unknown_member(enumeration: &str, member: &str) -> FilterError {
    FilterError::UnknownMember { member: member.to_owned(), enumeration: enumeration.to_owned() }
}
