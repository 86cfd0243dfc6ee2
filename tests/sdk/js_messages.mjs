// A queue: send, a batch, receive (the SDK checks the MD5 of every body), delete, an error's class.

import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { name, report, sqs } from "./clients.mjs";

const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
const MessageAttributes = { bytes: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) } };
await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "ünï", MessageAttributes }));
const Entries = ["a", "b"].map((Id) => ({ Id, MessageBody: `body ${Id}` }));
const batch = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));

const messages = [];
while (messages.length < 3) {
  const page = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5, MessageAttributeNames: ["All"] }),
  );
  if (!page.Messages) break;
  messages.push(...page.Messages);
}
const handles = messages.map(({ ReceiptHandle }, i) => ({ Id: `${i}`, ReceiptHandle }));
const deleted = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: handles }));
const missing = await sqs.send(new GetQueueUrlCommand({ QueueName: `${name}-none` })).catch((error) => error.name);

report({
  sent: batch.Successful.length,
  bodies: messages.map(({ Body }) => Body).sort(),
  bytes: messages.flatMap((m) => [...(m.MessageAttributes?.bytes?.BinaryValue ?? [])]),
  deleted: deleted.Successful.length,
  missing,
});
