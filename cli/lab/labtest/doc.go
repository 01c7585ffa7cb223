// Package labtest runs experiments in tests, and plants results that must change their verdicts.
package labtest
