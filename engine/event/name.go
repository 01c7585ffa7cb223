package event

import (
	"fmt"
	"strconv"
	"time"
)

// RequestName returns the name of a request for people: #41.
func RequestName(id uint64) string { return "#" + strconv.FormatUint(id, 10) }

// RangeName returns the name of the i-th key range of the ring, clockwise from 0, for people: p07.
func RangeName(i int) string { return fmt.Sprintf("p%02d", i) }

// timeLayout is RFC 3339 with all digits of a nanosecond.
const timeLayout = "2006-01-02T15:04:05.000000000Z07:00"

// Timestamp returns a time since 1970 as RFC 3339 with nanoseconds, in UTC.
func Timestamp(t time.Duration) string {
	return time.Unix(0, int64(t)).UTC().Format(timeLayout)
}
