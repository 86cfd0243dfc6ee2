//! Access control lists of buckets and objects: canned, in headers, or as XML. All become grants.

use cumulet_core::{AccountId, AwsError};

use crate::bucket::stored::conforms;
use crate::{api, bucket, errors};

const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";
/// Whom `aws-exec-read` lets in: EC2's image service ("za-team").
const EC2_IMAGES: &str = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c";

/// What a request says of access.
pub(crate) struct Asked {
    pub(crate) canned: Option<String>,
    /// Header, permission and what was given.
    pub(crate) grants: Vec<(&'static str, &'static str, String)>,
    pub(crate) policy: Option<api::AccessControlPolicy>,
}

/// What an input of `PutBucketAcl`, `PutObjectAcl`, `CreateBucket` or the like says of access.
#[macro_export]
macro_rules! asked_acl {
    ($input:expr, $policy:expr $(, $write:ident)?) => {
        $crate::acl::Asked {
            canned: $input.acl.take(),
            grants: [
                ("x-amz-grant-full-control", "FULL_CONTROL", $input.grant_full_control.take()),
                ("x-amz-grant-read", "READ", $input.grant_read.take()),
                ("x-amz-grant-read-acp", "READ_ACP", $input.grant_read_acp.take()),
                $(("x-amz-grant-write", "WRITE", $input.$write.take()),)?
                ("x-amz-grant-write-acp", "WRITE_ACP", $input.grant_write_acp.take()),
            ]
            .into_iter()
            .filter_map(|(header, permission, given)| Some((header, permission, given?)))
            .collect(),
            policy: $policy,
        }
    };
}

impl Asked {
    /// The list that is asked for; `None` where nothing is said.
    pub(crate) fn list(
        self,
        owner: AccountId,
    ) -> Result<Option<api::AccessControlPolicy>, AwsError> {
        let headers = self.canned.is_some() || !self.grants.is_empty();
        if self.canned.is_some() && !self.grants.is_empty() {
            return Err(errors::invalid_request(
                "Specifying both Canned ACLs and Header Grants is not allowed",
            ));
        }
        if let Some(policy) = self.policy {
            if headers {
                return Err(errors::unexpected_content());
            }
            check(&policy)?;
            return Ok(Some(policy));
        }
        if !headers {
            return Ok(None);
        }
        if let Some(name) = self.canned {
            let grants = canned(&name, owner);
            let wrong = || errors::invalid_argument("", "x-amz-acl", name);
            return Ok(Some(list(owner, grants.ok_or_else(wrong)?)));
        }
        let mut grants = Vec::new();
        for (header, permission, given) in &self.grants {
            let grantees = grantees(header, given)?;
            grants.extend(grantees.into_iter().map(|grantee| grant(grantee, permission)));
        }
        Ok(Some(list(owner, grants)))
    }
}

/// The list of what nobody said anything of: all for the owner, nothing for others.
pub(crate) fn private(owner: AccountId) -> api::AccessControlPolicy {
    list(owner, vec![grant(user(bucket::canonical_id(owner)), "FULL_CONTROL")])
}

/// Whether a list says no more than that its owner may do everything.
pub(crate) fn is_private(list: &api::AccessControlPolicy) -> bool {
    let owner = list.owner.as_ref().and_then(|o| o.id.as_deref());
    list.grants.iter().flatten().all(|grant| {
        owner.is_some() && grant.grantee.as_ref().and_then(|g| g.id.as_deref()) == owner
    })
}

fn list(owner: AccountId, grants: Vec<api::Grant>) -> api::AccessControlPolicy {
    api::AccessControlPolicy { owner: Some(bucket::owner(owner)), grants: Some(grants) }
}

fn grant(grantee: api::Grantee, permission: &str) -> api::Grant {
    api::Grant { grantee: Some(grantee), permission: Some(permission.to_owned()) }
}

fn user(id: String) -> api::Grantee {
    api::Grantee { id: Some(id), r#type: Some("CanonicalUser".into()), ..Default::default() }
}

fn group(uri: &str) -> api::Grantee {
    api::Grantee { uri: Some(uri.into()), r#type: Some("Group".into()), ..Default::default() }
}

/// The grants of a canned list; S3 User Guide, "Canned ACL".
fn canned(name: &str, owner: AccountId) -> Option<Vec<api::Grant>> {
    let more = match name {
        "private" | "bucket-owner-read" | "bucket-owner-full-control" => vec![],
        "public-read" => vec![grant(group(ALL_USERS), "READ")],
        "public-read-write" => {
            vec![grant(group(ALL_USERS), "READ"), grant(group(ALL_USERS), "WRITE")]
        }
        "authenticated-read" => vec![grant(group(AUTHENTICATED_USERS), "READ")],
        "aws-exec-read" => vec![grant(user(EC2_IMAGES.into()), "READ")],
        "log-delivery-write" => {
            vec![grant(group(LOG_DELIVERY), "WRITE"), grant(group(LOG_DELIVERY), "READ_ACP")]
        }
        _ => return None,
    };
    let own = grant(user(bucket::canonical_id(owner)), "FULL_CONTROL");
    Some(std::iter::once(own).chain(more).collect())
}

/// The grantees in a header: `id="…", uri="…"`.
fn grantees(header: &str, given: &str) -> Result<Vec<api::Grantee>, AwsError> {
    let one = |text: &str| {
        let (kind, value) = text.split_once('=').unwrap_or((text, ""));
        let value = value.trim().trim_matches('"');
        match kind.trim() {
            "id" => canonical(value, "id").map(|()| user(value.to_owned())),
            "uri" => known_group(value, "uri").map(|()| group(value)),
            "emailAddress" => Err(errors::unresolvable_grant(value)),
            _ => Err(errors::invalid_argument("Argument format not recognized", header, given)),
        }
    };
    given.split(',').map(one).collect()
}

fn canonical(id: &str, argument: &str) -> Result<(), AwsError> {
    if id.len() == 64 && id.bytes().all(|c| c.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(errors::invalid_argument("Invalid id", argument, id))
}

fn known_group(uri: &str, argument: &str) -> Result<(), AwsError> {
    if [ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY].contains(&uri) {
        return Ok(());
    }
    Err(errors::invalid_argument("Invalid group uri", argument, uri))
}

fn check(policy: &api::AccessControlPolicy) -> Result<(), AwsError> {
    let owner = policy.owner.as_ref().and_then(|o| o.id.as_deref());
    let owner = owner.filter(|_| policy.grants.is_some() && conforms(policy));
    canonical(owner.ok_or_else(errors::malformed_acl)?, "CanonicalUser/ID")?;
    for grant in policy.grants.iter().flatten() {
        let (Some(grantee), Some(_)) = (&grant.grantee, &grant.permission) else {
            return Err(errors::malformed_acl());
        };
        match (grantee.r#type.as_deref(), &grantee.id, &grantee.uri, &grantee.email_address) {
            (Some("CanonicalUser"), Some(id), _, _) => canonical(id, "CanonicalUser/ID")?,
            (Some("Group"), _, Some(uri), _) => known_group(uri, "Group/URI")?,
            (Some("AmazonCustomerByEmail"), _, _, Some(email)) => {
                return Err(errors::unresolvable_grant(email));
            }
            _ => return Err(errors::malformed_acl()),
        }
    }
    Ok(())
}
