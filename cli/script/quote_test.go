package script

import "testing"

func TestTranslate(t *testing.T) {
	for line, want := range map[string]string{
		`ringside put cart "milk and eggs"`:                       `ringside put cart 'milk and eggs'`,
		`! exec ringside put "a b" "c d" # "e f"`:                 `! exec ringside put 'a b' 'c d' # "e f"`,
		`[unix] ringside put cart "it's"`:                         `[unix] ringside put cart 'it''s'`,
		`ringside resolve cart --with="milk and eggs"`:            `ringside resolve cart --with='milk and eggs'`,
		`ringside put cart "a \"quoted\" \\ word"`:                `ringside put cart 'a "quoted" \ word'`,
		`ringside put cart "in $WORK/x"`:                          `ringside put cart 'in '$WORK'/x'`,
		`ringside put cart ""`:                                    `ringside put cart ''`,
		`ringside expect value(cart)=="milk"`:                     `ringside expect value(cart)=="milk"`,
		`ringside expect 'value(cart)=="milk" || "x" in values'`:  `ringside expect 'value(cart)=="milk" || "x" in values'`,
		`ringside put inches 5"`:                                  `ringside put inches 5"`,
		`ringside put open "it's`:                                 `ringside put open 'it''s`,
		"ringside put open \"quote\nringside put a \"b c\"":       "ringside put open 'quote\nringside put a 'b c'",
		`ringside put issue#7 x # seven`:                          `ringside put issue'#'7 x # seven`,
		`[unix] ringside up && ringside down`:                     `[unix] shell ringside up && ringside down`,
		`! exec ringside ls > file`:                               `! shell exec ringside ls > file`,
		`ringside put cart ">"`:                                   `ringside put cart '>'`,
		`ringside put cart '&&' # a && b`:                         `ringside put cart '&&' # a && b`,
		`ringside wait hints == 0 && up`:                          `ringside wait hints == 0 && up`,
		`ringside wait hints=0 && ringside get cart`:              `shell ringside wait hints=0 && ringside get cart`,
		`stdout "found"`:                                          `stdout "found"`,
		"ringside put a \"b c\"\n-- x --\nringside put \"d e\"\n": "ringside put a 'b c'\n-- x --\nringside put \"d e\"\n",
	} {
		if got := translate(line); got != want {
			t.Errorf("%s: got %s, want %s", line, got, want)
		}
	}
}
