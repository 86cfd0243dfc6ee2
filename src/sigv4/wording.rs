//! How AWS tells what is wrong with a signature, as data: for each error a row with S3's code,
//! status, text and members, and the other services' text. `{name}` stands for a fact of the error;
//! members are facts too.
//!
//! Sources: the S3 error documentation and answers that people have quoted from AWS.

use cumulet_core::Protocol;

/// S3's code for a bad `Authorization` header,
pub(crate) const HEADER: &str = "AuthorizationHeaderMalformed";
/// and for the same fault in a presigned URL or a form.
pub(crate) const QUERY: &str = "AuthorizationQueryParametersError";
/// How texts under [`HEADER`] begin,
pub(crate) const HEADER_PREFIX: &str = "The authorization header is malformed; ";
/// and under [`QUERY`], when they are about the credential.
pub(crate) const QUERY_PREFIX: &str = "Error parsing the X-Amz-Credential parameter; ";

pub(crate) struct Row {
    pub(crate) s3_code: &'static str,
    pub(crate) s3_status: u16,
    pub(crate) s3_text: &'static str,
    pub(crate) s3_members: &'static [&'static str],
    pub(crate) class: Class,
    /// Or [`SAME`].
    pub(crate) text: &'static str,
}

/// Other services are not known to have a text of their own, or never have this error.
pub(crate) const SAME: &str = "";

/// What the other services make of an error: four codes.
#[derive(Clone, Copy)]
pub(crate) enum Class {
    Missing,
    Incomplete,
    Invalid,
    UnknownKey,
}

impl Class {
    pub(crate) fn code(self, protocol: Protocol) -> (&'static str, u16) {
        let (query, status, json) = match self {
            Self::Missing => {
                ("MissingAuthenticationToken", 403, "MissingAuthenticationTokenException")
            }
            Self::Incomplete => ("IncompleteSignature", 400, "IncompleteSignatureException"),
            Self::Invalid => ("SignatureDoesNotMatch", 403, "InvalidSignatureException"),
            Self::UnknownKey => ("InvalidClientTokenId", 403, "UnrecognizedClientException"),
        };
        match protocol {
            Protocol::Query | Protocol::RestXml => (query, status),
            Protocol::Ec2 => ("AuthFailure", 401),
            Protocol::Json | Protocol::Cbor | Protocol::RpcV2Cbor => (json, 400),
            Protocol::RestJson => (json, 403),
        }
    }
}

const ARGUMENT: &[&str] = &["ArgumentName", "ArgumentValue"];

pub(crate) const MISSING: Row = Row {
    s3_code: "AccessDenied",
    s3_status: 403,
    s3_text: "Access Denied",
    s3_members: &[],
    class: Class::Missing,
    text: "Request is missing Authentication Token",
};

pub(crate) const UNKNOWN_KEY: Row = Row {
    s3_code: "InvalidAccessKeyId",
    s3_status: 403,
    s3_text: "The AWS Access Key Id you provided does not exist in our records.",
    s3_members: &["AWSAccessKeyId"],
    class: Class::UnknownKey,
    text: "The security token included in the request is invalid.",
};

pub(crate) const TOKEN: Row = Row {
    s3_code: "InvalidToken",
    s3_status: 400,
    s3_text: "The provided token is malformed or otherwise invalid.",
    s3_members: &["Token-0"],
    ..UNKNOWN_KEY
};

pub(crate) const TOKEN_EXPIRED: Row = Row {
    s3_code: "ExpiredToken",
    s3_text: "The provided token has expired.",
    text: "The security token included in the request is expired",
    ..TOKEN
};

pub(crate) const UNSUPPORTED_TYPE: Row = Row {
    s3_code: "InvalidArgument",
    s3_status: 400,
    s3_text: "Unsupported Authorization Type",
    s3_members: ARGUMENT,
    class: Class::Incomplete,
    text: SAME,
};

pub(crate) const TWO_MECHANISMS: Row = Row {
    s3_code: "InvalidArgument",
    s3_status: 400,
    s3_text: "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, \
        Signature query string parameter or the Authorization header should be \
        specified",
    s3_members: ARGUMENT,
    class: Class::Incomplete,
    text: SAME,
};

pub(crate) const HEADER_V2: Row = Row {
    s3_code: "InvalidArgument",
    s3_status: 400,
    s3_text: "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
    s3_members: ARGUMENT,
    class: Class::Incomplete,
    text: SAME,
};

