package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
)

// A credential is an access key with its secret. An empty account is that of the
// flag.
type credential struct {
	AccessKey string `json:"accessKey"`
	Secret    string `json:"secret"`
	Account   string `json:"account"`
}

// A keyring holds the credentials by access key. It does not change.
type keyring map[string]credential

// lookup is what a handler's configuration asks for.
func (k keyring) lookup(_ context.Context, accessKey string) (secret, account string, found bool) {
	c, found := k[accessKey]
	return c.Secret, c.Account, found
}

// readCredentials reads a file of credentials. No error tells anything that is in
// the file.
func readCredentials(name string) (keyring, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if err := checkMode(info); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	keys, err := parseCredentials(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return keys, nil
}

// checkMode refuses a file that others than its owner and its group can read or
// write.
func checkMode(info fs.FileInfo) error {
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&0o006 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("its mode is %v: everybody can get at the secrets; chmod 600 it", mode.Perm())
	}
	return nil
}

func parseCredentials(text []byte) (keyring, error) {
	read := readLines
	if first := bytes.TrimSpace(text); len(first) > 0 && (first[0] == '[' || first[0] == '{') {
		read = readList
	}
	list, err := read(text)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errors.New("no credentials in it")
	}
	keys := make(keyring, len(list))
	for i, c := range list {
		_, twice := keys[c.AccessKey]
		switch {
		case c.AccessKey == "" || c.Secret == "":
			return nil, fmt.Errorf("credential %d: it needs an access key and a secret", i+1)
		case strings.Contains(c.AccessKey, "/"):
			return nil, fmt.Errorf("credential %d: an access key has no slash", i+1)
		case c.Account != "" && !isWord(c.Account, maxAccount):
			return nil, fmt.Errorf("credential %d: the account is not one", i+1)
		case twice:
			return nil, fmt.Errorf("credential %d: the access key is there already", i+1)
		}
		keys[c.AccessKey] = c
	}
	return keys, nil
}

// readList reads a JSON list.
func readList(text []byte) (list []credential, err error) {
	if decodeStrictly(text, &list) != nil {
		return nil, errors.New(`it is not a JSON list of {"accessKey": "…", "secret": "…", "account": "…"}`)
	}
	return list, nil
}

// readLines reads lines of two or three fields. Lines that are empty, or begin
// with #, are passed over.
func readLines(text []byte) (list []credential, err error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for number := 1; lines.Scan(); number++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) == 1 || len(fields) > 3 {
			return nil, fmt.Errorf("line %d: it is not ACCESS_KEY SECRET [ACCOUNT]", number)
		}
		c := credential{AccessKey: fields[0], Secret: fields[1]}
		if len(fields) == 3 {
			c.Account = fields[2]
		}
		list = append(list, c)
	}
	return list, lines.Err()
}

// decodeStrictly reads one JSON value with known members only.
func decodeStrictly(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is something behind the list")
	}
	return nil
}
