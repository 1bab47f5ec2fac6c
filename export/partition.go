package export

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"aircheck/jobs"
)

// maxPartition bounds the value of a partition: a directory's name has at most 255 bytes.
const maxPartition = 200

// hiveNull stands for NULL in the names of Hive's directories; some readers take "null" for it, too.
const hiveNull = "__HIVE_DEFAULT_PARTITION__"

// partition writes a value as Hive does in the names of directories: what is not a letter, a digit, a dot, - or _ becomes %XX, and readers turn it back. A value that is too long ends in
// a hash of the whole.
func partition(key, value string) string {
	if value == "" {
		value = "unknown"
	}
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '-' || c == '_' {
			b.WriteByte(c)
			continue
		}
		b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
	}
	name := b.String()
	if isNull(name) {
		name = "%" + strings.ToUpper(hex.EncodeToString([]byte{name[0]})) + name[1:]
	}
	if len(name) > maxPartition {
		sum := sha256.Sum256([]byte(value))
		cut := name[:maxPartition-33]
		if i := strings.LastIndexByte(cut, '%'); i >= len(cut)-2 { // never in the middle of an escape
			cut = cut[:i]
		}
		name = cut + "-" + hex.EncodeToString(sum[:16])
	}
	return key + "=" + name
}

// isNull tells whether readers take a name for NULL.
func isNull(name string) bool { return strings.EqualFold(name, "null") || name == hiveNull }

// streamName is what a check is of: the name of a live stream, or the input as it was given.
func streamName(check *jobs.Check) string {
	if name, _, live := jobs.ParseLiveID(check.ID); live {
		return name
	}
	return check.Input
}
