// What a program in JavaScript does: every operation with the SDK of Amazon, and
// a queue consumed with sqs-consumer.
import { createRequire } from "node:module";
import * as sqs from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";

const { ENDPOINT: endpoint, ACCOUNT: account } = process.env;
const version = (name) => createRequire(import.meta.url)(`./node_modules/${name}/package.json`).version;

const client = new sqs.SQSClient({ endpoint, maxAttempts: 1 });
const operations = new Set();
let checks = 0;

// call calls an operation.
function call(operation, input) {
  operations.add(operation);
  return client.send(new sqs[`${operation}Command`](input));
}

// check compares two values by their JSON.
function check(what, got, want) {
  checks++;
  if (JSON.stringify(got) !== JSON.stringify(want)) {
    throw new Error(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  }
}

// fails calls an operation that must be refused.
async function fails(operation, input, status, type, name) {
  let told = "no error";
  try {
    await call(operation, input);
  } catch (err) {
    told = [err.$metadata?.httpStatusCode, err.name, type === undefined || err instanceof type];
  }
  check(`${operation} refused`, told, [status, name ?? type.name, true]);
}

async function create(QueueName, Attributes) {
  const { QueueUrl } = await call("CreateQueue", { QueueName, Attributes, tags: { team: "red & blue" } });
  check("URL", QueueUrl, `${endpoint}/${account}/${QueueName}`);
  return QueueUrl;
}

async function receive(QueueUrl, more) {
  const { Messages = [] } = await call("ReceiveMessage", {
    QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"], ...more,
  });
  return Messages;
}

const bodies = (messages) => messages.map((m) => m.Body);

async function attribute(QueueUrl, name) {
  const { Attributes } = await call("GetQueueAttributes", { QueueUrl, AttributeNames: [name] });
  return Attributes[name];
}

async function queues() {
  const QueueUrl = await create("orders", { VisibilityTimeout: "45" });
  check("URL by name", (await call("GetQueueUrl", { QueueName: "orders" })).QueueUrl, QueueUrl);
  check("list", (await call("ListQueues", { QueueNamePrefix: "ord" })).QueueUrls, [QueueUrl]);
  await call("SetQueueAttributes", { QueueUrl, Attributes: { DelaySeconds: "0", MaximumMessageSize: "2048" } });
  check("attribute", await attribute(QueueUrl, "MaximumMessageSize"), "2048");
  await call("TagQueue", { QueueUrl, Tags: { cost: "none" } });
  await call("UntagQueue", { QueueUrl, TagKeys: ["team"] });
  check("tags", (await call("ListQueueTags", { QueueUrl })).Tags, { cost: "none" });
  await call("AddPermission", { QueueUrl, Label: "read", AWSAccountIds: ["333333333333"], Actions: ["ReceiveMessage"] });
  check("statements", JSON.parse(await attribute(QueueUrl, "Policy")).Statement.map((s) => s.Sid), ["read"]);
  await call("RemovePermission", { QueueUrl, Label: "read" });
  await fails("CreateQueue", { QueueName: "orders", Attributes: { VisibilityTimeout: "46" } }, 400, sqs.QueueNameExists);
  await call("PurgeQueue", { QueueUrl });
  await fails("PurgeQueue", { QueueUrl }, 403, sqs.PurgeQueueInProgress);
  await call("DeleteQueue", { QueueUrl });
  await fails("SendMessage", { QueueUrl, MessageBody: "late" }, 400, sqs.QueueDoesNotExist);
  await fails("CreateQueue", { QueueName: "orders" }, 400, sqs.QueueDeletedRecently);
}

async function messages() {
  const QueueUrl = await create("messages");
  const body = 'two apples & <três> "€" \u{1F34E}';
  const sent = await call("SendMessage", {
    QueueUrl, MessageBody: body, MessageAttributes: {
      name: { DataType: "String", StringValue: "Ann" }, photo: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) },
    },
  });
  const [got] = await receive(QueueUrl);
  check("body", got.Body, body);
  check("digest of the attributes", got.MD5OfMessageAttributes, sent.MD5OfMessageAttributes);
  check("photo", [...got.MessageAttributes.photo.BinaryValue], [0, 255]);
  check("sender", got.Attributes.SenderId, account);
  await call("ChangeMessageVisibility", { QueueUrl, ReceiptHandle: got.ReceiptHandle, VisibilityTimeout: 0 });
  const [again] = await receive(QueueUrl);
  check("receive count", again.Attributes.ApproximateReceiveCount, "2");
  await call("DeleteMessage", { QueueUrl, ReceiptHandle: again.ReceiptHandle });
  check("bodies in the end", bodies(await receive(QueueUrl)), []);
  await fails("DeleteMessage", { QueueUrl, ReceiptHandle: "garbage" }, 404, sqs.ReceiptHandleIsInvalid);
  await fails("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 11 }, 400, undefined, "InvalidParameterValue");
  await batches(QueueUrl);
}

