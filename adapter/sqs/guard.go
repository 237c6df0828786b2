package sqs

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/redriveq/redrive/adapter/internal/guard"
	"github.com/redriveq/redrive/adapter/sqs/sigv4"
)

// signingService is the service that signatures must be made for, also at
// Yandex.
const signingService = "sqs"

// unknownSecret stands in for the secret of an access key that is not known, so
// that finding out takes as long as for one that is. No request passes by it.
const unknownSecret = "0000000000000000000000000000000000000000"

// guardRequest refuses what a web page may have made a browser send. It looks at
// the request alone, before its body is read; neither the remote address nor a
// header that a proxy adds makes a difference.
func guardRequest(c *Config, r *http.Request) *apiError {
	var refused *apiError
	switch {
	case !guard.Allows(c.Hosts, r.Host):
		refused = accessDenied("The host that the request is addressed to is not allowed.")
	case guard.CrossOrigin(r):
		refused = accessDenied("Requests from other origins are not allowed.")
	default:
		return nil
	}
	logRefusal(c, r, refused)
	return refused
}

// An identity is who asks, and for which region.
type identity struct {
	region, account string
}

// authenticate finds out who asks. The body was read; now is the time to compare
// the signature's date with.
func authenticate(ctx context.Context, c *Config, r *http.Request, body []byte, now time.Time) (identity, *apiError) {
	id, refused := identify(ctx, c, r, body, now)
	if refused != nil {
		logRefusal(c, r, refused)
	}
	return id, refused
}

func identify(ctx context.Context, c *Config, r *http.Request, body []byte, now time.Time) (identity, *apiError) {
	scope, signed := sigv4.ParseScope(r)
	id := identity{region: c.Region, account: c.Account}
	if signed {
		id.region = scope.Region
	}
	switch {
	case c.Credentials != nil:
		account, refused := verify(ctx, c, r, body, now, scope, signed)
		if refused != nil {
			return identity{}, refused
		}
		id.account = cmp.Or(account, c.Account)
	case !c.AllowAnonymous:
		return identity{}, accessDenied("No credentials are configured.")
	}
	if !isRegion(id.region) {
		return identity{}, mismatch("Credential should be scoped to a valid region.")
	}
	return id, nil
}

// verify returns the account that has signed the request. That an access key is
// not known is told last, and only where a signature that fits the request may
// be there.
func verify(ctx context.Context, c *Config, r *http.Request, body []byte, now time.Time, scope sigv4.Scope, signed bool) (account string, refused *apiError) {
	secret, known := "", false
	if signed {
		secret, account, known = c.Credentials(ctx, scope.AccessKey)
	}
	if !known || secret == "" {
		secret, known = unknownSecret, false
	}
	err, _ := sigv4.Verify(r, body, signingService, secret, now).(*sigv4.Error)
	switch {
	case !known && (err == nil || err.Kind == sigv4.Mismatch):
		return "", unknownKey()
	case err != nil:
		return "", signatureError(err)
	}
	return account, nil
}

// signatureError tells an error of package sigv4. A date that is off is told as a
// mismatch, as the service does: SDKs then correct their clock.
func signatureError(err *sigv4.Error) *apiError {
	switch err.Kind {
	case sigv4.Missing:
		return missingToken()
	case sigv4.Incomplete:
		return incompleteSignature(err.Message)
	case sigv4.Malformed:
		return malformedQuery(err.Message)
	default:
		return mismatch(err.Message)
	}
}

func mismatch(message string) *apiError {
	e := signatureMismatch()
	e.Message = message
	return e
}

// isRegion reports whether the text can be the name of a region. It becomes part
// of the names of queues.
func isRegion(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-':
		default:
			return false
		}
	}
	return 0 < len(text) && len(text) <= 32
}

// logRefusal logs that a request was refused before it was looked at. What the
// client says of itself is logged in part, and so that it cannot pass for another
// line whatever the logger's handler does.
func logRefusal(c *Config, r *http.Request, err *apiError) {
	if c.Logger == nil {
		return
	}
	c.Logger.InfoContext(r.Context(), "request refused",
		"code", err.Code,
		"reason", err.Message,
		"method", clip(r.Method),
		"host", clip(r.Host),
		"path", clip(r.URL.Path),
		"origin", clip(r.Header.Get("Origin")),
		"userAgent", clip(r.UserAgent()),
	)
}

// clip shortens a text for the log, and replaces what cannot be printed.
func clip(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text[:min(len(text), 128)])
}
