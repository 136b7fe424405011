// Package wire is the Jupyter messaging protocol as bytes: it turns the frames
// of one ZeroMQ message into a Message and back, signs and checks them, and
// reads connection files. It opens no socket.
//
//	frames:  identity* | "<IDS|MSG>" | signature | header | parent | metadata | content | buffer*
//
// The four JSON frames are kept as the bytes that arrived, because the
// signature covers exactly those bytes and because a reply's parent_header is a
// copy of the request's header, with the keys we do not know.
//
// Source: jupyter_client docs/messaging.rst, "The Wire Protocol".
package wire
