package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// exec runs a program of the operator's with the message on its standard input, as a webhook would get it. No shell is involved, so nothing that a stream says is ever a command; of the
// environment it has PATH only. What it started is ended with it.
func (s *Sender) exec(ctx context.Context, t *Target, m *Message) (string, error) {
	body, err := json.Marshal(newCloudEvent(m))
	if err != nil {
		return "", refused{err}
	}
	cmd := exec.CommandContext(ctx, t.Command[0], t.Command[1:]...)
	cmd.Stdin = bytes.NewReader(body)
	said := &limited{most: maxAnswer}
	cmd.Stdout, cmd.Stderr = said, said
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	endAll(cmd)
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	answer := strings.TrimSpace(plain(said.String()))
	switch {
	case ctx.Err() != nil:
		return answer, fmt.Errorf("%s did not end within %s", t.Command[0], t.Timeout)
	case errors.Is(err, exec.ErrWaitDelay):
		return answer, nil // it left something behind that holds on to its output
	case err != nil:
		return answer, fmt.Errorf("%s: %w: %s", t.Command[0], err, answer)
	}
	return answer, nil
}

// limited keeps the beginning of what is written.
type limited struct {
	bytes.Buffer
	most int
}

func (l *limited) Write(b []byte) (int, error) {
	if room := l.most - l.Len(); room > 0 {
		l.Buffer.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}
