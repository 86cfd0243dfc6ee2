// The document client: items as plain objects, numbers, sets and bytes; pages; a transaction that fails.

import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import {
  BatchWriteCommand,
  GetCommand,
  paginateQuery,
  PutCommand,
  TransactWriteCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { documents, name, report } from "./clients.mjs";

const TableName = name;
await documents.send(
  new CreateTableCommand({
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" },
      { AttributeName: "sk", AttributeType: "N" },
    ],
  }),
);

const Item = {
  pk: "a",
  sk: 1.5,
  tags: new Set(["x", "y"]),
  bytes: new Uint8Array([0, 255]),
  nested: { list: [1, "two", null, false, { deep: -0.25 }] },
};
await documents.send(new PutCommand({ TableName, Item }));
const Key = { pk: "a", sk: 1.5 };
const got = (await documents.send(new GetCommand({ TableName, Key }))).Item;

const updated = await documents.send(
  new UpdateCommand({
    TableName,
    Key,
    UpdateExpression: "SET nested.#l[0] = nested.#l[0] + :n ADD tags :t",
    ExpressionAttributeNames: { "#l": "list" },
    ExpressionAttributeValues: { ":n": 41, ":t": new Set(["z"]) },
    ReturnValues: "ALL_NEW",
  }),
);

const PutRequests = [...Array(25).keys()].map((sk) => ({ PutRequest: { Item: { pk: "pages", sk } } }));
await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: PutRequests } }));
const pages = [];
const query = {
  TableName,
  KeyConditionExpression: "pk = :p AND sk >= :from",
  ExpressionAttributeValues: { ":p": "pages", ":from": 5 },
};
for await (const page of paginateQuery({ client: documents, pageSize: 8 }, query)) {
  pages.push(page.Items.map(({ sk }) => sk));
}

const check = { TableName, Key, ConditionExpression: "attribute_not_exists(pk)" };
const cancelled = await documents
  .send(
    new TransactWriteCommand({
      TransactItems: [{ Put: { TableName, Item: { pk: "t", sk: 0 } } }, { ConditionCheck: check }],
    }),
  )
  .catch((error) => [error.name, error.CancellationReasons.map(({ Code }) => Code)]);

report({
  got: { ...got, tags: [...got.tags], bytes: [...got.bytes] },
  first: updated.Attributes.nested.list[0],
  tags: [...updated.Attributes.tags],
  pages,
  cancelled,
});
