# Everything here also works without make: see the commands.

.PHONY: check quick test race sim mutants mutants-quick scale torture fuzz update application demo pictures recording riak-clients session notice release many

check: ## what CI runs
	bash .ci/run

quick: ## before each commit, about a minute: format, vet, staticcheck, sizes, imports, and files that are made from others
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./... && go vet -tags mutants ./engine/...
	go tool staticcheck ./... && go tool staticcheck -tags mutants ./engine/...
	go test . && go test ./cli/paper -run 'Index|Table1|Sections|Events|Gaps|Agrees|Pages'
	go test ./cli ./cli/web -run 'Contract|Description'
	@bash .ci/notice | diff NOTICE - || { echo "run make notice"; exit 1; }

test:
	go test ./...

race:
	go test -race ./...

sim: ## a long walk through seeds: make sim SEEDS=100000 FIRST=1
	go run . sim --seeds $(or $(SEEDS),20000) --seed $(or $(FIRST),1)

mutants: ## every deliberate bug is found: its name, the property that fell, in which seed, after how long
	go test -tags mutants -count=1 -timeout 2h -v -run '^(TestMutants|TestNoMutant)$$' ./engine/sim

mutants-quick: ## the deliberate bugs that a few seeds reveal, in about a minute
	go test -tags mutants -count=1 -v -run '^(TestQuickMutants|TestNoMutant)$$' ./engine/sim

scale: ## a thousand nodes for an hour of virtual time
	go run . sim --seed 1 --nodes 1000 -N 3 --ops 20000 --keys 200 --clients 40 --length 1h --faults crash,partition,loss,wipe,join,leave

many: ## 200 real nodes in one process, under the race detector: make many NODES=256
	RINGSIDE_TEST_NODES=$(or $(NODES),200) go test -race -count=1 -v -run '^TestManyNodes$$' ./localcluster

torture: ## kill -9 under load, and restored or damaged folders, a hundred rounds each
	RINGSIDE_TEST_ROUNDS=$(or $(ROUNDS),100) go test -count=1 -timeout 1h -v -run '^(TestKillNine.*|TestFoldersPutBackAndDamaged)$$' ./localcluster

fuzz: ## each fuzz target for a while: make fuzz FUZZTIME=1m
	@for pkg in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(or $(FUZZTIME),30s) -fuzzminimizetime 100x $$pkg || exit 1; \
	  done; \
	done

update: ## write the golden files again, after looking at what changed
	go test ./tui ./cli/verbs ./cli/paper ./cli/web -update
	go test ./cli -run TestContract -update

application: ## the tests of an example application outside of this module, with a right merge and two wrong ones
	bash .ci/application

riak-clients: ## clients of Riak from npm play their own suites; skipped where npm or its registry is missing
	bash .ci/riak-clients

demo:
	go run . demo

pictures: ## docs/*.svg again, from the recorded run: the same each time, until the screens change
	rm -f docs/conflict.svg docs/large.svg
	go run . snapshot docs/conflict.svg --play docs/conflict.jsonl --key cart
	go run . snapshot docs/large.svg --play docs/conflict.jsonl --key cart --big --size 80x24

recording: ## the run that the pictures show again, on a real cluster: docs/conflict.jsonl and docs/hinted.svg
	go build -o ringside . && docs/record ./ringside && rm ringside

session: ## docs/session.cast again: a cue sheet that plays by itself on a real cluster, in two minutes
	rm -f docs/session.cast
	TZ=UTC RINGSIDE_HOME=$$(mktemp -d) go run . demo --cues conflict --every 9s --record docs/session.cast

notice: ## write NOTICE again, after a module was added or updated
	bash .ci/notice > NOTICE

release: ## dist/ with a binary for each platform, LICENSE, NOTICE and SHA256SUMS
	bash .ci/release dist
