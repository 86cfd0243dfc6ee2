"""S3 Control: tags of buckets, as Terraform has them, and an account's block of public access."""

import re

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"


@pytest.fixture
def control(aws):
    """Without the account in the host's name, which nothing resolves here."""
    client = aws("s3control")

    def without_account(request, **_):
        request.url = re.sub("//[0-9]{12}[.]", "//", request.url)

    client.meta.events.register("before-sign.s3-control", without_account)
    return client


def refused(code, call, **input):
    with pytest.raises(ClientError) as error:
        call(AccountId=ACCOUNT, **input)
    return error.value.response["Error"]["Code"] == code


def test_tags_of_a_bucket(control, s3, bucket):
    of = {"AccountId": ACCOUNT, "ResourceArn": f"arn:aws:s3:::{bucket}"}
    one, two = {"Key": "a b", "Value": "1"}, {"Key": "c", "Value": ""}
    assert control.list_tags_for_resource(**of)["Tags"] == []
    assert control.tag_resource(**of, Tags=[one])["ResponseMetadata"]["HTTPStatusCode"] == 204
    control.tag_resource(**of, Tags=[two])
    assert control.list_tags_for_resource(**of)["Tags"] == [one, two]
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [one, two]
    control.untag_resource(**of, TagKeys=["a b", "none"])
    assert control.list_tags_for_resource(**of)["Tags"] == [two]


def test_tags_are_checked(control, bucket):
    arn = f"arn:aws:s3:::{bucket}"
    for tags in [[{"Key": "aws:a", "Value": ""}], [{"Key": "a,b", "Value": ""}], [{"Key": "a", "Value": ""}] * 2]:
        assert refused("InvalidTag", control.tag_resource, ResourceArn=arn, Tags=tags)
    assert refused("NoSuchResource", control.list_tags_for_resource, ResourceArn=arn + "-none")
    arn = "arn:aws:s3:us-east-1:000000000000:accesspoint/a"
    assert refused("NoSuchResource", control.untag_resource, ResourceArn=arn, TagKeys=["a"])


def test_block_of_public_access(control):
    assert refused("NoSuchPublicAccessBlockConfiguration", control.get_public_access_block)
    some = {"BlockPublicAcls": True, "IgnorePublicAcls": False}
    control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=some)
    block = control.get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"]
    assert block == {**some, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}
    control.delete_public_access_block(AccountId=ACCOUNT)
    assert refused("NoSuchPublicAccessBlockConfiguration", control.get_public_access_block)
    assert refused("InvalidRequest", control.put_public_access_block, PublicAccessBlockConfiguration={})
    with pytest.raises(ClientError, match="AccessDenied"):
        control.get_public_access_block(AccountId="111111111111")


def test_what_is_not_here_says_so(control):
    assert refused("NotImplemented", control.list_access_points)
