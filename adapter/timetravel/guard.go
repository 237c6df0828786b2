package timetravel

import (
	"net/http"

	"github.com/redriveq/redrive/adapter/internal/guard"
)

// refusal returns why a request is refused that a web page may have made a
// browser send, or "". Reads are refused as well.
func refusal(hosts []string, r *http.Request) string {
	switch {
	case !guard.Allows(hosts, r.Host):
		return "the host that the request is addressed to is not allowed"
	case guard.CrossOrigin(r):
		return "requests from other origins are not allowed"
	}
	return ""
}
