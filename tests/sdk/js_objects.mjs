// Put, get, head, list, delete; bodies as text, bytes and streams of unknown length; presigned URLs.

import { Readable } from "node:stream";
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { name as Bucket, report, s3 } from "./clients.mjs";

const get = async (Key, more = {}) => s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
const text = async (Key) => (await get(Key)).Body.transformToString();

await s3.send(new CreateBucketCommand({ Bucket }));
const put = await s3.send(new PutObjectCommand({ Bucket, Key: "text ü", Body: "hello ü", Metadata: { who: "me" } }));
const chunk = Buffer.alloc(200_000, "x");
const stream = Readable.from([chunk, chunk, chunk]);
await s3.send(new PutObjectCommand({ Bucket, Key: "stream", Body: stream, ContentLength: 600_000 }));
const streamed = await s3.send(new HeadObjectCommand({ Bucket, Key: "stream", ChecksumMode: "ENABLED" }));

const sums = {};
for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]) {
  const Key = `sum ${ChecksumAlgorithm}`;
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: Readable.from([Buffer.from("123456789")]), ContentLength: 9, ChecksumAlgorithm }));
  // The SDK checks the sum of what it reads against the header.
  const got = await get(Key, { ChecksumMode: "ENABLED" });
  sums[ChecksumAlgorithm] = [await got.Body.transformToString(), got[`Checksum${ChecksumAlgorithm}`]];
}

const putUrl = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "by url" }), { expiresIn: 60 });
const putStatus = (await fetch(putUrl, { method: "PUT", body: "by url" })).status;
const getUrl = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "by url" }), { expiresIn: 60 });
const byUrl = await (await fetch(getUrl)).text();

const part = await (await get("stream", { Range: "bytes=0-4" })).Body.transformToString();
const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "sum" }));
const Objects = page.Contents.map(({ Key }) => ({ Key }));
const deleted = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
const missing = await get("sum CRC32").catch((error) => [error.name, error.$metadata.httpStatusCode]);

report({
  etag: put.ETag,
  text: await text("text ü"),
  streamed: [streamed.ContentLength, streamed.ContentEncoding ?? "", Boolean(streamed.ChecksumCRC32)],
  sums,
  putStatus,
  byUrl,
  part,
  listed: page.Contents.map(({ Key }) => Key),
  deleted: deleted.Deleted.length,
  missing,
});
