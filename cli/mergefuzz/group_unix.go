//go:build unix

package mergefuzz

import (
	"os/exec"
	"syscall"
)

// endGroup makes the end of cmd's context end the children of cmd also, which a shell would leave
// behind.
func endGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
