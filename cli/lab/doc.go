/*
Package lab runs experiments: questions about stores like Dynamo, answered with figures that have
intervals, and compared with what was published.

An Experiment is a value. It names its question, its parameters, what it measures, the published
figures with their sources, and claims that its result must bear out. Its work is a list of Units,
each of which needs nothing but its parameters and its seed. So units can run in any order, on any
processor and on several machines (package shard, Merge), and the result is the same.

A unit yields Samples. The samples of one measure, series and place on the x axis become a Row with a
confidence interval. The unit of the statistics is the seed: requests of one run depend on each other,
runs do not. Rows, published figures and claims make a Report.

Begin reading in experiment.go. Package experiments has the experiments themselves, package report
writes reports as text, CSV and pages.
*/
package lab
