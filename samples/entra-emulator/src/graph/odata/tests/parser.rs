use proptest::prelude::*;

use crate::graph::odata::FilterError;
use crate::graph::odata::filter::Filter;
use crate::graph::odata::lexer::{Token, tokens};
use crate::graph::odata::options::ListOptions;
use crate::graph::odata::parser::{MAX_DEPTH, MAX_OPERANDS, parse};
use crate::graph::odata::syntax::{Literal, Operator, Syntax};

fn name(text: &str) -> Token {
    Token::Name(text.into())
}

fn text(text: &str) -> Token {
    Token::Literal(Literal::Text(text.into()))
}

/// Fully parenthesised form, so that a table can show what binds to what.
fn shape(syntax: &Syntax) -> String {
    match syntax {
        Syntax::Literal(Literal::Text(text)) => format!("'{text}'"),
        Syntax::Literal(literal) => format!("{literal:?}"),
        Syntax::Path(path) => path.join("/"),
        Syntax::Not(operand) => format!("!{}", shape(operand)),
        Syntax::Binary { operator, left, right } => format!("({} {} {})", shape(left), operator.name(), shape(right)),
        Syntax::Call { function, arguments } => {
            let arguments: Vec<_> = arguments.iter().map(shape).collect();
            format!("{function}[{}]", arguments.join(", "))
        }
        Syntax::Any { collection, condition } => {
            let condition = condition.as_ref().map(|(variable, body)| format!("{variable} -> {}", shape(body)));
            format!("{} any [{}]", collection.join("/"), condition.unwrap_or_default())
        }
    }
}

