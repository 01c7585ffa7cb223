package splitmix

import "testing"

// The numbers are the first ones of the reference implementation with seed 1234567.
func TestReference(t *testing.T) {
	state := uint64(1234567)
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431} {
		if got := Next(state); got != want {
			t.Errorf("number %d is %d, want %d", i, got, want)
		}
		state += Gamma
	}
	if Mix(0) != 0 {
		t.Error("Mix(0) is not 0")
	}
}
