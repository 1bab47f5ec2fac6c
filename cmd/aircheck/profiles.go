package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"aircheck/jobs"
	"aircheck/judge"
)

// maxProfileFile bounds a profile that is read from a file; those that ship have a few KB.
const maxProfileFile = 1 << 20

// loadProfile resolves --profile: a name that ships, else a file.
func loadProfile(name string) (jobs.Profile, error) {
	if slices.Contains(judge.ProfileNames(), name) {
		return judge.LoadProfile(name, nil)
	}
	body, err := readProfile(name)
	if errors.Is(err, fs.ErrNotExist) && filepath.Base(name) == name && filepath.Ext(name) == "" {
		_, err = judge.ProfileSource(name) // says which names there are
		return jobs.Profile{}, usageError("--profile: %w", err)
	}
	if err != nil {
		return jobs.Profile{}, usageError("--profile: %w", err)
	}
	p, err := judge.LoadProfile(strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), body)
	if err != nil {
		return jobs.Profile{}, usageError("--profile: %w", err)
	}
	return p, nil
}

func readProfile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	body, err := io.ReadAll(io.LimitReader(file, maxProfileFile+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxProfileFile {
		return nil, fmt.Errorf("read %s: larger than %d bytes", name, maxProfileFile)
	}
	return body, nil
}

func newProfilesCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "profiles",
		Short: "List the profiles, or show one",
		Long: `Lists the profiles that ship with aircheck. A profile says which detectors judge, and with which thresholds.

A profile of your own is a YAML file: 'aircheck profiles show NAME' prints one to begin with.`,
		Example: `  aircheck profiles
  aircheck profiles show ebu-r128 > house.yaml
  aircheck check film.mp4 --profile house.yaml`,
		Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return a.listProfiles() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:     "show NAME",
		Short:   "Print the YAML of a profile that ships with aircheck",
		Long:    "Prints the YAML of a profile that ships with aircheck, with what each threshold means.",
		Example: "  aircheck profiles show default",
		Args:    args(cobra.ExactArgs(1)),
		RunE:    func(_ *cobra.Command, given []string) error { return a.showProfile(given[0]) },
	})
	return cmd
}

func (a *app) listProfiles() error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, name := range judge.ProfileNames() {
		p, err := judge.LoadProfile(name, nil)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%d thresholds\t%s\n", p.Name, len(p.Thresholds), p.Digest)
	}
	return w.Flush()
}

func (a *app) showProfile(name string) error {
	source, err := judge.ProfileSource(name)
	if err != nil {
		return usageError("%w", err)
	}
	_, err = a.stdout.Write(source)
	return err
}
