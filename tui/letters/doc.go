// Package letters draws words in large letters, for the last row of a hall. A letter takes five
// rows and, with the gap after it, seven columns.
package letters
