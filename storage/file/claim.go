package file

import (
	"errors"
	"fmt"
	"os"
)

// claimName is the file that Claim locks. It lies beside the temporary files, where no key can name it, and stays when it is released: whoever removed it could remove one that somebody
// has locked meanwhile.
const claimName = "claim.lock"

// ErrClaimed is the error of Claim while somebody else has the directory.
var ErrClaimed = errors.New("the directory is in use by another process")

// Claim makes the caller the only one that has a claim to the directory, until release is called or the process ends, however it does. It keeps nobody from reading or writing. Where files
// cannot be locked, as on some network file systems, every claim is granted.
func (s *Store) Claim() (release func() error, err error) {
	if err := s.root.Mkdir(tempDir, dirMode); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("claim store directory: %w", mapError(err))
	}
	f, err := s.root.OpenFile(tempDir+"/"+claimName, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, fmt.Errorf("claim store directory: %w", mapError(err))
	}
	if err := lock(f); err != nil {
		return nil, errors.Join(fmt.Errorf("claim store directory: %w", err), f.Close())
	}
	return f.Close, nil
}
