package sqs

// The inputs and outputs of all operations, after the API Reference. Their tags
// give the names in the two protocols:
//
//	json   the member of the JSON object; case matters
//	query  the parameter of the Query protocol, where it is another one; lists and
//	       maps are flat: Name.1, Name.2, … or Name.1.Key, Name.1.Value
//	xml    the element of an XML answer, where it is another one
//	keys   of a map in Query and XML: the names of key and value, Name and Value if
//	       it is absent
//
// A pointer, slice or map that is nil was not in the request.

type createQueueInput struct {
	QueueName  string            `json:"QueueName"`
	Attributes map[string]string `json:"Attributes" query:"Attribute"`
	Tags       map[string]string `json:"tags" query:"Tag" keys:"Key Value"`
}

type createQueueOutput struct {
	QueueURL string `json:"QueueUrl"`
}

type queueInput struct { // of DeleteQueue, PurgeQueue and ListQueueTags
	QueueURL string `json:"QueueUrl"`
}

type getQueueURLInput struct {
	QueueName string `json:"QueueName"`
	OwnerID   string `json:"QueueOwnerAWSAccountId"`
}

type getQueueURLOutput struct {
	QueueURL string `json:"QueueUrl"`
}

type listQueuesInput struct {
	Prefix     string `json:"QueueNamePrefix"`
	NextToken  string `json:"NextToken"`
	MaxResults *int   `json:"MaxResults"`
}

type listQueuesOutput struct {
	QueueURLs []string `json:"QueueUrls,omitempty" xml:"QueueUrl"`
	NextToken string   `json:"NextToken,omitempty"`
}

type listDeadLetterSourceQueuesInput struct {
	QueueURL   string `json:"QueueUrl"`
	NextToken  string `json:"NextToken"`
	MaxResults *int   `json:"MaxResults"`
}

type listDeadLetterSourceQueuesOutput struct {
	QueueURLs []string `json:"queueUrls" xml:"QueueUrl"`
	NextToken string   `json:"NextToken,omitempty"`
}

type getQueueAttributesInput struct {
	QueueURL string   `json:"QueueUrl"`
	Names    []string `json:"AttributeNames" query:"AttributeName"`
}

type getQueueAttributesOutput struct {
	Attributes map[string]string `json:"Attributes,omitempty" xml:"Attribute"`
}

type setQueueAttributesInput struct {
	QueueURL   string            `json:"QueueUrl"`
	Attributes map[string]string `json:"Attributes" query:"Attribute"`
}

type tagQueueInput struct {
	QueueURL string            `json:"QueueUrl"`
	Tags     map[string]string `json:"Tags" query:"Tag" keys:"Key Value"`
}

type untagQueueInput struct {
	QueueURL string   `json:"QueueUrl"`
	Keys     []string `json:"TagKeys" query:"TagKey"`
}

type listQueueTagsOutput struct {
	Tags map[string]string `json:"Tags,omitempty" xml:"Tag" keys:"Key Value"`
}

type addPermissionInput struct {
	QueueURL   string   `json:"QueueUrl"`
	Label      string   `json:"Label"`
	AccountIDs []string `json:"AWSAccountIds" query:"AWSAccountId"`
	Actions    []string `json:"Actions" query:"ActionName"`
}

type removePermissionInput struct {
	QueueURL string `json:"QueueUrl"`
	Label    string `json:"Label"`
}

// An attributeValue is the value of a message attribute, in and out. Amazon
// has lists in its API and refuses them, and so does the handler.
type attributeValue struct {
	DataType         string   `json:"DataType"`
	StringValue      *string  `json:"StringValue,omitempty"`
	BinaryValue      []byte   `json:"BinaryValue,omitempty"` // base64 in both protocols
	StringListValues []string `json:"StringListValues,omitempty" query:"StringListValue"`
	BinaryListValues [][]byte `json:"BinaryListValues,omitempty" query:"BinaryListValue"`
}

type sendMessageInput struct {
	QueueURL string `json:"QueueUrl"`
	sendParameters
}

// sendParameters are what SendMessage and an entry of SendMessageBatch share.
type sendParameters struct {
	Body             *string                   `json:"MessageBody"`
	DelaySeconds     *int                      `json:"DelaySeconds"`
	Attributes       map[string]attributeValue `json:"MessageAttributes" query:"MessageAttribute"`
	SystemAttributes map[string]attributeValue `json:"MessageSystemAttributes" query:"MessageSystemAttribute"`
	DeduplicationID  *string                   `json:"MessageDeduplicationId"`
	GroupID          *string                   `json:"MessageGroupId"`
}

type sendMessageOutput struct {
	sentMessage
}

// A sentMessage is what SendMessage and an entry of SendMessageBatch answer.
type sentMessage struct {
	MessageID             string `json:"MessageId"`
	MD5OfBody             string `json:"MD5OfMessageBody"`
	MD5OfAttributes       string `json:"MD5OfMessageAttributes,omitempty"`
	MD5OfSystemAttributes string `json:"MD5OfMessageSystemAttributes,omitempty"`
	SequenceNumber        string `json:"SequenceNumber,omitempty"`
}

type sendMessageBatchInput struct {
	QueueURL string      `json:"QueueUrl"`
	Entries  []sendEntry `json:"Entries" query:"SendMessageBatchRequestEntry"`
}

type sendEntry struct {
	ID string `json:"Id"`
	sendParameters
}

