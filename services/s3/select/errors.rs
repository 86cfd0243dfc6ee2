//! The wording of S3 Select's errors: the API reference's list of SELECT Object Content error codes,
//! and answers of AWS that its clients' bug reports quote. All are 400.

use cumulet_core::AwsError;

/// A code and what is said, with `{}` for what it is about. A text and no function: a call then
/// costs what it takes to load four registers.
pub(super) type Wording = &'static str;

#[inline(never)]
pub(super) fn error(wording: Wording, about: &str) -> AwsError {
    let (code, message) = wording.split_once(": ").unwrap_or((wording, ""));
    AwsError::new(code, 400, message.replacen("{}", about, 1))
}

macro_rules! wordings {
    ($($name:ident = $wording:literal;)*) => {
        $(pub(super) const $name: Wording = $wording;)*
    };
}

// About a token at the wrong place, as `KEYWORD:from at line 1, column 8`.
wordings! {
    ASTERISK_NOT_ALONE = "ParseAsteriskIsNotAloneInSelectList: Other expressions are not allowed in the SELECT list when '*' is used without dot notation {}.";
    EMPTY_SELECT = "ParseEmptySelect: Found empty SELECT list {}.";
    EXPECTED_ARGUMENT_DELIMITER = "ParseExpectedArgumentDelimiter: Expected argument delimiter, found {}.";
    EXPECTED_DATE_PART = "ParseExpectedDatePart: Expected one of: [year, month, day, hour, minute, second, timezone_hour, timezone_minute], found {}.";
    EXPECTED_EXPRESSION = "ParseExpectedExpression: Expected expression, found {}.";
    EXPECTED_IDENT_FOR_ALIAS = "ParseExpectedIdentForAlias: Expected identifier for alias, found {}.";
    EXPECTED_KEYWORD = "ParseExpectedKeyword: Expected keyword, found {}.";
    EXPECTED_LEFT_PAREN = "ParseExpectedLeftParenBuiltinFunctionCall: Expected left parenthesis, found {}.";
    EXPECTED_LEFT_PAREN_AFTER_CAST = "ParseExpectedLeftParenAfterCast: Expected left parenthesis after CAST, found {}.";
    EXPECTED_LEFT_PAREN_VALUE = "ParseExpectedLeftParenValueConstructor: Expected left parenthesis, found {}.";
    EXPECTED_NUMBER = "ParseExpectedNumber: Expected number, found {}.";
    EXPECTED_RIGHT_PAREN = "ParseExpectedRightParenBuiltinFunctionCall: Expected right parenthesis, found {}.";
    EXPECTED_TOKEN = "ParseExpectedTokenType: Did not find the expected token, found {}.";
    EXPECTED_TYPE_NAME = "ParseExpectedTypeName: Expected type name, found {}.";
    EXPECTED_WHEN = "ParseExpectedWhenClause: Expected WHEN clause in CASE, found {}.";
    INVALID_TYPE_PARAM = "ParseInvalidTypeParam: Invalid value used for type parameter {}.";
    MISSING_FROM = "ParseSelectMissingFrom: Missing FROM after SELECT list, found {}.";
    NON_UNARY_AGGREGATE = "ParseNonUnaryAgregateFunctionCall: Aggregate function calls take 1 argument only, found {}.";
    UNEXPECTED_KEYWORD = "ParseUnExpectedKeyword: Unexpected keyword found {}.";
    UNEXPECTED_OPERATOR = "ParseUnexpectedOperator: Unexpected operator {}.";
    UNEXPECTED_TERM = "ParseUnexpectedTerm: Unexpected term found {}.";
    UNEXPECTED_TOKEN = "ParseUnexpectedToken: Unexpected token found {}.";
    UNSUPPORTED_CALL_WITH_STAR = "ParseUnsupportedCallWithStar: Function call, other than COUNT, with (*) as parameter is not supported, found {}.";
    WILDCARD_IN_SELECT_LIST = "ParseInvalidContextForWildcardInSelectList: Invalid use of * in SELECT list, found {}.";
}

// About the expression.
wordings! {
    EXPRESSION_TOO_LONG = "ExpressionTooLong: The SQL expression is too long: The maximum byte-length for the SQL expression is 256 KB.";
    INVALID_CHAR = "LexerInvalidChar: Invalid character at {}.";
    INVALID_COLUMN_INDEX = "InvalidColumnIndex: The column index at {} is invalid. Please check the service documentation and try again.";
    INVALID_ION_LITERAL = "LexerInvalidIONLiteral: Invalid ion literal at {}.";
    INVALID_KEY_PATH = "InvalidKeyPath: The key path in the SQL expression is not valid.";
    INVALID_LITERAL = "LexerInvalidLiteral: Invalid literal at {}.";
    INVALID_OPERATOR = "LexerInvalidOperator: Invalid operator at {}.";
    INVALID_PATH_COMPONENT = "ParseInvalidPathComponent: Invalid Path component, expecting either an IDENTIFIER or STAR, got: {}.";
    INVALID_TABLE_ALIAS = "InvalidTableAlias: The SQL expression contains a table alias that is not valid.";
    MAX_OPERATORS_EXCEEDED = "MaxOperatorsExceeded: Failed to parse SQL expression, try reducing complexity. For example, reduce number of operators used.";
    MULTIPLE_DATA_SOURCES = "MultipleDataSourcesUnsupported: Multiple data sources are not supported.";
    NEGATIVE_LIMIT = "EvaluatorNegativeLimit: LIMIT must not be negative.";
    UNSUPPORTED_FUNCTION = "UnsupportedFunction: Encountered an unsupported SQL function: {}.";
    UNSUPPORTED_STRUCTURE = "UnsupportedSqlStructure: Encountered an unsupported SQL structure. Check the SQL Reference.";
    UNSUPPORTED_SYNTAX = "UnsupportedSyntax: Encountered invalid syntax.";
}

