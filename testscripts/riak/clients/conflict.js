// The README's conflict between a client of Riak and ringside: conflict.js HOST PORT,PORT,... RINGSIDE
// has the ports of the nodes n1 to n5 in their order. The client writes on one side of a split, and
// ringside on the other. Both then read both siblings, and each sees how the other resolves them.
const Riak = require('basho-riak-client'), assert = require('assert');
const { execFileSync } = require('child_process');
const [host, ports, program] = process.argv.slice(2);
const place = { bucketType: 'plain', bucket: 'carts', key: 'cart' }, key = 'riak:plain/carts/cart';

const clients = ports.split(',').map(port => new Riak.Client(new Riak.Cluster({
  nodes: [new Riak.Node({ remoteAddress: host, remotePort: +port })],
})));
const call = (node, method, options) => new Promise((done, failed) => {
  clients[node - 1][method]({ ...place, ...options }, (err, result) => err ? failed(err) : done(result));
});
const ringside = (...words) => JSON.parse(execFileSync(program, [...words, '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
const fetch = async node => {
  const found = await call(node, 'fetchValue', { convertToJs: false });
  return { vclock: found.vclock, values: found.values.map(v => v.value.toString()).sort() };
};
const siblings = () => ringside('get', key).siblings.map(v => v.value).sort();

const tests = {
  'each side of a split takes a write': async () => {
    await call(1, 'storeValue', { value: 'milk', w: 3 });
    ringside('partition', 'n1,n2', 'n3,n4,n5');
    const left = await fetch(1);
    await call(1, 'storeValue', { value: 'milk, bread', vclock: left.vclock });
    const right = ringside('get', key, '--via', 'n4');
    ringside('put', key, 'milk, eggs', '--via', 'n4', '-c', right.context);
    assert.deepEqual((await fetch(2)).values, ['milk, bread']);
    assert.deepEqual((await fetch(5)).values, ['milk, eggs']);
  },
  'both read both siblings after the split': async () => {
    ringside('heal');
    execFileSync(program, ['settle', '--timeout', '30s']);
    assert.deepEqual((await fetch(5)).values, ['milk, bread', 'milk, eggs']);
    assert.deepEqual(siblings(), ['milk, bread', 'milk, eggs']);
  },
  'the client resolves, and ringside sees one value': async () => {
    const both = await fetch(3);
    await call(3, 'storeValue', { value: 'milk, bread, eggs', vclock: both.vclock });
    assert.deepEqual(siblings(), ['milk, bread, eggs']);
  },
  'ringside resolves, and the client sees one value': async () => {
    ringside('put', key, 'tea');
    assert.equal((await fetch(2)).values.length, 2);
    ringside('resolve', key, '--with', 'milk, bread, eggs, tea');
    assert.deepEqual((await fetch(1)).values, ['milk, bread, eggs, tea']);
  },
};

(async () => {
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      console.log('ok ' + name);
    } catch (err) {
      console.log('bad ' + name);
      console.error(err);
    }
  }
  process.exit();
})();
