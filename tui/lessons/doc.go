// Package lessons is screen 5: the list of lessons, and beside the live cluster the lesson that is
// open, with its steps, its text and what the learner did. The learner types in the prompt, and
// package cli/tour decides what a line means.
//
// A Desk is where the lessons come from. Begin reading at Model.
package lessons
