package receipt

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// spellings returns the ways in which a printer may show bytes, all in lower
// case.
func spellings(secret []byte) []string {
	decimal := fmt.Sprint(secret)
	return []string{
		strings.ToLower(string(secret)),
		hex.EncodeToString(secret),
		strings.Trim(decimal, "[]"),
		strings.ReplaceAll(strings.Trim(decimal, "[]"), " ", ","),
		strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", secret), "[]byte{"), "}"),
		strings.Trim(strings.ToLower(fmt.Sprintf("%q", secret)), `"`),
		strings.ToLower(base64.StdEncoding.EncodeToString(secret)),
	}
}

func expectNoSecrets(t *testing.T, how, text string, secrets ...[]byte) {
	t.Helper()
	for _, secret := range secrets {
		for _, spelling := range spellings(secret) {
			if strings.Contains(strings.ToLower(text), spelling) {
				t.Errorf("%s shows a key: %s", how, text)
			}
		}
	}
}

func TestSealerDoesNotPrintKeys(t *testing.T) {
	key, previous := testKey('a'), testKey('A')
	s := newTestSealer(t, key, previous)
	s.Seal(Receipt{}) // so that there is an HMAC in the pool
	secrets := [][]byte{
		key, previous,
		derive(key, tagLabel), derive(previous, tagLabel),
	}
	type holder struct {
		Exported   *Sealer
		unexported *Sealer
		Value      Sealer
	}
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "% X", "%d", "%c", "%p", "%T", "%100v", "%!"}
	for _, verb := range verbs {
		expectNoSecrets(t, verb, fmt.Sprintf(verb, s), secrets...)
		expectNoSecrets(t, verb+" of a struct", fmt.Sprintf(verb, holder{s, s, *s}), secrets...)
		expectNoSecrets(t, verb+" of a key", fmt.Sprintf(verb, s.keys), secrets...)
	}
	encoded, err := json.Marshal(holder{s, s, *s})
	if err != nil {
		t.Fatalf("json.Marshal: %v", err)
	}
	expectNoSecrets(t, "JSON", string(encoded), secrets...)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("", "sealer", s, "holder", holder{s, s, *s})
	expectNoSecrets(t, "a log", log.String(), secrets...)
}

// The check above is worth something only if it finds keys that are shown.
func TestExpectNoSecretsFindsThem(t *testing.T) {
	key := testKey('a')
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X"} {
		text := strings.ToLower(fmt.Sprintf(verb, struct{ key []byte }{key}))
		found := false
		for _, spelling := range spellings(key) {
			found = found || strings.Contains(text, spelling)
		}
		if !found {
			t.Errorf("key printed with %s as %s is not found", verb, text)
		}
	}
}

func TestSealerSaysWhichKeyItHas(t *testing.T) {
	s := newTestSealer(t, testKey(1), testKey(2))
	const want = "receipt.Sealer(key ID 804582300fa6, previous keys 1)"
	for _, got := range []string{s.String(), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s), fmt.Sprintf("%d", s)} {
		if got != want {
			t.Errorf("Sealer prints as %q, want %q", got, want)
		}
	}
}
