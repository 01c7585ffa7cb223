package buildinfo

import "runtime/debug"

// ShortCommit is the length of a commit's prefix that is unique in practice.
const ShortCommit = 12

// Info identifies a build.
type Info struct {
	Version  string // the module's version; "devel" if the binary was built outside a repository
	Commit   string // the full revision, "" if it is unknown
	Modified bool   // the tree differed from Commit
}

// Read returns the information that the toolchain recorded in the running binary.
func Read() Info {
	bi, ok := debug.ReadBuildInfo()
	if !ok {
		return Info{Version: "unknown"}
	}
	return of(bi)
}

func of(bi *debug.BuildInfo) Info {
	info := Info{Version: "devel"}
	if v := bi.Main.Version; v != "" && v != "(devel)" {
		info.Version = v
	}
	for _, s := range bi.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Commit = s.Value
		case "vcs.modified":
			info.Modified = s.Value == "true"
		}
	}
	return info
}

// Short returns the first ShortCommit characters of the commit, "" if it is unknown.
func (i Info) Short() string { return i.Commit[:min(len(i.Commit), ShortCommit)] }

// Version returns the module's version, or else the commit that the program was built from.
func Version() string {
	info := Read()
	if info.Version == "devel" && info.Commit != "" {
		return info.Short()
	}
	return info.Version
}

// Commit names the source of the running binary: the short commit, with "+changes" if the tree
// differed from it, and "" if the commit is unknown.
func Commit() string {
	info := Read()
	if info.Modified && info.Commit != "" {
		return info.Short() + "+changes"
	}
	return info.Short()
}
