module github.com/redriveq/redrive/verify

go 1.26

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/aws/aws-sdk-go v1.44.300
	github.com/aws/aws-sdk-go-v2 v1.48.0
	github.com/aws/aws-sdk-go-v2/service/sqs v1.52.10
	github.com/aws/smithy-go v1.28.9
	github.com/benbjohnson/clock v1.3.5
	github.com/redriveq/redrive v0.0.0
	go.uber.org/goleak v1.3.0
)

require (
	github.com/aws/aws-sdk-go-v2/internal/configsources v1.5.12 // indirect
	github.com/aws/aws-sdk-go-v2/internal/endpoints/v2 v2.8.12 // indirect
	github.com/google/btree v1.1.3 // indirect
	github.com/jmespath/go-jmespath v0.4.0 // indirect
	pgregory.net/rapid v1.3.0 // indirect
)

replace github.com/redriveq/redrive => ../
