/*
Package loopback tells the requests of programs of this machine from those that a web page or
another machine causes. A server that listens on the loopback interface only is still reached by
each web page in a browser of this machine, possibly by a name of the page's own (DNS rebinding).
So a server asks Foreign about each request before it does anything else.
*/
package loopback
