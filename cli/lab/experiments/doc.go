/*
Package experiments has the experiments of the lab, each in the file of its name.

To add one: write its file, add its function to list, and write a test that plants the opposite of
each of its claims and sees the verdict change.
*/
package experiments
