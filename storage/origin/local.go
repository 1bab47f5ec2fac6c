package origin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"aircheck/storage"
)

type localOrigin struct{}

func (localOrigin) stat(ctx context.Context, uri string) (storage.Info, error) {
	path, err := localPath(ctx, uri)
	if err != nil {
		return storage.Info{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return storage.Info{}, localError(err)
	}
	return describeLocal(info), checkRegular(info)
}

func (localOrigin) open(ctx context.Context, uri string, off, n int64) (io.ReadCloser, error) {
	path, err := localPath(ctx, uri)
	if err != nil {
		return nil, err
	}
	// Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, localError(err)
	}
	info, err := f.Stat()
	if err == nil {
		err = checkRegular(info)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	span := io.NewSectionReader(f, off, storage.SpanLength(info.Size(), off, n))
	return storage.NewBody(span, describeLocal(info), f.Close), nil
}

func localPath(ctx context.Context, uri string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if uri == "" {
		return "", hinted(fmt.Errorf("%w: it is empty", storage.ErrBadURI), "name a path, http(s)://… or s3://bucket/key")
	}
	path, _, err := storage.LocalPath(uri)
	return path, err
}

// checkRegular refuses what is no file: a device may never end, and reading a terminal or a pipe takes its bytes from somebody else.
func checkRegular(info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return hinted(fmt.Errorf("%w: it is a directory", storage.ErrBadURI), "name a media file or a manifest in it")
	default:
		return hinted(fmt.Errorf("%w: it is no regular file (%s)", storage.ErrBadURI, mode.Type()), "copy the media into a file first")
	}
}

func describeLocal(info fs.FileInfo) storage.Info {
	return storage.Info{
		Size: info.Size(), Modified: info.ModTime(),
		ETag: fmt.Sprintf("%x-%x", info.ModTime().UnixNano(), info.Size()),
	}
}

func localError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // the path is named already
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return hinted(storage.ErrNotFound, "check the path")
	case errors.Is(err, fs.ErrPermission):
		return hinted(storage.ErrDenied, "make the file readable for this user")
	case errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.EINVAL):
		return fmt.Errorf("%w: %w", storage.ErrBadURI, err)
	}
	return err
}
