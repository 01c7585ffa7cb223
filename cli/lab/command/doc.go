// Package command is the command lab: it chooses experiments, runs them, and shows their reports.
package command