pub(crate) const HEADER_COMPONENT: Row = Row {
    s3_code: HEADER,
    s3_status: 400,
    s3_text: "{prefix}the authorization component \"{got}\" is malformed.",
    s3_members: &[],
    class: Class::Incomplete,
    text: "'{got}' not a valid key=value pair (missing equal-sign) in Authorization \
        header.",
};

pub(crate) const HEADER_INCOMPLETE: Row = Row {
    s3_code: HEADER,
    s3_status: 400,
    s3_text: "{prefix}the authorization header requires three components: Credential, \
        SignedHeaders, and Signature.",
    s3_members: &[],
    class: Class::Incomplete,
    text: "{missing}(Hashed with SHA-256 and encoded with Base64) Authorization={hash}",
};

pub(crate) const DATE: Row = Row {
    s3_code: "AccessDenied",
    s3_status: 403,
    s3_text: "AWS authentication requires a valid Date or x-amz-date header",
    s3_members: &[],
    class: Class::Incomplete,
    text: "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' \
        header. (Hashed with SHA-256 and encoded with Base64) Authorization={hash}",
};

pub(crate) const CREDENTIAL: Row = Row {
    s3_code: HEADER,
    s3_status: 400,
    s3_text: "{prefix}the Credential is mal-formed; expecting \
        \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
    s3_members: &[],
    class: Class::Incomplete,
    text: "Credential must have exactly 5 slash-delimited elements, e.g. \
        keyid/date/region/service/term, got '{got}'",
};

pub(crate) const CREDENTIAL_DATE: Row = Row {
    s3_code: HEADER,
    s3_status: 400,
    s3_text: "{prefix}incorrect date format \"{got}\". This date in the credential must be \
        in the format \"yyyyMMdd\".",
    s3_members: &[],
    class: Class::Incomplete,
    text: "Date must be in ISO-8601 'basic format'. Got '{got}'. See \
        http://en.wikipedia.org/wiki/ISO_8601",
};

pub(crate) const CREDENTIAL_TERMINAL: Row = Row {
    s3_code: HEADER,
    s3_status: 400,
    s3_text: "{prefix}incorrect terminal \"{got}\". This endpoint uses \"aws4_request\".",
    s3_members: &[],
    class: Class::Invalid,
    text: "Credential should be scoped with a valid terminator: 'aws4_request', not \
        '{got}'.",
};

pub(crate) const DATE_MISMATCH: Row = Row {
    s3_code: HEADER,
    s3_status: 400,
    s3_text: "{prefix}Invalid credential date \"{got}\". This date is not the same as \
        X-Amz-Date: \"{day}\".",
    s3_members: &[],
    class: Class::Invalid,
    text: "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of \
        date from HTTP: '{got}' != '{day}', from '{signed}'.",
};

pub(crate) const QUERY_INCOMPLETE: Row = Row {
    s3_code: QUERY,
    s3_status: 400,
    s3_text: "Query-string authentication version 4 requires the X-Amz-Algorithm, \
        X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and \
        X-Amz-Expires parameters.",
    s3_members: &[],
    class: Class::Incomplete,
    text: "{missing}Re-examine the query-string parameters.",
};

pub(crate) const QUERY_ALGORITHM: Row = Row {
    s3_code: QUERY,
    s3_status: 400,
    s3_text: "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"",
    s3_members: &[],
    class: Class::Incomplete,
    text: "Unsupported AWS 'algorithm': '{got}'.",
};

pub(crate) const QUERY_DATE: Row = Row {
    s3_code: QUERY,
    s3_status: 400,
    s3_text: "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
    s3_members: &[],
    class: Class::Incomplete,
    text: "Date must be in ISO-8601 'basic format'. Got '{got}'. See \
        http://en.wikipedia.org/wiki/ISO_8601",
};

pub(crate) const EXPIRES_NUMBER: Row = Row {
    s3_code: QUERY,
    s3_status: 400,
    s3_text: "X-Amz-Expires should be a number",
    s3_members: &[],
    class: Class::Incomplete,
    text: SAME,
};

pub(crate) const EXPIRES_NEGATIVE: Row = Row {
    s3_code: QUERY,
    s3_status: 400,
    s3_text: "X-Amz-Expires must be non-negative",
    s3_members: &[],
    class: Class::Incomplete,
    text: SAME,
};

pub(crate) const EXPIRES_TOO_LONG: Row = Row {
    s3_code: QUERY,
    s3_status: 400,
    s3_text: "X-Amz-Expires must be less than a week (in seconds); that is, the given \
        X-Amz-Expires must be less than 604800 seconds",
    s3_members: &[],
    class: Class::Incomplete,
    text: SAME,
};

