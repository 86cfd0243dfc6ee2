//! What queries answer: one line each.

use super::{RECORD_MAX, answer, csv, events, from_csv, from_json};
use crate::api::{CSVInput, SelectObjectContentRequest};

const PEOPLE: &str = "name,age,city\nAda,36,London\nBob,7,\"New \"\"York\"\"\"\nCy,,Rome\n";

#[tokio::test]
async fn csv_by_header() {
    for (sql, expected) in [
        ("SELECT * FROM S3Object", "Ada,36,London\nBob,7,\"New \"\"York\"\"\"\nCy,,Rome\n"),
        ("select s.name from s3object s where s.city = 'London'", "Ada\n"),
        ("SELECT s._1, _2 FROM S3Object s LIMIT 1", "Ada,36\n"),
        ("SELECT \"name\" FROM S3Object WHERE CAST(NULLIF(age, '') AS INT) > 7", "Ada\n"),
        ("SELECT NAME FROM S3Object WHERE age > 10", "Ada\n"),
        ("SELECT s.* FROM S3Object AS s WHERE s.name LIKE '%b'", "Bob,7,\"New \"\"York\"\"\"\n"),
        ("SELECT COUNT(*), MAX(CAST(s.age AS INT)) FROM S3Object s WHERE s.age <> ''", "2,36\n"),
        ("SELECT SUM(CAST(s.age AS INT)) / COUNT(*) FROM S3Object s WHERE s.age <> ''", "21\n"),
        (
            "SELECT AVG(CAST(s.age AS INT)) a, MIN(CAST(s.age AS FLOAT)) FROM S3Object s WHERE s.age != ''",
            "21.5,7.0\n",
        ),
        (
            "SELECT name || '-' || city FROM S3Object WHERE name IN ('Ada', 'Cy')",
            "Ada-London\nCy-Rome\n",
        ),
        ("SELECT _9 FROM S3Object LIMIT 1", "\n"),
        ("SELECT * FROM S3Object LIMIT 0", ""),
        ("SELECT s.*, s.name FROM S3Object s LIMIT 1;", "Ada,36,London,Ada\n"),
        (
            "SELECT AVG(CAST(s.age AS FLOAT) / 3) FROM S3Object s WHERE s.age <> ''",
            "7.166666666666667\n",
        ),
        (
            "SELECT name, CASE city WHEN 'Rome' THEN 'R' ELSE 'other' END FROM S3Object WHERE name <> 'Ada';",
            "Bob,other\nCy,R\n",
        ),
        ("SELECT SUM(CAST(age AS INT)) FROM S3Object WHERE name = 'x'", "\n"),
        (
            "SELECT s.\"Name\" FROM S3Object s",
            "MissingHeaders: Some headers in the query are missing from the file. Please check the file and try again.",
        ),
    ] {
        assert_eq!(answer(&from_csv(sql, csv("USE")), PEOPLE).await, expected, "{sql}");
    }
}

const RULES: &str = r#"{ "Rules": [ {"id": "1"}, {"expr": "y > x"}, {"id": "2", "expr": "z = DEBUG"} ]}
{ "created": "June 27", "modified": "July 6" }"#;
const DIRS: &str = r#"{"dir_name":"docs","files":[{"name":"."},{"name":"a\u00e9\n"}],"n":1.50,"ok":true,"no":null}
{"dir_name":"other","files":[],"n":-2,"owner":{"id":7}}"#;

