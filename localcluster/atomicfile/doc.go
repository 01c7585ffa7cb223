// Package atomicfile replaces small files, so that a crash or a reader sees the old content or the
// new content, and never a part.
package atomicfile
