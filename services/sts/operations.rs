//! The operations that STS has; `build.rs` reads this table too.

use cumulet_core::operations;

use crate::{Sts, caller, delegated, message, outbound, role, saml, token, web};

operations! { Sts:
    AssumeRole => role::assume_role;
    AssumeRoleWithSAML => saml::assume_role_with_saml;
    AssumeRoleWithWebIdentity => web::assume_role_with_web_identity;
    AssumeRoot => token::assume_root;
    DecodeAuthorizationMessage => message::decode_authorization_message, is sync;
    GetAccessKeyInfo => caller::get_access_key_info, is sync;
    GetCallerIdentity => caller::get_caller_identity;
    GetDelegatedAccessToken => delegated::get_delegated_access_token, is sync;
    GetFederationToken => token::get_federation_token;
    GetSessionToken => token::get_session_token;
    GetWebIdentityToken => outbound::get_web_identity_token;
}
