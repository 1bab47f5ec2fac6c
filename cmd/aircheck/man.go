package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newManCommand(a *app) *cobra.Command {
	dir := "."
	cmd := &cobra.Command{
		Use:   "man",
		Short: "Write the manual pages",
		Long: `Writes a manual page for every command. The pages say what --help says. They are dated by SOURCE_DATE_EPOCH where it is
set, so that two builds write the same.`,
		Example: `  aircheck man --dir /usr/local/share/man/man1
  man aircheck-check`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.man(cmd.Root(), dir) },
	}
	cmd.Flags().StringVar(&dir, "dir", dir, "`directory` to write them to")
	return cmd
}

func (a *app) man(root *cobra.Command, dir string) error {
	date := a.now()
	if text := a.getenv("SOURCE_DATE_EPOCH"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return usageError("SOURCE_DATE_EPOCH %q: want seconds since 1970", text)
		}
		date = time.Unix(seconds, 0).UTC()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make directory of manual pages: %w", err)
	}
	root.DisableAutoGenTag = true
	for _, cmd := range commandTree(root) {
		if err := writePage(cmd, dir, date); err != nil {
			return err
		}
	}
	return nil
}

// writePage writes the page of one command.
func writePage(cmd *cobra.Command, dir string, date time.Time) (err error) {
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
	file, err := os.Create(filepath.Join(dir, name+".1"))
	if err != nil {
		return fmt.Errorf("write manual page: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	header := &doc.GenManHeader{Title: strings.ToUpper(name), Section: "1", Date: &date, Source: "aircheck " + version, Manual: "aircheck manual"}
	if err := doc.GenMan(cmd, header, file); err != nil {
		return fmt.Errorf("write manual page of %s: %w", cmd.CommandPath(), err)
	}
	return nil
}
