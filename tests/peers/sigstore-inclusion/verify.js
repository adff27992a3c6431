/*
 * verify.js MODULES VKEY PROOF LEAF - check a proof of inclusion (c2sp.org/tlog-proof) of our
 * custody log with npm's @sigstore/verify, which had no part in making it: the checkpoint's
 * signature and root, and the path from the leaf to it.  Exits 1 when it is not so.
 *
 * MODULES is the node_modules folder that tools/setup --peers made.
 */
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const path = require('path');

const [modules, vkeyPath, proofPath, leafPath] = process.argv.slice(2);
/* Not exported by name: what it checks of a log's entry is inside. */
const inside = name => require(path.resolve(modules, '@sigstore/verify/dist/timestamp', name));
const { verifyCheckpoint } = inside('checkpoint.js');
const { verifyMerkleInclusion } = inside('merkle.js');

/* The log as sigstore knows one: the first bytes of its id are those of a note's key id. */
function logOf(vkey) {
	const [, id, ...key] = vkey.trim().split('+');
	const raw = Buffer.from(key.join('+'), 'base64');

	if (raw.length !== 33 || raw[0] !== 1)
		throw new Error('not the key of a log');
	return {
		logID: Buffer.from(id, 'hex'),
		publicKey: crypto.createPublicKey({
			key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw.subarray(1)]),
			format: 'der',
			type: 'spki',
		}),
		validFor: { start: new Date(0), end: new Date(8640000000000000) },
	};
}

/* The log's own line alone: sigstore wants to know all keys that signed. */
function signedByLog(checkpoint, name) {
	const [body, lines] = checkpoint.split('\n\n');
	const own = lines.split('\n').filter(line => line.startsWith(`\u2014 ${name} `));

	return `${body}\n\n${own.join('\n')}\n`;
}

function entryOf(proof, leaf, name) {
	const end = proof.indexOf('\n\n');
	const [head, index, ...hashes] = proof.slice(0, end).split('\n');
	const envelope = signedByLog(proof.slice(end + 2), name);
	const [, size, root] = envelope.split('\n');

	if (head !== 'c2sp.org/tlog-proof@v1' || !index.startsWith('index '))
		throw new Error('not a proof');
	return {
		canonicalizedBody: leaf,
		integratedTime: '0',
		inclusionProof: {
			logIndex: index.slice('index '.length),
			treeSize: size,
			rootHash: Buffer.from(root, 'base64'),
			hashes: hashes.map(h => Buffer.from(h, 'base64')),
			checkpoint: { envelope },
		},
	};
}

try {
	const vkey = fs.readFileSync(vkeyPath, 'utf8');
	const entry = entryOf(fs.readFileSync(proofPath, 'utf8'), fs.readFileSync(leafPath),
			      vkey.slice(0, vkey.indexOf('+')));

	verifyCheckpoint(entry, [logOf(vkey)]);
	verifyMerkleInclusion(entry);
	console.log(`good: leaf ${entry.inclusionProof.logIndex}`);
} catch (e) {
	console.error(`verify.js: ${e.message}`);
	process.exitCode = 1;
}
