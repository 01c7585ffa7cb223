package script

// endChildren does nothing, because the console's Ctrl-C reaches all its processes.
func endChildren(bool) {}
