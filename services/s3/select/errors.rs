//! The wording of S3 Select's errors: the API reference's list of SELECT Object Content error codes,
//! and answers of AWS that its clients' bug reports quote. All are 400.

use std::fmt;

use cumulet_core::AwsError;

/// One function for all rows: most of what a row costs is what it does not share.
fn error(code: &'static str, message: fmt::Arguments<'_>) -> AwsError {
    AwsError::new(code, 400, message.to_string())
}

fn unexpected(code: &'static str, prefix: &str, found: &dyn fmt::Display) -> AwsError {
    error(code, format_args!("{prefix} {found}."))
}

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident($($arg:ident),*) = $code:literal $message:literal;)*) => {$(
        $(#[$doc])*
        pub(super) fn $name($($arg: impl fmt::Display),*) -> AwsError {
            error($code, format_args!($message))
        }
    )*};
}

/// A token at the wrong place; `found` is `KEYWORD:from at line 1, column 8`.
pub(super) type Unexpected = fn(&dyn fmt::Display) -> AwsError;

macro_rules! unexpected {
    ($($name:ident = $code:literal $prefix:literal;)*) => {$(
        pub(super) fn $name(found: &dyn fmt::Display) -> AwsError {
            unexpected($code, $prefix, found)
        }
    )*};
}

unexpected! {
    asterisk_not_alone = "ParseAsteriskIsNotAloneInSelectList"
        "Other expressions are not allowed in the SELECT list when '*' is used without dot notation";
    empty_select = "ParseEmptySelect" "Found empty SELECT list";
    expected_date_part = "ParseExpectedDatePart" "Expected one of: [year, month, day, hour, minute, second, timezone_hour, timezone_minute], found";
    expected_argument_delimiter = "ParseExpectedArgumentDelimiter" "Expected argument delimiter, found";
    expected_expression = "ParseExpectedExpression" "Expected expression, found";
    expected_ident_for_alias = "ParseExpectedIdentForAlias" "Expected identifier for alias, found";
    expected_keyword = "ParseExpectedKeyword" "Expected keyword, found";
    expected_left_paren = "ParseExpectedLeftParenBuiltinFunctionCall" "Expected left parenthesis, found";
    expected_left_paren_after_cast = "ParseExpectedLeftParenAfterCast" "Expected left parenthesis after CAST, found";
    expected_left_paren_value = "ParseExpectedLeftParenValueConstructor" "Expected left parenthesis, found";
    expected_number = "ParseExpectedNumber" "Expected number, found";
    expected_right_paren = "ParseExpectedRightParenBuiltinFunctionCall" "Expected right parenthesis, found";
    expected_token = "ParseExpectedTokenType" "Did not find the expected token, found";
    expected_type_name = "ParseExpectedTypeName" "Expected type name, found";
    expected_when = "ParseExpectedWhenClause" "Expected WHEN clause in CASE, found";
    invalid_type_param = "ParseInvalidTypeParam" "Invalid value used for type parameter";
    missing_from = "ParseSelectMissingFrom" "Missing FROM after SELECT list, found";
    non_unary_aggregate = "ParseNonUnaryAgregateFunctionCall" "Aggregate function calls take 1 argument only, found";
    unexpected_keyword = "ParseUnexpectedKeyword" "Unexpected keyword found";
    unexpected_operator = "ParseUnexpectedOperator" "Unexpected operator";
    unexpected_term = "ParseUnexpectedTerm" "Unexpected term found";
    unexpected_token = "ParseUnexpectedToken" "Unexpected token found";
    unsupported_call_with_star = "ParseUnsupportedCallWithStar"
        "Function call, other than COUNT, with (*) as parameter is not supported, found";
    wildcard_in_select_list = "ParseInvalidContextForWildcardInSelectList"
        "Invalid use of * in SELECT list, found";
}

