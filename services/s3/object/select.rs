//! `SelectObjectContent`.

use cumulet_core::{AwsError, Cx};

use crate::api::{input, output};
use crate::select::{Request, Selection};
use crate::state::S3;

pub(crate) async fn select_object_content(
    s3: &S3,
    cx: &Cx,
    input: input::SelectObjectContent,
) -> Result<output::SelectObjectContent, AwsError> {
    todo!()
}
