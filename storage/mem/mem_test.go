package mem_test

import (
	"testing"

	"aircheck/storage"
	"aircheck/storage/mem"
	"aircheck/storage/storagetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(*testing.T) storage.Store { return mem.New(nil) })
}