// About values.
wordings! {
    AMBIGUOUS_FIELD_NAME = "AmbiguousFieldName: Field name matches to multiple fields in the file. Please check the SQL expression and the file, and try again.";
    ARGUMENTS = "EvaluatorInvalidArguments: Incorrect number or type of arguments to {}.";
    CAST_FAILED = "CastFailed: Failed to convert {}.";
    CSV_PARSING_ERROR = "CSVParsingError: Encountered an error parsing the CSV file. Check the file and try again.";
    CSV_UNESCAPED_QUOTE = "CSVUnescapedQuote: An unescaped quote was found while parsing the CSV file. To allow quoted record delimiters, set AllowQuotedRecordDelimiter to 'TRUE'.";
    EXTERNAL_EVAL = "ExternalEvalException: The query cannot be evaluated. Check the file and try again.";
    ILLEGAL_FUNCTION_ARGUMENT = "IllegalSqlFunctionArgument: Illegal argument was used in the SQL function.";
    INTEGER_OVERFLOW = "IntegerOverflow: Int overflow or underflow.";
    INVALID_CAST = "InvalidCast: Cannot convert {}.";
    INVALID_TEXT_ENCODING = "InvalidTextEncoding: UTF-8 encoding is required. The text encoding error was found near byte {}.";
    INVALID_TIMESTAMP_PATTERN = "EvaluatorInvalidTimestampFormatPattern: Invalid timestamp format pattern: '{}'.";
    INVALID_TIMESTAMP_SYMBOL = "EvaluatorInvalidTimestampFormatPatternSymbol: Timestamp format pattern contains invalid symbol: '{}'.";
    JSON_PARSING_ERROR = "JSONParsingError: Encountered an error parsing the JSON file. Check the file and try again.";
    LIKE_INVALID_ESCAPE = "EvaluatorLikePatternInvalidEscapeSequence: An argument given to the LIKE expression was not valid.";
    LIKE_INVALID_INPUTS = "LikeInvalidInputs: Invalid argument given to the LIKE clause in the SQL expression.";
    MISSING_HEADERS = "MissingHeaders: Some headers in the query are missing from the file. Please check the file and try again.";
    OVER_MAX_RECORD_SIZE = "OverMaxRecordSize: The length of a record in the input or result is greater than the maxCharsPerRecord of 1 MB.";
    TRUNCATED_INPUT = "TruncatedInput: Object decompression failed. Check that the object is properly compressed using the format specified in the request.";
    UNTERMINATED_TIMESTAMP_TEXT = "EvaluatorUnterminatedTimestampFormatPatternToken: Timestamp format pattern contains unterminated token: '{}'.";
    VALUE_PARSE_FAILURE = "ValueParseFailure: Timestamp parse failure in the SQL expression.";
}

// About the request.
wordings! {
    INVALID_COMPRESSION = "InvalidCompressionFormat: The file is not in a supported compression format. Only GZIP and BZIP2 are supported.";
    INVALID_DATA_SOURCE = "InvalidDataSource: The data source type is not valid. Only CSV, JSON, and Parquet are supported.";
    INVALID_EXPRESSION_TYPE = "InvalidExpressionType: The ExpressionType value is not valid. Only SQL expressions are supported.";
    INVALID_FILE_HEADER_INFO = "InvalidFileHeaderInfo: The FileHeaderInfo value is not valid. Only NONE, USE, and IGNORE are supported.";
    INVALID_JSON_TYPE = "InvalidJsonType: The JsonType value is not valid. Only DOCUMENT and LINES are supported.";
    INVALID_QUOTE_FIELDS = "InvalidQuoteFields: The QuoteFields value is not valid. Only ALWAYS and ASNEEDED are supported.";
    INVALID_REQUEST_PARAMETER = "InvalidRequestParameter: The value of a parameter in the SelectRequest element is not valid: {}. Please check the service documentation and try again.";
    INVALID_SCAN_RANGE = "InvalidScanRange: The provided scan range is not valid.";
    MISSING_REQUIRED_PARAMETER = "MissingRequiredParameter: {} is required. Please check the service documentation and try again.";
    OBJECT_SERIALIZATION_CONFLICT = "ObjectSerializationConflict: The SelectRequest entity can only contain one of CSV or JSON. Check the service documentation and try again.";
    UNSUPPORTED_SCAN_RANGE = "UnsupportedScanRangeInput: Scan range queries are not supported on this type of object. Scan range queries are supported for uncompressed CSV without quoted record delimiters and for JSON LINES.";
}

/// A compressed object that is none, or holds too much.
pub(super) fn decompression(_: cumulet_compress::Error) -> AwsError {
    error(TRUNCATED_INPUT, "")
}

/// What AWS has and this does not.
pub(super) fn parquet() -> AwsError {
    AwsError::new("NotImplemented", 501, "S3 Select on Parquet is not implemented.")
}
