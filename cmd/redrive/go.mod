module github.com/redriveq/redrive/cmd/redrive

go 1.26

require (
	github.com/benbjohnson/clock v1.3.5
	github.com/redriveq/redrive v0.0.0
)

require github.com/google/btree v1.1.3 // indirect

replace github.com/redriveq/redrive => ../../
