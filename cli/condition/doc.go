// Package condition has the conditions of wait and expect: Parse reads one, Check looks at a
// cluster once, and Wait looks until the condition holds.
//
// A condition is a short form such as up, down=n3 or hints=0, or an expression such as
// siblings(cart)==2. Expressions are compiled by expr-lang; words that name no function are text,
// so that keys and nodes need no quotes. A condition that could hold or fail by mistake is
// refused: one that names a node that does not exist, compares different types, or has a fixed
// result.
//
// Looking never changes the cluster: gets repair nothing. All parts of a condition are evaluated
// on one look, which asks for the cluster's state and for each key at most once.
//
// If a condition does not hold, the message says which part blocks it and, where another command
// helps, which one.
//
// Files: condition.go has the short forms, function.go the functions of expressions, expression.go
// compiles and evaluates, check.go refuses, state.go says what blocks a cluster from being
// settled, wait.go polls.
package condition
