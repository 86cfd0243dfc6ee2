"""PartiQL as boto3 sends it: parameters of every type, pages, batches, transactions."""

import pytest
from botocore.exceptions import ClientError

ITEM = {
    "pk": {"S": "a"},
    "sk": {"N": "1"},
    "bytes": {"B": b"\x00\xff"},
    "texts": {"SS": ["x", "y"]},
    "numbers": {"NS": ["-1", "2.5"]},
    "list": {"L": [{"N": "1"}, {"NULL": True}, {"M": {"deep": {"BOOL": False}}}]},
    "map": {"M": {"it's": {"S": "a 'quoted' ünï 🎈"}}},
}


@pytest.fixture
def table(dynamodb, name):
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
    )
    return name


def test_every_type_goes_in_as_a_parameter(dynamodb, table):
    names = ", ".join(f"'{name}': ?" for name in ITEM)
    dynamodb.execute_statement(
        Statement=f"INSERT INTO \"{table}\" VALUE {{{names}}}", Parameters=list(ITEM.values())
    )
    for name, value in ITEM.items():
        found = dynamodb.execute_statement(
            Statement=f'SELECT * FROM "{table}" WHERE "{name}" = ?', Parameters=[value]
        )
        assert found["Items"] == [ITEM]


def test_literals_say_the_same(dynamodb, table):
    dynamodb.execute_statement(
        Statement=f"""INSERT INTO "{table}" VALUE {{
            'pk': 'a', 'sk': 1, 'texts': <<'y', 'x'>>, 'numbers': <<2.5, -1>>,
            'list': [1, null, {{'deep': false}}], 'map': {{'it''s': 'a ''quoted'' ünï 🎈'}}
        }}"""
    )
    [found] = dynamodb.execute_statement(Statement=f'SELECT * FROM "{table}"')["Items"]
    assert found == {name: value for name, value in ITEM.items() if name != "bytes"}


def test_pages(dynamodb, table):
    for sk in range(5):
        dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"N": str(sk)}})
    asked = {"Statement": f"SELECT sk FROM \"{table}\" WHERE pk = 'a' ORDER BY sk DESC", "Limit": 2}
    found = []
    while True:
        page = dynamodb.execute_statement(**asked)
        found += [int(item["sk"]["N"]) for item in page["Items"]]
        if "NextToken" not in page:
            break
        asked["NextToken"] = page["NextToken"]
    assert found == [4, 3, 2, 1, 0]


def test_a_batch_and_a_transaction_say_what_failed(dynamodb, table):
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"N": "1"}})
    insert = {"Statement": f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'sk': 1}}"}
    update = {
        "Statement": f"UPDATE \"{table}\" SET x = 1 WHERE pk = 'a' AND sk = 1 AND x = 0",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    responses = dynamodb.batch_execute_statement(Statements=[insert, update])["Responses"]
    assert [response["Error"]["Code"] for response in responses] == [
        "DuplicateItem",
        "ConditionalCheckFailed",
    ]
    assert responses[1]["Error"]["Item"] == {"pk": {"S": "a"}, "sk": {"N": "1"}}
    insert["Statement"] = f"INSERT INTO \"{table}\" VALUE {{'pk': 'b', 'sk': 1}}"
    with pytest.raises(ClientError) as refused:
        dynamodb.execute_transaction(TransactStatements=[insert, update])
    reasons = refused.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"] == {"pk": {"S": "a"}, "sk": {"N": "1"}}
    assert "Item" not in dynamodb.get_item(TableName=table, Key={"pk": {"S": "b"}, "sk": {"N": "1"}})
