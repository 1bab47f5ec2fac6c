package page

// compareView is what the template of the compare page is executed on.
type compareView struct {
	shell
	*CompareData
}

func newCompareView(d *CompareData) (*compareView, error) {
	s, err := newShell(d.Site, "")
	if err != nil {
		return nil, err
	}
	v := &compareView{shell: s, CompareData: d}
	v.Kind, v.Title = "compare", "Compare"
	return v, nil
}
