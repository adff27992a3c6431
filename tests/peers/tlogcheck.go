// tlogcheck checks a custody log with golang.org/x/mod/sumdb/note and tlog: hands that
// had no part in making it.
//
//	tlogcheck -log DIR -vkey FILE [-witness FILE] [-older FILE] [-all] [-proof FILE -leaf FILE]
//	          [INDEX LEAF-FILE]...
//
// The checkpoint must be signed by the log, and cosigned by the witness; the tiles must make its
// root.  Then from the tiles: each leaf that is named is in the tree, and the older checkpoint is
// its beginning.  -all: the leaves make that root, and all tiles, without a tile being believed.
// -proof is the text of a proof of inclusion (c2sp.org/tlog-proof), which is checked by itself.
// Exits 1 at the first thing that is not so.
//
// What TileHashReader lets pass is not enough: in 0.7 of this package, where several subtrees of the
// root share a tile, it compares the tiles that come next with nothing.  So all that is read here
// ends in a root that is compared.
//
// Built without modules: GO111MODULE=off GOPATH=/usr/share/gocode.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A directory as C2SP tlog-tiles lays it out: without the height that sumdb has in its paths.
type tiles struct{ dir string }

func (tiles) Height() int                         { return 8 }
func (tiles) SaveTiles(t []tlog.Tile, b [][]byte) {}

func (d tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range wanted {
		b, err := os.ReadFile(filepath.Join(d.dir, strings.Replace(t.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

// A key of type 04: sumdb knows those of type 01 alone.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

func newCosigner(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not a verifier key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return nil, errors.New("not a witness's key")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if fmt.Sprintf("%x", sum[:4]) != parts[1] {
		return nil, errors.New("its id is another")
	}
	return cosigner{parts[0], binary.BigEndian.Uint32(sum[:]), key[1:]}, nil
}

// A signed head, and how many of the wanted keys signed it.
func open(text []byte, keys ...note.Verifier) (tlog.Tree, error) {
	n, err := note.Open(text, note.VerifierList(keys...))
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(n.Sigs) != len(keys) {
		return tlog.Tree{}, fmt.Errorf("%d of %d signatures", len(n.Sigs), len(keys))
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != keys[0].Name() {
		return tlog.Tree{}, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func checkLeaf(tree tlog.Tree, r tlog.HashReader, index int64, leaf []byte) error {
	proof, err := tlog.ProveRecord(tree.N, index, r)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(leaf))
}

// The leaves of bundle number i: each with its length before it.
func bundle(dir string, i, size int64) ([][]byte, error) {
	width := size - i*256
	t := tlog.Tile{H: 8, L: 0, N: i, W: 256}
	if width < 256 {
		t.W = int(width)
	}
	path := strings.Replace(t.Path(), "tile/8/0/", "tile/entries/", 1)
	b, err := os.ReadFile(filepath.Join(dir, path))
	var all [][]byte
	for err == nil && len(b) >= 2 && len(b)-2 >= int(binary.BigEndian.Uint16(b)) {
		n := 2 + int(binary.BigEndian.Uint16(b))
		all = append(all, b[2:n])
		b = b[n:]
	}
	if err == nil && (len(b) > 0 || len(all) != t.W) {
		err = fmt.Errorf("%s: not %d leaves", path, t.W)
	}
	return all, err
}

// The tree of sumdb's own making, in the order that it stores hashes in.
type stored []tlog.Hash

func (s stored) ReadHashes(places []int64) ([]tlog.Hash, error) {
	var all []tlog.Hash
	for _, p := range places {
		if p >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", p)
		}
		all = append(all, s[p])
	}
	return all, nil
}

// The leaves make the root that was signed, and each tile is the one that they make.
func checkAll(dir string, tree tlog.Tree) error {
	var made stored
	for i := int64(0); i*256 < tree.N; i++ {
		leaves, err := bundle(dir, i, tree.N)
		if err != nil {
			return err
		}
		for k, leaf := range leaves {
			more, err := tlog.StoredHashes(i*256+int64(k), leaf, made)
			if err != nil {
				return err
			}
			made = append(made, more...)
		}
	}
	root, err := tlog.TreeHash(tree.N, made)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("they make another root")
	}
	for _, t := range tlog.NewTiles(8, 0, tree.N) {
		// It names every width that the last tile of a level has ever had.
		if t.W != 256 && int64(t.W) != tree.N>>(8*t.L)%256 {
			continue
		}
		wanted, err := tlog.ReadTileData(t, made)
		if err != nil {
			return err
		}
		there, err := tiles{dir}.ReadTiles([]tlog.Tile{t})
		if err != nil {
			return err
		}
		if !bytes.Equal(there[0], wanted) {
			return fmt.Errorf("%s: they make another tile", t.Path())
		}
	}
	return nil
}

// A proof as a person is given it: with the checkpoint that it leads to.
func checkProof(text, leaf []byte, log note.Verifier) error {
	head, checkpoint, _ := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, h)
	}
	tree, err := open(checkpoint, log)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(leaf))
}

func fail(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "tlogcheck: %s: %v\n", what, err)
		os.Exit(1)
	}
}

func read(path string) []byte {
	b, err := os.ReadFile(path)
	fail("reading", err)
	return b
}

func main() {
	dir := flag.String("log", "", "`directory` of the log")
	vkey := flag.String("vkey", "", "`file` of the log's key")
	witness := flag.String("witness", "", "`file` of a witness's key")
	older := flag.String("older", "", "`file` of an older checkpoint")
	all := flag.Bool("all", false, "check every leaf")
	proof := flag.String("proof", "", "`file` of a proof of inclusion, for -leaf")
	leaf := flag.String("leaf", "", "`file` of the leaf that -proof is about")
	flag.Parse()

	log, err := note.NewVerifier(strings.TrimSpace(string(read(*vkey))))
	fail("the log's key", err)
	keys := []note.Verifier{log}
	if *witness != "" {
		w, err := newCosigner(strings.TrimSpace(string(read(*witness))))
		fail("the witness's key", err)
		keys = append(keys, w)
	}
	tree, err := open(read(filepath.Join(*dir, "checkpoint")), keys...)
	fail("checkpoint", err)
	r := tlog.TileHashReader(tree, tiles{*dir})
	root, err := tlog.TreeHash(tree.N, r)
	fail("tiles", err)
	if root != tree.Hash {
		fail("tiles", errors.New("their root is another"))
	}
	if *older != "" {
		old, err := open(read(*older), log)
		fail("the older checkpoint", err)
		p, err := tlog.ProveTree(tree.N, old.N, r)
		fail("consistency", err)
		fail("consistency", tlog.CheckTree(p, tree.N, tree.Hash, old.N, old.Hash))
	}
	if *all {
		fail("leaves", checkAll(*dir, tree))
	}
	if *proof != "" {
		fail("proof", checkProof(read(*proof), read(*leaf), log))
	}
	for args := flag.Args(); len(args) >= 2; args = args[2:] {
		index, err := strconv.ParseInt(args[0], 10, 64)
		fail("index", err)
		fail("leaf "+args[0], checkLeaf(tree, r, index, read(args[1])))
	}
	fmt.Printf("good: %d leaves\n", tree.N)
}
