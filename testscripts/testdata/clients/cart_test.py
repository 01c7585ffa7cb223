"""The test of an application with carts, against a cluster whose network splits.

Run it with:  ringside up -n 5 --http 127.0.0.1:0 -- python3 cart_test.py
MERGE=first chooses a merge function that loses items, and the test finds that.
"""

import json
import os
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request


def ask(method, path, body=None, context=None, **parameters):
    """Send one request and return the answer of the command: exit, result, error."""
    url = os.environ["RINGSIDE_HTTP"] + path
    if parameters:
        url += "?" + urllib.parse.urlencode(parameters, doseq=True)
    request = urllib.request.Request(url, data=body, method=method)
    request.add_header("Authorization", "Bearer " + os.environ["RINGSIDE_TOKEN"])
    if context:
        request.add_header("Ringside-Context", context)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)
    except urllib.error.HTTPError as refused:
        return json.load(refused)


def done(answer):
    """Return the result of a command that must succeed."""
    if answer["exit"] != 0:
        raise AssertionError(answer["error"]["message"])
    return answer["result"]


# The application.


def union(carts):
    return sorted(set().union(*carts))


def first(carts):
    return carts[0]


merge = {"union": union, "first": first}[os.environ.get("MERGE", "union")]


class Cart:
    """A cart in the store. A client reaches the store through one node."""

    def __init__(self, key, via):
        self.path = "/v1/keys/" + urllib.parse.quote(key, safe="")
        self.via = via

    def read(self):
        """Return the items and the context of what was read."""
        answer = ask("GET", self.path, via=self.via, R=1)
        if answer["exit"] == 3:  # no cart yet
            return [], answer["result"]["context"]
        result = done(answer)
        return merge([json.loads(s["value"]) for s in result["siblings"]]), result["context"]

    def write(self, items, context):
        done(ask("PUT", self.path, json.dumps(items).encode(), context, via=self.via))

    def add(self, item):
        items, context = self.read()
        self.write(sorted({*items, item}), context)


class CartTest(unittest.TestCase):
    def setUp(self):
        done(ask("POST", "/v1/heal"))
        self.key = self.id()

    def split(self):
        """Split the network so that each side has a home of the key. Return a node of each side."""
        where = done(ask("GET", "/v1/keys/" + urllib.parse.quote(self.key) + "/replicas"))
        homes, others = where["preference"], where["fallbacks"]
        done(ask("POST", "/v1/partition", group=[",".join(homes[:1] + others), ",".join(homes[1:])]))
        return others[0], homes[1]

    def heal(self):
        done(ask("POST", "/v1/heal"))
        done(ask("POST", "/v1/wait", condition="converged", timeout="30s"))

    def siblings(self):
        return done(ask("GET", "/v1/keys/" + urllib.parse.quote(self.key)))["siblings"]

    def test_both_sides_of_a_split_add_to_a_cart(self):
        Cart(self.key, "n1").add("milk")
        here, there = self.split()
        Cart(self.key, here).add("eggs")
        Cart(self.key, there).add("beer")
        self.heal()
        self.assertEqual(len(self.siblings()), 2, "the two carts are concurrent")
        cart = Cart(self.key, "n5")
        items, context = cart.read()
        cart.write(items, context)
        self.assertEqual(len(self.siblings()), 1, "the merged cart replaces both")
        self.assertEqual(cart.read()[0], ["beer", "eggs", "milk"], "an item was lost")

    def test_many_clients_at_once(self):
        Cart(self.key, "n1").add("milk")
        self.split()
        failures = []

        def shop(node):
            try:
                for i in range(5):
                    Cart(self.key, node).add("%s-%d" % (node, i))
            except Exception as e:  # a thread does not fail the test by itself
                failures.append(e)

        clients = [threading.Thread(target=shop, args=["n%d" % n]) for n in range(1, 6)]
        for c in clients:
            c.start()
        for c in clients:
            c.join()
        self.assertEqual(failures, [])
        self.heal()
        want = ["milk"] + sorted("n%d-%d" % (n, i) for n in range(1, 6) for i in range(5))
        self.assertEqual(Cart(self.key, "n1").read()[0], want, "an item was lost")

    def test_a_delete_does_not_see_a_concurrent_add(self):
        cart = Cart(self.key, "n1")
        cart.add("milk")
        _, context = cart.read()
        cart.add("eggs")
        done(ask("DELETE", cart.path, context=context))
        self.assertEqual(cart.read()[0], ["eggs", "milk"])

    def test_a_strict_quorum_is_refused_during_a_split(self):
        here, _ = self.split()
        answer = ask("GET", "/v1/keys/" + urllib.parse.quote(self.key), via=here, R=3, strict="true")
        self.assertEqual(answer["exit"], 5)
        self.assertEqual(answer["error"]["code"], "quorum_not_reached")
        self.heal()


if __name__ == "__main__":
    unittest.main()
