package origin

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"strconv"
	"time"
)

// deliver writes an answer, well or as a fault has it.
func (o *Origin) deliver(w http.ResponseWriter, q *http.Request, r *request, kind string, data []byte, fault *Fault) {
	if kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	if fault != nil {
		o.count("fault")
		o.misdeliver(w, q, data, fault)
		return
	}
	if w.Header().Get("ETag") == "" {
		hash := fnv.New64a()
		_, _ = hash.Write(data)
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, hash.Sum64()))
	}
	http.ServeContent(w, q, "", time.Time{}, bytes.NewReader(data))
}

func (o *Origin) misdeliver(w http.ResponseWriter, q *http.Request, data []byte, f *Fault) {
	switch f.Kind {
	case Unavailable:
		http.Error(w, "not now", http.StatusServiceUnavailable)
	case Hang:
		<-q.Context().Done()
	case Slow:
		o.slowly(w, q, data, f.Rate)
	case Truncate:
		_, _ = w.Write(data[:len(data)/2]) // the client may have gone
	case WrongLength, Reset:
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		_, _ = w.Write(data[:len(data)/2])
		breakOff(w, f.Kind == Reset)
	default:
		http.NotFound(w, q)
	}
}

// slowly writes ten pieces a second.
func (o *Origin) slowly(w http.ResponseWriter, q *http.Request, data []byte, rate int) {
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	piece := max(rate/10, 1)
	for at := 0; at < len(data); at += piece {
		if _, err := w.Write(data[at:min(at+piece, len(data))]); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush() // a writer that cannot is only less slow
		if o.clock.Wait(q.Context(), o.clock.Now().Add(time.Second/10)) != nil {
			return
		}
	}
}

// breakOff ends the connection before the answer is complete, with a reset where it is to look like one.
func breakOff(w http.ResponseWriter, reset bool) {
	control := http.NewResponseController(w)
	_ = control.Flush()
	conn, _, err := control.Hijack()
	if err != nil {
		return // HTTP/2: the answer stays short
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
