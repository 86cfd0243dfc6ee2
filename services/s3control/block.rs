//! The block of public access to all buckets of an account: kept, not enforced.

use cumulet_core::codec::Empty;
use cumulet_core::{AwsError, Cx};
use cumulet_store::{Table, tables};

use crate::api::{GetPublicAccessBlockOutput, PublicAccessBlockConfiguration, input, output};
use crate::{Control, check_account, errors};

tables! {
    /// What is kept of an account.
    pub(crate) struct Tables {
        /// ACLs refused and ignored, policies refused and restricted.
        pub(crate) block: Table<(), [bool; 4]>,
    }
}

pub(crate) fn put_public_access_block(
    control: &Control,
    cx: &Cx,
    input: input::PutPublicAccessBlock,
) -> Result<Empty, AwsError> {
    let account = check_account(cx, input.account_id.as_deref())?;
    let given = input.public_access_block_configuration.unwrap_or_default();
    let given = [
        given.block_public_acls,
        given.ignore_public_acls,
        given.block_public_policy,
        given.restrict_public_buckets,
    ];
    if given.iter().all(Option::is_none) {
        return Err(errors::no_configuration());
    }
    control.store.write(cx, cx.global_scope(account), |t| {
        t.block.insert((), given.map(Option::unwrap_or_default));
        Ok(Empty {})
    })
}

pub(crate) fn get_public_access_block(
    control: &Control,
    cx: &Cx,
    input: input::GetPublicAccessBlock,
) -> Result<output::GetPublicAccessBlock, AwsError> {
    let account = check_account(cx, input.account_id.as_deref())?;
    let block = control.store.read(cx, cx.global_scope(account), |t| t.block.get(&()).copied());
    let [acls, ignored, policy, restricted] = block.ok_or_else(|| errors::no_block(account))?;
    Ok(GetPublicAccessBlockOutput {
        public_access_block_configuration: Some(PublicAccessBlockConfiguration {
            block_public_acls: Some(acls),
            ignore_public_acls: Some(ignored),
            block_public_policy: Some(policy),
            restrict_public_buckets: Some(restricted),
        }),
    })
}

pub(crate) fn delete_public_access_block(
    control: &Control,
    cx: &Cx,
    input: input::DeletePublicAccessBlock,
) -> Result<Empty, AwsError> {
    let account = check_account(cx, input.account_id.as_deref())?;
    control.store.write(cx, cx.global_scope(account), |t| {
        t.block.remove(&());
        Ok(Empty {})
    })
}
