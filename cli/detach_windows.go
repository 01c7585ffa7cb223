package cli

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// ownSession returns the process attributes that keep a detached cluster from the console's
// signals.
func ownSession() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP}
}
