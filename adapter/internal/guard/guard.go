// Package guard tells which requests a web page may have made a browser send to
// a server that it should not reach: by a name of the page's own that leads to a
// loopback address, or from another origin.
package guard

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// CrossOrigin reports whether a browser says that the request comes from
// elsewhere. Unlike [http.CrossOriginProtection] it takes no method for safe:
// reads must not be possible either.
func CrossOrigin(r *http.Request) bool {
	var protection http.CrossOriginProtection
	return protection.Check(&http.Request{Method: http.MethodPost, Header: r.Header, Host: r.Host}) != nil
}

// Allows reports whether the Host of a request is among the names or, if they
// are nil, an IP address, localhost or a name below it.
func Allows(names []string, hostPort string) bool {
	host := hostName(hostPort)
	if names != nil {
		return host != "" && slices.ContainsFunc(names, func(name string) bool { return hostName(name) == host })
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	below, found := strings.CutSuffix(host, "localhost")
	return found && (below == "" || strings.HasSuffix(below, ".") && isHost(below))
}

// hostName removes the port, the brackets of an IPv6 address and the dot that
// ends a full name, and writes the rest in lower case.
func hostName(hostPort string) string {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(hostPort, "["), "]")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// isHost reports whether the text, in lower case, is labels that each end in a
// dot.
func isHost(text string) bool {
	for label := range strings.SplitSeq(strings.TrimSuffix(text, "."), ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}
