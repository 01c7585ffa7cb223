// node mocha.js MODULES SKIP-REGEXP FILE...
// Runs mocha and prints a line for each test: "ok NAME" or "bad NAME ## WHY".
var path = require('path'), http = require('http');

// riak-js hands http.request an object whose path is a getter of its prototype. Node.js since 4
// copies own properties only.
var request = http.request;
http.request = function (o, cb) {
  if (o && typeof o === 'object' && !Object.prototype.hasOwnProperty.call(o, 'path') && o.path) {
    var own = {};
    for (var k in o) if (typeof o[k] !== 'function') own[k] = o[k];
    ['path', 'method', 'headers', 'host', 'port', 'agent'].forEach(function (k) {
      if (o[k] !== undefined) own[k] = o[k];
    });
    o = own;
  }
  return request.call(http, o, cb);
};

var Mocha = require(path.resolve(process.argv[2], 'mocha'));
var mocha = new Mocha({
  timeout: 20000, ui: 'bdd', reporter: function (runner) {
    runner.on('pass', function (t) { console.log('ok ' + t.fullTitle()); });
    runner.on('fail', function (t, e) {
      console.log('bad ' + t.fullTitle() + ' ## ' + String(e && e.message).replace(/\s+/g, ' '));
    });
    runner.on('end', function () { setTimeout(function () { process.exit(0); }, 50); });
  }
});
if (process.argv[3]) { mocha.grep(new RegExp(process.argv[3])); mocha.invert(); }
process.argv.slice(4).forEach(function (f) {
  if (/globals\.js$/.test(f)) require(path.resolve(f)); else mocha.addFile(path.resolve(f));
});
setTimeout(function () { console.log('bad (the whole run timed out)'); process.exit(1); }, 240000);
mocha.run();
