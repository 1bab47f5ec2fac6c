// Package events starts checks of objects that have just been created.
//
// Three ways lead in: notifications over HTTP, MinIO's target in Redis, and listing a prefix again and again. All of them only put what they heard into the store, once
// for each version of an object, and one Desk deals with it from there: what is heard twice, late or in another order comes to the same checks.
package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Object is what a notification is about.
type Object struct {
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	// ETag and Size are what the notification said, to tell versions apart; the check is of what is there when it begins.
	ETag string    `json:"etag,omitempty"`
	Size int64     `json:"size,omitempty"`
	Seen time.Time `json:"seen,omitzero"` // when we heard of it
}

// maxRecords bounds the records of one notification; servers send one, AWS says that there may be more.
const maxRecords = 1000

// record is the part of an S3 event record that says something to us (AWS: "Event message structure", version 2; MinIO and versitygw write the same).
type record struct {
	EventName string `json:"eventName"`
	S3        struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key  string `json:"key"`
			Size int64  `json:"size"`
			ETag string `json:"eTag"`
		} `json:"object"`
	} `json:"s3"`
}

// notification is the body of a message. Type is that of a message of AWS SNS, and Event that of the test message with which AWS begins.
type notification struct {
	Records []record `json:"Records"`
	Type    string   `json:"Type"`
	Event   string   `json:"Event"`
}

// errSNS refuses what would make us call an address that a message names.
var errSNS = errors.New("messages of SNS are not read, and subscriptions not confirmed: let the bucket send its notifications to a queue or a function that posts them here, " +
	"or poll the prefix")

// ParseNotification reads the body of a notification. Records of other events than the creation of an object are left out.
func ParseNotification(body []byte) ([]Object, error) {
	var n notification
	if err := json.Unmarshal(body, &n); err != nil {
		return nil, fmt.Errorf("read notification: %w", err)
	}
	if n.Type != "" {
		return nil, errSNS
	}
	if n.Event == "s3:TestEvent" {
		return nil, nil
	}
	if n.Records == nil {
		return nil, errors.New("read notification: there are no Records in it")
	}
	return objectsOf(n.Records)
}

// access is an entry of MinIO's target in Redis in the format "access".
type access struct {
	Event []record `json:"Event"`
}

// ParseAccess reads an entry of the list or the hash into which MinIO writes its events: an array of them in the format "access", a notification in the format
// "namespace".
func ParseAccess(body []byte) ([]Object, error) {
	if !strings.HasPrefix(strings.TrimLeft(string(body[:min(len(body), 16)]), " \t\r\n"), "[") {
		return ParseNotification(body)
	}
	var entries []access
	if err := json.Unmarshal(body, &entries); err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	var records []record
	for _, e := range entries {
		records = append(records, e.Event...)
	}
	return objectsOf(records)
}

func objectsOf(records []record) ([]Object, error) {
	if len(records) > maxRecords {
		return nil, fmt.Errorf("read notification: %d records, at most %d are allowed", len(records), maxRecords)
	}
	var list []Object
	for i := range records {
		r := &records[i]
		if !created(r.EventName) {
			continue
		}
		// Keys are written as in the query of a URL: a space is a plus.
		key, err := url.QueryUnescape(r.S3.Object.Key)
		if err != nil || key == "" || r.S3.Bucket.Name == "" {
			return nil, fmt.Errorf("read notification: record %d names no bucket and key", i)
		}
		list = append(list, Object{Bucket: r.S3.Bucket.Name, Key: key, ETag: strings.Trim(r.S3.Object.ETag, `"`), Size: r.S3.Object.Size})
	}
	return list, nil
}

// created tells whether an event is the creation of an object: "ObjectCreated:Put" at AWS, "s3:ObjectCreated:Put" at others.
func created(event string) bool {
	return strings.HasPrefix(strings.TrimPrefix(event, "s3:"), "ObjectCreated:")
}
