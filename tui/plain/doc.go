/*
Package plain is the line mode of the screens, for screen readers and for terminals that draw
nothing. It writes lines and nothing else: no colours, no movement of the cursor, no table that has
to be seen as a whole.

Nothing is written while the user types. After each command, and after an empty line, the mode says
in words what happened to the cluster since.

Begin reading at Run.
*/
package plain
