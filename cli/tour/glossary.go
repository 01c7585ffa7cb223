package tour

import (
	"maps"
	"slices"
	"strings"
)

// words is the glossary: the words of the paper that lessons mark, in lower case.
var words = map[string]Text{
	"ring": "The key space as a circle. A hash function gives each key a place on it, and each node several (§4.2).",
	"token": "A place on the ring that belongs to a node. A node has several tokens, so it owns several pieces of " +
		"the ring (§4.2).",
	"virtual node": "One token of a node, seen as a small node of its own (§4.2). A node with more capacity has " +
		"more of them.",
	"home": "One of the N nodes that hold a key: the first N different nodes that one meets clockwise from the " +
		"key's place (§4.3).",
	"preference list": "All nodes in the order in which they are asked to hold a key: its homes first, then the " +
		"fallbacks (§4.3).",
	"coordinator": "The node that carries out a get or a put for a client. It gives a new version its clock (§4.5).",
	"replica":     "What one node holds of a key (§4.3).",
	"context": "What a get returns beside the value, and a put sends back. It says which versions the client has " +
		"seen (§4.1, §4.4).",
	"vector clock": "A counter for each node that has written, as {n3:2}. It says what a version has seen (§4.4).",
	"sibling": "One of several versions of a key of which none descends from another (§4.4). A get returns all " +
		"siblings.",
	"concurrent": "Two versions are concurrent if neither has seen the other (§4.4).",
	"hint": "A replica that a fallback keeps for a home that could not be reached. The hint names that home, lies " +
		"in a store of its own, and is deleted when the home holds the replica durably (§4.6).",
	"fallback": "A node further down the preference list that takes a replica for a home that cannot be reached (§4.6).",
	"sloppy quorum": "A quorum of the first nodes that can be reached, homes or not (§4.6). A strict quorum counts " +
		"homes only.",
	"read repair": "After a get the coordinator sends a home that answered with an old version what the home lacks " +
		"(§5).",
	"merkle tree": "A tree of hashes over the replicas of a range. Two homes compare roots, and go down only where " +
		"they differ (§4.7).",
	"anti-entropy": "Homes compare their Merkle trees now and then, and exchange the keys that differ (§4.7).",
	"local": "Of one node only: a node believes of others what it has seen itself, and tells no other node " +
		"(§4.8.3).",
	"gossip": "Each second a node exchanges the changes of the ring that it knows with another node, chosen at " +
		"random (§4.8.1).",
	"seed": "A node that every node knows from its configuration. All nodes meet there, so the ring stays in one " +
		"piece (§4.8.2).",
	"last write wins": "Of two concurrent versions the one with the later time is kept, and the other is dropped (§6).",
	"dot": "The event of a version itself, apart from what the version has seen: {n3:1.3} is event 3 of n3, which " +
		"has seen event 1.",
	"w":           "How many nodes must hold a put durably before the client is told that it succeeded (§4.5).",
	"r":           "How many nodes must answer a get (§4.5).",
	"blind write": "A put without a context. It has seen nothing, so it replaces nothing that it could have read.",
}

// glossary returns what the words of the paper mean, or the one that is asked for.
func glossary(word string) []Message {
	word = strings.ToLower(strings.TrimSpace(word))
	if word == "" {
		var out []Message
		for _, w := range slices.Sorted(maps.Keys(words)) {
			out = append(out, Message{Say, Text("**"+w+"**: ") + words[w]})
		}
		return out
	}
	text, ok := words[word]
	if !ok {
		text, ok = words[strings.TrimSuffix(word, "s")]
	}
	if !ok {
		return []Message{{Failure, Text("The glossary does not have " + quoted(word) + "; it has " +
			strings.Join(slices.Sorted(maps.Keys(words)), ", ") + ".")}}
	}
	return []Message{{Say, Text("**"+word+"**: ") + text}}
}
