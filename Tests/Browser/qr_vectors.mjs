// Reads what qr.js draws back with zbarimg, at every version, and prints `N passed, N failed`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const source = readFileSync(new URL('../../Sources/Pages/Assets/qr.js', import.meta.url), 'base64');
const { modules } = await import(`data:text/javascript;base64,${source}`);
const folder = mkdtempSync(join(tmpdir(), 'onetime-qr-'));
let [passed, failed] = [0, 0];
for (let length = 1; length <= 412; length += 9) {
  const text = 'http://127.0.0.1:7143/'.padEnd(length, 'aZ9_-#x').slice(0, length);
  const rows = modules(text);
  const scale = 4;
  const side = (rows.length + 8) * scale;
  const at = (x, y) => rows[Math.floor(y / scale) - 4]?.[Math.floor(x / scale) - 4];
  const lines = Array.from({ length: side }, (_, y) => Array.from({ length: side }, (_, x) => (at(x, y) ? 1 : 0)).join(' '));
  const file = join(folder, 'code.pbm');
  writeFileSync(file, `P1\n${side} ${side}\n${lines.join('\n')}\n`);
  let read = '';
  try {
    read = execFileSync('zbarimg', ['-q', '--raw', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).replace(/\n$/, '');
  } catch {
    // Nothing was found.
  }
  if (read === text) passed += 1;
  else {
    failed += 1;
    console.log(`FAILED: ${length} bytes, ${rows.length} modules a side: read ${JSON.stringify(read.slice(0, 60))}`);
  }
}
rmSync(folder, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
