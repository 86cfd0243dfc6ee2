//! The operations that DynamoDB Streams has; `build.rs` reads this table too.

use cumulet_core::operations;

use super::{Streams, stream};

operations! { Streams, streams:
    ListStreams => stream::list_streams, is sync;
}
