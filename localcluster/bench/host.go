package bench

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
)

// residentMB returns the memory of the process in megabytes: its resident set, or where the system
// does not tell, all memory that Go took from the system.
func residentMB() float64 {
	const mb = 1 << 20
	if b, err := os.ReadFile("/proc/self/status"); err == nil {
		if _, rest, ok := bytes.Cut(b, []byte("VmRSS:")); ok {
			if fields := bytes.Fields(rest); len(fields) > 0 {
				if kb, err := strconv.Atoi(string(fields[0])); err == nil {
					return float64(kb) / 1024
				}
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys) / mb
}

// cpuName returns the name of the processor, "" if the system does not tell.
func cpuName() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	_, rest, _ := bytes.Cut(b, []byte("model name"))
	_, rest, _ = bytes.Cut(rest, []byte(":"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	return string(bytes.TrimSpace(line))
}
