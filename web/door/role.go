package door

import (
	"context"
	"fmt"
)

// Role says what a person or a program may do. A greater role may do all that a lesser one may.
type Role int

// The roles. The zero Role may do nothing.
const (
	// Viewer may read everything: reports, evidence, the state of streams.
	Viewer Role = iota + 1
	// Operator may have things checked and judged again, and may waive findings.
	Operator
	// Admin may do everything, pausing and deleting the queue's tasks included.
	Admin
)

// String is the name of a role in the file of tokens.
func (r Role) String() string {
	switch r {
	case Viewer:
		return "viewer"
	case Operator:
		return "operator"
	case Admin:
		return "admin"
	}
	return "nobody"
}

// ParseRole inverts String; "nobody" is no role that could be given.
func ParseRole(s string) (Role, error) {
	for _, r := range []Role{Viewer, Operator, Admin} {
		if s == r.String() {
			return r, nil
		}
	}
	return 0, fmt.Errorf("unknown role %q: viewer, operator or admin", s)
}

// Person is who stands before the door: somebody with the password, a token, or whoever sits at the machine.
type Person struct {
	// Name is for the audit log: that of the token, or what was given as the user's name with the password.
	Name string
	Role Role
}

// Can tells whether a person may do what role may.
func (p Person) Can(role Role) bool { return p.Role >= role }

type personKey struct{}

// Identity tells who makes the request of a handler that stands behind Require. Elsewhere it is nobody, who may do nothing.
func Identity(ctx context.Context) Person {
	p, _ := ctx.Value(personKey{}).(Person)
	return p
}

// WithIdentity is the context of a request of p's. It is for those who ask Admit themselves, and for tests.
func WithIdentity(ctx context.Context, p Person) context.Context {
	return context.WithValue(ctx, personKey{}, p)
}
