// Package keycard draws the key card: the homes of the shown key, the versions that its replicas
// hold, whether the replicas agree, and which commands lead on.
//
// A card is a list of rows with ranks. Where the card is too short for all rows, those of the
// highest rank are left out first. If the fork of siblings does not fit, the compact form of the
// card draws the fork around the rows of the versions. The package keeps no state: package replicas
// sums up what is known of the key. Start reading with Model.Draw.
package keycard