pub(crate) const QUERY_V2_INCOMPLETE: Row = Row {
    s3_code: "AccessDenied",
    s3_status: 403,
    s3_text: "Query-string authentication requires the Signature, Expires and \
        AWSAccessKeyId parameters",
    s3_members: &[],
    class: Class::Incomplete,
    text: SAME,
};

pub(crate) const EXPIRES_V2: Row = Row {
    s3_code: "AccessDenied",
    s3_status: 403,
    s3_text: "Invalid date (should be seconds since epoch): {got}",
    s3_members: &[],
    class: Class::Incomplete,
    text: SAME,
};

pub(crate) const FORM_FIELD: Row = Row {
    s3_code: "InvalidArgument",
    s3_status: 400,
    s3_text: "Bucket POST must contain a field named '{ArgumentName}'.  If it is specified, \
        please check the order of the fields.",
    s3_members: ARGUMENT,
    class: Class::Incomplete,
    text: SAME,
};

pub(crate) const CONTENT_SHA256_MISSING: Row = Row {
    s3_code: "InvalidRequest",
    s3_status: 400,
    s3_text: "Missing required header for this request: x-amz-content-sha256",
    s3_members: &[],
    class: Class::Incomplete,
    text: SAME,
};

pub(crate) const CONTENT_SHA256: Row = Row {
    s3_code: "InvalidArgument",
    s3_status: 400,
    s3_text: "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, \
        STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, \
        STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, \
        STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, \
        STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
    s3_members: ARGUMENT,
    class: Class::Incomplete,
    text: SAME,
};

pub(crate) const CONTENT_SHA256_MISMATCH: Row = Row {
    s3_code: "XAmzContentSHA256Mismatch",
    s3_status: 400,
    s3_text: "The provided 'x-amz-content-sha256' header does not match what was computed.",
    s3_members: &["ClientComputedContentSHA256", "S3ComputedContentSHA256"],
    class: Class::Invalid,
    text: SAME,
};

pub(crate) const SKEWED: Row = Row {
    s3_code: "RequestTimeTooSkewed",
    s3_status: 403,
    s3_text: "The difference between the request time and the current time is too large.",
    s3_members: &["RequestTime", "ServerTime", "MaxAllowedSkewMilliseconds"],
    class: Class::Invalid,
    text: "Signature expired: {signed} is now earlier than {earliest} ({now} - 15 min.)",
};

pub(crate) const SKEWED_AHEAD: Row = Row {
    text: "Signature not yet current: {signed} is still later than {latest} ({now} + 15 \
        min.)",
    ..SKEWED
};

pub(crate) const NOT_YET_VALID: Row = Row {
    s3_code: "AccessDenied",
    s3_status: 403,
    s3_text: "Request is not yet valid",
    s3_members: &["X-Amz-Date", "Expires", "ServerTime"],
    class: Class::Invalid,
    text: "Signature not yet current: {signed} is still later than {latest} ({now} + 15 \
        min.)",
};

pub(crate) const EXPIRED: Row = Row {
    s3_code: "AccessDenied",
    s3_status: 403,
    s3_text: "Request has expired",
    s3_members: &["X-Amz-Expires", "Expires", "ServerTime"],
    class: Class::Invalid,
    text: "Signature expired: {end} is now earlier than {now}",
};

pub(crate) const HOST_NOT_SIGNED: Row = Row {
    s3_code: "AccessDenied",
    s3_status: 403,
    s3_text: "There were headers present in the request which were not signed",
    s3_members: &["HeadersNotSigned"],
    class: Class::Invalid,
    text: "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
};

pub(crate) const HEADERS_NOT_SIGNED: Row = Row {
    s3_code: "AccessDenied",
    s3_status: 403,
    s3_text: "There were headers present in the request which were not signed",
    s3_members: &["HeadersNotSigned"],
    class: Class::Invalid,
    text: SAME,
};

pub(crate) const MISMATCH: Row = Row {
    s3_code: "SignatureDoesNotMatch",
    s3_status: 403,
    s3_text: "The request signature we calculated does not match the signature you \
        provided. Check your key and signing method.",
    s3_members: &[
        "AWSAccessKeyId",
        "StringToSign",
        "SignatureProvided",
        "StringToSignBytes",
        "CanonicalRequest",
        "CanonicalRequestBytes",
    ],
    class: Class::Invalid,
    text: "The request signature we calculated does not match the signature you \
        provided. Check your AWS Secret Access Key and signing method. Consult the \
        service documentation for details.",
};
