// Parquetcat prints the rows of a Parquet file as JSON, one a line, and before them one line with the file's metadata. It reads with a library that has no code in
// common with the one that aircheck writes with: what it prints is what others see in a measurement.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	goparquet "github.com/fraugster/parquet-go"
	"github.com/fraugster/parquet-go/parquet"
	"github.com/klauspost/compress/zstd"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: parquetcat FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "parquetcat:", err)
		os.Exit(1)
	}
}

func run(path string, stdout io.Writer) error {
	codec, err := newZstd()
	if err != nil {
		return err
	}
	goparquet.RegisterBlockCompressor(parquet.CompressionCodec_ZSTD, codec)
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := goparquet.NewFileReader(f)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	out := bufio.NewWriter(stdout)
	if err := cat(r, json.NewEncoder(out)); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return out.Flush()
}

func cat(r *goparquet.FileReader, out *json.Encoder) error {
	if err := out.Encode(r.MetaData()); err != nil {
		return err
	}
	for {
		row, err := r.NextRow()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for name, v := range row {
			row[name] = flatten(name, v)
		}
		if err := out.Encode(row); err != nil {
			return err
		}
	}
}

// flatten makes a plain array of a LIST group, and a string of a string; other bytes become base64.
func flatten(name string, v any) any {
	if b, ok := v.([]byte); ok && name == "kind" {
		return string(b)
	}
	group, ok := v.(map[string]any)
	if !ok {
		return v
	}
	list := []any{}
	elements, _ := group["list"].([]map[string]any)
	for _, e := range elements {
		list = append(list, e["element"])
	}
	return list
}

// zstdCodec lets the library read Zstandard, which it leaves to its users.
type zstdCodec struct{ z *zstd.Decoder }

func newZstd() (*zstdCodec, error) {
	z, err := zstd.NewReader(nil)
	return &zstdCodec{z}, err
}

// CompressBlock is never needed.
func (c *zstdCodec) CompressBlock([]byte) ([]byte, error) {
	return nil, errors.New("parquetcat does not write")
}

// DecompressBlock implements the library's interface.
func (c *zstdCodec) DecompressBlock(b []byte) ([]byte, error) { return c.z.DecodeAll(b, nil) }
