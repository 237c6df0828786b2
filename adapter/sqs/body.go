package sqs

import (
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"time"
)

// What a client is given to send and to take. The times are of the world, not of
// the broker's clock: they are about sockets.
const (
	headerTime = 10 * time.Second // to send the header
	bodyTime   = 30 * time.Second // to send the body
	answerTime = 30 * time.Second // to take the answer, once it is there
	idleTime   = 2 * time.Minute  // between requests
	maxHeader  = 32 << 10         // bytes
)

// NewServer returns a server for a handler of this package, or for one that
// holds it, with the limits that a server on a network needs: on the time to
// send a header and a request, between requests, and to take an answer, and on
// the size of a header. It does not listen.
//
// The handler itself limits the body, and counts the time to take an answer from
// when there is one. So receives can wait for as long as their queue allows.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       headerTime + bodyTime,
		WriteTimeout:      headerTime + bodyTime + 20*time.Second + answerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
	}
}

// readBody reads the body, of at most so many bytes, in bodyTime where the
// connection supports a deadline. Memory is taken as bytes come, whatever length
// the request declares. After an error the connection is closed.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, *apiError) {
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close")
		return nil, tooLarge(limit)
	}
	most := limit
	if r.ContentLength >= 0 {
		most = r.ContentLength
	}
	control := http.NewResponseController(w)
	// A connection's deadlines are in real time, whatever clock the broker goes by.
	_ = control.SetReadDeadline(time.Now().Add(bodyTime)) // where supported
	body, err := gather(http.MaxBytesReader(w, r.Body, limit), most)
	if err != nil {
		w.Header().Set("Connection", "close")
		return nil, bodyError(err, limit)
	}
	// The server goes on to read, to notice when the client goes away.
	_ = control.SetReadDeadline(time.Time{})
	return body, nil
}

func bodyError(err error, limit int64) *apiError {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return tooLarge(limit)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &apiError{Type: "RequestTimeoutException", Code: "RequestTimeout", Status: http.StatusRequestTimeout, Message: "The request took too long to arrive."}
	}
	return &apiError{Type: "IncompleteBodyException", Code: "IncompleteBody", Status: http.StatusBadRequest, Message: "The body ended before its declared length."}
}

// gather reads to the end, in pieces that are never larger than what has come
// already, or than 8 KiB, or than what is missing from most.
func gather(r io.Reader, most int64) ([]byte, error) {
	const first = 8 << 10
	var full [][]byte
	var size int64
	piece := make([]byte, 0, max(1, min(most, first)))
	for {
		n, err := r.Read(piece[len(piece):cap(piece)])
		piece = piece[:len(piece)+n]
		if err == io.EOF {
			return join(append(full, piece)), nil
		}
		if err != nil {
			return nil, err
		}
		if len(piece) == cap(piece) {
			full, size = append(full, piece), size+int64(len(piece))
			piece = make([]byte, 0, max(1, min(most-size, max(first, size))))
		}
	}
}

func join(pieces [][]byte) []byte {
	if len(pieces) == 1 {
		return pieces[0]
	}
	return slices.Concat(pieces...)
}

// answerWithin gives the client answerTime from now to take the answer, where
// the connection supports a deadline. It is called when there is one: how long a
// receive waits is a matter of the broker's clock.
func answerWithin(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime))
}
