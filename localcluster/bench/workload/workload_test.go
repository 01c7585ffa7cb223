package workload

import "testing"

// Each key belongs to one client, and each client draws all of its keys and no other ones.
func TestKeysHaveOneOwner(t *testing.T) {
	for _, zipf := range []bool{false, true} {
		const keys, clients, draws = 11, 3, 4000
		owner, drawn := map[int]int{}, map[int]int{}
		for client := range clients {
			k := New(keys, client, clients, zipf)
			for range draws {
				key := k.Next()
				if was, ok := owner[key]; ok && was != client || key < 0 || key >= keys {
					t.Fatalf("client %d draws key %d of client %d", client, key, was)
				}
				owner[key] = client
				drawn[key]++
			}
		}
		if len(owner) != keys {
			t.Errorf("%d of %d keys were drawn", len(owner), keys)
		}
		if skewed := drawn[0] > 2*drawn[9]; skewed != zipf {
			t.Errorf("zipf=%v: key 0 was drawn %d times, key 9 %d times", zipf, drawn[0], drawn[9])
		}
	}
}

func TestOneKey(t *testing.T) {
	for _, zipf := range []bool{false, true} {
		if key := New(3, 2, 3, zipf).Next(); key != 2 {
			t.Errorf("key %d, want 2", key)
		}
	}
}

func TestChance(t *testing.T) {
	k, yes := New(1, 0, 1, false), 0
	for range 10_000 {
		if k.Chance(.25) {
			yes++
		}
	}
	if yes < 2200 || yes > 2800 {
		t.Errorf("%d of 10000, want a quarter", yes)
	}
	if k.Chance(0) || !k.Chance(1) {
		t.Error("0 is possible, or 1 is not certain")
	}
}
