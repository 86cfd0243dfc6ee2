// Clients of the program for the scripts beside this one, and the one line that each of them prints.

import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

const [endpoint, name] = process.argv.slice(2);
const settings = {
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  maxAttempts: 1,
};

export const documents = DynamoDBDocumentClient.from(new DynamoDBClient(settings));
export const s3 = new S3Client({ ...settings, forcePathStyle: true });
export const sqs = new SQSClient(settings);
export { name };

/** What the test compares: one line of JSON, bytes as base64. */
export function report(result) {
  console.log(JSON.stringify(result));
}
