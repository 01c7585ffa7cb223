//go:build unix

package cli

import "syscall"

// ownSession returns the process attributes that keep a detached cluster from the terminal's
// signals.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