async function batches(QueueUrl) {
  const { Successful, Failed } = await call("SendMessageBatch", {
    QueueUrl, Entries: [{ Id: "a", MessageBody: "1" }, { Id: "b", MessageBody: "\u0001" }, { Id: "c", MessageBody: "3" }],
  });
  check("sent", Successful.map((e) => e.Id), ["a", "c"]);
  check("refused", Failed.map((e) => [e.Id, e.Code, e.SenderFault]), [["b", "InvalidMessageContents", true]]);
  const handles = (await receive(QueueUrl)).map((m) => m.ReceiptHandle);
  check("received", handles.length, 2);
  const entries = handles.map((ReceiptHandle, i) => ({ Id: `${i}`, ReceiptHandle }));
  const changed = await call("ChangeMessageVisibilityBatch", { QueueUrl, Entries: entries.map((e) => ({ ...e, VisibilityTimeout: 60 })) });
  check("changed", changed.Successful.length, 2);
  const deleted = await call("DeleteMessageBatch", { QueueUrl, Entries: [...entries, { Id: "x", ReceiptHandle: "garbage" }] });
  check("deleted", deleted.Successful.map((e) => e.Id), ["0", "1"]);
  check("not deleted", deleted.Failed.map((e) => [e.Id, e.Code]), [["x", "ReceiptHandleIsInvalid"]]);
  await fails("DeleteMessageBatch", { QueueUrl, Entries: [entries[0], entries[0]] }, 400, sqs.BatchEntryIdsNotDistinct);
}

async function fifo() {
  const QueueUrl = await create("orders.fifo", { FifoQueue: "true" });
  const send = (MessageBody, MessageDeduplicationId) => call("SendMessage", { QueueUrl, MessageBody, MessageDeduplicationId, MessageGroupId: "g" });
  const first = await send("1", "a");
  check("the same again", (await send("1", "a")).SequenceNumber, first.SequenceNumber);
  await send("2", "b");
  const [got] = await receive(QueueUrl, { MaxNumberOfMessages: 1 });
  check("first", [got.Body, got.Attributes.MessageGroupId], ["1", "g"]);
  check("the group waits", bodies(await receive(QueueUrl)), []);
  await call("DeleteMessage", { QueueUrl, ReceiptHandle: got.ReceiptHandle });
  check("second", bodies(await receive(QueueUrl)), ["2"]);
}

async function moves() {
  const dead = await create("dead");
  const SourceArn = await attribute(dead, "QueueArn");
  const source = await create("source", { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: SourceArn, maxReceiveCount: 1 }) });
  check("sources", (await call("ListDeadLetterSourceQueues", { QueueUrl: dead })).queueUrls, [source]);
  for (const MessageBody of ["a", "b", "c"]) await call("SendMessage", { QueueUrl: source, MessageBody });
  await receive(source, { VisibilityTimeout: 0 });
  check("dead", bodies(await receive(source)), []);
  const { TaskHandle } = await call("StartMessageMoveTask", { SourceArn, MaxNumberOfMessagesPerSecond: 1 });
  const list = async () => (await call("ListMessageMoveTasks", { SourceArn })).Results[0];
  check("task", [(await list()).Status, (await list()).TaskHandle], ["RUNNING", TaskHandle]);
  const { ApproximateNumberOfMessagesMoved: moved } = await call("CancelMessageMoveTask", { TaskHandle });
  while ((await list()).Status === "CANCELLING");
  const { Status, ApproximateNumberOfMessagesMoved } = await list();
  check("task after the cancel", [Status, ApproximateNumberOfMessagesMoved], ["CANCELLED", moved]);
  check("moved back", (await receive(source)).length, moved);
  await fails("CancelMessageMoveTask", { TaskHandle }, 400, sqs.UnsupportedOperation);
  await fails("StartMessageMoveTask", { SourceArn: `${SourceArn}-not` }, 404, sqs.ResourceNotFoundException);
}

// consume lets sqs-consumer have a queue: it deletes what was handled, and what
// was not comes again.
async function consume() {
  const queueUrl = await create("consumed");
  const want = Array.from({ length: 25 }, (_, i) => `${i}`);
  const handled = new Map();
  await new Promise((resolve, reject) => {
    const consumer = Consumer.create({
      queueUrl, sqs: client, batchSize: 10, waitTimeSeconds: 20, terminateVisibilityTimeout: true,
      handleMessage: async (m) => {
        handled.set(m.Body, (handled.get(m.Body) ?? 0) + 1);
        if (m.Body === "7" && handled.get("7") === 1) throw new Error("not now");
        return m;
      },
    });
    consumer.on("error", reject);
    consumer.on("message_processed", () => {
      if (handled.size === want.length && handled.get("7") === 2) consumer.stop();
    });
    consumer.on("stopped", resolve);
    consumer.start();
    Promise.all(want.map((MessageBody) => call("SendMessage", { QueueUrl: queueUrl, MessageBody }))).catch(reject);
  });
  check("consumed", [...handled.keys()].sort(), [...want].sort());
  check("handled", [...handled.values()].reduce((a, b) => a + b), want.length + 1);
  check("left", [await attribute(queueUrl, "ApproximateNumberOfMessages"), await attribute(queueUrl, "ApproximateNumberOfMessagesNotVisible")], ["0", "0"]);
}

async function wrongSecret() {
  const other = new sqs.SQSClient({ endpoint, maxAttempts: 1, credentials: { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: "a guess" } });
  const err = await other.send(new sqs.ListQueuesCommand({})).catch((err) => err);
  check("wrong secret", [err.$metadata?.httpStatusCode, err.name], [403, "SignatureDoesNotMatch"]);
}

for (const scenario of [queues, messages, fifo, moves, consume, wrongSecret]) await scenario();
check("operations", operations.size, 23);
console.log(`@aws-sdk/client-sqs ${version("@aws-sdk/client-sqs")} with sqs-consumer ${version("sqs-consumer")}, protocol json: ${operations.size} operations, ${checks} checks`);
