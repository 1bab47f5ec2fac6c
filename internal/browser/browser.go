// Package browser runs a real Chromium for tests: pages are clicked, typed at and measured as a reader would.
package browser

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"aircheck/internal/need"
)

// patience is how long one page may take in all; a loaded machine is slow, and a test that hangs must end.
const patience = 2 * time.Minute

// waitPatience is how long one thing in it may take.
const waitPatience = 30 * time.Second

// Page is a tab of a browser that ends with its test. What goes wrong in it (exceptions, refused content) fails the test at its end.
type Page struct {
	t   testing.TB
	ctx context.Context

	mu    sync.Mutex
	wrong []string
}

// Look is how a page is looked at.
type Look struct {
	Width, Height int
	// Dark and Still are the reader's preferences: a dark theme, no motion.
	Dark, Still bool
	// Touch makes it a phone.
	Touch bool
	// Plain runs no script.
	Plain bool
}

// Desktop is a common screen.
func Desktop() Look { return Look{Width: 1280, Height: 900} }

// Phone is a narrow one.
func Phone() Look { return Look{Width: 360, Height: 740, Touch: true} }

// Open starts a browser of its own with a profile of its own and opens an address.
func Open(t testing.TB, address string, look Look) *Page {
	t.Helper()
	p := Blank(t, look)
	p.Go(address)
	return p
}

// Blank starts a browser that shows nothing yet.
func Blank(t testing.TB, look Look) *Page {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(find(t)), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("hide-scrollbars", true), chromedp.UserDataDir(t.TempDir()),
	)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	p := &Page{t: t}
	p.ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(p.hear))
	t.Cleanup(func() {
		_ = chromedp.Cancel(p.ctx) // waits for the browser to have gone, so that its profile can be removed
		cancel()
		for _, text := range p.Wrong() {
			t.Errorf("in the page: %s", text)
		}
	})
	p.Look(look)
	return p
}

// find finds the browser under the names that distributions give it.
func find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	need.Missing(t, "needs chromium")
	return ""
}

// hear takes down exceptions and errors in the log: a refused style or script is one.
func (p *Page) hear(event any) {
	text := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			text = e.Entry.Text + " " + e.Entry.URL
		}
	}
	if text == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrong = append(p.wrong, text)
}

// Wrong takes what went wrong so far, for tests that expect it.
func (p *Page) Wrong() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.wrong
	p.wrong = nil
	return list
}

// Look changes how the page is looked at.
func (p *Page) Look(l Look) {
	p.t.Helper()
	scheme, motion := "light", "no-preference"
	if l.Dark {
		scheme = "dark"
	}
	if l.Still {
		motion = "reduce"
	}
	p.Do(
		command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: int64(l.Width), Height: int64(l.Height), DeviceScaleFactor: 1, Mobile: l.Touch,
		}),
		command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: l.Plain}),
		command(emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: l.Touch}),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion},
		}}),
	)
}

// command is a command of the protocol as an action.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// Do runs actions; an error ends the test.
func (p *Page) Do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatalf("use the page: %v", err)
	}
}

// Go opens an address.
func (p *Page) Go(address string) {
	p.t.Helper()
	p.Do(chromedp.Navigate(address))
}

// Click clicks on the first element that a CSS selector finds, once it can be seen.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.Do(chromedp.Click(chromedp.CSS(selector)))
}

// ClickAt clicks on a point of the window.
func (p *Page) ClickAt(x, y float64) {
	p.t.Helper()
	p.Do(chromedp.MouseClickXY(x, y))
}

// Hover moves the mouse to a point.
func (p *Page) Hover(x, y float64) {
	p.t.Helper()
	p.Do(chromedp.MouseEvent(chromedp.MouseMoved, x, y))
}

// Drag moves the mouse from one point to another with its button down.
func (p *Page) Drag(x, y, toX, toY float64) {
	p.t.Helper()
	left := func(e *input.DispatchMouseEventParams) {
		e.Button, e.Buttons, e.ClickCount = input.MouseButtonLeft, 1, 1
	}
	p.Do(
		chromedp.MouseEvent(chromedp.MousePressed, x, y, left), chromedp.MouseEvent(chromedp.MouseMoved, (x+toX)/2, (y+toY)/2, left),
		chromedp.MouseEvent(chromedp.MouseMoved, toX, toY, left), chromedp.MouseEvent(chromedp.MouseReleased, toX, toY, left),
	)
}

// Wheel turns the mouse's wheel at a point, with or without Ctrl.
func (p *Page) Wheel(x, y, by float64, ctrl bool) {
	p.t.Helper()
	p.Do(chromedp.MouseEvent(chromedp.MouseWheel, x, y, func(e *input.DispatchMouseEventParams) {
		e.DeltaX, e.DeltaY = 1e-6, by // the protocol wants both, and its library leaves out what is 0
		if ctrl {
			e.Modifiers = int64(chromedp.ModifierCtrl)
		}
	}))
}

// Pinch moves two fingers apart around a point, or together.
func (p *Page) Pinch(x, y, from, to float64) {
	p.t.Helper()
	touch := func(kind input.DispatchTouchEventType, apart float64) chromedp.Action[chromedp.Void] {
		one, two := 0.0, 1.0
		fingers := []*input.TouchPoint{{X: x - apart/2, Y: y, ID: &one}, {X: x + apart/2, Y: y, ID: &two}}
		if kind == input.DispatchTouchEventTypeTouchEnd {
			fingers = []*input.TouchPoint{}
		}
		return command(input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: fingers})
	}
	p.Do(
		touch(input.DispatchTouchEventTypeTouchStart, from), touch(input.DispatchTouchEventTypeTouchMove, (from+to)/2),
		touch(input.DispatchTouchEventTypeTouchMove, to), touch(input.DispatchTouchEventTypeTouchEnd, to),
	)
}

// Type types text, or keys of chromedp/kb, into what has the focus.
func (p *Page) Type(keys string) {
	p.t.Helper()
	p.Do(chromedp.KeyEvent(keys))
}

// Eval evaluates an expression; what it, or a promise of it, comes to must be JSON that fits T.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("evaluate %s: %v", expression, err)
	}
	return v
}

// Wait waits until an expression is true. It asks again after an error, because the page may be on its way to another one.
func (p *Page) Wait(expression string) {
	p.t.Helper()
	end := time.After(waitPatience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && ok {
			return
		}
		select {
		case <-end:
			p.t.Fatalf("wait for %s: not within %s (%v)", expression, waitPatience, err)
		case <-p.ctx.Done():
			p.t.Fatalf("wait for %s: %v", expression, p.ctx.Err())
		case <-tick.C:
		}
	}
}

// Shot writes what can be seen as a PNG; full writes all of the page.
func (p *Page) Shot(file string, full bool) {
	p.t.Helper()
	action := chromedp.CaptureScreenshot()
	if full {
		action = chromedp.FullScreenshot(100)
	}
	png, err := chromedp.Run(p.ctx, action)
	if err != nil {
		p.t.Fatalf("take picture of the page: %v", err)
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, png, 0o644)); err != nil {
		p.t.Fatalf("write picture of the page: %v", err)
	}
}
