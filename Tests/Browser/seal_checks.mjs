// Checks seal.js against the vectors: for Node in seal_vectors.mjs, for a browser in vectors.py, which takes the last line away.
const hex = text => Uint8Array.from(text.match(/../g) ?? [], pair => parseInt(pair, 16));
const toHex = bytes => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
const same = (a, b) => a.length === b.length && a.every((byte, index) => byte === b[index]);
const sha256 = async bytes => toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
const bytesOf = async blob => new Uint8Array(await blob.arrayBuffer());
const expect = (isRight, what) => { if (!isRight) throw new Error(what); };

function concat(arrays) {
  const all = new Uint8Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let at = 0;
  for (const array of arrays) { all.set(array, at); at += array.length; }
  return all;
}

async function refused(action, what) {
  try { await action(); } catch { return; }
  throw new Error('was taken: ' + what);
}

// SHA-256(seed, 0 as 4 bytes), SHA-256(seed, 1 as 4 bytes) ..., cut.
async function stream(seed, count) {
  const all = new Uint8Array(Math.ceil(count / 32) * 32), block = concat([seed, new Uint8Array(4)]);
  for (let index = 0; index * 32 < count; index++) {
    new DataView(block.buffer).setUint32(seed.length, index);
    all.set(new Uint8Array(await crypto.subtle.digest('SHA-256', block)), index * 32);
  }
  return all.subarray(0, count);
}

function parse(text) {
  const blocks = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('#') || line === '') continue;
    if (line.startsWith('[')) blocks.push({kind: line.slice(1, -1)});
    else {
      const [, name, value] = line.match(/^(\w+) = ?(.*)$/);
      blocks.at(-1)[name] = value;
    }
  }
  return blocks;
}

function subsets(array, k) {
  if (k === 0) return [[]];
  return array.flatMap((one, index) => subsets(array.slice(index + 1), k - 1).map(rest => [one, ...rest]));
}

const CHUNK = 65536;

function checks(seal) {
  const keys = v => [hex(v.linkKey), v.stretched ? hex(v.stretched) : null];
  const plain = v => v.payloadCount ? stream(hex(v.seed), +v.payloadCount) : hex(v.payload);
  const sealed = async v => bytesOf(await seal.sealEnvelope(new Blob([await plain(v)]), ...keys(v), {salt: hex(v.salt)}));
  const refuse = async (v, envelope) => refused(() => seal.openEnvelope(envelope, ...keys(v)), v.why ?? v.chunks);

  return {
    base64url(v) {
      expect(seal.base64url(hex(v.bytes)) === v.text && same(seal.fromBase64url(v.text), hex(v.bytes)), v.text);
    },
    badBase64url: v => refused(() => seal.fromBase64url(new TextDecoder().decode(hex(v.text))), v.why),
    async linkKey(v) {
      expect(await seal.writeLinkKey(hex(v.bytes)) === v.text && same(await seal.readLinkKey(v.text), hex(v.bytes)), v.text);
    },
    badLinkKey: v => refused(() => seal.readLinkKey(new TextDecoder().decode(hex(v.text))), v.why),
    async stretch(v) {
      const stretched = await seal.stretch(hex(v.linkKey), new TextDecoder().decode(hex(v.typed ?? v.passphrase)));
      expect(toHex(stretched) === v.stretched, 'stretched');
      expect(await seal.proof(stretched) === v.proof, 'proof');
    },
    async payload(v) {
      // At an odd place of a larger buffer, as views are.
      const bytes = concat([Uint8Array.of(9), hex(v.payload), Uint8Array.of(9)]).subarray(1, -1);
      const items = seal.items(bytes);
      expect(items.length === +v.itemCount, 'count');
      items.forEach((item, index) => {
        expect(item.kind === ['text', 'file', 'part'][v['kind' + index]], 'kind');
        expect(toHex(new TextEncoder().encode(item.name)) === v['name' + index], 'name');
        expect(toHex(new TextEncoder().encode(item.type)) === v['type' + index], 'type');
        expect(toHex(item.bytes) === v['content' + index] && item.bytes.buffer === bytes.buffer, 'content');
      });
      if (v.isCanonical === '0' || items.some(item => item.name.length > 1024)) return;
      const again = seal.payload(items.map(({kind, name, type, bytes}) =>
        kind === 'text' ? {text: new TextDecoder().decode(bytes)}
          : kind === 'part' ? {part: bytes} : {file: new Blob([bytes], {type}), name}));
      expect(toHex(await bytesOf(again)) === v.payload, 'written');
    },
    badPayload: v => refused(() => seal.items(hex(v.payload)), v.why),
    async envelope(v) {
      const envelope = await sealed(v), data = await plain(v);
      expect(v.envelope ? toHex(envelope) === v.envelope : await sha256(envelope) === v.envelopeSHA256, 'sealed');
      expect(same(await seal.openEnvelope(envelope, ...keys(v)), data), 'opened');
      expect(seal.needsPassphrase(envelope) === !!v.stretched, 'flag');
    },
    badEnvelope: v => refuse(v, hex(v.envelope)),
    async badOrder(v) {
      const envelope = await sealed(v), size = CHUNK + 16;
      const changed = concat([envelope.subarray(0, 21), ...v.chunks.split(' ').map(index =>
        envelope.subarray(21 + index * size, 21 + (+index + 1) * size))]);
      expect(await sha256(changed) === v.envelopeSHA256, 'not what is meant');
      await refuse(v, changed);
    },
    async split(v) {
      const k = +v.needed, n = +v.total;
      const secret = v.seed ? await stream(hex(v.seed), +v.secretCount) : hex(v.secret);
      const coefficients = v.seed ? await stream(hex(v.coefficientSeed), (k - 1) * secret.length) : hex(v.coefficients);
      const parts = await seal.split(secret, k, n, {set: hex(v.set), coefficients});
      if (v.partsSHA256) expect(await sha256(concat(parts)) === v.partsSHA256, 'parts');
      else parts.forEach((part, index) => expect(toHex(part) === v['part' + (index + 1)], 'part'));
      parts.forEach((part, index) => {
        const info = seal.partInfo(part);
        expect(info.set === v.set && info.k === k && info.n === n && info.x === index + 1, 'info');
      });
      const chosen = n < 8 ? subsets(parts, k) : [parts.slice(0, k), parts.slice(-k)];
      for (const some of chosen) {
        expect(same(await seal.joinParts(some), secret), 'joined');
        expect(same(await seal.joinParts([...some].reverse()), secret), 'joined backwards');
      }
      expect(same(await seal.joinParts(parts), secret), 'joined all');
    },
    badJoin(v) {
      const parts = Array.from({length: +v.partCount}, (_, index) => hex(v['part' + (index + 1)]));
      return refused(() => seal.joinParts(parts), v.why);
    },
  };
}