#[test]
fn the_lexer_cuts_every_kind_of_token() {
    let kinds: Vec<_> =
        tokens("tags/any(t: t eq 'a''b'),true -7").unwrap().into_iter().map(|spanned| spanned.token).collect();
    let expected = [
        name("tags"),
        Token::Slash,
        name("any"),
        Token::OpenParen,
        name("t"),
        Token::Colon,
        name("t"),
        name("eq"),
        text("a'b"),
        Token::CloseParen,
        Token::Comma,
        name("true"),
        Token::Literal(Literal::Integer(-7)),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn positions_count_characters_and_not_bytes() {
    let spanned = tokens("'äöü' eq x").unwrap();
    assert_eq!(spanned[1].at, 6);
}

#[test]
fn literals_have_the_type_of_their_spelling() {
    let instant = |text: &str| Literal::Instant(text.parse().unwrap());
    let rows = [
        ("zulu", "2026-03-01T09:00:00Z", instant("2026-03-01T09:00:00Z")),
        ("fraction", "2026-03-01T09:00:00.250Z", instant("2026-03-01T09:00:00.25Z")),
        ("offset", "2026-03-01T09:00:00+02:00", instant("2026-03-01T07:00:00Z")),
        ("negative offset", "2026-03-01T09:00:00-05:00", instant("2026-03-01T14:00:00Z")),
        ("date", "2026-03-01", Literal::Date("2026-03-01T00:00:00Z".parse().unwrap())),
        ("number", "42", Literal::Integer(42)),
        ("empty string", "''", Literal::Text(String::new())),
        ("escaped quote", "'it''s'", Literal::Text("it's".into())),
        ("only a quote", "''''", Literal::Text("'".into())),
        (
            "qualified member",
            "microsoft.graph.serviceUpdateSeverity'high'",
            Literal::Member { enumeration: "microsoft.graph.serviceUpdateSeverity".into(), member: "high".into() },
        ),
    ];
    for (row, input, expected) in rows {
        assert_eq!(parse(input), Ok(Syntax::Literal(expected)), "{row}");
    }
}

#[test]
fn operators_bind_as_odata_says() {
    let rows = [
        ("and before or", "a or b and c", "(a or (b and c))"),
        ("and before or, reversed", "a and b or c", "((a and b) or c)"),
        ("parentheses win", "(a or b) and c", "((a or b) and c)"),
        ("comparison before and", "a eq 'x' and b ne 'y'", "((a eq 'x') and (b ne 'y'))"),
        ("order before equality", "a eq b gt c", "(a eq (b gt c))"),
        ("left to right", "a or b or c", "((a or b) or c)"),
        ("not before everything", "not a eq b", "(!a eq b)"),
        ("not of a group", "not (a or b) and c", "(!(a or b) and c)"),
        ("not twice", "not not a", "!!a"),
        ("not without a blank", "not(a)", "!a"),
        ("call", "contains(tolower(title),'x')", "contains[tolower[title], 'x']"),
        ("lambda", "tags/any(t:t eq 'x' or t eq 'y')", "tags any [t -> ((t eq 'x') or (t eq 'y'))]"),
        ("empty lambda", "tags/any()", "tags any []"),
        ("path", "body/content eq 'x'", "(body/content eq 'x')"),
        ("white space", " \t a\n eq   b ", "(a eq b)"),
    ];
    for (row, input, expected) in rows {
        assert_eq!(parse(input).as_ref().map(shape), Ok(expected.into()), "{row}");
    }
}

#[test]
fn broken_syntax_is_refused_with_its_position() {
    let syntax = |expected, at| FilterError::Syntax { expected, at };
    let operator_or_end = "an operator or the end of the expression";
    let rows = [
        ("nothing", "", FilterError::Empty),
        ("blanks", "  ", FilterError::Empty),
        ("no right side", "title eq", syntax("an operand", 8)),
        ("no left side", "eq 'x'", syntax(operator_or_end, 3)),
        ("trailing token", "title eq 'x' 'y'", syntax(operator_or_end, 13)),
        ("trailing parenthesis", "(isMajorChange))", syntax(operator_or_end, 15)),
        ("open parenthesis", "(isMajorChange", syntax("')' or an operator", 14)),
        ("upper case operator", "title EQ 'x'", syntax(operator_or_end, 6)),
        ("operator of other languages", "a && b", FilterError::Character { found: '&', at: 2 }),
        ("double quotes", "title eq \"x\"", FilterError::Character { found: '"', at: 9 }),
        ("comment", "a eq 'x';--", FilterError::Character { found: ';', at: 8 }),
        ("open string", "title eq 'x", FilterError::Unterminated { at: 9 }),
        ("open string after quote", "title eq 'x''", FilterError::Unterminated { at: 9 }),
        ("in operator", "title in ('a','b')", syntax(operator_or_end, 6)),
        ("missing argument", "contains(title,)", syntax("an operand", 15)),
        ("call not closed", "contains(title,'x'", syntax("',' or ')'", 18)),
        ("lambda without colon", "tags/any(t t eq 'x')", syntax("':' behind the range variable", 11)),
        ("path without end", "body/", syntax("a name", 5)),
        ("all", "tags/all(t:t eq 'x')", FilterError::UnknownFunction { name: "all".into() }),
    ];
    for (row, input, expected) in rows {
        assert_eq!(parse(input), Err(expected), "{row}");
    }
}

#[test]
fn dates_that_are_none_are_refused() {
    let rows = [
        ("no offset", "2026-03-01T09:00:00"),
        ("blank for T", "2026-03-01_09:00:00Z"),
        ("basic format", "20260301T090000Z"),
        ("thirteenth month", "2026-13-01"),
        ("thirtieth of February", "2026-02-30T00:00:00Z"),
        ("decimal", "1.5"),
        ("number with letters", "12ab"),
        ("two numbers", "1-2"),
    ];
    for (row, input) in rows {
        let expected = FilterError::Literal { text: input.into(), at: 0 };
        assert_eq!(parse(input), Err(expected), "{row}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
    assert!(parse(&nested(MAX_DEPTH - 1)).is_ok());
    let refused = Err(FilterError::TooDeep { limit: MAX_DEPTH });
    assert_eq!(parse(&nested(MAX_DEPTH)), refused);
    assert_eq!(parse(&nested(100_000)), refused);
    assert_eq!(parse(&format!("{}a", "not ".repeat(100_000))), refused);
}

#[test]
fn length_is_bounded() {
    let chain = |operands: usize| vec!["a"; operands].join(" or ");
    assert!(parse(&chain(MAX_OPERANDS)).is_ok());
    let refused = FilterError::TooLong { limit: MAX_OPERANDS };
    assert_eq!(parse(&chain(MAX_OPERANDS + 1)), Err(refused));
}

#[test]
fn operator_names_are_found_again() {
    for word in ["or", "and", "eq", "ne", "gt", "ge", "lt", "le"] {
        assert_eq!(Operator::named(word).map(Operator::name), Some(word));
    }
    assert_eq!(Operator::named("not"), None);
    assert_eq!(Operator::named("Eq"), None);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".*") {
        let _ = Filter::parse(&text);
    }

    #[test]
    fn any_sequence_of_fragments_is_read_or_refused(
        fragments in prop::collection::vec(
            prop::sample::select(vec![
                "(", ")", ",", "/", ":", "not", "and", "or", "eq", "gt", "any", "tags", "services", "details", "title",
                "severity", "startDateTime", "contains", "startswith", "tolower", "t", "'x'", "''", "'", "2026-01-01",
                "2026-01-01T00:00:00Z", "null", "true", "-1", "é",
            ]),
            0..40,
        ),
    ) {
        // Whatever is accepted must also be evaluable: binding leaves no case that evaluation does not know.
        if let Ok(filter) = Filter::parse(&fragments.join(" ")) {
            let message = super::message();
            prop_assert_eq!(filter.matches(&message), filter.matches(&message));
        }
    }

    #[test]
    fn any_query_string_is_read_or_refused(query in "[$&=%+a-z0-9' ]{0,60}") {
        let _ = ListOptions::parse(&query);
    }

    #[test]
    fn every_string_survives_quoting(content in ".*") {
        let quoted = format!("'{}'", content.replace('\'', "''"));
        prop_assert_eq!(parse(&quoted), Ok(Syntax::Literal(Literal::Text(content))));
    }
}
