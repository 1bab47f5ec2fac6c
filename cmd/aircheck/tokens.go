package main

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"aircheck/web/door"
)

// sessionVariable has no flag: other users can read a command line.
const sessionVariable = "AIRCHECK_WEB_SESSION_KEY"

// doorFlags say who may use the site and the API, beside whoever has the password.
type doorFlags struct{ tokens string }

func (f *doorFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.tokens, "tokens", "", "`file` of the tokens that let people and programs in (YAML, see 'aircheck tokens new'); read again when it changes")
}

// door makes the door of the site and of the API.
func (a *app) door(f *doorFlags, log *slog.Logger) (*door.Door, error) {
	d, err := door.New(door.Config{
		Password: a.getenv(passwordVariable), Tokens: f.tokens, SessionKey: a.getenv(sessionVariable), Now: a.now, Log: log,
	})
	if err != nil {
		return nil, usageError("--tokens: %w", err)
	}
	return d, nil
}

func newTokensCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tokens",
		Short: "Make tokens for people and programs",
		Long: `Tokens let people and programs use the site and the API: viewers read, operators also have things checked and
waive findings, admins do everything. The file of tokens holds their digests, never the tokens themselves.`,
		Example: "  aircheck tokens new --name ci --role operator",
		Args:    args(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newTokensNewCommand(a))
	return cmd
}

// tokenFlags describe a new token.
type tokenFlags struct {
	name, role string
	expires    string
}

func newTokensNewCommand(a *app) *cobra.Command {
	var f tokenFlags
	cmd := &cobra.Command{
		Use:   "new --name NAME --role ROLE",
		Short: "Make a token",
		Long: `Prints a new token, once, to stderr, and its line for the file of tokens to stdout. The file begins with the line 'tokens:'.

Whoever has the token sends it as 'Authorization: Bearer TOKEN', or logs in with it on the site. Take the line out of the
file, and the token opens nothing any more within a second.`,
		Example: `  echo tokens: > tokens.yaml
  aircheck tokens new --name ci --role operator >> tokens.yaml
  aircheck tokens new --name guest --role viewer --expires 30d >> tokens.yaml
  aircheck web --tokens tokens.yaml --store s3://aircheck/prod`,
		Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return a.newToken(&f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.name, "name", "", "`name` of whoever gets it, for the log of what people did")
	flags.StringVar(&f.role, "role", door.Viewer.String(), "viewer, operator or admin")
	flags.StringVar(&f.expires, "expires", "", "`time` of its end: a date, RFC 3339, or a distance from now such as 30d or 12h; missing: never")
	return cmd
}

func (a *app) newToken(f *tokenFlags) error {
	role, err := door.ParseRole(f.role)
	if err != nil {
		return usageError("--role: %w", err)
	}
	expires, err := tokenEnd(f.expires, a.now())
	if err != nil {
		return err
	}
	secret, token, err := door.NewToken(f.name, role, expires)
	if err != nil {
		return usageError("--name: %w", err)
	}
	if _, err := fmt.Fprint(a.stdout, token.YAML()); err != nil {
		return fmt.Errorf("print token: %w", err)
	}
	fmt.Fprintf(a.stderr, "aircheck: the token of %s, which is shown this once:\n%s\n", f.name, secret)
	return nil
}

// tokenEnd reads --expires.
func tokenEnd(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	end, err := parseMoment(strings.TrimPrefix(text, "+"), now)
	if err != nil {
		return time.Time{}, usageError("--expires %q: give a date such as 2027-01-01, a time, or a distance from now such as 30d", text)
	}
	if !now.Before(end) {
		return time.Time{}, usageError("--expires %q: that is over", text)
	}
	return end, nil
}

// parseMoment reads a time, a date (UTC), or a distance from now.
func parseMoment(text string, now time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		if _, err := fmt.Sscanf(days+"\n", "%d\n", &n); err != nil || n < 1 || n > 36500 {
			return time.Time{}, fmt.Errorf("%q is no number of days", days)
		}
		return now.AddDate(0, 0, n), nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(d), nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, text)
}