errors! {
    ambiguous_field_name() = "AmbiguousFieldName"
        "Field name matches to multiple fields in the file. Please check the SQL expression and the file, and try again.";
    arguments(function) = "EvaluatorInvalidArguments" "Incorrect number or type of arguments to {function}.";
    cast_failed(value, to) = "CastFailed" "Failed to convert {value} to {to}.";
    csv_parsing_error() = "CSVParsingError"
        "Encountered an error parsing the CSV file. Check the file and try again.";
    expression_too_long() = "ExpressionTooLong"
        "The SQL expression is too long: The maximum byte-length for the SQL expression is 256 KB.";
    external_eval() = "ExternalEvalException"
        "The query cannot be evaluated. Check the file and try again.";
    illegal_function_argument() = "IllegalSqlFunctionArgument"
        "Illegal argument was used in the SQL function.";
    integer_overflow() = "IntegerOverflow" "Int overflow or underflow.";
    invalid_cast(from, to) = "InvalidCast" "Cannot convert {from} to {to}.";
    invalid_char(found) = "LexerInvalidChar" "Invalid character at {found}.";
    invalid_column_index(place) = "InvalidColumnIndex"
        "The column index at {place} is invalid. Please check the service documentation and try again.";
    invalid_compression() = "InvalidCompressionFormat"
        "The file is not in a supported compression format. Only GZIP and BZIP2 are supported.";
    invalid_data_source() = "InvalidDataSource"
        "The data source type is not valid. Only CSV, JSON, and Parquet are supported.";
    invalid_expression_type() = "InvalidExpressionType"
        "The ExpressionType value is not valid. Only SQL expressions are supported.";
    invalid_file_header_info() = "InvalidFileHeaderInfo"
        "The FileHeaderInfo value is not valid. Only NONE, USE, and IGNORE are supported.";
    invalid_ion_literal(found) = "LexerInvalidIONLiteral" "Invalid ion literal at {found}.";
    invalid_json_type() = "InvalidJsonType"
        "The JsonType value is not valid. Only DOCUMENT and LINES are supported.";
    invalid_key_path() = "InvalidKeyPath" "The key path in the SQL expression is not valid.";
    invalid_literal(found) = "LexerInvalidLiteral" "Invalid literal at {found}.";
    invalid_operator(found) = "LexerInvalidOperator" "Invalid operator at {found}.";
    invalid_path_component(kind, place) = "ParseInvalidPathComponent"
        "Invalid Path component, expecting either an IDENTIFIER or STAR, got: {kind},at {place}.";
    invalid_quote_fields() = "InvalidQuoteFields"
        "The QuoteFields value is not valid. Only ALWAYS and ASNEEDED are supported.";
    invalid_request_parameter(name) = "InvalidRequestParameter"
        "The value of a parameter in the SelectRequest element is not valid: {name}. Please check the service documentation and try again.";
    invalid_scan_range() = "InvalidScanRange" "The provided scan range is not valid.";
    invalid_table_alias() = "InvalidTableAlias"
        "The SQL expression contains a table alias that is not valid.";
    invalid_text_encoding(position) = "InvalidTextEncoding"
        "UTF-8 encoding is required. The text encoding error was found near byte {position}.";
    invalid_timestamp_pattern(pattern) = "EvaluatorInvalidTimestampFormatPattern"
        "Invalid timestamp format pattern: '{pattern}'.";
    invalid_timestamp_pattern_symbol(pattern) = "EvaluatorInvalidTimestampFormatPatternSymbol"
        "Timestamp format pattern contains invalid symbol: '{pattern}'.";
    unterminated_timestamp_pattern(pattern) = "EvaluatorUnterminatedTimestampFormatPatternToken"
        "Timestamp format pattern contains unterminated token: '{pattern}'.";
    json_parsing_error() = "JSONParsingError"
        "Encountered an error parsing the JSON file. Check the file and try again.";
    like_invalid_inputs() = "LikeInvalidInputs"
        "Invalid argument given to the LIKE clause in the SQL expression.";
    missing_headers() = "MissingHeaders"
        "Some headers in the query are missing from the file. Please check the file and try again.";
    missing_required_parameter(name) = "MissingRequiredParameter"
        "{name} is required. Please check the service documentation and try again.";
    object_serialization_conflict() = "ObjectSerializationConflict"
        "The SelectRequest entity can only contain one of CSV or JSON. Check the service documentation and try again.";
    over_max_record_size() = "OverMaxRecordSize"
        "The length of a record in the input or result is greater than the maxCharsPerRecord of 1 MB.";
    truncated_input() = "TruncatedInput"
        "Object decompression failed. Check that the object is properly compressed using the format specified in the request.";
    unsupported_function(name) = "UnsupportedFunction" "Encountered an unsupported SQL function: {name}.";
    unsupported_scan_range() = "UnsupportedScanRangeInput"
        "Scan range queries are not supported on this type of object. Scan range queries are supported for uncompressed CSV without quoted record delimiters and for JSON LINES.";
    unsupported_structure() = "UnsupportedSqlStructure"
        "Encountered an unsupported SQL structure. Check the SQL Reference.";
    unsupported_syntax() = "UnsupportedSyntax" "Encountered invalid syntax.";
    value_parse_failure() = "ValueParseFailure" "Timestamp parse failure in the SQL expression.";
}

/// A compressed object that is none, or holds too much.
pub(super) fn decompression(_: cumulet_compress::Error) -> AwsError {
    truncated_input()
}

/// What AWS has and this does not.
pub(super) fn parquet() -> AwsError {
    AwsError::new("NotImplemented", 501, "S3 Select on Parquet is not implemented.")
}
