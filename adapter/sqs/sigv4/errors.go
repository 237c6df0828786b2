package sigv4

// A Kind is a way in which a request fails to be signed.
type Kind int

// The kinds of errors. All but Mismatch are found without the secret.
const (
	// Missing: there is no signature in the Authorization header.
	Missing Kind = iota + 1

	// Incomplete: there is one, but it, or the date, cannot be read.
	Incomplete

	// Malformed: the query cannot be read, or has a parameter twice.
	Malformed

	// Expired: the date is too far from now.
	Expired

	// Refused: the signature does not cover what it must, or is for another
	// service or day, or the body is not the one that a header declares.
	Refused

	// Mismatch: the signature was not made with the secret, or something that
	// it covers was changed.
	Mismatch
)

// Code returns the error code that AWS services answer with.
func (k Kind) Code() string {
	switch k {
	case Missing:
		return "MissingAuthenticationToken"
	case Incomplete:
		return "IncompleteSignature"
	case Malformed:
		return "MalformedQueryString"
	case Expired:
		return "RequestExpired"
	default:
		return "SignatureDoesNotMatch"
	}
}

// An Error says why a request is refused. Its message holds no text of the
// request except dates that were read, so it can be shown and logged.
type Error struct {
	Kind    Kind
	Message string // as AWS services put it, where they have a text for it
}

func (e *Error) Error() string { return "sigv4: " + e.Kind.Code() + ": " + e.Message }
