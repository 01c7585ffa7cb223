// Package config has the options of a cluster on this machine: Options, their defaults and their
// limits. The settings of the engine are in package settings. Here they get the limits that a
// cluster in one process has besides.
//
// NewSettings completes the settings of a new cluster. ResumeSettings compares the settings of a
// cluster that has data with those that the caller asks for. Neither function reads or writes a
// file: package datadir does, and says where a cluster's settings are kept.
//
// Every error is a *usage.Error.
package config
