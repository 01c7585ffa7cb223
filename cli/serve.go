package cli

// up --http: the HTTP API of a cluster that up has started.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"ringside/cli/metrics"
	"ringside/cli/verbs"
	"ringside/cli/web"
	"ringside/localcluster"
	"ringside/localcluster/atomicfile"
	"ringside/localcluster/datadir"
)

// httpFlag is the name of the flag of up with the address of the HTTP API.
const httpFlag = "http"

// serve starts the API, and writes its token to file. ctx ends when the cluster goes down.
func (r *running) serve(ctx context.Context, s *session, addr string, o localcluster.Options, file string) error {
	own := *s // later command lines do not change what the API uses
	own.name, own.cluster = o.Name, nil
	counters := metrics.New(r.Cluster, r.Cluster.Traffic.Bytes)
	token := web.NewToken()
	server, err := web.Serve(web.Options{
		Addr: addr, Token: token, Metrics: metrics.Handler(counters),
		Env:     &verbs.Env{Cluster: r.Cluster, Name: o.Name, Contexts: contexts{&own}, Extra: globals, NoFiles: true},
		Explain: func(err error) error { return withExitCode(err, o.Name) },
		Log:     func(text string) { s.Notef("%s: --http: %s\n", program, text) },
	})
	if err != nil {
		return err
	}
	if err := writeToken(file, token); err != nil {
		return errors.Join(fmt.Errorf("--http: write the token: %w", err), server.Close())
	}
	r.api, r.token, r.web = &httpAPI{URL: server.URL(), TokenFile: file}, token, server
	r.work.Go(func() { counters.Run(ctx) })
	return nil
}

// writeToken writes a file that only its owner can read.
func writeToken(path, token string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // with mode 0600
	if err != nil {
		return err
	}
	return atomicfile.Commit(f, path, []byte(token+"\n"))
}

// stopServing ends the API.
func (r *running) stopServing() {
	if r.web != nil {
		_ = r.web.Close() // its clients are gone
	}
}

// tokenFile returns the path of the token of a cluster's API.
func tokenFile(o localcluster.Options) (string, error) {
	folder, err := datadir.FolderOf(o.Home, o.Name)
	return filepath.Join(folder.Dir, datadir.TokenName), err
}
