package notify

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestShed: a target that is away fills what can be remembered. What is over goes first, then the oldest; what is on its way stays, and the loss is said.
func TestShed(t *testing.T) {
	t.Parallel()
	s := newStory(t, oneTarget)
	var said bytes.Buffer
	s.desk.Log = slog.New(slog.NewTextHandler(&said, nil))
	s.tell("opened video.black v0 10")
	s.now = s.now.Add(5 * time.Second)
	if list := s.desk.Due(s.now); len(list) != 1 { // on its way from now on
		t.Fatalf("due %+v", list)
	}
	pass := func() {
		s.now = s.now.Add(5 * time.Second)
		s.desk.Due(s.now)
	}
	for i := range 4 {
		s.tell(fmt.Sprintf("opened code.%d v0 20", i))
		pass()
		if i%2 == 0 {
			s.tell(fmt.Sprintf("closed code.%d v0 20", i))
			pass()
		}
	}
	titles := func() string {
		var list []string
		for _, w := range s.desk.state.Queues["ops"] {
			list = append(list, strings.ReplaceAll(w.Message.Title(), " news: ", " "))
		}
		return strings.Join(list, ", ")
	}
	const all = "FAIL video.black, FAIL code.0, OVER code.0, FAIL code.1, FAIL code.2, OVER code.2, FAIL code.3"
	whole, err := s.desk.Encode(maxState)
	if err != nil || titles() != all || said.Len() > 0 {
		t.Fatalf("%s, %v, said %s", titles(), err, said.String())
	}
	most := len(whole) * 7 / 8 // an eighth of the rest is shed, too: both that are over, and little else
	b, err := s.desk.Encode(most)
	if err != nil || len(b) > most || strings.Contains(titles(), "OVER") || !strings.HasPrefix(titles(), "FAIL video.black") || !strings.HasSuffix(titles(), "FAIL code.3") {
		t.Errorf("%d of %d bytes, %s, %v", len(b), most, titles(), err)
	}
	if !strings.Contains(said.String(), "too much is to be remembered") || s.desk.Counts()["ops"].Lost == 0 {
		t.Errorf("said %q, counts %+v", said.String(), s.desk.Counts())
	}
	if d, err := NewDesk(config(t, oneTarget), b, slog.New(slog.DiscardHandler)); err != nil || len(d.state.Queues["ops"]) != len(s.desk.state.Queues["ops"]) {
		t.Errorf("what is left cannot be read: %v", err)
	}
	if _, err := s.desk.Encode(10); err == nil {
		t.Error("ten bytes are enough")
	}
}
