"""What a program in Python does: every operation that its boto3 has.

Called with the protocol and the number of operations that are expected of it.
"""

import json
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

PROTOCOL, OPERATIONS = sys.argv[1], int(sys.argv[2])
ENDPOINT, ACCOUNT = os.environ["ENDPOINT"], os.environ["ACCOUNT"]

called, checks = set(), 0


def connect(**kwargs):
    return boto3.client("sqs", endpoint_url=ENDPOINT, config=Config(retries={"max_attempts": 0}), **kwargs)


client = connect()


def call(operation, **kwargs):
    called.add(operation)
    return getattr(client, operation)(**kwargs)


def check(what, got, want):
    global checks
    checks += 1
    if got != want:
        sys.exit(f"{what}: got {got!r}, want {want!r}")


def fails(status, code, operation, **kwargs):
    """Calls an operation that must be refused."""
    told = "no error"
    try:
        call(operation, **kwargs)
    except ClientError as err:
        told = err.response["ResponseMetadata"]["HTTPStatusCode"], err.response["Error"]["Code"]
    check(f"{operation} refused", told, (status, code))


def create(name, **attributes):
    url = call("create_queue", QueueName=name, Attributes=attributes, tags={"team": "red & blue"})["QueueUrl"]
    check("URL", url, f"{ENDPOINT}/{ACCOUNT}/{name}")
    return url


def attribute(url, name):
    return call("get_queue_attributes", QueueUrl=url, AttributeNames=[name])["Attributes"][name]


def receive(url, **kwargs):
    kwargs = {"MaxNumberOfMessages": 10, **kwargs}
    return call("receive_message", QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["All"], **kwargs).get("Messages", [])


def bodies(messages):
    return [m["Body"] for m in messages]


def queues():
    url = create("orders", VisibilityTimeout="45")
    check("URL by name", call("get_queue_url", QueueName="orders")["QueueUrl"], url)
    check("list", call("list_queues", QueueNamePrefix="ord")["QueueUrls"], [url])
    call("set_queue_attributes", QueueUrl=url, Attributes={"MaximumMessageSize": "2048"})
    check("attribute", attribute(url, "MaximumMessageSize"), "2048")
    call("tag_queue", QueueUrl=url, Tags={"cost": "none"})
    call("untag_queue", QueueUrl=url, TagKeys=["team"])
    check("tags", call("list_queue_tags", QueueUrl=url)["Tags"], {"cost": "none"})
    call("add_permission", QueueUrl=url, Label="read", AWSAccountIds=["333333333333"], Actions=["ReceiveMessage"])
    check("statements", [s["Sid"] for s in json.loads(attribute(url, "Policy"))["Statement"]], ["read"])
    call("remove_permission", QueueUrl=url, Label="read")
    fails(400, "QueueAlreadyExists", "create_queue", QueueName="orders", Attributes={"VisibilityTimeout": "46"})
    call("purge_queue", QueueUrl=url)
    fails(403, "AWS.SimpleQueueService.PurgeQueueInProgress", "purge_queue", QueueUrl=url)
    call("delete_queue", QueueUrl=url)
    fails(400, "AWS.SimpleQueueService.NonExistentQueue", "send_message", QueueUrl=url, MessageBody="late")
    fails(400, "AWS.SimpleQueueService.QueueDeletedRecently", "create_queue", QueueName="orders")
    try:
        client.get_queue_url(QueueName="none")
    except client.exceptions.QueueDoesNotExist as err:
        check("a typed error", err.response["ResponseMetadata"]["HTTPStatusCode"], 400)


