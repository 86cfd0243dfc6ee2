// lib-storage's Upload: a stream of unknown length, sent in parts with checksums in trailers.

import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { CreateBucketCommand, GetObjectCommand } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { name as Bucket, report, s3 } from "./clients.mjs";

const MIB = 1024 * 1024;

function* pieces() {
  for (let i = 0; i < 13; i++) yield Buffer.alloc(MIB, i);
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

await s3.send(new CreateBucketCommand({ Bucket }));
const upload = new Upload({ client: s3, params: { Bucket, Key: "big", Body: Readable.from(pieces()) }, partSize: 5 * MIB });
const done = await upload.done();
const got = Buffer.from(await (await s3.send(new GetObjectCommand({ Bucket, Key: "big" }))).Body.transformToByteArray());

report({ etag: done.ETag, length: got.length, same: sha256(got) === sha256(Buffer.concat([...pieces()])) });