type sendMessageBatchOutput struct {
	Successful []sentEntry   `json:"Successful" xml:"SendMessageBatchResultEntry"`
	Failed     []failedEntry `json:"Failed,omitempty" xml:"BatchResultErrorEntry"`
}

type sentEntry struct {
	ID string `json:"Id"`
	sentMessage
}

// A failedEntry is one entry of a batch that was refused.
type failedEntry struct {
	ID          string `json:"Id"`
	SenderFault bool   `json:"SenderFault"`
	Code        string `json:"Code"`
	Message     string `json:"Message,omitempty"`
}

type receiveMessageInput struct {
	QueueURL             string   `json:"QueueUrl"`
	AttributeNames       []string `json:"AttributeNames" query:"AttributeName"`
	SystemAttributeNames []string `json:"MessageSystemAttributeNames" query:"MessageSystemAttributeName"`
	MessageAttributes    []string `json:"MessageAttributeNames" query:"MessageAttributeName"`
	Max                  *int     `json:"MaxNumberOfMessages"`
	Visibility           *int     `json:"VisibilityTimeout"`
	Wait                 *int     `json:"WaitTimeSeconds"`
	AttemptID            string   `json:"ReceiveRequestAttemptId"`
}

type receiveMessageOutput struct {
	Messages []message `json:"Messages,omitempty" xml:"Message"`
}

type message struct {
	MessageID         string                    `json:"MessageId"`
	ReceiptHandle     string                    `json:"ReceiptHandle"`
	MD5OfBody         string                    `json:"MD5OfBody"`
	Body              string                    `json:"Body"`
	Attributes        map[string]string         `json:"Attributes,omitempty" xml:"Attribute"`
	MD5OfAttributes   string                    `json:"MD5OfMessageAttributes,omitempty"`
	MessageAttributes map[string]attributeValue `json:"MessageAttributes,omitempty" xml:"MessageAttribute"`
}

type deleteMessageInput struct {
	QueueURL      string  `json:"QueueUrl"`
	ReceiptHandle *string `json:"ReceiptHandle"`
}

type deleteMessageBatchInput struct {
	QueueURL string        `json:"QueueUrl"`
	Entries  []deleteEntry `json:"Entries" query:"DeleteMessageBatchRequestEntry"`
}

type deleteEntry struct {
	ID            string  `json:"Id"`
	ReceiptHandle *string `json:"ReceiptHandle"`
}

type deleteMessageBatchOutput struct {
	Successful []doneEntry   `json:"Successful" xml:"DeleteMessageBatchResultEntry"`
	Failed     []failedEntry `json:"Failed,omitempty" xml:"BatchResultErrorEntry"`
}

// A doneEntry is one entry of a batch that was done and has nothing to tell.
type doneEntry struct {
	ID string `json:"Id"`
}

type changeMessageVisibilityInput struct {
	QueueURL          string  `json:"QueueUrl"`
	ReceiptHandle     *string `json:"ReceiptHandle"`
	VisibilityTimeout *int    `json:"VisibilityTimeout"`
}

type changeMessageVisibilityBatchInput struct {
	QueueURL string            `json:"QueueUrl"`
	Entries  []visibilityEntry `json:"Entries" query:"ChangeMessageVisibilityBatchRequestEntry"`
}

type visibilityEntry struct {
	ID                string  `json:"Id"`
	ReceiptHandle     *string `json:"ReceiptHandle"`
	VisibilityTimeout *int    `json:"VisibilityTimeout"`
}

type changeMessageVisibilityBatchOutput struct {
	Successful []doneEntry   `json:"Successful" xml:"ChangeMessageVisibilityBatchResultEntry"`
	Failed     []failedEntry `json:"Failed,omitempty" xml:"BatchResultErrorEntry"`
}

type startMessageMoveTaskInput struct {
	SourceARN      string `json:"SourceArn"`
	DestinationARN string `json:"DestinationArn"`
	Rate           *int   `json:"MaxNumberOfMessagesPerSecond"`
}

type startMessageMoveTaskOutput struct {
	TaskHandle string `json:"TaskHandle"`
}

type cancelMessageMoveTaskInput struct {
	TaskHandle string `json:"TaskHandle"`
}

type cancelMessageMoveTaskOutput struct {
	Moved int `json:"ApproximateNumberOfMessagesMoved"`
}

type listMessageMoveTasksInput struct {
	SourceARN  string `json:"SourceArn"`
	MaxResults *int   `json:"MaxResults"`
}

type listMessageMoveTasksOutput struct {
	Results []moveTask `json:"Results,omitempty" xml:"ListMessageMoveTasksResultEntry"`
}

type moveTask struct {
	TaskHandle     string `json:"TaskHandle,omitempty"`
	Status         string `json:"Status"`
	SourceARN      string `json:"SourceArn"`
	DestinationARN string `json:"DestinationArn,omitempty"`
	Rate           int    `json:"MaxNumberOfMessagesPerSecond,omitempty"`
	Moved          int    `json:"ApproximateNumberOfMessagesMoved"`
	ToMove         int    `json:"ApproximateNumberOfMessagesToMove"`
	FailureReason  string `json:"FailureReason,omitempty"`
	Started        int64  `json:"StartedTimestamp"` // milliseconds since 1970
}

// nothing is the output of the operations that answer only that they are done.
type nothing struct{}
