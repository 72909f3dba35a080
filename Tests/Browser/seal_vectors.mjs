// Runs seal.js against the vectors in Node, and prints `N passed, N failed`.
import { readFile } from 'node:fs/promises';
import { runVectors } from './seal_checks.mjs';

const at = path => new URL(path, import.meta.url);
const texts = await Promise.all(['envelope', 'splitting'].map(name => readFile(at(`../Vectors/${name}.txt`), 'utf8')));
// As a data URL: Node takes a .js file for an old module where no package.json says otherwise.
const source = await readFile(at(process.argv[2] ?? '../../Sources/Pages/Assets/seal.js'), 'base64');
const { passed, failed } = await runVectors(await import('data:text/javascript;base64,' + source), texts);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
