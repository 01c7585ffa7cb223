// Package condition has the conditions of wait and expect: Parse reads one, Check looks at a
// cluster once, and Wait looks until the condition holds.
//
// A condition is a short form such as up, down=n3 or hints=0, or an expression such as
// siblings(cart)==2. Expressions are compiled by expr-lang; words that name no function are text,
// so that keys and nodes need no quotes. A condition that could hold or fail by mistake is
// refused: one that names a node that does not exist, compares different types, or has a fixed
// result.
//
// Looking never changes the cluster: gets repair nothing. One look evaluates all parts of a
// condition. It gets each key at most once, and asks for the cluster's state once, and again for
// keys whose replicas a part compares. So the parts may see slightly different moments.
//
// If a condition does not hold, the message names the part that blocks it. If a command can end
// the wait, the message names the command.
//
// An Expression is an expression whose value may have any type: Value evaluates it. The lessons of
// the tour compute their answers with expressions.
//
// Files: condition.go has the short forms, function.go the functions of expressions, held.go and
// request.go more of them, expression.go compiles and evaluates, value.go has Expression, check.go
// refuses, look.go reads the cluster for one look, state.go says what blocks a cluster from being
// settled, wait.go polls.
package condition
