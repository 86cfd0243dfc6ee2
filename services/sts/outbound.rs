//! `GetWebIdentityToken`: tokens that tell others who the caller is, and the pages where they find
//! the keys to verify them with (`OpenID` Connect Discovery 1.0, RFC 7517). The claims are AWS's (IAM
//! User Guide, "Understanding token claims"); its issuer is another, because nobody could reach it.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cumulet_core::tags::Tags;
use cumulet_core::world::BoxFuture;
use cumulet_core::{AccountId, AwsError, Body, Cx, Route, State, Timestamp};
use cumulet_openkey::{p384, rsa};
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::api::{GetWebIdentityTokenResponse, input, output};
use crate::caller::{Caller, caller};
use crate::{Sts, errors, tags};

/// Seconds of a token where nothing else is said.
const DEFAULT_SECONDS: i32 = 300;
/// An issuer's path, before the account.
const ISSUER: &str = "/_aws/sts/issuer/";
/// Below an issuer.
const DISCOVERY: &str = "/.well-known/openid-configuration";
const KEYS: &str = "/.well-known/jwks.json";

pub(crate) const ROUTES: &[Route] =
    &[Route { matches: |p| p.uri.path().starts_with(ISSUER), answer: page }];

pub(crate) async fn get_web_identity_token(
    sts: &Sts,
    cx: &Cx,
    input: input::GetWebIdentityToken,
) -> Result<output::GetWebIdentityToken, AwsError> {
    let algorithm = Algorithm::parse(&input.signing_algorithm.unwrap_or_default())?;
    let caller = caller(sts, cx).await?;
    let request_tags = tags::parse(tags::of(input.tags), &[], None)?.tags;
    let seconds = input.duration_seconds.unwrap_or(DEFAULT_SECONDS);
    let length = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let expires = Timestamp::from_secs(cx.now().plus(length).secs());
    if caller.session.as_ref().is_some_and(|session| session.expires < expires) {
        return Err(errors::session_duration_escalation());
    }
    let audience = input.audience.unwrap_or_default();
    let aud = if let [one] = audience.as_slice() { json!(one) } else { json!(audience) };
    let claims = json!({
        "iss": issuer(cx, caller.identity.account),
        "sub": subject(&caller),
        "aud": aud,
        "iat": cx.now().secs(),
        "exp": expires.secs(),
        "jti": cx.ids().uuid(),
        "https://sts.amazonaws.com/": about(cx, &caller, &request_tags),
    });
    Ok(GetWebIdentityTokenResponse {
        web_identity_token: Some(algorithm.token(&claims)),
        expiration: Some(expires),
    })
}

fn issuer(cx: &Cx, account: AccountId) -> String {
    format!("{}{ISSUER}{account}", cx.endpoint())
}

/// The role of a session of one, else the caller.
fn subject(caller: &Caller) -> &str {
    let role = caller.session.as_ref().and_then(|session| session.role.as_deref());
    role.unwrap_or(&caller.identity.arn)
}

/// AWS's own claims; tags only where there are any.
fn about(cx: &Cx, caller: &Caller, request_tags: &Tags) -> Map<String, Value> {
    let principal_tags = caller.session.as_ref().map(|session| &session.tags.tags);
    let tags = [("principal_tags", principal_tags), ("request_tags", Some(request_tags))];
    let given = tags.into_iter().filter(|(_, tags)| tags.is_some_and(|tags| !tags.is_empty()));
    let facts = [
        ("aws_account", json!(caller.identity.account.to_string())),
        ("source_region", json!(cx.region().to_string())),
    ];
    let all = facts.into_iter().chain(given.map(|(name, tags)| (name, json!(tags))));
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}

#[derive(Clone, Copy)]
enum Algorithm {
    Rs256,
    Es384,
}

impl Algorithm {
    fn parse(name: &str) -> Result<Self, AwsError> {
        match name {
            "RS256" => Ok(Self::Rs256),
            "ES384" => Ok(Self::Es384),
            other => Err(errors::constraint(
                other,
                "signingAlgorithm",
                "Member must satisfy enum value set: [RS256, ES384]",
            )),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es384 => "ES384",
        }
    }

    /// A signed token. Keys are called by their algorithm.
    fn token(self, claims: &Value) -> String {
        let header = json!({ "alg": self.name(), "kid": self.name(), "typ": "JWT" });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let signature = match self {
            Self::Rs256 => rsa::sign_sha256(signed.as_bytes()).to_vec(),
            Self::Es384 => p384::sign_sha384(signed.as_bytes()),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn key(self) -> Value {
        let bytes = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (x, y) = p384::public();
        let (alg, kid) = (self.name(), self.name());
        match self {
            Self::Rs256 => json!({
                "kty": "RSA", "use": "sig", "alg": alg, "kid": kid,
                "n": bytes(&rsa::modulus()), "e": bytes(&[1, 0, 1]),
            }),
            Self::Es384 => json!({
                "kty": "EC", "use": "sig", "alg": alg, "kid": kid,
                "crv": "P-384", "x": bytes(&x), "y": bytes(&y),
            }),
        }
    }
}

/// What an issuer tells whoever wants to verify its tokens.
fn page(_: Arc<dyn State>, cx: Cx, request: Request<Body>) -> BoxFuture<Response<Body>> {
    Box::pin(async move {
        let page = document(&cx, request.uri().path());
        let status = if page.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
        let mut answer = Response::new(Body::from(page.unwrap_or_default().to_string()));
        *answer.status_mut() = status;
        let json = HeaderValue::from_static("application/json");
        answer.headers_mut().insert(header::CONTENT_TYPE, json);
        answer
    })
}

fn document(cx: &Cx, path: &str) -> Option<Value> {
    let (account, page) = path.strip_prefix(ISSUER)?.split_at_checked(12)?;
    let issuer = issuer(cx, AccountId::parse(account)?);
    let algorithms = [Algorithm::Es384, Algorithm::Rs256];
    match page {
        KEYS => Some(json!({ "keys": algorithms.map(Algorithm::key) })),
        DISCOVERY => Some(json!({
            "issuer": issuer,
            "jwks_uri": format!("{issuer}{KEYS}"),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": algorithms.map(Algorithm::name),
        })),
        _ => None,
    }
}
