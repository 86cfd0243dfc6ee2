"""Who calls, as boto3 sees it, and tokens that others verify: with PyJWT, by what the issuer tells."""

import json
import urllib.request

import jwt
import pytest


@pytest.fixture(scope="session")
def sts(aws):
    return aws("sts")


def test_a_role_of_another_account_is_assumed(sts, aws):
    role = "arn:aws:iam::111122223333:role/Reader"
    answer = sts.assume_role(RoleArn=role, RoleSessionName="me")
    key = answer["Credentials"]["AccessKeyId"]
    who = aws("sts", account=key).get_caller_identity()
    assert (who["Account"], who["Arn"]) == ("111122223333", "arn:aws:sts::111122223333:assumed-role/Reader/me")
    url = aws("sqs", account=key).create_queue(QueueName="of-another")["QueueUrl"]
    assert "/111122223333/" in url


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_a_token_is_verified_by_its_issuers_keys(sts, algorithm):
    answer = sts.get_web_identity_token(Audience=["me"], SigningAlgorithm=algorithm)
    token = answer["WebIdentityToken"]
    issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
    with urllib.request.urlopen(f"{issuer}/.well-known/openid-configuration", timeout=10) as page:
        about = json.load(page)
    assert about["issuer"] == issuer and algorithm in about["id_token_signing_alg_values_supported"]
    keys = jwt.PyJWKClient(about["jwks_uri"])
    key = keys.get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key, algorithms=[algorithm], audience="me", issuer=issuer)
    assert claims["sub"] == "arn:aws:iam::000000000000:root"
    head, body, signature = token.split(".")
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(f"{head}.{body}.{signature[:-8]}AAAAAAAA", key, algorithms=[algorithm], audience="me")


def test_json_answers_have_times_as_numbers(endpoint):
    form = b"Action=GetSessionToken&Version=2011-06-15"
    request = urllib.request.Request(endpoint, form, {"Accept": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        result = json.load(answer)["GetSessionTokenResponse"]["GetSessionTokenResult"]
    assert result["Credentials"]["Expiration"] > 1.6e9
