/*
Package diagram lays out the space-time diagram of one request: who sent which message to whom, and
what each node did by itself. The client and each node have a lane, and time goes down.

New makes a Diagram from a request, from the state of its cluster, and from the cluster's events.
Every picture is drawn from the same Diagram: Text for a terminal, Line for one row of a screen, SVG,
Mermaid, and ShiViz for tools of those names. A Diagram also says why the request ended as it did
(Why), in words for the verdict of package account, and where its time went (Where), which adds up to the elapsed time.

Everything is pure. All text in a Diagram is safe for a terminal, except the fields Op and Key. SVG,
Mermaid and ShiViz escape the text again for their own formats.

Invariants: a Diagram has at most MaxRows rows, whatever the events say. Lanes[0] is the client.
Rows are in the order of time. Begin reading in diagram.go.
*/
package diagram