def messages():
    url = create("messages")
    body = 'two apples & <três> "€" \U0001f34e'
    sent = call("send_message", QueueUrl=url, MessageBody=body, MessageAttributes={
        "name": {"DataType": "String", "StringValue": "Ann"},
        "photo": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    })
    got, = receive(url)
    check("body", got["Body"], body)
    check("digest of the attributes", got["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"])
    check("photo", got["MessageAttributes"]["photo"]["BinaryValue"], b"\x00\xff")
    check("sender", got["Attributes"]["SenderId"], ACCOUNT)
    call("change_message_visibility", QueueUrl=url, ReceiptHandle=got["ReceiptHandle"], VisibilityTimeout=0)
    again, = receive(url)
    check("receive count", again["Attributes"]["ApproximateReceiveCount"], "2")
    call("delete_message", QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    check("bodies in the end", bodies(receive(url)), [])
    fails(404, "ReceiptHandleIsInvalid", "delete_message", QueueUrl=url, ReceiptHandle="garbage")
    fails(400, "InvalidParameterValue", "receive_message", QueueUrl=url, MaxNumberOfMessages=11)
    batches(url)


def batches(url):
    out = call("send_message_batch", QueueUrl=url, Entries=[{"Id": i, "MessageBody": b} for i, b in [("a", "1"), ("b", "\x01"), ("c", "3")]])
    check("sent", [e["Id"] for e in out["Successful"]], ["a", "c"])
    check("refused", [(e["Id"], e["Code"], e["SenderFault"]) for e in out["Failed"]], [("b", "InvalidMessageContents", True)])
    entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(receive(url))]
    out = call("change_message_visibility_batch", QueueUrl=url, Entries=[{**e, "VisibilityTimeout": 60} for e in entries])
    check("changed", [e["Id"] for e in out["Successful"]], ["0", "1"])
    out = call("delete_message_batch", QueueUrl=url, Entries=entries + [{"Id": "x", "ReceiptHandle": "garbage"}])
    check("deleted", [e["Id"] for e in out["Successful"]], ["0", "1"])
    check("not deleted", [(e["Id"], e["Code"]) for e in out["Failed"]], [("x", "ReceiptHandleIsInvalid")])
    fails(400, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "delete_message_batch", QueueUrl=url, Entries=entries[:1] * 2)


def fifo():
    url = create("orders.fifo", FifoQueue="true")

    def send(body, identity):
        return call("send_message", QueueUrl=url, MessageBody=body, MessageGroupId="g", MessageDeduplicationId=identity)

    first = send("1", "a")
    check("the same again", send("1", "a")["SequenceNumber"], first["SequenceNumber"])
    send("2", "b")
    got, = receive(url, MaxNumberOfMessages=1)
    check("first", (got["Body"], got["Attributes"]["MessageGroupId"]), ("1", "g"))
    check("the group waits", bodies(receive(url)), [])
    call("delete_message", QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
    check("second", bodies(receive(url, WaitTimeSeconds=1)), ["2"])


def moves():
    dead = create("dead")
    arn = attribute(dead, "QueueArn")
    source = create("source", RedrivePolicy=json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1}))
    check("sources", call("list_dead_letter_source_queues", QueueUrl=dead)["queueUrls"], [source])
    for body in "abc":
        call("send_message", QueueUrl=source, MessageBody=body)
    receive(source, VisibilityTimeout=0)
    check("dead", bodies(receive(source)), [])
    check("messages that died", attribute(dead, "ApproximateNumberOfMessages"), "3")
    if hasattr(client, "start_message_move_task"):
        tasks(arn, source)


def tasks(arn, source):
    handle = call("start_message_move_task", SourceArn=arn, MaxNumberOfMessagesPerSecond=1)["TaskHandle"]

    def task():
        return call("list_message_move_tasks", SourceArn=arn)["Results"][0]

    check("task", (task()["Status"], task()["TaskHandle"]), ("RUNNING", handle))
    moved = call("cancel_message_move_task", TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
    while task()["Status"] == "CANCELLING":
        pass
    check("task after the cancel", (task()["Status"], task()["ApproximateNumberOfMessagesMoved"]), ("CANCELLED", moved))
    check("moved back", len(receive(source)), moved)
    fails(400, "AWS.SimpleQueueService.UnsupportedOperation", "cancel_message_move_task", TaskHandle=handle)
    fails(404, "ResourceNotFoundException", "start_message_move_task", SourceArn=arn + "-not")


def wrong_secret():
    global client
    client = connect(aws_secret_access_key="a guess", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"])
    fails(403, "SignatureDoesNotMatch", "list_queues")


protocol = client.meta.service_model.metadata["protocol"]
check("protocol", protocol, PROTOCOL)
for scenario in queues, messages, fifo, moves, wrong_secret:
    scenario()
check("operations", len(called), OPERATIONS)
print(f"boto3 {boto3.__version__}, protocol {protocol}: {len(called)} operations, {checks} checks")
