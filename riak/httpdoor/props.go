package httpdoor

import (
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"net/http"

	"ringside/riak/kv"
)

// propsResource is what the resources of properties have in common.
type propsResource struct {
	base
	given kv.Props // by PUT
	bad   error    // why they cannot be set
}

// parse reads the properties of the request. what names what they are of.
func (p *propsResource) parse(x *exchange, what string) int {
	if x.r.Method != http.MethodPut {
		return 0
	}
	body, status := x.content()
	if status != 0 {
		return status
	}
	var form struct {
		Props json.RawMessage `json:"props"`
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &form) != nil || json.Unmarshal(form.Props, &members) != nil || members == nil {
		return x.text(http.StatusBadRequest, "%s PUT must be a JSON object of the form:\n"+
			"{\"props\":{...bucket properties...}}", what)
	}
	for _, name := range []string{"name", "active", "claimant"} { // a client may send back what it got
		delete(members, name)
	}
	p.given, p.bad = kv.ParseProps(encodeJSON(members))
	return 0
}

// set runs a function that sets the properties.
func (p *propsResource) set(x *exchange, set func(kv.Props) error) int {
	header, _ := x.header("Content-Type")
	if media, _, err := mime.ParseMediaType(header); err != nil || media != "application/json" {
		return http.StatusUnsupportedMediaType
	}
	err := p.bad
	if err == nil {
		err = set(p.given)
	}
	var (
		invalid kv.InvalidProps
		name    *kv.UnknownProp
		typ     *kv.UnknownType
	)
	refuse := func(details any) int {
		x.body = encodeJSON(details)
		return http.StatusBadRequest
	}
	switch {
	case err == nil:
		return http.StatusNoContent
	case errors.As(err, &invalid):
		reasons := map[string]string{}
		for _, bad := range invalid {
			reasons[bad.Name] = bad.Reason
		}
		return refuse(reasons)
	case errors.As(err, &name):
		return refuse(map[string]string{name.Name: "unknown property"})
	case errors.As(err, &typ):
		return refuse("no_type")
	case errors.Is(err, kv.ErrNotActive):
		return refuse("not_active")
	case errors.Is(err, kv.ErrNoDefaultUpdate):
		return refuse("no_default_update")
	}
	return x.failed(err)
}

// bucketProps is the resource of a bucket's properties.
type bucketProps struct {
	propsResource
	oldPath bool // without DELETE
}

func (b *bucketProps) methods() []string {
	methods := []string{http.MethodHead, http.MethodGet, http.MethodPut}
	if b.oldPath {
		return methods
	}
	return append(methods, http.MethodDelete)
}

func (b *bucketProps) malformed(x *exchange) int { return b.parse(x, "bucket") }

func (b *bucketProps) exists(x *exchange) (bool, int) { return x.typeExists() }

func (b *bucketProps) show(x *exchange) int {
	p, err := x.bucketProps()
	if err != nil {
		return x.failed(err)
	}
	x.body = encodeJSON(map[string]any{"props": p})
	return http.StatusOK
}

func (b *bucketProps) accept(x *exchange) int {
	return b.set(x, func(p kv.Props) error { return x.s.o.Store.SetProps(x.ctx, x.at.typ, x.at.bucket, p) })
}

func (b *bucketProps) remove(x *exchange) int {
	if err := x.s.o.Store.ResetProps(x.ctx, x.at.typ, x.at.bucket); err != nil {
		return x.failed(err)
	}
	return http.StatusNoContent
}

// bucketProps returns the properties of the request's bucket, with its name.
func (x *exchange) bucketProps() (kv.Props, error) {
	p, err := x.s.o.Store.Props(x.ctx, x.at.typ, x.at.bucket)
	if err != nil {
		return nil, err
	}
	p = maps.Clone(p)
	p["name"] = x.at.bucket
	return p, nil
}

// typeProps is the resource of a type's properties.
type typeProps struct{ propsResource }

func (t *typeProps) methods() []string {
	return []string{http.MethodHead, http.MethodGet, http.MethodPut}
}

func (t *typeProps) malformed(x *exchange) int { return t.parse(x, "bucket type") }

func (t *typeProps) exists(x *exchange) (bool, int) { return x.typeExists() }

func (t *typeProps) show(x *exchange) int {
	p, err := x.s.o.Store.TypeProps(x.ctx, x.at.typ)
	if err != nil {
		return x.failed(err)
	}
	x.body = encodeJSON(map[string]any{"props": p})
	return http.StatusOK
}

func (t *typeProps) accept(x *exchange) int {
	return t.set(x, func(p kv.Props) error { return x.s.o.Store.SetTypeProps(x.ctx, x.at.typ, p) })
}