// What vectors cannot say: randomness, limits of a writer, progress, giving up.
function behaviours(seal) {
  const key = new Uint8Array(32).fill(7);
  return {
    'two sealings of the same differ': async () => {
      const [a, b] = await Promise.all([0, 1].map(async () => bytesOf(await seal.sealEnvelope(new Blob(['x']), key, null))));
      expect(!same(a, b) && !same(a.subarray(5, 21), b.subarray(5, 21)), 'the same');
    },
    'two splits of the same differ, and both join': async () => {
      const secret = new Uint8Array(3 * CHUNK + 5).fill(1);
      const [a, b] = await Promise.all([0, 1].map(() => seal.split(secret, 3, 4)));
      expect(!same(a[0], b[0]) && seal.partInfo(a[0]).set !== seal.partInfo(b[0]).set, 'the same');
      expect(same(await seal.joinParts([a[3], a[0], a[2]]), secret), 'joined');
      // No value is as the one before it all along: each byte has coefficients of its own, in each piece.
      for (let at = 19; at < a[0].length - 64; at += 30000) expect(new Set(a[0].subarray(at, at + 64)).size > 20, 'dull');
    },
    'a name is cut between characters': async () => {
      for (const [name, size] of [['x'.repeat(2000), 1024], ['x' + 'ü'.repeat(600), 1023], ['xx🔑'.repeat(300), 1022]]) {
        const [item] = seal.items(await bytesOf(seal.payload([{file: new Blob(['c']), name}])));
        expect(new TextEncoder().encode(item.name).length === size && name.startsWith(item.name), item.name.length);
      }
    },
    'a name with half a character becomes a whole one': async () => {
      const [item] = seal.items(await bytesOf(seal.payload([{file: new Blob(['c']), name: 'a\ud83d.txt'}])));
      expect(item.name === 'a\ufffd.txt', item.name);
    },
    'a type that is too long or not ASCII is left out': async () => {
      for (const type of ['x'.repeat(256), 'text/é']) {
        const file = new Blob(['c']);
        Object.defineProperty(file, 'type', {value: type});
        expect(seal.items(await bytesOf(seal.payload([{file, name: 'n'}])))[0].type === '', type);
      }
    },
    'neither no item nor 1001 are written, and 1000 are': async () => {
      const many = Array.from({length: 1001}, () => ({text: ''}));
      await refused(() => seal.payload([]), 'none');
      await refused(() => seal.payload(many), '1001');
      expect(seal.items(await bytesOf(seal.payload(many.slice(1)))).length === 1000, '1000');
    },
    'nothing is not sealed': () => refused(() => seal.sealEnvelope(new Blob([]), key, null), 'empty'),
    'a short key is refused': () => refused(() => seal.sealEnvelope(new Blob(['x']), key.subarray(1), null), 'short'),
    'splits out of bounds are refused': async () => {
      for (const [k, n] of [[1, 2], [3, 2], [2, 256], [0, 5]]) {
        await refused(() => seal.split(Uint8Array.of(1), k, n), `${k} of ${n}`);
      }
      await refused(() => seal.split(new Uint8Array(0), 2, 3), 'empty');
    },
    'progress runs to the end': async () => {
      const seen = [], opened = [], size = 40 * CHUNK + 3;
      const blob = await seal.sealEnvelope(new Blob([new Uint8Array(size)]), key, null,
        {onProgress: (done, total) => seen.push([done, total])});
      await seal.openEnvelope(await bytesOf(blob), key, null, {onProgress: (done, total) => opened.push([done, total])});
      for (const list of [seen, opened]) {
        expect(list.length === 41 && list.at(-1)[0] === size && list.every(([done, total], index) =>
          total === size && (index === 0 || done > list[index - 1][0])), 'progress');
      }
    },
    'splitting and joining tell how far they are, to the end': async () => {
      const size = 3 * CHUNK + 5, seen = [], joined = [];
      const parts = await seal.split(new Uint8Array(size), 2, 3, {onProgress: (done, total) => seen.push([done, total])});
      await seal.joinParts(parts, {onProgress: (done, total) => joined.push([done, total])});
      for (const [list, whole] of [[seen, 3 * size], [joined, size]]) {
        expect(list.length >= 4 && list.at(-1)[0] === whole && list.every(([done, total], index) =>
          total === whole && (index === 0 || done > list[index - 1][0])), 'progress');
      }
    },
    'splitting and joining are given up with the reason': async () => {
      const secret = new Uint8Array(3 * CHUNK), parts = await seal.split(secret, 2, 3);
      for (const start of [options => seal.split(secret, 2, 3, options), options => seal.joinParts(parts, options)]) {
        for (const when of [0, 2]) {
          const stop = new AbortController(), reason = new Error('enough');
          let calls = 0;
          if (when === 0) stop.abort(reason);
          const onProgress = () => { if (++calls === when) stop.abort(reason); };
          const result = await start({signal: stop.signal, onProgress}).catch(error => error);
          expect(result === reason && calls === when, `${calls} calls`);
        }
      }
    },
    'timers run while something large is split and joined': async () => {
      const secret = new Uint8Array(16 * CHUNK).fill(1);
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      const parts = await seal.split(secret, 16, 16), before = ticks;
      // So much that it takes a while anywhere.
      const large = await seal.split(new Uint8Array(100 * CHUNK), 8, 8), between = ticks;
      expect(same(await seal.joinParts(parts), secret), 'joined');
      await seal.joinParts(large);
      clearInterval(timer);
      expect(before >= 2 && ticks > between, `${before} ticks, then ${ticks - between}`);
    },
    'giving up rejects with the reason': async () => {
      for (const when of [0, 3]) {
        const stop = new AbortController(), reason = new Error('enough');
        let calls = 0;
        if (when === 0) stop.abort(reason);
        const onProgress = () => { if (++calls === when) stop.abort(reason); };
        const result = await seal.sealEnvelope(new Blob([new Uint8Array(9 * CHUNK)]), key, null,
          {signal: stop.signal, onProgress}).catch(error => error);
        expect(result === reason && calls === when, `${calls} calls`);
      }
    },
    'timers run while something large is sealed': async () => {
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      await seal.sealEnvelope(new Blob([new Uint8Array(200 * CHUNK)]), key, null);
      clearInterval(timer);
      expect(ticks >= 5, `${ticks} ticks`);
    },
    'an envelope in the middle of a buffer opens': async () => {
      const envelope = await bytesOf(await seal.sealEnvelope(new Blob(['inside']), key, null));
      const opened = await seal.openEnvelope(concat([Uint8Array.of(1, 2, 3), envelope]).subarray(3), key, null);
      expect(new TextDecoder().decode(opened) === 'inside', 'opened');
    },
  };
}

async function runVectors(seal, texts, log = console.log) {
  const tests = checks(seal);
  let [passed, failed] = [0, 0];
  const run = async (name, action) => {
    try { await action(); passed++; } catch (error) { failed++; log(`FAILED ${name}: ${error.message}`); }
  };
  for (const text of texts) {
    for (const [index, vector] of parse(text).entries()) {
      await run(`${vector.kind} (block ${index + 1}) ${vector.why ?? ''}`, () => tests[vector.kind](vector));
    }
  }
  for (const [name, action] of Object.entries(behaviours(seal))) await run(name, action);
  return {passed, failed};
}

export { runVectors };
