package page

import (
	"html/template"
	"net/url"
	"path/filepath"
	"testing"

	"aircheck/internal/browser"
)

func fileURL(name string) template.URL {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(name)}
	return template.URL(u.String())
}

// contrast lists the texts of a page that do not stand out enough from what is behind them: WCAG 2.2, 1.4.3 and the formulas of relative luminance.
const contrast = `(() => {
	const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return {r: m[0], g: m[1], b: m[2], a: m[3] ?? 1}; };
	const over = (f, b) => ({r: f.r * f.a + b.r * (1 - f.a), g: f.g * f.a + b.g * (1 - f.a), b: f.b * f.a + b.b * (1 - f.a), a: 1});
	const light = (c) => { const [r, g, b] = [c.r, c.g, c.b].map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const behind = (e) => { if (!e) return parse(getComputedStyle(document.documentElement).backgroundColor); const c = parse(getComputedStyle(e).backgroundColor); return c.a === 1 ? c : over(c, behind(e.parentElement)); };
	const bad = [];
	let seen = 0;
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n = walker.nextNode(); n; n = walker.nextNode()) {
		const e = n.parentElement;
		if (!n.textContent.trim() || !e.checkVisibility({visibilityProperty: true}) || e.closest('script, template, .unseen, .skip')) continue;
		seen++;
		const style = getComputedStyle(e), back = behind(e), a = light(over(parse(style.color), back)), b = light(back);
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size = parseFloat(style.fontSize);
		if (ratio < (size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5)) bad.push(n.textContent.trim().slice(0, 30) + ' ' + ratio.toFixed(2));
	}
	return seen < 50 ? ['only ' + seen + ' texts were looked at'] : bad;
})()`

// nameless lists what one can use and not call by a name, and pictures that say nothing.
const nameless = `[...document.querySelectorAll('button, select, input:not([type=hidden]), a, [tabindex="0"], img, dialog, canvas')].filter((e) => {
	if (e.matches('canvas')) return e.getAttribute('aria-hidden') !== 'true';
	if (e.matches('img')) return !e.alt;
	return !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length || e.closest('label'));
}).map((e) => e.outerHTML.slice(0, 100))`

// TestAccessible: contrast in both themes, names for everything, one heading of the first order, landmarks, nothing that only a mouse can do.
func TestAccessible(t *testing.T) {
	t.Parallel()
	d := full(t)
	d.CanWaive, d.WaiveURL = true, "waive"
	dark := browser.Desktop()
	dark.Dark = true
	p := browser.Blank(t, browser.Desktop())
	for name, look := range map[string]browser.Look{"light": browser.Desktop(), "dark": dark, "phone": browser.Phone()} {
		for kind, html := range map[string]string{"check": render(t, d), "compare": renderCompare(t, pairOf(t))} {
			address := file(t, html)
			if kind == "check" {
				address += "#f=video.black%2Fv0%2F3000000"
			}
			p.Look(look)
			p.Go(address)
			p.Wait(ready)
			for _, bad := range browser.Eval[[]string](p, contrast) {
				t.Errorf("%s, %s: too little contrast: %s", kind, name, bad)
			}
			for _, bad := range browser.Eval[[]string](p, nameless) {
				t.Errorf("%s, %s: without a name: %s", kind, name, bad)
			}
			if n := browser.Eval[int](p, "document.querySelectorAll('h1').length * 10 + document.querySelectorAll('main').length"); n != 11 {
				t.Errorf("%s, %s: h1 and main: %d", kind, name, n)
			}
			if n := browser.Eval[int](p, "document.getAnimations().length"); n != 0 {
				t.Errorf("%s, %s: %d things move by themselves", kind, name, n)
			}
			if look.Touch {
				if wide := browser.Eval[int](p, "document.documentElement.scrollWidth"); wide > look.Width {
					t.Errorf("%s: a phone has to scroll sideways: the page is %d wide", kind, wide)
				}
			}
		}
	}
}
