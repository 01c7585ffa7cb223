// Package golden compares the output of tests with files in testdata. The flag -update of go test
// writes the files again. Review the changes with git diff.
//
// Only tests import this package.
package golden
