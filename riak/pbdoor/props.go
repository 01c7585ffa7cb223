package pbdoor

import (
	"errors"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"ringside/riak/kv"
	"ringside/riak/rpb"
)

func (c *connection) getProps(m proto.Message) error {
	req := m.(*rpb.BucketReq)
	p, err := c.s.o.Store.Props(c.s.ctx, typeOf(req.Type), string(req.Bucket))
	if err != nil {
		return c.fail(err)
	}
	return c.send(rpb.CodeGetBucketResp, &rpb.BucketResp{Props: encodeProps(p)})
}

func (c *connection) setProps(m proto.Message) error {
	req := m.(*rpb.SetBucketReq)
	err := c.s.o.Store.SetProps(c.s.ctx, typeOf(req.Type), string(req.Bucket), decodeProps(req.Props))
	if err != nil {
		return c.fail(err)
	}
	return c.send(rpb.CodeSetBucketResp, nil)
}

func (c *connection) resetProps(m proto.Message) error {
	req := m.(*rpb.BucketReq)
	if err := c.s.o.Store.ResetProps(c.s.ctx, typeOf(req.Type), string(req.Bucket)); err != nil {
		return c.fail(err)
	}
	return c.send(rpb.CodeResetBucketResp, nil)
}

func (c *connection) getTypeProps(m proto.Message) error {
	p, err := c.s.o.Store.TypeProps(c.s.ctx, string(m.(*rpb.BucketTypeReq).Type))
	if err != nil {
		return c.fail(err)
	}
	return c.send(rpb.CodeGetBucketResp, &rpb.BucketResp{Props: encodeProps(p)})
}

func (c *connection) setTypeProps(m proto.Message) error {
	req := m.(*rpb.SetBucketTypeReq)
	if err := c.s.o.Store.SetTypeProps(c.s.ctx, string(req.Type), decodeProps(req.Props)); err != nil {
		return c.fail(err)
	}
	return c.send(rpb.CodeSetBucketResp, nil)
}

func (c *connection) preflist(m proto.Message) error {
	req := m.(*rpb.PreflistReq)
	items, err := c.s.o.Store.Preflist(c.s.ctx, nameOf(req.Type, req.Bucket, req.Key))
	switch {
	case errors.Is(err, kv.ErrNoType):
		return c.fatal(crashedOnCall)
	case err != nil:
		return c.fail(err)
	}
	reply := &rpb.PreflistResp{}
	for _, i := range items {
		reply.Preflist = append(reply.Preflist,
			&rpb.PreflistItem{Partition: proto.Int64(i.Partition), Node: []byte(i.Node), Primary: proto.Bool(i.Primary)})
	}
	return c.send(rpb.CodePreflistResp, reply)
}

// encodeProps returns properties as a message. The fields of the message have the names of the
// properties.
func encodeProps(p kv.Props) *rpb.Props {
	out := &rpb.Props{HasPrecommit: proto.Bool(true), HasPostcommit: proto.Bool(true)}
	m := out.ProtoReflect()
	fields := m.Descriptor().Fields()
	for name, v := range p {
		f := fields.ByName(protoreflect.Name(name))
		if f == nil {
			continue // only JSON has it
		}
		switch v := v.(type) {
		case uint32:
			m.Set(f, protoreflect.ValueOfUint32(v))
		case bool:
			m.Set(f, protoreflect.ValueOfBool(v))
		case string:
			m.Set(f, protoreflect.ValueOfBytes([]byte(v)))
		case kv.ModFun:
			fun := &rpb.ModFun{Module: []byte(v.Mod), Function: []byte(v.Fun)}
			m.Set(f, protoreflect.ValueOfMessage(fun.ProtoReflect()))
		}
	}
	return out
}

// decodeProps returns the properties that a message sets.
func decodeProps(in *rpb.Props) kv.Props {
	p := kv.Props{}
	in.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		name := string(f.Name())
		switch {
		case f.IsList() || name == "has_precommit" || name == "has_postcommit":
		case f.Kind() == protoreflect.Uint32Kind:
			p[name] = uint32(v.Uint())
		case f.Kind() == protoreflect.BoolKind:
			p[name] = v.Bool()
		case f.Kind() == protoreflect.BytesKind:
			p[name] = string(v.Bytes())
		case f.Kind() == protoreflect.MessageKind:
			fun := v.Message().Interface().(*rpb.ModFun)
			p[name] = kv.ModFun{Mod: string(fun.Module), Fun: string(fun.Function)}
		}
		return true
	})
	if in.GetHasPrecommit() || len(in.Precommit) > 0 {
		p["precommit"] = hooks(in.Precommit)
	}
	if in.GetHasPostcommit() || len(in.Postcommit) > 0 {
		p["postcommit"] = hooks(in.Postcommit)
	}
	return p
}

func hooks(list []*rpb.Hook) []kv.Hook {
	out := []kv.Hook{}
	for _, h := range list {
		out = append(out, kv.Hook{Mod: string(h.GetModfun().GetModule()), Fun: string(h.GetModfun().GetFunction()),
			Name: string(h.Name)})
	}
	return out
}
