//! The operations that STS has; `build.rs` reads this table too.

use cumulet_core::operations;

use crate::{Sts, caller};

operations! { Sts:
    GetAccessKeyInfo => caller::get_access_key_info;
    GetCallerIdentity => caller::get_caller_identity;
}
