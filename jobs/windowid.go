package jobs

// WindowID names a window within its check.
type WindowID struct {
	Sequence string
	Index    int
}

// ID names the window within its check.
func (w Window) ID() WindowID { return WindowID{Sequence: w.Sequence, Index: w.Index} }
