package jobs

// Nearest finds among known names the one at the least edit distance, if that is small enough to be a slip: a third of the name; empty when none is.
func Nearest(name string, known []string) string {
	best, distance := "", len(name)/3+1
	for _, k := range known {
		if d := levenshtein(name, k); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// levenshtein is the least number of insertions, deletions and replacements of bytes that makes b of a.
func levenshtein(a, b string) int {
	const longest = 100
	a, b = a[:min(len(a), longest)], b[:min(len(b), longest)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