#[tokio::test]
async fn json() {
    for (data, sql, expected) in [
        (
            RULES,
            "SELECT id FROM S3Object[*].Rules[*].id",
            "{\"id\":\"1\"}\n{}\n{\"id\":\"2\"}\n{}\n",
        ),
        (
            RULES,
            "SELECT id FROM S3Object[*].Rules[*].id WHERE id IS NOT MISSING",
            "{\"id\":\"1\"}\n{\"id\":\"2\"}\n",
        ),
        (RULES, "SELECT _1.id FROM S3Object[*].Rules[*] LIMIT 1", "{\"id\":\"1\"}\n"),
        (RULES, "SELECT r.id AS x FROM S3Object[*].rules[2] r LIMIT 1", "{\"x\":\"2\"}\n"),
        (RULES, "SELECT * FROM S3Object[*].Rules[*]['id'] LIMIT 1", "{\"_1\":\"1\"}\n"),
        (
            RULES,
            "SELECT s.rules[2].*, 1 AS n FROM S3Object s LIMIT 1",
            "{\"id\":\"2\",\"expr\":\"z = DEBUG\",\"n\":1}\n",
        ),
        (RULES, "SELECT COUNT(x.id) FROM S3Object[*].Rules[*] x", "{\"_1\":2}\n"),
    ] {
        assert_eq!(answer(&from_json(sql, "DOCUMENT"), data).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn json_members() {
    for (data, sql, expected) in [
        (
            DIRS,
            "SELECT d.dir_name, d.files FROM S3Object[*] d LIMIT 1",
            "{\"dir_name\":\"docs\",\"files\":[{\"name\":\".\"},{\"name\":\"aé\\n\"}]}\n",
        ),
        (
            DIRS,
            "SELECT _1.dir_name, _1.owner.id FROM S3Object[*]",
            "{\"dir_name\":\"docs\"}\n{\"dir_name\":\"other\",\"id\":7}\n",
        ),
        (
            DIRS,
            "SELECT s.files[0].name, s.\"no\", s.n FROM S3Object s WHERE s.ok",
            "{\"name\":\".\",\"no\":null,\"n\":1.50}\n",
        ),
        (DIRS, "SELECT S3Object.n + 1 FROM S3Object", "{\"_1\":2.50}\n{\"_1\":-1}\n"),
        (
            DIRS,
            "SELECT SUM(s.n), AVG(s.n) AS mean, MIN(n) FROM S3Object s",
            "{\"_1\":-0.50,\"mean\":-0.25,\"_3\":-2}\n",
        ),
        (
            DIRS,
            "SELECT s.dir_name FROM S3Object s WHERE s.\"no\" IS NULL AND s.\"no\" IS NOT MISSING",
            "{\"dir_name\":\"docs\"}\n",
        ),
        ("[{\"a\":1},{\"a\":2}]", "SELECT * FROM S3Object[*][*] s WHERE s.a = 2", "{\"a\":2}\n"),
        (
            "{\"m\":{\"x\":{\"v\":1},\"y\":{\"v\":2}}}",
            "SELECT s.v FROM S3Object[*].m.* s",
            "{\"v\":1}\n{\"v\":2}\n",
        ),
        (
            "1 \"b}\" {\"a\":\"\\\\\"}[3]",
            "SELECT * FROM S3Object",
            "{\"_1\":1}\n{\"_1\":\"b}\"}\n{\"a\":\"\\\\\"}\n{\"_1\":[3]}\n",
        ),
        (
            "{\"a\":1,\"A\":2}",
            "SELECT s.a FROM S3Object s",
            "AmbiguousFieldName: Field name matches to multiple fields in the file. Please check the SQL expression and the file, and try again.",
        ),
        ("{\"a\":1,\"A\":2}", "SELECT s.\"A\" FROM S3Object s", "{\"A\":2}\n"),
        (
            "{\"a\":",
            "SELECT * FROM S3Object",
            "JSONParsingError: Encountered an error parsing the JSON file. Check the file and try again.",
        ),
        ("", "SELECT * FROM S3Object", ""),
    ] {
        assert_eq!(answer(&from_json(sql, "DOCUMENT"), data).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn json_lines_and_json_in_csv() {
    assert_eq!(
        answer(&from_json("SELECT s.n FROM S3Object s", "LINES"), DIRS).await,
        "{\"n\":1.50}\n{\"n\":-2}\n"
    );
    let csv = SelectObjectContentRequest {
        output_serialization: from_csv("", CSVInput::default()).output_serialization,
        ..from_json("SELECT s.dir_name, s.files, s.owner FROM S3Object s LIMIT 1", "LINES")
    };
    let expected = "docs,\"[{\"\"name\"\":\"\".\"\"},{\"\"name\"\":\"\"aé\\n\"\"}]\",\n";
    assert_eq!(answer(&csv, DIRS).await, expected);
}

/// What an expression is worth, as a field of CSV.
async fn worth(expression: &str) -> String {
    let request = from_csv(&format!("SELECT {expression} FROM S3Object"), CSVInput::default());
    let mut answer = answer(&request, "5,x").await;
    if answer.ends_with('\n') {
        answer.pop();
    }
    answer
}

#[tokio::test]
async fn operators() {
    for (sql, expected) in [
        ("1 + 2 * 3 - -4", "11"),
        ("7 / 2", "3"),
        ("-7 % 4", "-3"),
        ("7.0 / 2", "3.5"),
        ("1.10 + 2", "3.10"),
        ("1e2 + 1", "101.0"),
        ("'a' || 'b' = 'ab'", "true"),
        ("NOT 1 = 2 AND 2 <> 3", "true"),
        ("NULL AND false", "false"),
        ("NULL OR 1 = 1", "true"),
        ("NULL = NULL", ""),
        ("missing IS NULL", "true"),
        ("_1 = 5", "true"),
        ("_1 > '10'", "true"),
        ("_2 > 4", ""),
        ("2 BETWEEN 1 AND 3", "true"),
        ("2 NOT BETWEEN 1 AND 3 OR false", "false"),
        ("1 IN (3, 2, 1)", "true"),
        ("1 NOT IN (3, NULL)", ""),
        ("'abc' LIKE 'a%c'", "true"),
        ("'abc' LIKE '_b_'", "true"),
        ("'abc' LIKE '%b_d'", "false"),
        ("'a%c' LIKE 'a\\%c' ESCAPE '\\'", "true"),
        ("'aXbXc' NOT LIKE '%Xb%X_'", "false"),
        ("'ab' LIKE 'ab%b'", "false"),
        ("CASE WHEN 1 = 2 THEN 'a' WHEN true THEN 'b' END", "b"),
        ("CASE _1 WHEN '5' THEN 'five' ELSE 1 / 0 END", "five"),
        ("CASE 1 WHEN 2 THEN 3 END", ""),
        ("COALESCE(NULLIF([1], [1.0]), 'same')", "same"),
        ("NULLIF([1, 'a'], [1])", "\"[1,\"\"a\"\"]\""),
        ("10 - 2 - 3 + 1 - 1", "5"),
        ("8 / 2 / 2 * 3", "6"),
        ("(1 < 2) = (2 < 3)", "true"),
        ("/* c */ (1) -- d\n", "1"),
    ] {
        assert_eq!(worth(sql).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn functions() {
    for (sql, expected) in [
        ("CHAR_LENGTH('añb')", "3"),
        ("LOWER('AbC') || UPPER('dE')", "abcDE"),
        ("UPPER('éßж') || LOWER('ÉЖ')", "ÉSSЖéж"),
        ("CAST('12345678901234567890.05' AS DECIMAL) * 2", "24691357802469135780.10"),
        ("CAST('-0.05' AS DECIMAL)", "-0.05"),
        ("SUBSTRING('123456789', 0)", "123456789"),
        ("SUBSTRING('123456789' FROM 2)", "23456789"),
        ("SUBSTRING('123456789', -4)", "123456789"),
        ("SUBSTRING('123456789', 0, 999)", "123456789"),
        ("SUBSTRING('123456789' FROM 1 FOR 5)", "12345"),
        ("SUBSTRING('123456789', 0, 2)", "1"),
        ("TRIM('  foo ') || '|'", "foo|"),
        ("TRIM(LEADING FROM '  foo ') || '|'", "foo |"),
        ("TRIM(TRAILING 'o' FROM 'foo')", "f"),
        ("TRIM(BOTH '12' FROM '1112211foobar22211122')", "foobar"),
        ("COALESCE(null, missing, 1)", "1"),
        ("NULLIF(1.0, 1)", ""),
        ("NULLIF(1, '1')", "1"),
        ("CAST('12' AS INT) + 1", "13"),
        ("CAST(12.9 AS INTEGER)", "12"),
        ("CAST('0.456' AS FLOAT)", "0.456"),
        ("CAST('1.20' AS DECIMAL(3, 2))", "1.20"),
        ("CAST('TRUE' AS BOOL)", "true"),
        ("CAST(5 AS STRING) || '!'", "5!"),
        ("CAST('2007-04-05T14:30Z' AS TIMESTAMP)", "2007-04-05T14:30Z"),
        ("DATE_ADD(year, 5, `2010-01-01T`)", "2015-01-01"),
        ("DATE_ADD(month, 1, `2010T`)", "2010-02T"),
        ("DATE_ADD(month, 13, `2010T`)", "2011-02T"),
        ("DATE_ADD(month, 1, `2010-01-31`)", "2010-02-28"),
        ("DATE_ADD(day, -1, `2017-01-10T`)", "2017-01-09"),
        ("DATE_ADD(hour, 1, `2017T`)", "2017-01-01T01:00-00:00"),
        ("DATE_ADD(hour, 1, `2017-01-02T03:04Z`)", "2017-01-02T04:04Z"),
        ("DATE_ADD(second, 1, `2017-01-02T03:04:05.006Z`)", "2017-01-02T03:04:06.006Z"),
        ("DATE_DIFF(year, `2010-01-01T`, `2011-01-01T`)", "1"),
        ("DATE_DIFF(month, `2010T`, `2010-05T`)", "4"),
        ("DATE_DIFF(month, `2011T`, `2010T`)", "-12"),
        ("DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`)", "0"),
        ("EXTRACT(MONTH FROM `2010-10T`)", "10"),
        ("EXTRACT(HOUR FROM `2017-01-02T03:04:05+07:08`)", "3"),
        ("EXTRACT(TIMEZONE_MINUTE FROM `2017-01-02T03:04:05+07:08`)", "8"),
        ("TO_STRING(`1969-07-20T20:18Z`, 'MMMM d; y')", "July 20; 1969"),
        ("TO_STRING(`1969-07-20T20:18Z`, 'M-d-yy h:m a')", "7-20-69 8:18 PM"),
        ("TO_STRING(`1969-07-20T20:18Z`, 'y-MM-dd''T''H:m:ssX')", "1969-07-20T20:18:00Z"),
        (
            "TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXX')",
            "1969-07-20T20:18:00+0800",
        ),
        (
            "TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXXX')",
            "1969-07-20T20:18:00+08:00",
        ),
        ("TO_TIMESTAMP('2007T')", "2007T"),
        ("TO_TIMESTAMP('2007-02-23T12:14:33.079-08:00')", "2007-02-23T12:14:33.079-08:00"),
        ("`2007-02-23T20:14Z` = `2007-02-23T12:14-08:00`", "true"),
        ("UTCNOW()", "2026-11-22T04:00:00.000Z"),
    ] {
        assert_eq!(worth(sql).await, expected, "{sql}");
    }
}

/// Asks `sql` of `5,x`; its error begins with `expected`.
async fn fails(sql: &str, expected: &str) {
    let answer = answer(&from_csv(sql, CSVInput::default()), "5,x").await;
    assert!(answer.starts_with(expected), "{sql}: {answer}");
}

#[tokio::test]
async fn wrong_expressions() {
    for (sql, expected) in [
        (
            "SELECT 1",
            "ParseSelectMissingFrom: Missing FROM after SELECT list, found EOF:EOF at line 1, column 9.",
        ),
        (
            "SELECT FROM S3Object",
            "ParseEmptySelect: Found empty SELECT list KEYWORD:from at line 1, column 8.",
        ),
        ("SELECT *, _1 FROM S3Object", "ParseAsteriskIsNotAloneInSelectList"),
        (
            "SELECT * FROM S3OBJECT WHERE odd = true",
            "InvalidColumnIndex: The column index at line 1, column 30 is invalid. Please check the service documentation and try again.",
        ),
        (
            "SELECT * FROM S3OBJECT s WHERE s._1 = \"true\"",
            "InvalidColumnIndex: The column index at line 1, column 39 is invalid.",
        ),
        (
            "SELECT * FROM S3OBJECT s WHERE s.'odd' is \"true\"",
            "ParseInvalidPathComponent: Invalid Path component, expecting either an IDENTIFIER or STAR, got: LITERAL,at line 1, column 34.",
        ),
        (
            "SELECT * FROM S3OBJECT s WHERE s.odd is \"true\"",
            "ParseExpectedTypeName: Expected type name, found QUOTED_IDENTIFIER:'true' at line 1, column 41.",
        ),
        (
            "SELECT * FROM S3OBJECT s WHERE s.5 = `true`",
            "ParseUnexpectedToken: Unexpected token found LITERAL:5d-1 at line 1, column 33.",
        ),
        (
            "SELECT * FROM S3Object WHERE _1 = %",
            "ParseUnexpectedOperator: Unexpected operator OPERATOR:'%' at line 1, column 35.",
        ),
        ("SELECT * FROM S3Object WHERE", "ParseExpectedExpression"),
        (
            "SELECT * FROM S3Object\nWHERE where",
            "ParseUnExpectedKeyword: Unexpected keyword found KEYWORD:where at line 2, column 7.",
        ),
        ("SELECT _1 AS FROM S3Object", "ParseExpectedIdentForAlias"),
    ] {
        fails(sql, expected).await;
    }
}

#[tokio::test]
async fn unsupported_expressions() {
    for (sql, expected) in [
        ("SELECT _1 FROM S3Object LIMIT x", "ParseExpectedNumber"),
        ("SELECT _1 FROM S3Object LIMIT -1", "EvaluatorNegativeLimit: LIMIT must not be negative."),
        ("SELECT s._1 FROM S3Object s, S3Object t", "MultipleDataSourcesUnsupported"),
        ("SELECT s._1 FROM S3Object s JOIN S3Object t", "MultipleDataSourcesUnsupported"),
        ("SELECT a.* || 'x' FROM S3Object", "ParseInvalidContextForWildcardInSelectList"),
        ("SELECT _1 FROM S3Object; SELECT", "ParseUnexpectedToken"),
        ("SELECT SUM(*) FROM S3Object", "ParseUnsupportedCallWithStar"),
        ("SELECT SUM(_1, _2) FROM S3Object", "ParseNonUnaryAgregateFunctionCall"),
        ("SELECT SUM(COUNT(*)) FROM S3Object", "UnsupportedSqlStructure"),
        ("SELECT _1, COUNT(*) FROM S3Object", "UnsupportedSqlStructure"),
        ("SELECT * FROM S3Object WHERE COUNT(*) > 1", "UnsupportedSqlStructure"),
        ("SELECT _1 FROM S3Object GROUP BY _1", "UnsupportedSqlStructure"),
        ("SELECT _1 FROM S3Object UNION x", "ParseUnexpectedToken"),
        ("DELETE FROM S3Object", "ParseUnexpectedToken"),
        ("SELECT _1 FROM other", "InvalidTableAlias"),
        ("SELECT _1 FROM S3Object.a", "InvalidKeyPath"),
        ("SELECT s._1 FROM S3Object", "InvalidTableAlias"),
        ("SELECT _1 FROM S3Object[*].a", "InvalidKeyPath"),
        ("SELECT a[*] FROM S3Object", "ParseInvalidContextForWildcardInSelectList"),
        ("SELECT NOPE(_1) FROM S3Object", "UnsupportedFunction"),
        ("SELECT LOWER() FROM S3Object", "EvaluatorInvalidArguments"),
        ("SELECT LOWER _1 FROM S3Object", "ParseExpectedLeftParenBuiltinFunctionCall"),
        ("SELECT CAST _1 FROM S3Object", "ParseExpectedLeftParenAfterCast"),
        ("SELECT CAST(_1 AS blob) FROM S3Object", "ParseExpectedTypeName"),
        ("SELECT DATE_ADD(week, 1, UTCNOW()) FROM S3Object", "ParseExpectedDatePart"),
        ("SELECT CASE 1 END FROM S3Object", "ParseExpectedWhenClause"),
        ("SELECT 'a FROM S3Object", "LexerInvalidLiteral"),
        ("SELECT `2007-13T` FROM S3Object", "LexerInvalidIONLiteral"),
        ("SELECT ? FROM S3Object", "LexerInvalidChar"),
        ("SELECT 1 ! 2 FROM S3Object", "LexerInvalidOperator"),
    ] {
        fails(sql, expected).await;
    }
}

#[tokio::test]
async fn values_that_do_not_fit() {
    for (sql, expected) in [
        ("SELECT CAST(_2 AS INT) FROM S3Object", "CastFailed"),
        ("SELECT CAST('.-5' AS FLOAT) FROM S3Object", "CastFailed"),
        (
            "SELECT CAST('123456789012345678901234567890123456789x' AS FLOAT) FROM S3Object",
            "CastFailed",
        ),
        ("SELECT DATE_ADD(day, 106751991167, UTCNOW()) FROM S3Object", "ValueParseFailure"),
        (
            "SELECT DATE_ADD(year, -9223372036854775807, UTCNOW()) FROM S3Object",
            "ValueParseFailure",
        ),
        ("SELECT CAST(UTCNOW() AS INT) FROM S3Object", "InvalidCast"),
        ("SELECT _1 + 1 FROM S3Object", "EvaluatorInvalidArguments"),
        ("SELECT SUM(_1) FROM S3Object", "IllegalSqlFunctionArgument"),
        ("SELECT 9223372036854775807 + 1 FROM S3Object", "IntegerOverflow"),
        ("SELECT 1 / 0 FROM S3Object", "ExternalEvalException"),
        ("SELECT 1 LIKE 'b' FROM S3Object", "LikeInvalidInputs"),
        ("SELECT 'a' LIKE 'b' ESCAPE 'cd' FROM S3Object", "EvaluatorLikePatternInvalidEscape"),
        ("SELECT 'a' LIKE 'ba' ESCAPE 'b' FROM S3Object", "EvaluatorLikePatternInvalidEscape"),
        (
            "SELECT TO_STRING(UTCNOW(), 'Q') FROM S3Object",
            "EvaluatorInvalidTimestampFormatPatternSymbol",
        ),
        ("SELECT TO_TIMESTAMP('x') FROM S3Object", "ValueParseFailure"),
    ] {
        fails(sql, expected).await;
    }
}

#[tokio::test]
async fn expressions_have_bounds() {
    let long = format!("SELECT '{}' FROM S3Object", "x".repeat(256 * 1024));
    let deep = format!("SELECT {}1 FROM S3Object", "(".repeat(10_000));
    let wide = format!("SELECT 1 FROM S3Object WHERE _1 = '5'{}", " OR _1 + 1 = 2".repeat(10_000));
    for (sql, expected) in
        [(long, "ExpressionTooLong"), (deep, "MaxOperatorsExceeded"), (wide, "1\n")]
    {
        assert!(answer(&from_csv(&sql, CSVInput::default()), "5").await.starts_with(expected));
    }
}

#[tokio::test]
async fn a_short_query_makes_no_large_answer_of_a_long_field() {
    let field = "x".repeat(RECORD_MAX - 1);
    for (between, many) in [(", ", 1_000), (" || ", 1_000), (" = '' OR ", 1_000), (" || ", 2)] {
        let sql = format!("SELECT {} FROM S3Object", vec!["_1"; many].join(between));
        let request = from_csv(&sql, CSVInput::default());
        let refused = events(&request, field.as_bytes(), RECORD_MAX).await.unwrap_err();
        let expected = if many > 2 { "ExternalEvalException" } else { "OverMaxRecordSize" };
        assert!(refused.starts_with(expected), "{between}");
    }
}
