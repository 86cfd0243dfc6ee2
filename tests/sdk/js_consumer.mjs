// sqs-consumer: a batch of messages handled and deleted; one that fails comes again.

import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";
import { name, report, sqs } from "./clients.mjs";

const ALL = 50;
const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
for (let start = 0; start < ALL; start += 10) {
  const Entries = Array.from({ length: 10 }, (_, i) => ({ Id: `${i}`, MessageBody: `${start + i}` }));
  await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
}

const handled = [];
let failures = 0;
const events = new Set();
const consumer = Consumer.create({
  sqs,
  queueUrl: QueueUrl,
  batchSize: 10,
  waitTimeSeconds: 5,
  terminateVisibilityTimeout: true,
  pollingCompleteWaitTimeMs: 10_000,
  attributeNames: ["ApproximateReceiveCount"],
  handleMessage: async (message) => {
    if (message.Body === "7" && message.Attributes.ApproximateReceiveCount === "1") {
      failures += 1;
      throw new Error("not yet");
    }
    handled.push(Number(message.Body));
    if (handled.length === ALL) consumer.stop();
    return message;
  },
});
for (const event of ["message_processed", "processing_error", "error"]) consumer.on(event, () => events.add(event));
const stopped = new Promise((resolve) => consumer.on("stopped", resolve));
consumer.start();
await stopped;

const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
report({ handled: handled.sort((a, b) => a - b), failures, events: [...events].sort(), left: Attributes });
