use super::{bare, message};
use crate::graph::GraphError;
use crate::graph::message::{Category, Message, Severity};
use crate::graph::odata::QueryError;
use crate::graph::odata::filter::Filter;
use crate::graph::odata::value::Enumeration;

fn matches(filter: &str, message: &Message) -> bool {
    match Filter::parse(filter) {
        Ok(filter) => filter.matches(message),
        Err(error) => panic!("{filter}: {error}"),
    }
}

#[test]
fn expressions_evaluate_as_odata_says() {
    let rows = [
        ("equal", "id eq 'MC1234567'", true),
        ("literal on the left", "'MC1234567' eq id", true),
        ("not equal", "id ne 'MC1234567'", false),
        ("case matters", "title eq 'retirement of o''brien''s überblick'", false),
        ("quote in a string", "contains(title,'O''Brien')", true),
        ("contains", "contains(title,'Retire')", true),
        ("contains is exact", "contains(title,'retire')", false),
        ("lowered", "contains(tolower(title),'retire')", true),
        ("lowered beyond ASCII", "contains(tolower(title),'überblick')", true),
        ("lowered twice", "tolower(tolower(title)) eq tolower(title)", true),
        ("empty part", "contains(title,'')", true),
        ("starts", "startswith(title,'Retirement')", true),
        ("does not start", "startswith(title,'of')", false),
        ("search as operand", "contains(title,'Retire') eq true", true),
        ("body", "contains(tolower(body/content),'copilot')", true),
        ("content type", "body/contentType eq 'html'", true),
        ("boolean alone", "isMajorChange", true),
        ("boolean compared", "isMajorChange eq false", false),
        ("not", "not isMajorChange", false),
        ("not a group", "not (isMajorChange and hasAttachments)", true),
        ("enumeration", "severity eq 'high'", true),
        ("qualified", "severity eq microsoft.graph.serviceUpdateSeverity'high'", true),
        ("enumeration in order", "severity gt 'normal' and severity lt 'critical'", true),
        ("category", "category eq 'stayInformed' or category eq 'planForChange'", true),
        ("instant", "lastModifiedDateTime eq 2026-03-15T10:30:00Z", true),
        ("same instant elsewhere", "lastModifiedDateTime eq 2026-03-15T12:30:00+02:00", true),
        ("after", "startDateTime ge 2026-03-01T09:00:00Z", true),
        ("strictly after", "startDateTime gt 2026-03-01T09:00:00Z", false),
        ("fraction", "startDateTime lt 2026-03-01T09:00:00.001Z", true),
        ("day", "startDateTime gt 2026-03-01 and startDateTime lt 2026-03-02", true),
        ("two properties", "startDateTime le lastModifiedDateTime", true),
        ("set", "actionRequiredByDateTime ne null", true),
        ("any", "tags/any(t:t eq 'Retirement')", true),
        ("any of another", "tags/any(t:t eq 'New feature')", false),
        ("any with a function", "services/any(s:contains(tolower(s),'exchange'))", true),
        ("any with two conditions", "services/any(s:startswith(s,'Ex') and contains(s,'Teams'))", false),
        ("any with an outer property", "tags/any(t:contains(title,t))", true),
        ("any in any", "tags/any(t:services/any(s:s eq t))", false),
        ("any without condition", "tags/any()", true),
        ("variable named as a property", "tags/any(title:title eq 'Retirement')", true),
        ("or after false", "isMajorChange eq false or severity eq 'high'", true),
        ("constant", "true", true),
        ("two constants", "1 lt 2", true),
    ];
    for (row, filter, expected) in rows {
        assert_eq!(matches(filter, &message()), expected, "{row}: {filter}");
    }
}

#[test]
fn null_is_equal_to_null_only_and_never_in_order() {
    let rows = [
        ("is null", "actionRequiredByDateTime eq null", true),
        ("is not null", "actionRequiredByDateTime ne null", false),
        ("before", "actionRequiredByDateTime lt 2030-01-01T00:00:00Z", false),
        ("after", "actionRequiredByDateTime gt 2000-01-01T00:00:00Z", false),
        ("later than null", "2030-01-01T00:00:00Z gt actionRequiredByDateTime", false),
        ("at least null", "2030-01-01T00:00:00Z ge actionRequiredByDateTime", false),
        ("at most null", "actionRequiredByDateTime le null", false),
        ("not before", "not (actionRequiredByDateTime lt 2030-01-01T00:00:00Z)", true),
        ("differs from a date", "actionRequiredByDateTime ne 2026-06-01T07:00:00Z", true),
        ("search for null", "contains(title,null)", false),
        ("not a search for null", "not contains(title,null)", false),
        ("null or true", "contains(title,null) or isMajorChange", true),
        ("null and true", "contains(title,null) and isMajorChange", false),
        ("not (null and false)", "not (contains(title,null) and hasAttachments)", true),
        ("lowered null", "tolower(null) eq null", true),
        ("empty collection", "tags/any()", false),
        ("any of an empty collection", "tags/any(t:true)", false),
    ];
    for (row, filter, expected) in rows {
        assert_eq!(matches(filter, &bare()), expected, "{row}: {filter}");
    }
}

