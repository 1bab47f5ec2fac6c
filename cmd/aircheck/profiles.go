package main

import (
	"bytes"
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
	"github.com/spf13/pflag"

	"aircheck/jobs"
	"aircheck/judge"
)

// maxProfileFile bounds a profile that is read from a file; those that ship have a few KB.
const maxProfileFile = 1 << 20

// profileFlags say under which profile to judge.
type profileFlags struct {
	profile string
	set     []string
	breaks  string // as profile; empty: no other one in ad breaks
}

func (f *profileFlags) add(flags *pflag.FlagSet, fallback string) {
	flags.StringVar(&f.profile, "profile", fallback, "`name` of a profile or a YAML file; several, with commas between them, are laid over each other (see 'aircheck profiles')")
	flags.StringArrayVar(&f.set, "set", nil, "`threshold=value` on top of the profile, such as video.black.fail=3s; may be given several times")
	flags.StringVar(&f.breaks, "break-profile", "", "`name` of a profile or a YAML file under which ad breaks are judged that the stream announces (SCTE-35, EXT-X-DATERANGE, EXT-X-CUE-OUT)")
}

// load is resolve for those who want to judge.
func (f *profileFlags) load() (jobs.Profile, error) {
	r, err := f.resolve()
	return r.Profile, err
}

// loadBreaks is load for ad breaks; nil when they have no profile of their own.
func (f *profileFlags) loadBreaks() (*jobs.Profile, error) {
	if f.breaks == "" {
		return nil, nil
	}
	r, err := resolveProfiles(f.breaks, nil, "--break-profile")
	if err != nil {
		return nil, err
	}
	return &r.Profile, nil
}

// resolve reads the flags: names that ship, else files, each laid over the one before.
func (f *profileFlags) resolve() (judge.Resolved, error) {
	return resolveProfiles(f.profile, f.set, "--profile")
}

// resolveProfiles lays the profiles of a list with commas and single thresholds over each other; flag is whose value the list is, empty for an argument.
func resolveProfiles(list string, set []string, flag string) (judge.Resolved, error) {
	var layers []judge.Layer
	for _, name := range strings.Split(list, ",") {
		l, err := profileLayer(strings.TrimSpace(name))
		if err != nil {
			return judge.Resolved{}, usageError("%s%w", flagged(flag), err)
		}
		layers = append(layers, l)
	}
	if len(set) > 0 {
		if _, err := judge.Resolve([]judge.Layer{{Set: set}}); err != nil {
			return judge.Resolved{}, usageError("--set: %w", err)
		}
		layers = append(layers, judge.Layer{Set: set})
	}
	r, err := judge.Resolve(layers)
	if err != nil {
		return judge.Resolved{}, usageError("%s%w", flagged(flag), err)
	}
	return r, nil
}

// flagged is how an error about the value of a flag begins.
func flagged(flag string) string {
	if flag == "" {
		return ""
	}
	return flag + ": "
}

// profileLayer finds a profile: a name that ships, else a file.
func profileLayer(name string) (judge.Layer, error) {
	if slices.Contains(judge.ProfileNames(), name) {
		return judge.Layer{Name: name}, nil
	}
	body, err := readProfile(name)
	if errors.Is(err, fs.ErrNotExist) && filepath.Base(name) == name && filepath.Ext(name) == "" {
		_, err = judge.ProfileSource(name) // says which names there are
	}
	if err != nil {
		return judge.Layer{}, err
	}
	if len(bytes.TrimSpace(body)) == 0 { // somebody's editor or disk failed; what changes nothing on purpose has a comment
		return judge.Layer{}, fmt.Errorf("profile %s: the file is empty", name)
	}
	return judge.Layer{Name: strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), File: name, Source: body}, nil
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

A profile of your own is a YAML file with what it changes: 'aircheck profiles show NAME' prints one to begin with.
Profiles can be laid over each other, and single thresholds over all of them. What 'show' prints has every threshold, and laid over
another profile it replaces all of that one: keep only the lines that you change.`,
		Example: `  aircheck profiles
  aircheck profiles show ebu-r128 > house.yaml
  aircheck check film.mp4 --profile house.yaml --set video.freeze.fail=never`,
		Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return a.listProfiles() },
	}
	cmd.AddCommand(newProfilesShowCommand(a))
	return cmd
}

func newProfilesShowCommand(a *app) *cobra.Command {
	var set []string
	var changed bool
	cmd := &cobra.Command{
		Use:   "show PROFILE[,PROFILE...]",
		Short: "Print a profile with every threshold in force",
		Long: `Prints a profile as YAML, with every threshold, what it means, and which profile set it if it is not the default.
Several profiles are shown as they judge when they are laid over each other.`,
		Example: `  aircheck profiles show default
  aircheck profiles show dpp --changed
  aircheck profiles show ebu-r128,house.yaml --set audio.silence.level=-50`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, given []string) error {
			return a.showProfile(given[0], set, changed)
		},
	}
	cmd.Flags().StringArrayVar(&set, "set", nil, "`threshold=value` on top of the profile; may be given several times")
	cmd.Flags().BoolVar(&changed, "changed", false, "only what is not the default")
	return cmd
}

func (a *app) listProfiles() error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, name := range judge.ProfileNames() {
		about, err := judge.ProfileDescription(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\n", name, about)
	}
	return w.Flush()
}

func (a *app) showProfile(list string, set []string, changed bool) error {
	r, err := resolveProfiles(list, set, "")
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(r.YAML(changed))
	return err
}
