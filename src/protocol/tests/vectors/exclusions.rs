//! The cases that do not apply to a server, each with its reason. A case that passes may not stand
//! here. Names are of cases, or of directories and cases where a name stands for several.

/// A reason, where it counts, and the cases.
type Row = (&'static str, &'static [&'static str]);

const EXCLUSIONS: &[Row] = &[
    (
        "Compressing bodies: the vector has no body, and decompression is the gateway's",
        &[
            "SDKAppliedContentEncoding_ec2Query",
            "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query",
            "SDKAppliedContentEncoding_awsJson1_1",
            "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1",
            "SDKAppliedContentEncoding_awsJson1_0",
            "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0",
            "SDKAppliedContentEncoding_awsQuery",
            "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery",
            "SDKAppliedContentEncoding_restJson1",
            "SDKAppendedGzipAfterProvidedEncoding_restJson1",
            "SDKAppliedContentEncoding_restXml",
            "SDKAppendedGzipAfterProvidedEncoding_restXml",
        ],
    ),
    (
        "The client makes up a token that is not among the parameters",
        &[
            "Ec2ProtocolIdempotencyTokenAutoFill",
            "QueryProtocolIdempotencyTokenAutoFill",
            "RestJsonQueryIdempotencyTokenAutoFill",
            "input/rest-xml/QueryIdempotencyTokenAutoFill",
        ],
    ),
    (
        "An empty list or map leaves no trace on this wire",
        &[
            "Ec2EmptyQueryLists",
            "QueryEmptyQueryMaps",
            "RestJsonOmitsEmptyListQueryValues",
            "RestJsonHttpPrefixHeadersAreNotPresent",
            "input/rest-xml/HttpPrefixHeadersAreNotPresent",
        ],
    ),
    (
        "The vector has no X-Amz-Target, without which no operation is named",
        &["AwsJson10EndpointTrait", "AwsJson10EndpointTraitWithHostLabel", "AwsJson10HostWithPath"],
    ),
    ("The client is told of a path before all paths", &["RestJsonHostWithPath"]),
    (
        "One parameter is given twice, to a member of its own and to the map: the map then takes \
         what no other member has",
        &[
            "RestJsonAllQueryStringTypes",
            "RestJsonQueryStringEscaping",
            "RestJsonSupportsNaNFloatQueryValues",
            "RestJsonSupportsInfinityFloatQueryValues",
            "RestJsonSupportsNegativeInfinityFloatQueryValues",
            "RestJsonZeroAndFalseQueryValues",
            "RestJsonQueryPrecedence",
            "RestXmlQueryPrecedence",
        ],
    ),
    (
        "The client writes an empty document for an absent payload; read back, it is an empty one",
        &["RestJsonHttpWithEmptyStructurePayload", "RestJsonHttpWithHeadersButNoPayload"],
    ),
    (
        "A member goes by its shape's locationName: so do botocore and the models of AWS's services",
        &["input/rest-xml/BodyWithXmlName", "output/rest-xml/BodyWithXmlName"],
    ),
    (
        "A flattened list goes by its item's locationName: so do botocore and the models of AWS's \
         services",
        &["Ec2XmlLists", "QueryXmlLists", "output/rest-xml/XmlLists"],
    ),
    (
        "A time with an offset: we write all times in UTC",
        &[
            "Ec2QueryDateTimeWithNegativeOffset",
            "Ec2QueryDateTimeWithPositiveOffset",
            "AwsJson11DateTimeWithNegativeOffset",
            "AwsJson11DateTimeWithPositiveOffset",
            "AwsQueryDateTimeWithNegativeOffset",
            "AwsQueryDateTimeWithPositiveOffset",
            "RestJsonDateTimeWithNegativeOffset",
            "RestJsonDateTimeWithPositiveOffset",
            "RestXmlDateTimeWithNegativeOffset",
            "RestXmlDateTimeWithPositiveOffset",
        ],
    ),
    (
        "The answer has something that the result does not say: a message, a member, an id",
        &[
            "Ec2ComplexError",
            "output/rest-xml/ComplexError",
            "output/rest-xml/InvalidGreetingError",
            "handles_unexpected_json_output",
            "AwsJson10HandlesUnexpectedJsonOutput",
            "output/json/AwsJson11IntEnums",
            "parses_the_request_id_from_the_response",
            "RpcV2CborExtraFieldsInTheBodyShouldBeSkippedByClients",
            "RpcV2CborPayloadWithUnsetUnion",
        ],
    ),
    (
        "Other places and spellings of an error's name, which clients alone must understand",
        &[
            "AwsJson11FooErrorUsingXAmznErrorType",
            "AwsJson11FooErrorUsingXAmznErrorTypeWithUri",
            "AwsJson11FooErrorUsingXAmznErrorTypeWithUriAndNamespace",
            "AwsJson11FooErrorUsingCode",
            "AwsJson11FooErrorUsingCodeAndNamespace",
            "AwsJson11FooErrorUsingCodeUriAndNamespace",
            "AwsJson10FooErrorUsingXAmznErrorType",
            "AwsJson10FooErrorUsingXAmznErrorTypeWithUri",
            "AwsJson10FooErrorUsingXAmznErrorTypeWithUriAndNamespace",
            "AwsJson10FooErrorUsingCode",
            "AwsJson10FooErrorUsingCodeAndNamespace",
            "AwsJson10FooErrorUsingCodeUriAndNamespace",
            "RestJsonFooErrorUsingXAmznErrorTypeWithUri",
            "RestJsonFooErrorUsingXAmznErrorTypeWithUriAndNamespace",
            "RestJsonFooErrorUsingCode",
            "RestJsonFooErrorUsingCodeAndNamespace",
            "RestJsonFooErrorUsingCodeUriAndNamespace",
        ],
    ),
    (
        "Nulls and type names, which clients skip: we write neither",
        &[
            "AwsJson11DeserializeIgnoreType",
            "AwsJson10DeserializeIgnoreType",
            "AwsJson10DeserializeAllowNulls",
            "RestJsonDeserializeIgnoreType",
            "RestJsonDeserializesDenseSetMapAndSkipsNull",
        ],
    ),
    (
        "Clients accept a missing or an empty body: we write AWS's envelope or nothing",
        &[
            "output/query/QueryEmptyInputAndEmptyOutput",
            "output/query/QueryNoInputAndNoOutput",
            "output/query/QueryNoInputAndOutput",
            "NoOutputClientAllowsEmptyCbor",
            "NoOutputClientAllowsEmptyBody",
        ],
    ),
    (
        "Of a message that is all in headers and status S3 writes no body",
        &["RestXmlHttpResponseCode", "output/rest-xml/IgnoreQueryParamsInResponse"],
    ),
];

/// Why the case `direction/file/name` does not apply.
pub(crate) fn reason(id: &str) -> Option<&'static str> {
    let name = id.rsplit('/').next().unwrap_or(id);
    let is_excluded =
        |row: &&Row| row.1.iter().any(|excluded| *excluded == id || *excluded == name);
    EXCLUSIONS.iter().find(is_excluded).map(|(reason, _)| *reason)
}
