// Package splitmix has the mixing functions of the generator splitmix64 (Steele, Lea and Flood
// 2014). They are bijections of 64-bit numbers, and good hashes of them. They are not for secrets.
//
// Trace hashes and the hashes of Merkle trees depend on these functions, so their values never
// change.
package splitmix
