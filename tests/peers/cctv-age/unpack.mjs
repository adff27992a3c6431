// node unpack.mjs .../cctv-age/index.js DIR: C2SP's vectors as files, but for those that only the post-quantum kind opens.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [from, to] = process.argv.slice(2);
for (const [name, bytes] of Object.entries(await import(pathToFileURL(path.resolve(from)).href))) {
	const file = Buffer.from(bytes);
	const ids = file.subarray(0, file.indexOf('\n\n')).toString().split('\n').filter(l => l.startsWith('identity: '));
	if (ids.length === 0 || ids.some(l => !l.includes('KEY-PQ-')))
		fs.writeFileSync(path.join(to, name), file);
}
