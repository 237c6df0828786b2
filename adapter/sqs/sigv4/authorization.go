package sigv4

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
)

// An authorization is an Authorization header that was read.
type authorization struct {
	Scope
	signed    []string // names of headers, in lower case, ascending
	signature []byte
}

// parse reads the values of Authorization headers.
//
//	AWS4-HMAC-SHA256 Credential=SCOPE, SignedHeaders=a;b;c, Signature=HEX
func parse(values []string) (*authorization, error) {
	if len(values) == 0 || !strings.HasPrefix(values[0], "AWS4-") {
		return nil, &Error{Missing, "Request is missing Authentication Token"}
	}
	if len(values) > 1 {
		return nil, &Error{Incomplete, "The request has more than one Authorization header."}
	}
	scheme, rest, _ := strings.Cut(values[0], " ")
	if scheme != algorithm {
		return nil, &Error{Incomplete, "Unsupported AWS 'algorithm' (only AWS4-HMAC-SHA256 for now)."}
	}
	fields, err := parseFields(rest)
	if err != nil {
		return nil, err
	}
	a := new(authorization)
	if a.Scope, err = parseCredential(fields["Credential"]); err != nil {
		return nil, err
	}
	if a.signed, err = parseSigned(fields["SignedHeaders"]); err != nil {
		return nil, err
	}
	a.signature, err = parseSignature(fields["Signature"])
	return a, err
}

// parseFields reads the three parameters of the header, in any order.
func parseFields(text string) (map[string]string, error) {
	fields := make(map[string]string, 3)
	for part := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.Trim(part, " \t"), "=")
		if !ok {
			return nil, &Error{Incomplete, "Invalid key=value pair (missing equal-sign) in Authorization header."}
		}
		if _, twice := fields[name]; twice {
			return nil, &Error{Incomplete, "Authorization header has a parameter twice."}
		}
		fields[name] = value
	}
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if fields[name] == "" {
			return nil, &Error{Incomplete, "Authorization header requires '" + name + "' parameter."}
		}
	}
	if len(fields) > 3 {
		return nil, &Error{Incomplete, "Authorization header has an unknown parameter."}
	}
	return fields, nil
}

// parseCredential reads KEY/DATE/REGION/SERVICE/aws4_request.
func parseCredential(text string) (Scope, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 5 || slices.Contains(parts, "") {
		return Scope{}, &Error{Incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term"}
	}
	if parts[4] != terminator {
		return Scope{}, &Error{Incomplete, "Credential should be scoped with a valid terminator: 'aws4_request'."}
	}
	return Scope{AccessKey: parts[0], Date: parts[1], Region: parts[2], Service: parts[3]}, nil
}

// parseSigned reads names of headers. That they are ascending rules out
// duplicates.
func parseSigned(text string) ([]string, error) {
	names := strings.Split(text, ";")
	for i, name := range names {
		if !isName(name) || i > 0 && name <= names[i-1] {
			return nil, &Error{Incomplete, "'SignedHeaders' must be names of headers, in lower case and in ascending order."}
		}
	}
	return names, nil
}

// isName reports whether the text is the name of a header in lower case.
func isName(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return text != ""
}

// parseSignature reads 64 hexadecimal digits in lower case, which are the only
// spelling of a signature.
func parseSignature(text string) ([]byte, error) {
	signature, err := hex.DecodeString(text)
	if err != nil || len(signature) != 32 || text != strings.ToLower(text) {
		return nil, &Error{Incomplete, "'Signature' must be 64 hexadecimal digits in lower case."}
	}
	return signature, nil
}

// checkCover checks that everything is signed that a request's meaning may
// depend on, and that it stands in the request once.
func (a *authorization) checkCover(r *http.Request) error {
	if !a.covers("host") {
		return &Error{Refused, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."}
	}
	_, amzDate := r.Header["X-Amz-Date"]
	for name, values := range r.Header {
		if !mustSign(name, amzDate) {
			continue
		}
		if lower := strings.ToLower(name); !a.covers(lower) {
			return &Error{Refused, "'Content-Type', the date and each 'X-Amz-' header that is present must be a 'SignedHeader' in the AWS Authorization."}
		}
		if len(values) != 1 {
			return &Error{Refused, "A header that must be signed stands in the request more than once."}
		}
	}
	return nil
}

// mustSign reports whether a header, named as in [http.Header], must be signed.
func mustSign(name string, amzDate bool) bool {
	const prefix = "x-amz-"
	return name == "Content-Type" ||
		name == "Date" && !amzDate ||
		len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

func (a *authorization) covers(name string) bool {
	_, found := slices.BinarySearch(a.signed, name)
	return found
}

// checkScope checks that the signature was made for the service, and for the day
// of the date.
func (a *authorization) checkScope(service, date string) error {
	if a.Service != service {
		return &Error{Refused, "Credential should be scoped to correct service: '" + service + "'."}
	}
	if a.Date != date[:len("20060102")] {
		return &Error{Refused, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."}
	}
	return nil
}
