#!/usr/bin/env bash
# What is done on the command line: every operation that the client has. Called
# with the number of operations that are expected of it, and its command.
set -euo pipefail
want=$1
shift
command=("$@")
calls=$(mktemp)
trap 'rm -f "$calls"' EXIT
checks=0

# sqs calls an operation and prints what --query selects.
sqs() {
	echo "$1" >>"$calls"
	"${command[@]}" --endpoint-url "$ENDPOINT" --output text sqs "$@"
}

check() { # what got want
	checks=$((checks + 1))
	[ "$2" = "$3" ] || {
		echo "$1: got $(printf %q "$2"), want $(printf %q "$3")" >&2
		exit 1
	}
}

# fails calls an operation that must be refused.
fails() { # code operation arguments...
	local code=$1 told
	shift
	told=$(sqs "$@" 2>&1 >/dev/null || true)
	check "$1 refused" "$(sed -n 's/.*An error occurred (\([^)]*\)).*/\1/p' <<<"$told")" "$code"
}

attribute() { sqs get-queue-attributes --queue-url "$1" --attribute-names "$2" --query "Attributes.$2"; } # URL name

version=$("${command[@]}" --version 2>&1 | cut -d' ' -f1)

# Queues.
url=$(sqs create-queue --queue-name orders --attributes VisibilityTimeout=45 --tags team=red --query QueueUrl)
check URL "$url" "$ENDPOINT/$ACCOUNT/orders"
check "URL by name" "$(sqs get-queue-url --queue-name orders --query QueueUrl)" "$url"
check list "$(sqs list-queues --queue-name-prefix ord --query 'QueueUrls[0]')" "$url"
sqs set-queue-attributes --queue-url "$url" --attributes MaximumMessageSize=2048
check attribute "$(attribute "$url" MaximumMessageSize)" 2048
sqs tag-queue --queue-url "$url" --tags cost=none
sqs untag-queue --queue-url "$url" --tag-keys team
check tags "$(sqs list-queue-tags --queue-url "$url" --query Tags.cost)" none
sqs add-permission --queue-url "$url" --label read --aws-account-ids 333333333333 --actions ReceiveMessage
sqs remove-permission --queue-url "$url" --label read
sqs purge-queue --queue-url "$url"
fails AWS.SimpleQueueService.PurgeQueueInProgress purge-queue --queue-url "$url"

# Messages.
sent=$(sqs send-message --queue-url "$url" --message-body 'two apples & <três>' \
	--message-attributes '{"name": {"DataType": "String", "StringValue": "Ann"}}' --query MessageId)
IFS=$'\t' read -r id body handle < <(sqs receive-message --queue-url "$url" --query 'Messages[0].[MessageId, Body, ReceiptHandle]')
check "message ID" "$id" "$sent"
check body "$body" 'two apples & <três>'
sqs change-message-visibility --queue-url "$url" --receipt-handle "$handle" --visibility-timeout 60
sqs delete-message --queue-url "$url" --receipt-handle "$handle"
check "bodies in the end" "$(sqs receive-message --queue-url "$url" --query 'Messages[].Body')" None
fails ReceiptHandleIsInvalid delete-message --queue-url "$url" --receipt-handle garbage
check batch "$(sqs send-message-batch --queue-url "$url" --query 'Successful[].Id' \
	--entries '[{"Id": "a", "MessageBody": "1"}, {"Id": "b", "MessageBody": "\u0001"}]')" a
handle=$(sqs receive-message --queue-url "$url" --query 'Messages[0].ReceiptHandle')
check "changes" "$(sqs change-message-visibility-batch --queue-url "$url" --query 'Successful[].Id' \
	--entries "Id=a,ReceiptHandle=$handle,VisibilityTimeout=60")" a
check "deletes" "$(sqs delete-message-batch --queue-url "$url" --query '[Successful[].Id, Failed[].Code][]' \
	--entries "Id=a,ReceiptHandle=$handle" Id=b,ReceiptHandle=garbage | tr '\t' ' ')" "a ReceiptHandleIsInvalid"

# FIFO.
fifo=$(sqs create-queue --queue-name orders.fifo --attributes FifoQueue=true,ContentBasedDeduplication=true --query QueueUrl)
number=$(sqs send-message --queue-url "$fifo" --message-body 1 --message-group-id g --query SequenceNumber)
check "the same again" "$(sqs send-message --queue-url "$fifo" --message-body 1 --message-group-id g --query SequenceNumber)" "$number"
check received "$(sqs receive-message --queue-url "$fifo" --max-number-of-messages 10 --query 'Messages[].Body')" 1

# Dead letters, and tasks that move them.
dead=$(sqs create-queue --queue-name dead --query QueueUrl)
arn=$(attribute "$dead" QueueArn)
source=$(sqs create-queue --queue-name source --query QueueUrl \
	--attributes "{\"RedrivePolicy\": \"{\\\"deadLetterTargetArn\\\": \\\"$arn\\\", \\\"maxReceiveCount\\\": 1}\"}")
check sources "$(sqs list-dead-letter-source-queues --queue-url "$dead" --query 'queueUrls[0]')" "$source"
sqs send-message-batch --queue-url "$source" --entries Id=a,MessageBody=1 Id=b,MessageBody=2 Id=c,MessageBody=3 >/dev/null
sqs receive-message --queue-url "$source" --max-number-of-messages 10 --visibility-timeout 0 >/dev/null
check dead "$(sqs receive-message --queue-url "$source" --max-number-of-messages 10 --query 'Messages[].Body')" None
if [ "$want" -eq 23 ]; then
	target=$(attribute "$url" QueueArn)
	sqs start-message-move-task --source-arn "$arn" --destination-arn "$target" >/dev/null
	check task "$(sqs list-message-move-tasks --source-arn "$arn" --query 'Results[0].[Status, ApproximateNumberOfMessagesMoved]' | tr '\t' ' ')" "COMPLETED 3"
	fails ResourceNotFoundException cancel-message-move-task --task-handle "$(printf '{"taskId":"00000000-0000-4000-8000-000000000000","sourceArn":"%s"}' "$arn" | base64 -w0)"
fi
sqs delete-queue --queue-url "$dead"
fails AWS.SimpleQueueService.NonExistentQueue purge-queue --queue-url "$dead"
AWS_SECRET_ACCESS_KEY=guess fails SignatureDoesNotMatch list-queues

operations=$(sort -u "$calls" | wc -l)
check operations "$operations" "$want"
echo "$version: $operations operations, $(wc -l <"$calls") calls, $checks checks"