#[test]
fn what_is_not_supported_is_refused_with_a_sentence() {
    let rows = [
        (
            "unknown property",
            "importance eq 'high'",
            "Could not find a property 'importance' on type 'microsoft.graph.serviceUpdateMessage'.",
        ),
        (
            "other case",
            "Title eq 'x'",
            "Could not find a property 'Title' on type 'microsoft.graph.serviceUpdateMessage'.",
        ),
        (
            "path into a string",
            "title/length eq 'x'",
            "Could not find a property 'title/length' on type 'microsoft.graph.serviceUpdateMessage'.",
        ),
        ("unknown function", "endswith(title,'x')", "An unknown or unsupported function 'endswith' was found."),
        ("function in other case", "toLower(title) eq 'x'", "An unknown or unsupported function 'toLower' was found."),
        ("details", "details/any(d:d eq 'x')", "The property 'details' does not support filters."),
        (
            "details by path",
            "details/any(d:d/name eq 'RoadmapIds')",
            "The property 'details' does not support filters.",
        ),
        ("whole body", "contains(body,'x')", "The property 'body' does not support filters."),
        ("view point", "viewPoint/isRead eq true", "The property 'viewPoint/isRead' does not support filters."),
        ("any over a string", "title/any(t:t eq 'x')", "'any' needs a collection, and 'title' is not one."),
        ("collection as a value", "tags eq 'x'", "The collection 'tags' can only be filtered with 'any'."),
        (
            "variable outside",
            "tags/any(t:t eq 'x') and t eq 'x'",
            "Could not find a property 't' on type 'microsoft.graph.serviceUpdateMessage'.",
        ),
        ("variable twice", "tags/any(t:services/any(t:t eq 'x'))", "The range variable 't' has been declared already."),
        ("three lambdas", "tags/any(a:tags/any(b:tags/any(c:c eq a)))", "'any' is nested more than 2 levels deep."),
        (
            "date as a string",
            "startDateTime gt '2026-01-01T00:00:00Z'",
            "Operator 'gt' cannot be applied to 'Edm.DateTimeOffset' and 'Edm.String'.",
        ),
        (
            "string as a date",
            "title eq 2026-01-01T00:00:00Z",
            "Operator 'eq' cannot be applied to 'Edm.String' and 'Edm.DateTimeOffset'.",
        ),
        (
            "boolean as a string",
            "isMajorChange eq 'true'",
            "Operator 'eq' cannot be applied to 'Edm.Boolean' and 'Edm.String'.",
        ),
        ("number", "title eq 5", "Operator 'eq' cannot be applied to 'Edm.String' and 'Edm.Int64'."),
        (
            "enumeration with a property",
            "severity eq title",
            "Operator 'eq' cannot be applied to 'microsoft.graph.serviceUpdateSeverity' and 'Edm.String'.",
        ),
        (
            "unknown member",
            "severity eq 'urgent'",
            "'urgent' is not a member of 'microsoft.graph.serviceUpdateSeverity'.",
        ),
        ("unknown enumeration", "title eq edm.colour'red'", "'red' is not a member of 'edm.colour'."),
        ("string as a filter", "'x'", "The filter must be of type 'Edm.Boolean', not 'Edm.String'."),
        ("null as a filter", "null", "The filter must be of type 'Edm.Boolean', not 'null'."),
        ("not a string", "not title", "The operand of 'not' must be of type 'Edm.Boolean', not 'Edm.String'."),
        (
            "and a string",
            "isMajorChange and title",
            "Each operand of 'and' must be of type 'Edm.Boolean', not 'Edm.String'.",
        ),
        (
            "lambda of a string",
            "tags/any(t:t)",
            "The condition of 'any' must be of type 'Edm.Boolean', not 'Edm.String'.",
        ),
        (
            "too few arguments",
            "contains(title)",
            "The function 'contains' takes two 'Edm.String', and found (Edm.String).",
        ),
        (
            "too many arguments",
            "tolower(title,title) eq 'x'",
            "The function 'tolower' takes one 'Edm.String', and found (Edm.String, Edm.String).",
        ),
        (
            "argument of another type",
            "startswith(startDateTime,'2026')",
            "The function 'startswith' takes two 'Edm.String', and found (Edm.DateTimeOffset, Edm.String).",
        ),
        (
            "trailing",
            "isMajorChange true",
            "Syntax error at position 14: expected an operator or the end of the expression.",
        ),
    ];
    for (row, filter, sentence) in rows {
        let refused = Filter::parse(filter).map_err(|error| {
            let message = GraphError::from(QueryError::from(error)).message();
            let lowered = message.replacen("Invalid filter clause: ", "", 1);
            let mut rest = lowered.chars();
            let first = rest.next().map(|c| c.to_uppercase().to_string());
            format!("{}{}", first.unwrap_or_default(), rest.as_str())
        });
        assert_eq!(refused.err().as_deref(), Some(sentence), "{row}: {filter}");
    }
}

#[test]
fn members_of_enumerations_compare_by_their_declared_order() {
    for category in Category::ALL {
        let number = Enumeration::Category.member(category.name());
        assert_eq!(number, Some(category as usize));
    }
    for severity in Severity::ALL {
        let number = Enumeration::Severity.member(severity.name());
        assert_eq!(number, Some(severity as usize));
    }
}
